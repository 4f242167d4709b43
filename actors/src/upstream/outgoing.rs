//! The request body's way past awc. awc would copy the body behind its write buffer; instead it sends a request without
//! a body, and the guard, which sees every write, puts the length into the head and the body behind it, by reference,
//! in one vectored write. For a prompt of 100 kB that saves a copy of 100 kB, and for 20 MB it saves the 64 KiB slices. A
//! small body is copied: there a plain write is cheaper.
//!
//! A body may have a rest that is still coming ([`crate::upload`]): it is asked for more when all before it is written.
//!
//! How a guard knows whose head it sees: a call's future is polled inside [`Slot::scope`], which holds the call's body
//! in the slot for just that poll. awc sends nothing from a task, so a head written within the poll is that call's head.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};

use super::fault::UpstreamFault;
use crate::upload::{Broken, Reader};

/// Bodies of so many bytes are copied behind the head after all: one slice goes out by `send`, several by `writev`, and what
/// the kernel does more for that costs more than the copy.
const JOINED: u64 = 4096;

/// Pieces given to the system in one write; more make no difference once the socket buffer is full.
const PIECES: usize = 16;

/// A whole body.
#[derive(Default)]
pub(super) struct Whole {
    /// What is here.
    pub(super) parts: Vec<Bytes>,
    /// What is still coming.
    pub(super) rest: Option<Reader>,
}

/// The body of the call that is being polled, if any. One per lane.
#[derive(Clone, Default)]
pub(super) struct Slot(Rc<RefCell<Option<Whole>>>);

impl Slot {
    /// Runs a call; a guard that begins an exchange within it takes `body`.
    pub(super) async fn scope<F: Future>(&self, body: Whole, call: F) -> F::Output {
        let mut call = pin!(call);
        let mut body = Some(body);
        poll_fn(|cx| {
            self.0.replace(body.take());
            let polled = call.as_mut().poll(cx);
            body = self.0.take();
            polled
        })
        .await
    }

    pub(super) fn take(&self) -> Option<Whole> {
        self.0.take()
    }
}

/// A request that is being sent: what is left of it.
#[derive(Default)]
pub(super) struct Outgoing {
    pieces: VecDeque<Bytes>,
    rest: Option<Reader>,
    /// The rest has no length, so it goes in chunks (RFC 9112, 7.1).
    chunked: bool,
}

impl Outgoing {
    /// Head and body together. The head is as awc wrote it for a request without a body, complete.
    ///
    /// # Errors
    /// `head` is not a complete head without a length: awc no longer does what we rely on.
    pub(super) fn new(head: &[u8], body: Option<Whole>) -> io::Result<Self> {
        const END: &[u8] = b"\r\n\r\n";
        let Some(open) = head.strip_suffix(END) else {
            return Err(UpstreamFault::Io("the request head was not written whole".to_owned()).into_io());
        };
        let Some(Whole { parts, rest }) = body else {
            return Ok(Self { pieces: VecDeque::from([Bytes::copy_from_slice(head)]), ..Self::default() });
        };
        let here: u64 = parts.iter().map(|part| part.len() as u64).sum();
        if rest.is_none() && here <= JOINED {
            return Ok(Self::joined(open, &parts, here));
        }
        let length = rest.as_ref().map_or(Some(0), Reader::length).map(|coming| here + coming);
        let mut out = Self { pieces: VecDeque::with_capacity(parts.len() + 1), rest, chunked: length.is_none() };
        let mut whole = Vec::with_capacity(head.len() + 40);
        whole.extend_from_slice(open);
        match length {
            Some(length) => io::Write::write_fmt(&mut whole, format_args!("\r\ncontent-length: {length}\r\n\r\n"))?,
            None => whole.extend_from_slice(b"\r\ntransfer-encoding: chunked\r\n\r\n"),
        }
        out.pieces.push_back(whole.into());
        match length {
            Some(_) => out.pieces.extend(parts.into_iter().filter(|part| !part.is_empty())),
            None => parts.into_iter().for_each(|part| out.push(part)),
        }
        Ok(out)
    }

    /// A head, up to the blank line, and a small body, in one piece. Its room is all of it: else it would be kept apart.
    fn joined(open: &[u8], parts: &[Bytes], length: u64) -> Self {
        let told = length.to_string();
        let head = [open, b"\r\ncontent-length: ", told.as_bytes(), b"\r\n\r\n"];
        let pieces = || head.into_iter().chain(parts.iter().map(|part| &part[..]));
        let mut whole = Vec::with_capacity(pieces().map(<[u8]>::len).sum());
        pieces().for_each(|piece| whole.extend_from_slice(piece));
        Self { pieces: VecDeque::from([whole.into()]), ..Self::default() }
    }

    /// Whether more of the body is still to come.
    pub(super) fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Takes the next of the rest, or notes its end.
    ///
    /// # Errors
    /// It does not come.
    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(Ok(())) };
        match ready!(rest.poll_piece(cx))? {
            Some(piece) => self.push(piece),
            None => {
                self.rest = None;
                self.pieces.extend(self.chunked.then_some(Bytes::from_static(b"0\r\n\r\n")));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// A piece of the body, framed as it must be. An empty chunk would be the last.
    fn push(&mut self, piece: Bytes) {
        match self.chunked {
            false => self.pieces.push_back(piece),
            true if piece.is_empty() => {}
            true => {
                let size = Bytes::from(format!("{:x}\r\n", piece.len()));
                self.pieces.extend([size, piece, Bytes::from_static(b"\r\n")]);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The one piece, where there is no other.
    pub(super) fn only(&self) -> Option<&[u8]> {
        self.pieces.front().filter(|_| self.pieces.len() == 1).map(|piece| &piece[..])
    }

    /// The first pieces, for one vectored write.
    pub(super) fn slices<'a>(&'a self, space: &'a mut [IoSlice<'a>; PIECES]) -> &'a [IoSlice<'a>] {
        let mut used = 0;
        for (slice, piece) in space.iter_mut().zip(&self.pieces) {
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
        while let Some(first) = self.pieces.front_mut() {
            if count < first.len() {
                return first.advance(count);
            }
            count -= first.len();
            self.pieces.pop_front();
        }
    }

    /// Throws the rest away.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.rest = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::Upload;
    use futures_util::StreamExt;
    use futures_util::stream;

    fn whole(parts: Vec<Bytes>) -> Whole {
        Whole { parts, rest: None }
    }

    /// A request whose body is `ab` and then, while it is sent, `cde`.
    async fn sent(length: Option<u64>) -> Result<String, Broken> {
        let coming = stream::iter(["cd", "", "e"].map(|piece| Ok(Bytes::from_static(piece.as_bytes()))));
        let upload = Upload::live(coming.boxed_local(), length, 100);
        let body = Whole { parts: vec![Bytes::from_static(b"ab")], rest: upload.begin() };
        let mut out = Outgoing::new(b"POST / HTTP/1.1\r\n\r\n", Some(body)).unwrap();
        let mut all = Vec::new();
        loop {
            for piece in out.pieces.drain(..) {
                all.extend_from_slice(&piece);
            }
            if !out.has_rest() {
                return Ok(String::from_utf8(all).unwrap());
            }
            poll_fn(|cx| out.poll_rest(cx)).await?;
        }
    }

    #[actix_rt::test]
    async fn what_is_still_coming_is_framed_by_its_length_or_in_chunks() {
        let head = |framing: &str| format!("POST / HTTP/1.1\r\n{framing}\r\n\r\n");
        assert_eq!(sent(Some(3)).await.unwrap(), head("content-length: 5") + "abcde");
        let chunks = "2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n";
        assert_eq!(sent(None).await.unwrap(), head("transfer-encoding: chunked") + chunks);
        assert_eq!(sent(Some(4)).await, Err(Broken));
    }

    #[test]
    fn the_length_goes_into_the_head_and_the_parts_stay_as_they_are() {
        let part = Bytes::from(vec![7; 10_000]);
        let mut out = Outgoing::new(b"POST / HTTP/1.1\r\n\r\n", Some(whole(vec![Bytes::new(), part.clone()]))).unwrap();
        let mut table = Outgoing::table();
        let slices = out.slices(&mut table);
        assert_eq!(&*slices[0], b"POST / HTTP/1.1\r\ncontent-length: 10000\r\n\r\n");
        assert_eq!((slices.len(), slices[1].as_ptr()), (2, part.as_ptr()));
        let head = slices[0].len();
        out.advance(head + 9_999);
        assert_eq!(out.slices(&mut Outgoing::table())[0].len(), 1);
        out.advance(1);
        assert!(out.is_empty());
    }

    #[test]
    fn a_small_body_is_copied_behind_the_head() {
        let parts = vec![Bytes::from_static(b"ab"), Bytes::new(), Bytes::from_static(b"cde")];
        let mut out = Outgoing::new(b"POST / HTTP/1.1\r\n\r\n", Some(whole(parts))).unwrap();
        assert_eq!(out.only().unwrap(), b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nabcde");
        out.advance(out.only().unwrap().len());
        assert!(out.is_empty());
        let large = Bytes::from(vec![7; JOINED as usize + 1]);
        assert_eq!(Outgoing::new(b"POST / HTTP/1.1\r\n\r\n", Some(whole(vec![large]))).unwrap().only(), None);
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
        let mut call = pin!(slot.scope(whole(vec![Bytes::from_static(b"mine")]), call));
        assert!(poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await.is_pending());
        assert!(slot.take().is_none());
        assert_eq!(call.await.unwrap().parts, [Bytes::from_static(b"mine")]);
    }
}
