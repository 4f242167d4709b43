//! What passes between a call and the guard of its connection without awc.
//!
//! awc keeps the connections, and gives a body its time. For everything else it is shown the least there is: a request
//! without headers and without a body, and an answer of which only the framing is told. What a call sends, and the head of
//! what it gets, go through the slot: awc would copy the body behind its write buffer, and read and write each header through
//! a map. So awc reads no head but those the guard writes, and there is no second reading that could differ from ours.
//!
//! How a guard knows whose head it sees: a call's future is polled inside [`Slot::scope`], which holds the call's request
//! in the slot for just that poll. awc sends and reads nothing from a task, so a head within the poll is that call's head.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;

use super::headers::UpstreamHeaders;
use super::outgoing::Request;

/// The head of an answer, and its body if that came with it.
pub(super) struct Arrived {
    pub(super) status: u16,
    pub(super) headers: UpstreamHeaders,
    /// The whole of it; `None`: awc reads it.
    pub(super) body: Option<Bytes>,
}

/// What the call that is being polled sends and has got, if any is. One per lane.
#[derive(Clone, Default)]
pub(super) struct Slot(Rc<RefCell<Passing>>);

#[derive(Default)]
struct Passing {
    sent: Option<Request>,
    arrived: Option<Arrived>,
}

impl Slot {
    /// Runs a call; a guard that begins an exchange within it takes `request`. The answer's head stands beside what the call
    /// gave.
    pub(super) async fn scope<F: Future>(&self, request: Request, call: F) -> (F::Output, Option<Arrived>) {
        let mut call = pin!(call);
        let mut sent = Some(request);
        let mut arrived = None;
        poll_fn(|cx| {
            // what another call left would be another caller's
            self.0.replace(Passing { sent: sent.take(), arrived: arrived.take() });
            let polled = call.as_mut().poll(cx);
            Passing { sent, arrived } = self.0.take();
            polled.map(|output| (output, arrived.take()))
        })
        .await
    }

    /// The request of the call that is being polled, if it was not taken yet.
    pub(super) fn take(&self) -> Option<Request> {
        self.0.borrow_mut().sent.take()
    }

    /// Gives the call that is being polled the head of its answer.
    pub(super) fn give(&self, arrived: Arrived) {
        self.0.borrow_mut().arrived = Some(arrived);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &'static [u8]) -> Request {
        Request { parts: vec![Bytes::from_static(body)], ..Request::default() }
    }

    #[actix_rt::test]
    async fn a_request_and_an_answer_are_in_the_slot_only_while_their_call_is_polled() {
        let slot = Slot::default();
        let call = async {
            slot.give(Arrived { status: 200, headers: UpstreamHeaders::default(), body: None });
            tokio::task::yield_now().await;
            slot.take()
        };
        let mut call = pin!(slot.scope(request(b"mine"), call));
        assert!(poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await.is_pending());
        assert!(slot.take().is_none());
        let other = slot.scope(request(b"other"), async {}).await;
        assert!(other.1.is_none());
        let (sent, arrived) = call.await;
        assert_eq!(sent.unwrap().parts, [Bytes::from_static(b"mine")]);
        assert_eq!(arrived.unwrap().status, 200);
    }
}
