//! Tokens counted here, where no provider does: an estimate, made by OpenAI's own encodings, whoever's the model is. On one
//! thread of its own, with a bounded queue: to encode a long text takes as long as to answer a hundred requests.

mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use millrace_actors::ports::{Counted, TokenCounter};
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};
use tokio::sync::oneshot;

/// Texts that wait, at most; the next is not counted.
const WAITING: usize = 256;

/// Bytes that wait, at most: a text is kept until it has been counted.
const WAITING_BYTES: usize = 64 << 20;

/// Bytes of text that are encoded, at most; what is longer is reckoned from its beginning.
const ENCODED: usize = 2 << 20;

/// Text is encoded in pieces of this size: the encodings' expressions backtrack, and a piece bounds by how much. A cut may
/// cost a token.
const PIECE: usize = 8 << 10;

/// Models of the older encoding (OpenAI's `tiktoken`, its table of prefixes); all others have the newer.
const OLDER: [&str; 4] = ["gpt-4-", "gpt-3.5", "gpt-35", "text-embedding-"];

/// The counter. Its thread is started by the first who asks: the tables take tens of megabytes, and most never ask.
#[derive(Default)]
pub struct Counter {
    queue: Mutex<Option<SyncSender<Job>>>,
    waiting: Arc<AtomicUsize>,
}

struct Job {
    what: Counted,
    model: String,
    body: Bytes,
    reply: oneshot::Sender<u64>,
}

impl TokenCounter for Counter {
    fn count(&self, what: Counted, model: &str, body: Bytes) -> LocalBoxFuture<'static, Option<u64>> {
        let (reply, counted) = oneshot::channel();
        let queued = self.queue(Job { what, model: model.to_owned(), body, reply });
        Box::pin(async move { if queued { counted.await.ok() } else { None } })
    }
}

impl Counter {
    /// Puts a text into the queue, unless that is full.
    fn queue(&self, job: Job) -> bool {
        let bytes = job.body.len();
        if self.waiting.fetch_add(bytes, Relaxed) + bytes > WAITING_BYTES {
            self.waiting.fetch_sub(bytes, Relaxed);
            return false;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = match queue.get_or_insert_with(|| start(&self.waiting)).try_send(job) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(TrySendError::Disconnected(_)) => {
                *queue = None;
                false
            }
        };
        if !sent {
            self.waiting.fetch_sub(bytes, Relaxed);
        }
        sent
    }
}

fn start(waiting: &Arc<AtomicUsize>) -> SyncSender<Job> {
    let (sender, jobs) = sync_channel(WAITING);
    let waiting = Arc::clone(waiting);
    let thread = std::thread::Builder::new().name("tokens".to_owned()).spawn(move || work(&jobs, &waiting));
    if let Err(cause) = thread {
        // the receiver is gone with the closure, so every count is refused, and estimated by length
        log::error!("tokens cannot be counted cause={cause:?}");
    }
    sender
}

fn work(jobs: &Receiver<Job>, waiting: &AtomicUsize) {
    while let Ok(Job { what, model, body, reply }) = jobs.recv() {
        let bytes = body.len();
        // whoever waited may have left: then the work is not done
        if !reply.is_closed() {
            // a text that the encoder cannot bear must not cost the next one its count
            let count = catch_unwind(AssertUnwindSafe(|| tokens(what, &model, &body)));
            if let Ok(count) = count {
                let _ = reply.send(count);
            }
        }
        drop(body);
        waiting.fetch_sub(bytes, Relaxed);
    }
}

/// The tokens of a body.
fn tokens(what: Counted, model: &str, body: &[u8]) -> u64 {
    let said = text::of(what, body);
    let (known, rest) = said.text.split_at(said.text.floor_char_boundary(ENCODED));
    let encoding = encoding(model);
    let mut count = 0_usize;
    let mut left = known;
    while !left.is_empty() {
        let (piece, more) = left.split_at(left.floor_char_boundary(PIECE));
        count += encoding.count_ordinary(piece);
        left = more;
    }
    let count = count as u64;
    let beyond = (count * rest.len() as u64).checked_div(known.len() as u64).unwrap_or_default();
    count + beyond + said.extra
}

fn encoding(model: &str) -> &'static CoreBPE {
    let name = model.rsplit('/').next().unwrap_or(model);
    match name == "gpt-4" || OLDER.iter().any(|start| name.starts_with(start)) {
        true => cl100k_base_singleton(),
        false => o200k_base_singleton(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(body: &serde_json::Value) -> u64 {
        tokens(Counted::Request, "gpt-4o", body.to_string().as_bytes())
    }

    #[actix_rt::test]
    async fn counts_on_a_thread_of_its_own_and_within_bounds() {
        let counter = Counter::default();
        let body = Bytes::from(json!({"prompt": "hello world"}).to_string());
        assert_eq!(counter.count(Counted::Request, "gpt-4o", body.clone()).await, Some(2));
        assert_eq!(counter.count(Counted::Request, "gpt-4", body).await, Some(2));
        let huge = Bytes::from(vec![b' '; WAITING_BYTES + 1]);
        assert_eq!(counter.count(Counted::Request, "m", huge).await, None, "more than may wait");
        assert_eq!(counter.waiting.load(Relaxed), 0);
    }

    #[test]
    fn a_message_costs_more_than_its_text() {
        // OpenAI's cookbook, "How to count tokens with tiktoken": three for each message, three for the answer's start
        let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello world"}]});
        assert_eq!(count(&body), 2 + 3 + 3);
    }

    #[test]
    fn text_that_is_hard_to_encode_is_counted_all_the_same() {
        for text in ["a".repeat(300_000), " ".repeat(300_000), "\u{1F600}".repeat(50_000), "ab \n".repeat(50_000)] {
            let counted = count(&json!({ "prompt": text }));
            assert!(counted > 500 && counted < 400_000, "{counted} for {:?}", &text[..4]);
        }
        // four times what is encoded, and so four times the tokens
        let long = count(&json!({ "prompt": "word ".repeat(ENCODED / 5 * 4) }));
        assert!((1_600_000..1_800_000).contains(&long), "{long}");
    }
}
