//! The mock server: its threads, its listener, and the handle that tests hold.

use super::{
    behaviour::Behaviour,
    config::MockConfig,
    shared::Shared,
    stats::{Recorded, Stats},
    worker::{self, Order, Worker},
};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering, mpsc},
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// A running mock provider. Dropping it stops it: listener, connections and threads.
pub struct MockServer {
    addr: SocketAddr,
    shared: Arc<Shared>,
    acceptor: UnboundedSender<Order>,
    workers: Vec<Worker>,
    thread: Option<JoinHandle<()>>,
}

impl MockServer {
    /// Binds, starts the threads, and is ready for requests when it returns.
    ///
    /// # Errors
    /// The address cannot be bound, or a thread cannot be started.
    pub fn start(config: MockConfig) -> io::Result<Self> {
        let listen = config.listen;
        let shared = Arc::new(Shared::new(config));
        let more = 1..shared.config.workers.max(1);
        let workers: Vec<_> = more.map(|i| Worker::start(i, &shared)).collect::<io::Result<_>>()?;
        let (acceptor, inbox) = unbounded_channel();
        let others = workers.iter().map(|worker| worker.orders().clone()).collect();
        let (addr, thread) = worker::start_acceptor(listen, Arc::clone(&shared), others, inbox)?;
        Ok(Self { addr, shared, acceptor, workers, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn root_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The counters now.
    pub fn stats(&self) -> Stats {
        self.shared.board.stats()
    }

    /// The recorded requests, oldest first. A request is there as soon as its body is read.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.board.recorded()
    }

    /// The newest recorded request.
    pub fn last_request(&self) -> Option<Recorded> {
        self.requests().pop()
    }

    /// Blocks until the counters satisfy the test; false if they do not within the time. The test must not call the
    /// server: it runs under the counters' lock.
    pub fn wait_until_blocking(&self, test: impl FnMut(&Stats) -> bool, timeout: Duration) -> bool {
        self.shared.board.wait(test, timeout)
    }

    /// As [`MockServer::wait_until_blocking`] from within a tokio runtime.
    pub async fn wait_until(&self, test: impl FnMut(&Stats) -> bool, timeout: Duration) -> bool {
        self.shared.board.wait_async(test, timeout).await
    }

    /// Replaces the behaviour of the server; steps of the script that are not played yet go first.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.shared.set_behaviour(behaviour);
    }

    /// Appends steps to the script.
    pub fn push_script(&self, steps: impl IntoIterator<Item = Behaviour>) {
        self.shared.push_script(steps);
    }

    /// Steps of the script that are not played yet.
    pub fn script_left(&self) -> usize {
        self.shared.script_left()
    }

    /// Counters to zero, recorded requests forgotten, behaviour and script as configured. Connections stay open.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// With true the listener closes, so that new connections are refused; with false it listens on its port again.
    /// Open connections go on. Returns when that is done.
    ///
    /// # Errors
    /// The port has been taken by someone else meanwhile.
    pub fn refuse(&self, refuse: bool) -> io::Result<()> {
        let (done, wait) = mpsc::channel();
        let stopped = || io::Error::other("the mock's thread has ended");
        self.acceptor.send(Order::Refuse(refuse, done)).map_err(|_| stopped())?;
        wait.recv().map_err(|_| stopped())?
    }

    /// With true connections accepted from now on are never answered: accept, then hang. The mock looks at no request on
    /// them; it reads up to 64 KiB only to see the client leave.
    pub fn mute(&self, mute: bool) {
        self.shared.mute.store(mute, Ordering::Relaxed);
    }

    /// Closes every open connection (FIN, or RST where the client's bytes were not read), idle or not. Answers under
    /// way count as cut. Returns when that is done.
    pub fn drop_connections(&self) {
        let orders = self.workers.iter().map(Worker::orders).chain([&self.acceptor]);
        let waits: Vec<_> = orders
            .filter_map(|orders| {
                let (done, wait) = mpsc::channel();
                orders.send(Order::DropConnections(done)).ok().map(|()| wait)
            })
            .collect();
        for wait in waits {
            let _ = wait.recv();
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        let _ = self.acceptor.send(Order::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.workers.drain(..).for_each(Worker::stop);
    }
}
