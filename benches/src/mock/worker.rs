//! The threads of a mock server: the acceptor (which also answers) and further workers that are handed connections.

use super::{connection::Connection, shared::Shared, socket::Socket};
use std::{
    io,
    net::{SocketAddr, TcpStream as StdStream},
    sync::{Arc, mpsc},
    thread::{Builder, JoinHandle},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

/// Connections the kernel may hold before they are accepted.
const BACKLOG: u32 = 4096;

/// What a thread can be told. The channels are unbounded, but only tests and the acceptor write to them.
pub enum Order {
    /// Serve this connection, the n-th of the server.
    Serve(StdStream, u64),
    /// Close the listener, or open it again.
    Refuse(bool, mpsc::Sender<io::Result<()>>),
    /// Close every connection.
    DropConnections(mpsc::Sender<()>),
    /// End.
    Stop,
}

/// A thread that serves connections it is handed.
pub struct Worker {
    orders: UnboundedSender<Order>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts the `i`-th worker.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(i: usize, shared: &Arc<Shared>) -> io::Result<Self> {
        let (orders, inbox) = unbounded_channel();
        let crew = Crew::new(Arc::clone(shared));
        let thread = Builder::new().name(format!("mock-{i}")).spawn(move || match runtime() {
            Ok(runtime) => runtime.block_on(crew.run(inbox)),
            Err(error) => log::error!("mock worker cannot start error={error}"),
        })?;
        Ok(Self { orders, thread })
    }

    /// Where to send orders.
    pub fn orders(&self) -> &UnboundedSender<Order> {
        &self.orders
    }

    /// Ends the thread and waits for it.
    pub fn stop(self) {
        let _ = self.orders.send(Order::Stop);
        let _ = self.thread.join();
    }
}

/// Takes the port, with SO_REUSEADDR, so that the same one can be taken again.
fn bound(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

/// A runtime for one thread. Always made and dropped on that thread: whoever starts a server may be within a runtime of
/// its own, where dropping another panics.
fn runtime() -> io::Result<runtime::Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}

/// Starts the thread that accepts; it serves its share of the connections itself. Returns once it listens, with the
/// address.
///
/// # Errors
/// The thread cannot be started, or the address is taken or not ours.
pub fn start_acceptor(
    addr: SocketAddr,
    shared: Arc<Shared>,
    others: Vec<UnboundedSender<Order>>,
    inbox: UnboundedReceiver<Order>,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let (ready, wait) = mpsc::channel();
    let run = move || {
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        runtime.block_on(async move {
            let listening = bound(addr).and_then(|socket| socket.listen(BACKLOG));
            let listening = listening.and_then(|listener| Ok((listener.local_addr()?, listener)));
            match listening {
                Ok((addr, listener)) => {
                    let _ = ready.send(Ok(addr));
                    let crew = Crew::new(shared);
                    Acceptor { crew, addr, listener: Some(listener), held: None, others, accepted: 0 }.run(inbox).await;
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        });
    };
    let thread = Builder::new().name("mock-0".to_owned()).spawn(run)?;
    let addr = wait.recv().map_err(|_| io::Error::other("the mock's thread has ended"))??;
    Ok((addr, thread))
}

/// The connections of one thread.
struct Crew {
    shared: Arc<Shared>,
    connections: JoinSet<()>,
}

impl Crew {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, connections: JoinSet::new() }
    }

    async fn run(mut self, mut inbox: UnboundedReceiver<Order>) {
        loop {
            tokio::select! {
                Some(_) = self.connections.join_next() => {}
                order = inbox.recv() => match order {
                    Some(Order::Serve(stream, id)) => match TcpStream::from_std(stream) {
                        Ok(stream) => self.serve(stream, id),
                        Err(error) => log::warn!("mock cannot take a connection over error={error}"),
                    },
                    Some(Order::DropConnections(done)) => self.drop_connections(&done).await,
                    Some(Order::Refuse(..)) => {}
                    Some(Order::Stop) | None => return,
                },
            }
        }
    }

    fn serve(&mut self, stream: TcpStream, id: u64) {
        let _ = stream.set_nodelay(true);
        let open = Open::new(&self.shared);
        let connection = Connection::new(Socket::new(stream), Arc::clone(&self.shared), id);
        self.connections.spawn(async move {
            let _open = open;
            connection.serve().await;
        });
    }

    async fn drop_connections(&mut self, done: &mpsc::Sender<()>) {
        self.connections.shutdown().await;
        let _ = done.send(());
    }
}

/// Counts an open connection for as long as it lives.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.board.count(|stats| {
            stats.connections_accepted += 1;
            stats.connections_open += 1;
        });
        Self(Arc::clone(shared))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.board.count(|stats| stats.connections_open -= 1);
    }
}

/// The thread that accepts.
struct Acceptor {
    crew: Crew,
    addr: SocketAddr,
    listener: Option<TcpListener>,
    /// The port, held without listening: whoever connects is refused by the system, and nobody else can take it.
    held: Option<TcpSocket>,
    others: Vec<UnboundedSender<Order>>,
    accepted: u64,
}

impl Acceptor {
    async fn run(mut self, mut inbox: UnboundedReceiver<Order>) {
        loop {
            tokio::select! {
                Some(_) = self.crew.connections.join_next() => {}
                stream = accept(self.listener.as_ref()) => self.place(stream),
                order = inbox.recv() => match order {
                    Some(Order::Refuse(refuse, done)) => {
                        let _ = done.send(self.refuse(refuse));
                    }
                    Some(Order::DropConnections(done)) => self.crew.drop_connections(&done).await,
                    Some(Order::Serve(..)) => {}
                    Some(Order::Stop) | None => return,
                },
            }
        }
    }

    fn refuse(&mut self, refuse: bool) -> io::Result<()> {
        if refuse {
            self.listener = None;
            self.held = Some(bound(self.addr)?);
        } else if let Some(socket) = self.held.take() {
            self.listener = Some(socket.listen(BACKLOG)?);
        }
        Ok(())
    }

    /// Serves the connection here or hands it to a worker, in turn.
    fn place(&mut self, stream: TcpStream) {
        self.accepted += 1;
        let turn = self.accepted as usize % (self.others.len() + 1);
        match self.others.get(turn) {
            None => self.crew.serve(stream, self.accepted),
            Some(worker) => match stream.into_std() {
                Ok(stream) => drop(worker.send(Order::Serve(stream, self.accepted))),
                Err(error) => log::warn!("mock cannot hand a connection over error={error}"),
            },
        }
    }
}

/// The next connection; waits for ever where there is no listener. Out of file descriptors it tries again a little later.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                log::warn!("mock cannot accept error={error}");
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
    }
}
