//! The wire guard: sits between awc and the connection and mends what awc does to an answer on the wire.
//!
//! * interim (1xx) heads are dropped: awc would take one for the answer, and give the answer to the next exchange;
//! * the head of the answer goes to its call, and awc is shown one of ours (see `slot`), which tells the framing and no
//!   more: a body ended by closing as HTTP/1.0, or awc would call it empty;
//! * a body cut short ends in an error, which awc would call a clean end;
//! * bytes after an answer never reach the next exchange: the connection ends with the answer;
//! * an answer that comes while the request is still being sent is delivered, and the rest of the request is not sent.
//!
//! It also sends the request, which awc never sees (see `outgoing`).
//!
//! Bytes of a body pass from the socket into awc's buffer without a copy of ours. A body that came whole in the read of its
//! head is given to the call beside the head, and the exchange is over for awc as well.

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_rt::net::{ActixStream, Ready};
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::fault::UpstreamFault;
use super::framing::Framing;
use super::head::{self, FinalHead, Head};
use super::headers::UpstreamHeaders;
use super::outgoing::Outgoing;
use super::shown::Shown;
use super::slot::{Arrived, Slot};

/// Interim heads taken before one answer. One or two are usual (100, 103).
const MAX_INTERIM: u8 = 16;
/// Bytes looked at at once while a request is still being sent.
const PEEK: usize = 4096;

/// A connection of which awc sees only whole, final answers.
pub(super) struct Guard<Io> {
    /// Gone once no further exchange may use the connection.
    io: Option<Io>,
    phase: Phase,
    /// Bytes read from the socket that awc has not had yet.
    pending: BytesMut,
    /// How far `pending` is known to hold no complete head.
    scanned: usize,
    /// Bytes of interim heads dropped in this exchange, and how many heads.
    dropped: (usize, u8),
    /// Most bytes of heads in one exchange.
    max_head: usize,
    /// Exchanges begun on this connection.
    exchanges: u32,
    /// What is left of the request.
    outgoing: Outgoing,
    /// Where a new request is found, and the head of its answer is put.
    slot: Slot,
    /// Another exchange may follow.
    reusable: bool,
}

#[derive(Debug)]
enum Phase {
    /// Between exchanges.
    Idle,
    /// A request is being or was sent; no final head yet.
    Head,
    /// The final head is complete; the body ends as told.
    Body(Framing),
}

/// What a peer has done while a request was being sent to it.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    /// The final head is there.
    Answer,
    /// It hung up, or failed.
    End,
}

/// awc asks for it; the fields hold heads with keys in them, so none is shown.
impl<Io> fmt::Debug for Guard<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("exchanges", &self.exchanges).finish_non_exhaustive()
    }
}

impl<Io> Guard<Io> {
    /// Guards a new connection. `max_head`: most bytes of all heads of one answer.
    /// `slot`: the one its lane's calls are run in.
    pub(super) fn new(io: Io, max_head: usize, slot: Slot) -> Self {
        Self {
            io: Some(io),
            phase: Phase::Idle,
            pending: BytesMut::new(),
            scanned: 0,
            dropped: (0, 0),
            max_head,
            exchanges: 0,
            outgoing: Outgoing::default(),
            slot,
            reusable: true,
        }
    }

    fn begin_exchange(&mut self) {
        self.phase = Phase::Head;
        self.exchanges = self.exchanges.saturating_add(1);
        self.scanned = 0;
        self.dropped = (0, 0);
    }

    /// A failure before the final head. The fault of the peer that hung up, unless it is something else.
    fn head_error(&self, error: &io::Error) -> io::Error {
        match UpstreamFault::from_io(error, true) {
            UpstreamFault::ClosedBeforeHead { .. } => self.closed(),
            other => other.into_io(),
        }
    }

    fn closed(&self) -> io::Error {
        let partial = !self.pending.is_empty() || self.dropped.0 > 0;
        UpstreamFault::ClosedBeforeHead { reused_likely: self.exchanges > 1, partial }.into_io()
    }

    /// Enters the body. `seen` is the head and what came in the same read; it becomes what awc is to see instead, from the
    /// start, as many bytes as this returns.
    fn begin_body(&mut self, head: FinalHead, seen: &mut [u8]) -> io::Result<usize> {
        self.reusable &= head.reusable;
        let shown = Shown::new(head.status, &head.framing, self.reusable);
        let FinalHead { len, fields, status, framing, .. } = head;
        let whole = Bytes::copy_from_slice(&seen[..len]);
        let headers = UpstreamHeaders::of(&whole, &fields).map_err(bad_head)?;
        let plain = matches!(framing, Framing::Length(_));
        self.phase = Phase::Body(framing);
        let end = len + self.take_body(&seen[len..])?;
        if plain && matches!(self.phase, Phase::Idle) {
            self.slot.give(Arrived { status, headers, body: Some(Bytes::copy_from_slice(&seen[len..end])) });
            return Ok(Shown::without_body(status, self.reusable).put(seen));
        }
        self.slot.give(Arrived { status, headers, body: None });
        let start = shown.put(seen);
        seen.copy_within(len..end, start);
        Ok(start + end - len)
    }

    /// Follows the body over `data`, and ends the exchange with it. Returns how much of `data` belongs to the body.
    fn take_body(&mut self, data: &[u8]) -> io::Result<usize> {
        let Phase::Body(framing) = &mut self.phase else { return Ok(0) };
        match framing.feed(data) {
            Ok(None) => Ok(data.len()),
            Ok(Some(len)) => {
                // Bytes after the answer belong to nobody we know: no exchange may follow on this connection.
                self.end_exchange(self.reusable && len == data.len());
                Ok(len)
            }
            Err(why) => {
                self.io = None;
                Err(UpstreamFault::BadBody(why.to_owned()).into_io())
            }
        }
    }

    fn end_exchange(&mut self, reusable: bool) {
        self.phase = Phase::Idle;
        self.reusable = reusable;
        if !reusable {
            self.io = None;
        }
    }

    /// Looks for the final head in `pending`, dropping interim ones. `true`: found, and `pending` is ready for awc.
    fn advance_pending(&mut self) -> io::Result<bool> {
        let found = self.find_head();
        if found.is_err() {
            self.io = None;
        }
        found
    }

    fn find_head(&mut self) -> io::Result<bool> {
        loop {
            let seen = self.dropped.0 + self.pending.len();
            if self.scanned > 0 && !head::may_end(&self.pending, self.scanned) {
                self.scanned = self.pending.len();
                return if seen > self.max_head { Err(bad_head("too large")) } else { Ok(false) };
            }
            match head::read(&self.pending).map_err(bad_head)? {
                Head::Partial if seen > self.max_head => return Err(bad_head("too large")),
                Head::Partial => {
                    self.scanned = self.pending.len();
                    return Ok(false);
                }
                Head::Interim { len } => {
                    self.pending.advance(len);
                    self.scanned = 0;
                    self.dropped = (self.dropped.0 + len, self.dropped.1 + 1);
                    if self.dropped.1 > MAX_INTERIM || self.dropped.0 > self.max_head {
                        return Err(bad_head("too many interim heads"));
                    }
                    if self.pending.is_empty() {
                        return Ok(false);
                    }
                }
                Head::Final(head) => {
                    let mut pending = std::mem::take(&mut self.pending);
                    let shown = self.begin_body(head, &mut pending)?;
                    pending.truncate(shown);
                    self.pending = pending;
                    return Ok(true);
                }
            }
        }
    }

    /// Gives awc what it has not had yet.
    fn deliver(&mut self, buf: &mut ReadBuf<'_>) {
        let len = self.pending.len().min(buf.remaining());
        buf.put_slice(&self.pending[..len]);
        self.pending.advance(len);
        if self.pending.is_empty() {
            self.pending = BytesMut::new();
        }
    }
}

/// The peer hung up, as far as a write can tell.
fn is_closed(error: &io::Error) -> bool {
    matches!(UpstreamFault::from_io(error, true), UpstreamFault::ClosedBeforeHead { .. })
}

fn bad_head(why: &str) -> io::Error {
    UpstreamFault::BadHead(why.to_owned()).into_io()
}

impl<Io: AsyncRead + Unpin> Guard<Io> {
    /// Reads until the final head is there and delivers it, with what came behind it.
    fn poll_head(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let start = buf.filled().len();
        loop {
            let Some(io) = &mut self.io else { return Poll::Ready(Err(self.closed())) };
            if let Err(error) = ready!(Pin::new(io).poll_read(cx, buf)) {
                return Poll::Ready(Err(self.head_error(&error)));
            }
            if buf.filled().len() == start {
                return Poll::Ready(Err(self.closed()));
            }
            if self.pending.is_empty() && self.pass_whole_head(buf, start)? {
                return Poll::Ready(Ok(()));
            }
            self.pending.extend_from_slice(&buf.filled()[start..]);
            buf.set_filled(start);
            if self.advance_pending()? {
                self.deliver(buf);
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// The usual case: one read brought the whole head. It stays where it is, in awc's buffer.
    fn pass_whole_head(&mut self, buf: &mut ReadBuf<'_>, start: usize) -> io::Result<bool> {
        let Ok(Head::Final(head)) = head::read(&buf.filled()[start..]) else { return Ok(false) };
        let shown = self.begin_body(head, &mut buf.filled_mut()[start..])?;
        buf.set_filled(start + shown);
        Ok(true)
    }

    fn poll_body(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let start = buf.filled().len();
        let Some(io) = &mut self.io else { return Poll::Ready(Err(UpstreamFault::Truncated.into_io())) };
        if let Err(error) = ready!(Pin::new(io).poll_read(cx, buf)) {
            self.io = None;
            return Poll::Ready(Err(UpstreamFault::from_io(&error, false).into_io()));
        }
        if buf.filled().len() > start {
            let body = self.take_body(&buf.filled()[start..])?;
            buf.set_filled(start + body);
            return Poll::Ready(Ok(()));
        }
        let complete = matches!(self.phase, Phase::Body(Framing::UntilClose));
        self.end_exchange(false);
        Poll::Ready(if complete { Ok(()) } else { Err(UpstreamFault::Truncated.into_io()) })
    }

    /// While a request is being sent: has the answer come already? Wakes the writer when it does.
    fn answer_came(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        self.look(cx).map(|seen| seen == Seen::Answer)
    }

    /// What the peer has done while a request is being sent.
    fn look(&mut self, cx: &mut Context<'_>) -> io::Result<Seen> {
        let mut space = [MaybeUninit::uninit(); PEEK];
        while matches!(self.phase, Phase::Head) {
            let mut buf = ReadBuf::uninit(&mut space);
            let Some(io) = &mut self.io else { return Ok(Seen::End) };
            match Pin::new(io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Pending => return Ok(Seen::Nothing),
                // Where there is something to write, it shows in the write, or in the read that follows it.
                Poll::Ready(_) => return Ok(Seen::End),
            }
            self.pending.extend_from_slice(buf.filled());
            if self.advance_pending()? {
                break;
            }
        }
        // Half a request is on this connection, so nothing may follow it, even where the answer is over already.
        self.outgoing.clear();
        self.reusable = false;
        if matches!(self.phase, Phase::Idle) {
            self.io = None;
        }
        Ok(Seen::Answer)
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Guard<Io> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        match this.phase {
            Phase::Head => this.poll_head(cx, buf),
            _ if !this.pending.is_empty() => {
                this.deliver(buf);
                Poll::Ready(Ok(()))
            }
            Phase::Body(_) => this.poll_body(cx, buf),
            // The pool asks whether the connection is still good: an end says no, and so does any byte.
            Phase::Idle => match &mut this.io {
                Some(io) => Pin::new(io).poll_read(cx, buf),
                None => Poll::Ready(Ok(())),
            },
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Guard<Io> {
    /// Sends what is left of the request, unless the answer comes first.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut first = true;
        loop {
            while !self.outgoing.is_empty() {
                // A look costs nothing until the socket has something to read; a small request goes out without one.
                if !first && self.answer_came(cx)? {
                    return Poll::Ready(Ok(()));
                }
                first = false;
                let Some(io) = &mut self.io else { return Poll::Ready(Err(self.closed())) };
                let mut table = Outgoing::table();
                let written = match self.outgoing.only() {
                    Some(piece) => Pin::new(io).poll_write(cx, piece),
                    None => Pin::new(io).poll_write_vectored(cx, self.outgoing.slices(&mut table)),
                };
                match written {
                    Poll::Ready(Ok(count)) if count > 0 => self.outgoing.advance(count),
                    other => return self.held_up(cx, other.map_ok(|_| ())),
                }
            }
            if !self.outgoing.has_rest() {
                break;
            }
            match self.outgoing.poll_rest(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => {
                    // half a request is on it
                    self.io = None;
                    return Poll::Ready(Err(UpstreamFault::UploadBroken.into_io()));
                }
                Poll::Pending => return self.waits(cx),
            }
        }
        let Some(io) = &mut self.io else { return Poll::Ready(Err(self.closed())) };
        match Pin::new(io).poll_flush(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            other => self.held_up(cx, other),
        }
    }

    /// The caller has sent no more yet. What it has goes out, and the peer may answer or hang up meanwhile.
    fn waits(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(io) = &mut self.io else { return Poll::Ready(Err(self.closed())) };
        if let Poll::Ready(Err(error)) = Pin::new(io).poll_flush(cx) {
            return self.held_up(cx, Poll::Ready(Err(error)));
        }
        match self.look(cx)? {
            Seen::Nothing => Poll::Pending,
            Seen::Answer => Poll::Ready(Ok(())),
            Seen::End => {
                self.io = None;
                Poll::Ready(Err(self.closed()))
            }
        }
    }

    /// Sending does not go on: the peer reads no further, or hung up. Perhaps it answered first.
    fn held_up(&mut self, cx: &mut Context<'_>, by: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        if self.answer_came(cx)? {
            return Poll::Ready(Ok(()));
        }
        match by {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => match self.head_error(&error) {
                // An answer that came before the end may be in the kernel and not announced yet. The read tells: that
                // answer, or the end.
                error if is_closed(&error) => {
                    self.outgoing.clear();
                    self.reusable = false;
                    Poll::Ready(Ok(()))
                }
                error => Poll::Ready(Err(error)),
            },
            Poll::Ready(Ok(())) => Poll::Ready(Err(self.closed())),
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<Io> {
    /// Takes awc's request for the sign that ours is to go: it writes one in one piece, and nothing else, and then flushes.
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, head: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !matches!(this.phase, Phase::Idle) {
            // awc gave the connection back before the answer was over: nothing may follow.
            this.io = None;
            return Poll::Ready(Err(this.closed()));
        }
        let request = this.slot.take().filter(|_| head.ends_with(b"\r\n\r\n"));
        // awc no longer does what we rely on
        let request =
            request.ok_or_else(|| UpstreamFault::Io("no request where awc writes one".to_owned()).into_io())?;
        this.begin_exchange();
        this.outgoing = Outgoing::new(request);
        Poll::Ready(Ok(head.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.phase, Phase::Head) { this.poll_send(cx) } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Some(io) => Pin::new(io).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl<Io: ActixStream> ActixStream for Guard<Io> {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match &self.io {
            Some(io) => io.poll_read_ready(cx),
            None => Poll::Ready(Ok(Ready::READABLE)),
        }
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match &self.io {
            Some(io) => io.poll_write_ready(cx),
            None => Poll::Ready(Ok(Ready::WRITABLE)),
        }
    }
}
