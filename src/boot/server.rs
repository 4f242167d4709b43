//! The running process: the HTTP server, its signals, and the end in order: not ready, drain, cut, flush, exit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use millrace_actors::callback_registry::List;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::app::{AppParts, app};
use crate::config::MillraceSettings;
use crate::keeper::work::ReloadError;
use crate::state::State;

/// How long the steps of the end may take.
struct Patience {
    /// For what still runs to say that it is over, once the grace is.
    cut: Duration,
    /// For the callbacks' queues to empty.
    flush: Duration,
    /// For connections to close.
    close: Duration,
}

/// After one signal.
const ORDERLY: Patience =
    Patience { cut: Duration::from_secs(2), flush: Duration::from_secs(5), close: Duration::from_secs(2) };

/// After two: whoever signals twice does not want to wait. 0.9 seconds in all; a few hundredths where nothing is stuck and
/// no connection is open.
const AT_ONCE: Patience =
    Patience { cut: Duration::from_millis(200), flush: Duration::from_millis(400), close: Duration::from_millis(300) };

/// How often the drain looks whether it is done.
const DRAIN_TICK: Duration = Duration::from_millis(20);

/// A server that is bound but not yet running.
pub struct Bound {
    /// Where it listens; with port 0, the port it was given.
    pub addresses: Vec<SocketAddr>,
    /// Stops it from outside, for tests and the demo.
    pub stop: Arc<tokio::sync::Notify>,
    server: actix_web::dev::Server,
    state: Arc<State>,
    grace: Duration,
    signals: Signals,
}

/// Binds the server. `host` is an address, never a name: a name that resolves twice would run the factory twice.
pub fn bind(parts: AppParts, settings: &MillraceSettings) -> std::io::Result<Bound> {
    let state = Arc::clone(&parts.state);
    let workers = settings.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let write_idle = settings.write_idle_timeout;
    let server = HttpServer::new(move || app(parts.clone()))
        .workers(workers)
        .on_connect(move |connection, _| end_when_not_read(connection, write_idle))
        // Nagle and delayed ACKs make 40 ms of two small writes (ARCHITECTURE.md, "Measured facts")
        .tcp_nodelay(true)
        // else a client that leaves before the first byte is not noticed, and its provider call goes on
        .h1_allow_half_closed(false)
        .keep_alive(settings.keep_alive)
        // the drain is ours: by the time actix is told to stop, nothing is left to wait for
        .shutdown_timeout(1)
        .disable_signals()
        .bind((settings.host, settings.port))?;
    let addresses = server.addrs();
    let server = server.run();
    // before anybody can know that we listen: a signal that nobody waits for yet would end the process as it stands
    let signals = Signals::listen()?;
    Ok(Bound { addresses, stop: Arc::default(), server, signals, state, grace: settings.shutdown_grace })
}

/// Lets the kernel end a connection whose client takes nothing for `limit` (TCP_USER_TIMEOUT). actix times no write: while
/// its buffer is full it asks the body nothing, so an aborted stream and a whole answer alike would hold their socket for as
/// long as the client likes. A second handle on each socket, to shut it down from here, would cost a file each.
fn end_when_not_read(connection: &dyn std::any::Any, limit: Duration) {
    if let Some(socket) = connection.downcast_ref::<actix_rt::net::TcpStream>()
        && let Err(error) = socket2::SockRef::from(socket).set_tcp_user_timeout(Some(limit))
    {
        log::debug!("no write timeout cause={error}");
    }
}

impl Bound {
    /// Runs until a signal or [`Bound::stop`] ends it, and ends in order.
    pub async fn run(self) -> std::io::Result<()> {
        let Bound { stop, server, signals, state, grace, .. } = self;
        let handle = server.handle();
        let mut serving = actix_rt::spawn(server);
        let mut signals = signals.until_end(&state, &stop).await;
        let orderly = async {
            drain(&state, grace).await;
            end(&state, (&handle, &mut serving), &ORDERLY).await
        };
        let served = tokio::select! {
            served = orderly => served,
            () = signals.again() => {
                log::warn!("second signal cut={}", state.in_flight.get());
                // what comes now waits in the listener's queue, and is refused when that ends with the process
                drop(handle.pause());
                end(&state, (&handle, &mut serving), &AT_ONCE).await
            }
        };
        log::info!("stopped unfinished={}", state.in_flight.get());
        served
    }
}

/// The signals of a service.
struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Signals {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the end; a SIGHUP meanwhile has the configuration read again, and does not put off the end.
    async fn until_end(mut self, state: &Arc<State>, stop: &tokio::sync::Notify) -> Self {
        loop {
            tokio::select! {
                _ = self.term.recv() => return self,
                _ = self.int.recv() => return self,
                () = stop.notified() => return self,
                _ = self.hup.recv() => drop(actix_rt::spawn(reload(Arc::clone(state)))),
            }
        }
    }

    /// A second SIGTERM or SIGINT: whoever sends it does not want to wait.
    async fn again(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

/// What a SIGHUP asks for. Signals that come while one is handled count as one, and the keeper bounds who waits.
async fn reload(state: Arc<State>) {
    match state.keeper.reload(None).await {
        Ok(done) => log::info!("reloaded generation={} routing={}", done.generation, done.routing_generation),
        // a refusal is in the log already, with its complaints
        Err(ReloadError::Unconfirmed(cause)) => log::error!("reload not confirmed cause={:?}", cause.to_string()),
        Err(_) => {}
    }
}

/// Readiness turns false; what runs may finish within the grace.
async fn drain(state: &State, grace: Duration) {
    state.shutdown.drain();
    log::info!("draining in_flight={} grace_seconds={}", state.in_flight.get(), grace.as_secs());
    if timeout(grace, emptied(state)).await.is_err() {
        log::warn!("grace is over cut={}", state.in_flight.get());
    }
}

/// What still runs gets an error, the log queues are emptied, connections are closed.
async fn end(
    state: &State,
    (server, serving): (&ServerHandle, &mut JoinHandle<std::io::Result<()>>),
    patience: &Patience,
) -> std::io::Result<()> {
    state.shutdown.cut();
    let _ = timeout(patience.cut, emptied(state)).await;
    flush(state, patience.flush).await;
    // gracefully, so that a client may still take how its request ended
    let closed = async {
        server.stop(true).await;
        serving.await
    };
    // a server that has not ended within our patience ends with the process
    timeout(patience.close, closed).await.map_or(Ok(()), |served| served.map_err(std::io::Error::other)?)
}

async fn emptied(state: &State) {
    while state.in_flight.get() > 0 {
        sleep(DRAIN_TICK).await;
    }
}

/// Every log queue, side by side: one sink that hangs must not keep another's records.
async fn flush(state: &State, deadline: Duration) {
    let Ok(snapshot) = state.registry.ask(List, deadline).await else { return };
    let began = Instant::now();
    let flushes = snapshot.callbacks.iter().map(|c| timeout(deadline, c.callback.flush()));
    let late = futures_util::future::join_all(flushes).await.iter().filter(|done| done.is_err()).count();
    log::info!("flushed callbacks={} late={late} ms={}", snapshot.callbacks.len(), began.elapsed().as_millis());
}
