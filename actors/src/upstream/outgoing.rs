//! The request body's way past awc. awc would copy the body behind its write buffer; instead it sends a request without
//! a body, and the guard, which sees every write, puts the length into the head and the body behind it, by reference,
//! in one vectored write. For a prompt of 100 kB that saves a copy of 100 kB, and for 20 MB it saves the 64 KiB slices.
//!
//! How a guard knows whose head it sees: a call's future is polled inside [`Slot::scope`], which holds the call's body
//! in the slot for just that poll. awc sends nothing from a task, so a head written within the poll is that call's head.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::pin;
use std::rc::Rc;

use bytes::{Buf, Bytes};

use super::fault::UpstreamFault;

/// Pieces given to the system in one write; more make no difference once the socket buffer is full.
const PIECES: usize = 16;

/// The body of the call that is being polled, if any. One per lane.
#[derive(Clone, Default)]
pub(super) struct Slot(Rc<RefCell<Option<Vec<Bytes>>>>);

impl Slot {
    /// Runs a call; a guard that begins an exchange within it takes `body`.
    pub(super) async fn scope<F: Future>(&self, body: &[Bytes], call: F) -> F::Output {
        let mut call = pin!(call);
        let mut body = Some(body.to_vec());
        poll_fn(|cx| {
            self.0.replace(body.take());
            let polled = call.as_mut().poll(cx);
            body = self.0.take();
            polled
        })
        .await
    }

    pub(super) fn take(&self) -> Option<Vec<Bytes>> {
        self.0.take()
    }
}

/// A request that is being sent: what is left of it.
#[derive(Default)]
pub(super) struct Outgoing(VecDeque<Bytes>);

impl Outgoing {
    /// Head and body together. The head is as awc wrote it for a request without a body, complete.
    ///
    /// # Errors
    /// `head` is not a complete head without a length: awc no longer does what we rely on.
    pub(super) fn new(head: &[u8], body: Option<Vec<Bytes>>) -> io::Result<Self> {
        const END: &[u8] = b"\r\n\r\n";
        let Some(open) = head.strip_suffix(END) else {
            return Err(UpstreamFault::Io("the request head was not written whole".to_owned()).into_io());
        };
        let Some(body) = body else { return Ok(Self(VecDeque::from([Bytes::copy_from_slice(head)]))) };
        let length: usize = body.iter().map(Bytes::len).sum();
        let mut pieces = VecDeque::with_capacity(body.len() + 1);
        let mut whole = Vec::with_capacity(head.len() + 40);
        whole.extend_from_slice(open);
        io::Write::write_fmt(&mut whole, format_args!("\r\ncontent-length: {length}\r\n\r\n"))?;
        pieces.push_back(whole.into());
        pieces.extend(body.into_iter().filter(|part| !part.is_empty()));
        Ok(Self(pieces))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first pieces, for one vectored write.
    pub(super) fn slices<'a>(&'a self, space: &'a mut [IoSlice<'a>; PIECES]) -> &'a [IoSlice<'a>] {
        let mut used = 0;
        for (slice, piece) in space.iter_mut().zip(&self.0) {
            *slice = IoSlice::new(piece);
            used += 1;
        }
        &space[..used]
    }

    /// An empty table for [`Self::slices`].
    pub(super) fn table<'a>() -> [IoSlice<'a>; PIECES] {
        [IoSlice::new(&[]); PIECES]
    }

    /// `count` bytes were sent.
    pub(super) fn advance(&mut self, mut count: usize) {
        while let Some(first) = self.0.front_mut() {
            if count < first.len() {
                return first.advance(count);
            }
            count -= first.len();
            self.0.pop_front();
        }
    }

    /// Throws the rest away.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_goes_into_the_head_and_the_parts_stay_as_they_are() {
        let part = Bytes::from(vec![7; 100]);
        let mut out = Outgoing::new(b"POST / HTTP/1.1\r\n\r\n", Some(vec![Bytes::new(), part.clone()])).unwrap();
        let mut table = Outgoing::table();
        let slices = out.slices(&mut table);
        assert_eq!(&*slices[0], b"POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\n");
        assert_eq!((slices.len(), slices[1].as_ptr()), (2, part.as_ptr()));
        let head = slices[0].len();
        out.advance(head + 99);
        assert_eq!(out.slices(&mut Outgoing::table())[0].len(), 1);
        out.advance(1);
        assert!(out.is_empty());
    }

    #[test]
    fn a_head_that_is_not_whole_is_an_error() {
        assert!(Outgoing::new(b"POST / HTTP/1.1\r\n", None).is_err());
    }

    #[actix_rt::test]
    async fn a_body_is_in_the_slot_only_while_its_call_is_polled() {
        let slot = Slot::default();
        let call = async {
            tokio::task::yield_now().await;
            slot.take()
        };
        let body = [Bytes::from_static(b"mine")];
        let mut call = pin!(slot.scope(&body, call));
        assert!(poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await.is_pending());
        assert_eq!(slot.take(), None);
        assert_eq!(call.await, Some(vec![Bytes::from_static(b"mine")]));
    }
}
