//! The way out to the client: a queue bounded in bytes between a stream's relay and the HTTP response body.
//!
//! One thread, so `Rc` and `Cell`s instead of a channel: a channel bounded in *messages* would not bound memory, and
//! nobody needs its atomics. Credit is what is left of the bound; who reads upstream waits for it ([`Outlet::credit`]),
//! so a slow client slows the provider and memory stays flat (ARCHITECTURE.md, "Streams").

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

/// The writing end; clones share one queue.
#[derive(Clone)]
pub struct Outlet(Rc<Shared>);

/// The reading end: the body of the HTTP response. Dropping it is how a client that left is noticed.
pub struct OutletBody(Rc<Shared>);

struct Shared {
    queue: RefCell<VecDeque<Bytes>>,
    queued: Cell<usize>,
    pushed: Cell<u64>,
    in_transit: Cell<usize>,
    limit: usize,
    ended: Cell<bool>,
    complete: Cell<bool>,
    aborted: Cell<bool>,
    left: Cell<bool>,
    reader: RefCell<Option<Waker>>,
    writer: RefCell<Option<Waker>>,
}

/// A new way out that holds about `limit` bytes (one batch more at most).
pub fn outlet(limit: usize) -> (Outlet, OutletBody) {
    let shared = Rc::new(Shared {
        queue: RefCell::default(),
        queued: Cell::new(0),
        pushed: Cell::new(0),
        in_transit: Cell::new(0),
        limit,
        ended: Cell::new(false),
        complete: Cell::new(false),
        aborted: Cell::new(false),
        left: Cell::new(false),
        reader: RefCell::default(),
        writer: RefCell::default(),
    });
    (Outlet(Rc::clone(&shared)), OutletBody(shared))
}

impl Outlet {
    /// Queues bytes for the client. Never waits: who calls it has waited for credit before reading upstream.
    pub fn push(&self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.0.pushed.set(self.0.pushed.get() + 1);
            self.queue(bytes);
        }
    }

    /// As [`Outlet::push`], for what is no part of the stream: not counted in [`Outlet::pushed`].
    pub fn comment(&self, bytes: Bytes) {
        self.queue(bytes);
    }

    /// How often something of the stream was queued: whether this has grown tells whether the client heard of it.
    pub fn pushed(&self) -> u64 {
        self.0.pushed.get()
    }

    fn queue(&self, bytes: Bytes) {
        if self.0.left.get() || self.0.ended.get() {
            return;
        }
        self.0.queued.set(self.0.queued.get() + bytes.len());
        self.0.queue.borrow_mut().push_back(bytes);
        wake(&self.0.reader);
    }

    /// Bytes that are on their way to whoever pushes, in a mailbox that has no bound of its own; they count against the
    /// credit until [`Outlet::arrived`].
    pub fn sent(&self, bytes: usize) {
        self.0.in_transit.set(self.0.in_transit.get() + bytes);
    }

    /// The other half of [`Outlet::sent`].
    pub fn arrived(&self, bytes: usize) {
        self.0.in_transit.set(self.0.in_transit.get().saturating_sub(bytes));
        if self.has_credit() {
            wake(&self.0.writer);
        }
    }

    /// The stream reached its terminal event; called before [`Outlet::end`].
    pub fn complete(&self) {
        self.0.complete.set(true);
    }

    /// Whether it did.
    pub fn is_complete(&self) -> bool {
        self.0.complete.get()
    }

    /// No more will come: the body ends once the queue is empty.
    pub fn end(&self) {
        self.0.ended.set(true);
        wake(&self.0.reader);
        wake(&self.0.writer);
    }

    /// The stream cannot be ended properly: the connection is broken off, which a client sees as an error, not as an end.
    /// Does nothing after [`Outlet::end`].
    pub fn abort(&self) {
        if !self.0.ended.get() {
            self.0.aborted.set(true);
            self.end();
        }
    }

    /// Whether the client is gone.
    pub fn client_left(&self) -> bool {
        self.0.left.get()
    }

    /// Whether there is room for another batch.
    pub fn has_credit(&self) -> bool {
        self.0.queued.get() + self.0.in_transit.get() < self.0.limit
    }

    /// Bytes that wait for the client.
    pub fn queued(&self) -> usize {
        self.0.queued.get()
    }

    /// Resolves when there is credit (`true`), or the client has left or the stream was ended (`false`). One waiter at a time.
    pub async fn credit(&self) -> bool {
        poll_fn(|cx| {
            if self.0.left.get() || self.0.ended.get() {
                return Poll::Ready(false);
            }
            if self.has_credit() {
                return Poll::Ready(true);
            }
            self.0.writer.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await
    }

    /// Whether the stream is over on our side.
    pub fn has_ended(&self) -> bool {
        self.0.ended.get()
    }

    /// Ready when the client has left or the stream was ended; else the current task is woken when either happens.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.left.get() || self.0.ended.get() {
            return Poll::Ready(());
        }
        let mut writer = self.0.writer.borrow_mut();
        if !writer.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            *writer = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// The stream was broken off on purpose; actix closes the connection without a last chunk.
#[derive(Debug, thiserror::Error)]
#[error("stream aborted")]
pub struct Aborted;

impl MessageBody for OutletBody {
    type Error = Aborted;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Aborted>>> {
        let shared = &self.0;
        if let Some(bytes) = shared.queue.borrow_mut().pop_front() {
            let before = shared.queued.get();
            shared.queued.set(before - bytes.len());
            if before + shared.in_transit.get() >= shared.limit {
                wake(&shared.writer);
            }
            return Poll::Ready(Some(Ok(bytes)));
        }
        if shared.ended.get() {
            return Poll::Ready(shared.aborted.take().then_some(Err(Aborted)));
        }
        shared.reader.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for OutletBody {
    fn drop(&mut self) {
        self.0.left.set(true);
        self.0.queue.borrow_mut().clear();
        wake(&self.0.writer);
    }
}

fn wake(slot: &RefCell<Option<Waker>>) {
    // taken out first: a waker may run code that borrows the slot again
    let waker = slot.borrow_mut().take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_rt::test]
    async fn credit_is_withheld_until_the_client_reads() {
        let (out, mut body) = outlet(4);
        out.push(Bytes::from_static(b"abcdef"));
        assert!(!out.has_credit());
        let first = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await;
        assert_eq!(first.unwrap().unwrap(), "abcdef");
        assert!(out.credit().await);
        out.end();
        assert!(poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await.is_none());
    }

    #[actix_rt::test]
    async fn a_client_that_leaves_wakes_the_writer() {
        let (out, body) = outlet(1);
        out.push(Bytes::from_static(b"ab"));
        let waiting = actix_rt::spawn({
            let out = out.clone();
            async move { out.credit().await }
        });
        actix_rt::task::yield_now().await;
        drop(body);
        assert!(!waiting.await.unwrap());
        assert!(out.client_left() && out.queued() == 2);
    }
}
