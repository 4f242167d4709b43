//! Opens connections to one origin: resolve, connect, handshake, each with its own time limit. awc asks it for a
//! connection and may name any address it likes: the dialer calls its origin and nothing else.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_rt::net::TcpStream;
use actix_service::Service;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::Uri;
use futures_util::future::LocalBoxFuture;
use rustls_pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::fault::UpstreamFault;
use super::guard::Guard;
use super::origin::Origin;
use super::settings::UpstreamSettings;
use super::slot::Slot;
use super::wire::Wire;

/// How long a resolved address is used for new connections. Short: it only spares a burst of connections a burst of
/// look-ups, and a provider that moves is followed at once.
const DNS_TTL: Duration = Duration::from_secs(10);

/// Opens connections to one origin.
#[derive(Clone)]
pub(super) struct Dialer(Rc<Inner>);

struct Inner {
    origin: Origin,
    settings: Rc<UpstreamSettings>,
    slot: Slot,
    resolved: RefCell<Option<(Instant, Vec<SocketAddr>)>>,
}

impl Dialer {
    /// `slot`: where the guards of these connections find the body of a request.
    pub(super) fn new(origin: Origin, settings: Rc<UpstreamSettings>, slot: Slot) -> Self {
        Self(Rc::new(Inner { origin, settings, slot, resolved: RefCell::new(None) }))
    }
}

impl Service<ConnectInfo<Uri>> for Dialer {
    type Response = Connection<Uri, Guard<Wire>>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, request: ConnectInfo<Uri>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move {
            let wire = inner.open().await.map_err(|fault| ConnectError::Io(fault.into_io()))?;
            let guard = Guard::new(wire, inner.settings.max_response_head, inner.slot.clone());
            Ok(Connection::new(request.request().clone(), guard))
        })
    }
}

impl Inner {
    async fn open(&self) -> Result<Wire, UpstreamFault> {
        let addresses = self.addresses().await?;
        let tcp = self.connect(&addresses).await.inspect_err(|_| {
            self.resolved.take();
        })?;
        if self.origin.is_https() { self.handshake(tcp).await } else { Ok(Wire::Plain(tcp)) }
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, UpstreamFault> {
        let known = self.resolved.borrow().as_ref().filter(|(at, _)| at.elapsed() < DNS_TTL).map(|(_, a)| a.clone());
        if let Some(addresses) = known {
            return Ok(addresses);
        }
        let host = self.origin.bare_host();
        let fault = |reason: String| UpstreamFault::Dns { host: host.to_owned(), reason };
        // tokio hands the look-up to its blocking pool, so a slow resolver never holds up the worker.
        let lookup = tokio::net::lookup_host((host, self.origin.port()));
        let addresses: Vec<_> = match timeout(self.settings.resolve_timeout, lookup).await {
            Err(_) => return Err(fault("the resolver did not answer in time".to_owned())),
            Ok(Err(error)) => return Err(fault(error.to_string())),
            Ok(Ok(addresses)) => addresses.collect(),
        };
        if addresses.is_empty() {
            return Err(fault("the host has no address".to_owned()));
        }
        *self.resolved.borrow_mut() = Some((Instant::now(), addresses.clone()));
        Ok(addresses)
    }

    /// Tries the addresses in turn; each gets an equal share of the time that is left, so one black hole does not eat
    /// the time of the next, and all together stay within the connect timeout.
    async fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, UpstreamFault> {
        let deadline = Instant::now() + self.settings.connect_timeout;
        let mut fault = UpstreamFault::ConnectTimeout { origin: self.origin.to_string() };
        for (tried, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // Without it the tail of a prompt waits up to 40 ms for an acknowledgement.
                    tcp.set_nodelay(true).map_err(|error| self.refused(&error))?;
                    return Ok(tcp);
                }
                Ok(Err(error)) => fault = self.refused(&error),
                Err(_) => {}
            }
        }
        Err(fault)
    }

    fn refused(&self, error: &io::Error) -> UpstreamFault {
        UpstreamFault::Connect { origin: self.origin.to_string(), reason: error.to_string() }
    }

    async fn handshake(&self, tcp: TcpStream) -> Result<Wire, UpstreamFault> {
        let fault = |reason: String| UpstreamFault::Tls { origin: self.origin.to_string(), reason };
        let name =
            ServerName::try_from(self.origin.bare_host().to_owned()).map_err(|error| fault(error.to_string()))?;
        let connector = TlsConnector::from(self.settings.tls.config(self.origin.verifies()));
        match timeout(self.settings.handshake_timeout, connector.connect(name, tcp)).await {
            Ok(Ok(tls)) => Ok(Wire::Tls(Box::new(tls))),
            Ok(Err(error)) => Err(fault(error.to_string())),
            Err(_) => Err(fault("the handshake did not finish in time".to_owned())),
        }
    }
}
