//! An upstream in memory: each read gives exactly the bytes of one step, so a cut is where the test put it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_rt::net::{ActixStream, Ready};
use actix_service::Service;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::Uri;
use futures_util::future::{Ready as Done, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::upstream::client::awc_client;
use crate::upstream::guard::Guard;
use crate::upstream::outgoing::Request;
use crate::upstream::slot::Slot;
use crate::upstream::{UpstreamFault, UpstreamResponse};

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Nothing more until a request comes.
    Request,
    /// One read.
    Bytes(Vec<u8>),
    /// The reader must come back later.
    Later,
    End,
    Reset,
}

#[derive(Debug)]
struct Script {
    steps: VecDeque<Step>,
}

impl AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.steps.pop_front() {
            Some(Step::Bytes(mut bytes)) => {
                let rest = bytes.split_off(bytes.len().min(buf.remaining()));
                buf.put_slice(&bytes);
                if !rest.is_empty() {
                    self.steps.push_front(Step::Bytes(rest));
                }
                Poll::Ready(Ok(()))
            }
            Some(Step::Later) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Request) => {
                self.steps.push_front(Step::Request);
                Poll::Pending
            }
            None => Poll::Pending,
            Some(Step::End) => {
                self.steps.push_front(Step::End);
                Poll::Ready(Ok(()))
            }
            Some(Step::Reset) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncWrite for Script {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(Step::Request) = self.steps.front() {
            self.steps.pop_front();
        }
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl ActixStream for Script {
    fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::READABLE))
    }

    fn poll_write_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::WRITABLE))
    }
}

/// awc over guarded scripts: one per connection, in order.
pub(super) struct Scripted {
    client: awc::Client,
    slot: Slot,
    opened: Rc<Cell<usize>>,
}

#[derive(Clone)]
struct Dial {
    scripts: Rc<RefCell<VecDeque<Vec<Step>>>>,
    opened: Rc<Cell<usize>>,
    max_head: usize,
    slot: Slot,
}

impl Service<ConnectInfo<Uri>> for Dial {
    type Response = Connection<Uri, Guard<Script>>;
    type Error = ConnectError;
    type Future = Done<Result<Self::Response, ConnectError>>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, request: ConnectInfo<Uri>) -> Self::Future {
        self.opened.set(self.opened.get() + 1);
        let steps = self.scripts.borrow_mut().pop_front().expect("one connection too many").into();
        ready(Ok(Connection::new(
            request.request().clone(),
            Guard::new(Script { steps }, self.max_head, self.slot.clone()),
        )))
    }
}

impl Scripted {
    pub(super) fn new(scripts: Vec<Vec<Step>>) -> Self {
        let settings = super::settings();
        let opened = Rc::new(Cell::new(0));
        let scripts = Rc::new(RefCell::new(scripts.into()));
        let slot = Slot::default();
        let dial = Dial { scripts, opened: opened.clone(), max_head: settings.max_response_head, slot: slot.clone() };
        Self { client: awc_client(&dial, &settings), slot, opened }
    }

    pub(super) fn opened(&self) -> usize {
        self.opened.get()
    }

    pub(super) async fn head(&self) -> Result<UpstreamResponse, UpstreamFault> {
        let call = self.client.post("http://h/").send_body(actix_http::body::None::new());
        let request =
            Request { head: b"POST / HTTP/1.1\r\nhost: h\r\n".to_vec(), has_body: true, ..Request::default() };
        let call = self.slot.scope(request, call);
        let (answer, head) = tokio::time::timeout(super::LIVENESS, call).await.expect("no head");
        UpstreamResponse::new(answer.map_err(UpstreamFault::from_send)?, head)
    }

    pub(super) async fn exchange(&self) -> Result<(u16, Vec<u8>), UpstreamFault> {
        let mut answer = self.head().await?;
        let body = tokio::time::timeout(super::LIVENESS, answer.read_all(1 << 20)).await.expect("no body");
        Ok((answer.status, body?.to_vec()))
    }
}
