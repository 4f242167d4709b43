//! A request body that goes upstream while it comes: a form's file, a pass-through's body. Whoever writes upstream pulls it,
//! a piece when the last one is written, so that a slow provider slows its caller and what lies here stays small.
//!
//! For another try it must be there again. What came is kept up to a bound, a buffer as other proxies have one; past it the
//! upload goes through once, and a failure is the answer. The alternative, to keep all of it, is memory times callers.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{LocalBoxStream, StreamExt};
use tokio::time::{Instant as TokioInstant, timeout_at};

use crate::fault::Fault;

/// Bytes as they come, or why no more do.
pub type Coming = LocalBoxStream<'static, Result<Bytes, Fault>>;

/// Bytes of what was kept that are given again at once.
const PIECE: usize = 64 << 10;

/// The body. Clones are the same one.
#[derive(Clone)]
pub struct Upload(Rc<Inner>);

struct Inner {
    source: Source,
    length: Option<u64>,
    failed: RefCell<Option<Fault>>,
    moved: Cell<Instant>,
    passed: Cell<u64>,
    at: Cell<At>,
}

/// What the sending of it waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// The provider, to take what it was given.
    Provider,
    /// The caller, to send more.
    Caller,
    /// Nobody: all of it was given.
    End,
}

enum Source {
    /// The caller is still sending it.
    Live(RefCell<Live>),
    /// It is all here, and can be read as often as need be.
    Whole(Box<dyn Fn() -> Coming>),
}

struct Live {
    coming: Coming,
    /// All that came, while it is within `bound`.
    kept: Option<Vec<u8>>,
    bound: usize,
}

impl Upload {
    /// A body that is still coming, `length` bytes in all where that is known; up to `bound` bytes of it are kept.
    pub fn live(coming: Coming, length: Option<u64>, bound: usize) -> Self {
        let live = Live { coming, kept: Some(Vec::new()), bound };
        Self::new(Source::Live(RefCell::new(live)), length)
    }

    /// A body of `length` bytes that is all here; each call of `open` reads it from the start.
    pub fn whole(open: impl Fn() -> Coming + 'static, length: u64) -> Self {
        Self::new(Source::Whole(Box::new(open)), Some(length))
    }

    fn new(source: Source, length: Option<u64>) -> Self {
        let (failed, moved) = (RefCell::default(), Cell::new(Instant::now()));
        Upload(Rc::new(Inner { source, length, failed, moved, passed: Cell::new(0), at: Cell::new(At::Provider) }))
    }

    /// Its length in bytes, if that is known before its end.
    pub fn length(&self) -> Option<u64> {
        self.0.length
    }

    /// Whether it can be sent from its start: for the first time, or once more.
    pub fn is_sendable(&self) -> bool {
        match &self.0.source {
            Source::Live(live) => live.borrow().kept.is_some(),
            Source::Whole(_) => true,
        }
    }

    /// Why its caller's part of it failed, if it did. It outweighs whatever the provider made of that.
    pub fn failure(&self) -> Option<Fault> {
        self.0.failed.borrow().clone()
    }

    /// When its last piece came.
    pub fn moved(&self) -> Instant {
        self.0.moved.get()
    }

    /// Bytes of it that were given to whoever sends it, the last time that was begun.
    pub fn passed(&self) -> u64 {
        self.0.passed.get()
    }

    /// Whether all of it was given to whoever sends it.
    pub fn is_sent(&self) -> bool {
        self.0.at.get() == At::End
    }

    /// Reads it from its start; nothing, where what has gone is not here any more.
    pub(crate) fn begin(&self) -> Option<Reader> {
        let again = match &self.0.source {
            Source::Live(_) => None,
            Source::Whole(open) => Some(open()),
        };
        self.0.at.set(At::Provider);
        self.0.passed.set(0);
        self.is_sendable().then(|| Reader { upload: self.clone(), at: 0, again, left: self.0.length })
    }

    /// Waits for `work`, the sending of this and its answer: no longer than `limit` after the last piece came, and no longer
    /// than `stall` for the provider to take a piece. The time that the caller takes counts for neither: it is no fault of the
    /// provider's, and has a bound of its own.
    pub(crate) async fn limit<T>(&self, limits: Limits, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        // since when the provider has had its time
        let mut since = Instant::now();
        loop {
            let limit = match self.is_sent() {
                true => limits.answer,
                false => Some(limits.answer.map_or(limits.stall, |answer| answer.min(limits.stall))),
            };
            let Some(limit) = limit else { return Some(work.await) };
            if let Ok(done) = timeout_at(TokioInstant::from_std(since + limit), work.as_mut()).await {
                return Some(done);
            }
            since = match (self.0.at.get(), self.moved()) {
                (At::Caller, _) => Instant::now(),
                (_, moved) if moved > since => moved,
                _ => return None,
            };
        }
    }
}

/// How long a provider may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// To answer what it was sent; `None`: whoever waits for the call ends it.
    pub answer: Option<Duration>,
    /// To take a piece.
    pub stall: Duration,
}

/// One reading of an [`Upload`].
pub(crate) struct Reader {
    upload: Upload,
    /// How much of what was kept has been given.
    at: usize,
    again: Option<Coming>,
    /// Bytes that must still come, where the length is known.
    left: Option<u64>,
}

/// The body does not go on. [`Upload::failure`] tells why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Reader {
    /// The length of it, as [`Upload::length`].
    pub fn length(&self) -> Option<u64> {
        self.upload.0.length
    }

    /// The next piece, never an empty one; `None` at the end.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        let inner = Rc::clone(&self.upload.0);
        loop {
            inner.at.set(At::Caller);
            let piece = match (&mut self.again, &inner.source) {
                (Some(coming), _) => ready!(coming.poll_next_unpin(cx)),
                (None, Source::Live(live)) => ready!(live.borrow_mut().poll(&mut self.at, cx)),
                (None, Source::Whole(_)) => None,
            };
            inner.at.set(At::Provider);
            let fault = match piece {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => match self.counted(&piece) {
                    true => {
                        inner.moved.set(Instant::now());
                        inner.passed.set(inner.passed.get() + piece.len() as u64);
                        return Poll::Ready(Ok(Some(piece)));
                    }
                    false => Fault::Internal,
                },
                None if self.left.is_none_or(|left| left == 0) => {
                    inner.moved.set(Instant::now());
                    inner.at.set(At::End);
                    return Poll::Ready(Ok(None));
                }
                // a length was promised upstream, and would be made up from the next request
                None => Fault::Internal,
                Some(Err(fault)) => fault,
            };
            inner.failed.replace(Some(fault));
            return Poll::Ready(Err(Broken));
        }
    }

    /// Whether a piece is within the length.
    fn counted(&mut self, piece: &Bytes) -> bool {
        let Some(left) = self.left else { return true };
        self.left = left.checked_sub(piece.len() as u64);
        self.left.is_some()
    }
}

impl Live {
    fn poll(&mut self, at: &mut usize, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Fault>>> {
        if let Some(kept) = self.kept.as_ref().filter(|kept| *at < kept.len()) {
            let piece = &kept[*at..kept.len().min(*at + PIECE)];
            *at += piece.len();
            return Poll::Ready(Some(Ok(Bytes::copy_from_slice(piece))));
        }
        let piece = ready!(self.coming.poll_next_unpin(cx));
        if let (Some(Ok(piece)), Some(kept)) = (&piece, &mut self.kept) {
            match kept.len() + piece.len() <= self.bound {
                // copied: a byte that is kept by itself would keep the whole buffer that it was read into
                true => kept.extend_from_slice(piece),
                false => self.kept = None,
            }
            *at += piece.len();
        }
        Poll::Ready(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::future::poll_fn;

    fn live(pieces: &'static [&'static str], length: Option<u64>, bound: usize) -> Upload {
        let pieces = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        Upload::live(stream::iter(pieces).boxed_local(), length, bound)
    }

    async fn rest(reader: &mut Reader) -> Result<String, Broken> {
        let mut all = String::new();
        while let Some(piece) = poll_fn(|cx| reader.poll_piece(cx)).await? {
            all += std::str::from_utf8(&piece).unwrap();
        }
        Ok(all)
    }

    #[actix_rt::test]
    async fn what_is_kept_is_read_again_and_then_goes_on() {
        let upload = live(&["ab", "", "cd", "ef"], Some(6), 4);
        let mut first = upload.begin().unwrap();
        for want in ["ab", "cd"] {
            assert_eq!(poll_fn(|cx| first.poll_piece(cx)).await, Ok(Some(Bytes::from_static(want.as_bytes()))));
        }
        assert!(upload.is_sendable());
        assert_eq!(upload.passed(), 4);
        assert_eq!(rest(&mut upload.begin().unwrap()).await, Ok("abcdef".to_owned()));
        assert_eq!(upload.passed(), 6, "of the last time, not of both");
        assert!(!upload.is_sendable() && upload.begin().is_none() && upload.failure().is_none());
    }

    #[actix_rt::test]
    async fn a_length_that_is_not_kept_is_a_failure() {
        for pieces in [&["abc"][..], &["abcd", "ef"]] {
            let upload = live(pieces, Some(5), 100);
            assert_eq!(rest(&mut upload.begin().unwrap()).await, Err(Broken));
            assert_eq!(upload.failure(), Some(Fault::Internal));
        }
    }

    #[actix_rt::test]
    async fn what_is_all_here_is_read_as_often_as_asked() {
        let open = || stream::iter(["a", "b"].map(|piece| Ok(Bytes::from_static(piece.as_bytes())))).boxed_local();
        let upload = Upload::whole(open, 2);
        for _ in 0..3 {
            assert_eq!(rest(&mut upload.begin().unwrap()).await, Ok("ab".to_owned()));
        }
    }

    #[actix_rt::test]
    async fn the_limit_is_for_the_time_after_the_last_piece() {
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(3600));
        let limits = |answer, stall| Limits { answer: Some(answer), stall };
        let upload = live(&[], None, 0);
        let never = || std::future::pending::<()>();
        assert_eq!(upload.limit(limits(long, short), never()).await, None, "nothing is taken");
        assert_eq!(upload.limit(limits(short, long), never()).await, None, "an answer is due sooner");
        assert_eq!(upload.limit(limits(Duration::ZERO, short), async { 7 }).await, Some(7));
        rest(&mut upload.begin().unwrap()).await.unwrap();
        assert!(upload.is_sent());
        assert_eq!(upload.limit(limits(short, long), never()).await, None, "all is taken and nothing answered");
    }

    #[actix_rt::test]
    async fn while_the_caller_takes_its_time_no_time_of_the_providers_runs() {
        let ms = Duration::from_millis;
        let coming = stream::once(async move {
            tokio::time::sleep(ms(60)).await;
            Ok(Bytes::from_static(b"late"))
        });
        let upload = Upload::live(coming.boxed_local(), None, 100);
        let mut reader = upload.begin().unwrap();
        let limits = Limits { answer: Some(ms(10)), stall: ms(5) };
        assert_eq!(upload.limit(limits, rest(&mut reader)).await, Some(Ok("late".to_owned())));
    }
}
