//! An answer: its head, and its body in batches.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use awc::ClientResponse;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;

use super::fault::UpstreamFault;
use super::headers::UpstreamHeaders;
use super::slot::Arrived;
use crate::wire::framing::Framing;

/// Most bytes read past the terminal event to win the connection back: more costs more than a new connection.
const DRAIN_BYTES: usize = 64 * 1024;
/// Longest wait for the end of the body after the terminal event.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// Most of an announced length that is reserved before any of it has come.
const MAX_RESERVE: usize = 1024 * 1024;

/// An answer whose head is complete. Dropping it closes the connection at once, unless the body was read to its end.
pub struct UpstreamResponse {
    /// The status as the upstream sent it, redirects (3xx) included: they are never followed.
    pub status: u16,
    /// The headers as the upstream sent them.
    pub headers: UpstreamHeaders,
    body: Body,
}

/// awc's body panics when it is asked again after its end; this one does not.
enum Body {
    Open(ClientResponse),
    /// It came with the head, whole.
    Here(Bytes),
    /// Bytes came before this fault and were delivered first.
    Failed(UpstreamFault),
    Ended,
}

impl UpstreamResponse {
    /// `head`: what the guard took of the head of this answer.
    pub(super) fn new(inner: ClientResponse, head: Option<Arrived>) -> Result<Self, UpstreamFault> {
        let lost = || UpstreamFault::Io("an answer without its head".to_owned());
        let Arrived { status, headers, body } = head.ok_or_else(lost)?;
        Ok(Self { status, headers, body: body.map_or(Body::Open(inner), Body::Here) })
    }

    /// Waits for the next bytes, then takes what is ready without waiting, up to about `max_bytes` (the last piece may
    /// go past it). Appends to `batch`. `false`: the body is over, and complete; asking again says `false` again.
    ///
    /// # Errors
    /// The body was cut, reset or malformed. Bytes that came before are delivered first. Asking again gives the same.
    pub async fn next_batch(&mut self, batch: &mut Vec<Bytes>, max_bytes: usize) -> Result<bool, UpstreamFault> {
        let mut taken = 0;
        std::future::poll_fn(|cx| self.poll_batch(cx, batch, max_bytes, &mut taken)).await
    }

    /// As [`Self::next_batch`], for callers that poll several things at once. `taken` counts the bytes of this batch
    /// and starts at 0.
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Bytes>,
        max_bytes: usize,
        taken: &mut usize,
    ) -> Poll<Result<bool, UpstreamFault>> {
        loop {
            let next = match self.poll_piece(cx) {
                Poll::Pending if *taken == 0 => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Ok(true)),
                Poll::Ready(next) => next,
            };
            match next {
                Ok(Some(piece)) => {
                    *taken += piece.len();
                    batch.push(piece);
                    if *taken >= max_bytes {
                        return Poll::Ready(Ok(true));
                    }
                }
                Ok(None) => return Poll::Ready(Ok(*taken > 0)),
                Err(_) if *taken > 0 => return Poll::Ready(Ok(true)),
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// The next piece, never an empty one; `None` at the end, however often it is asked.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, UpstreamFault>> {
        loop {
            let stream = match &mut self.body {
                Body::Open(stream) => stream,
                Body::Here(bytes) => {
                    let bytes = std::mem::take(bytes);
                    self.body = Body::Ended;
                    return Poll::Ready(Ok(Some(bytes).filter(|bytes| !bytes.is_empty())));
                }
                Body::Failed(fault) => return Poll::Ready(Err(fault.clone())),
                Body::Ended => return Poll::Ready(Ok(None)),
            };
            match ready!(Pin::new(stream).poll_next(cx)) {
                Some(Ok(piece)) if piece.is_empty() => {}
                Some(Ok(piece)) => return Poll::Ready(Ok(Some(piece))),
                Some(Err(error)) => self.body = Body::Failed(UpstreamFault::from_payload(error)),
                None => self.body = Body::Ended,
            }
        }
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, UpstreamFault> {
        std::future::poll_fn(|cx| self.poll_piece(cx)).await
    }

    /// Reads the whole body, which must be complete and at most `limit` bytes long.
    ///
    /// # Errors
    /// [`UpstreamFault::TooLarge`] as soon as that is known, by the announced length or by the bytes; a fault of the
    /// body otherwise.
    pub async fn read_all(&mut self, limit: usize) -> Result<Bytes, UpstreamFault> {
        let announced = self.content_length();
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(self.too_large(limit));
        }
        let Some(first) = self.next_piece().await? else { return Ok(Bytes::new()) };
        if first.len() > limit {
            return Err(self.too_large(limit));
        }
        let Some(second) = self.next_piece().await? else { return Ok(first) };
        let expected = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let mut whole = BytesMut::with_capacity(expected.min(MAX_RESERVE).max(first.len() + second.len()));
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(piece) = next {
            if whole.len() + piece.len() > limit {
                return Err(self.too_large(limit));
            }
            whole.extend_from_slice(&piece);
            next = self.next_piece().await?;
        }
        Ok(whole.freeze())
    }

    fn too_large(&mut self, limit: usize) -> UpstreamFault {
        let fault = UpstreamFault::TooLarge { limit };
        self.body = Body::Failed(fault.clone());
        fault
    }

    /// Reads past the terminal event to the end of the body, so that the connection can carry the next exchange. Gives
    /// up, and closes it, after 64 KiB or a second.
    pub async fn drain(mut self) {
        let rest = async {
            let mut left = DRAIN_BYTES;
            while let Ok(Some(piece)) = self.next_piece().await {
                match left.checked_sub(piece.len()) {
                    Some(less) => left = less,
                    None => return,
                }
            }
        };
        // Mostly the end has come together with the terminal event, so no timer is set up for it.
        tokio::pin!(rest);
        let at_once = std::future::poll_fn(|cx| Poll::Ready(rest.as_mut().poll(cx))).await;
        if at_once.is_pending() {
            tokio::time::timeout(DRAIN_TIME, rest).await.ok();
        }
    }

    /// The body was read to its end, and is complete.
    pub fn is_ended(&self) -> bool {
        matches!(self.body, Body::Ended)
    }

    /// The announced length of the body, in bytes.
    pub fn content_length(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
    }

    /// The body says that it is a stream of this framing.
    pub fn is_stream(&self, framing: Framing) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        std::str::from_utf8(essence).is_ok_and(|essence| framing.is(essence))
    }

    /// The body says that it is JSON.
    pub fn is_json(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence == "application/json" || essence.ends_with("+json")
    }

    /// The content coding, when there is one other than identity. We never ask for one, so it is the upstream's fault.
    pub fn content_encoding(&self) -> Option<&str> {
        let value = self.headers.get(CONTENT_ENCODING)?;
        let value = value.to_str().unwrap_or("unreadable").trim();
        (!value.is_empty() && !value.eq_ignore_ascii_case("identity")).then_some(value)
    }
}

impl std::fmt::Debug for UpstreamResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
