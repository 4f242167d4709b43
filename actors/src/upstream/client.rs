//! The upstream client of one worker: a lane (an awc client of its own, so a pool of its own) per origin.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::rc::Rc;
use std::time::Instant;

use actix_http::header::{HOST, HeaderValue};
use actix_rt::net::ActixStream;
use actix_service::Service;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::{Method, Uri};
use foldhash::fast::RandomState;

use super::clocks::Clocks;
use super::dial::Dialer;
use super::fault::UpstreamFault;
use super::origin::Origin;
use super::outgoing::Request;
use super::request::{self, UpstreamRequest};
use super::response::UpstreamResponse;
use super::settings::UpstreamSettings;
use super::slot::Slot;
use crate::upload::{Limits, Upload};

/// What awc is told that it calls, and of the request it is told no more than the method. Its pool hashes and compares the
/// authority letter by letter, twice for each call, and a lane has a pool of its own: the dialer knows whom to call. Always
/// `http`, even where TLS is spoken: TLS lies below the guard, and awc must not add its own.
const SHOWN: &str = "http://o/";

/// The upstream client of one worker. Neither `Send` nor `Sync`; clone-free: hold it in the worker's desk.
pub struct UpstreamClient {
    settings: Rc<UpstreamSettings>,
    lanes: RefCell<HashMap<Origin, Rc<Lane>, RandomState>>,
    clocks: Clocks,
    stale_retries: Cell<u64>,
}

/// What is kept per origin.
struct Lane {
    client: awc::Client,
    dialer: Dialer,
    slot: Slot,
    shown: Uri,
    host: HeaderValue,
    /// Since the last sweep. A call does not read the clock for it.
    called: Cell<bool>,
    /// At a sweep, or when it was made.
    used: Cell<Instant>,
}

impl UpstreamClient {
    /// A client without any connection.
    pub fn new(settings: UpstreamSettings) -> Self {
        Self {
            settings: Rc::new(settings),
            lanes: RefCell::default(),
            clocks: Clocks::default(),
            stale_retries: Cell::new(0),
        }
    }

    /// Sends a request and waits for the head of its answer. Dropping the future closes the connection at once.
    ///
    /// When a kept connection turns out to have been closed by the upstream before any byte of an answer, the request
    /// is sent once more, on a connection opened for it. (It may have been processed: a second answer may be billed.
    /// That is rarer than the race, and the alternative is to fail.)
    ///
    /// # Errors
    /// Any [`UpstreamFault`] but those of a body. A status of 4xx or 5xx is not an error here.
    pub async fn call(&self, request: &UpstreamRequest<'_>) -> Result<UpstreamResponse, UpstreamFault> {
        let lane = self.lane(request.origin)?;
        // pinned where it is: by value it would be moved into each of what follows, and have a place in each
        let sent = pin!(async {
            match lane.send(&lane.client, request).await {
                Err(fault) if fault.is_stale() && request.upload.is_none_or(Upload::is_sendable) => {
                    self.stale_retries.set(self.stale_retries.get() + 1);
                    log::debug!("stale connection, sending again origin={}", request.origin);
                    // A client of its own has an empty pool, so this connection is new; awc cannot be told otherwise.
                    let fresh = awc_client(&lane.dialer, &self.settings);
                    lane.send(&fresh, request).await
                }
                other => other,
            }
        });
        let sent = self.clocks.stopped(sent);
        let answer = match (request.upload, request.head_deadline) {
            (None, None) => return sent.await,
            (None, Some(limit)) => tokio::time::timeout(limit, sent).await.ok(),
            (Some(upload), answer) => upload.limit(Limits { answer, stall: request.stall }, sent).await,
        };
        answer.unwrap_or(Err(UpstreamFault::HeadTimeout))
    }

    /// Forgets the origins not called for [`UpstreamSettings::forget_after`], closing their idle connections. Streams
    /// that are still running are not touched. Call it now and then.
    pub fn sweep(&self) {
        let (keep, now) = (self.settings.forget_after, Instant::now());
        self.lanes.borrow_mut().retain(|_, lane| {
            if lane.called.take() {
                lane.used.set(now);
            }
            now - lane.used.get() < keep
        });
    }

    /// How often a request was sent again because its connection was stale.
    pub fn stale_retries(&self) -> u64 {
        self.stale_retries.get()
    }

    /// How many origins are known now.
    pub fn origins(&self) -> usize {
        self.lanes.borrow().len()
    }

    fn lane(&self, origin: &Origin) -> Result<Rc<Lane>, UpstreamFault> {
        if let Some(lane) = self.lanes.borrow().get(origin) {
            lane.called.set(true);
            return Ok(lane.clone());
        }
        let lane = Rc::new(Lane::new(origin, &self.settings)?);
        self.lanes.borrow_mut().insert(origin.clone(), lane.clone());
        Ok(lane)
    }
}

impl Lane {
    fn new(origin: &Origin, settings: &Rc<UpstreamSettings>) -> Result<Self, UpstreamFault> {
        if !origin.verifies() && origin.is_https() {
            log::warn!("certificates are not checked, anyone on the path can read and answer origin={origin}");
        }
        let host = HeaderValue::try_from(origin.host_header())
            .map_err(|_| UpstreamFault::BadRequest("the host cannot be sent".to_owned()))?;
        let slot = Slot::default();
        let dialer = Dialer::new(origin.clone(), settings.clone(), slot.clone());
        let client = awc_client(&dialer, settings);
        let shown = Uri::from_static(SHOWN);
        Ok(Self { client, dialer, slot, shown, host, called: Cell::new(true), used: Cell::new(Instant::now()) })
    }

    async fn send(
        &self,
        client: &awc::Client,
        request: &UpstreamRequest<'_>,
    ) -> Result<UpstreamResponse, UpstreamFault> {
        let rest = match request.upload {
            Some(upload) => Some(upload.begin().ok_or(UpstreamFault::UploadBroken)?),
            None => None,
        };
        let has_body = request.method != Method::GET || !request.body.is_empty() || rest.is_some();
        let head = request::head(request, &self.host)?;
        let request_sent = Request { head, has_body, parts: request.body.to_vec(), rest };
        let mut call = client.request(request.method.clone(), self.shown.clone()).no_decompress();
        // else awc makes one of the authority
        call.headers_mut().insert(HOST, HeaderValue::from_static("o"));
        let call = call.send_body(actix_http::body::None::new());
        let (answer, arrived) = self.slot.scope(request_sent, call).await;
        UpstreamResponse::new(answer.map_err(UpstreamFault::from_send)?, arrived)
    }
}

/// awc with every default that hurts a gateway turned off: its timer (5 s to the head), its connection limit (100 for
/// all hosts), redirects (which carry `x-api-key` to the new host).
pub(super) fn awc_client<S, Io>(dialer: &S, settings: &UpstreamSettings) -> awc::Client
where
    S: Service<ConnectInfo<Uri>, Response = Connection<Uri, Io>, Error = ConnectError> + Clone + 'static,
    Io: ActixStream + std::fmt::Debug + 'static,
{
    let connector = awc::Connector::new()
        .connector(dialer.clone())
        .timeout(settings.opening_timeout())
        .limit(0)
        .conn_keep_alive(settings.keep_alive)
        .conn_lifetime(settings.lifetime);
    awc::Client::builder().connector(connector).disable_timeout().disable_redirects().no_default_headers().finish()
}
