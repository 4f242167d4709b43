//! Tokens counted here, where no provider does: an estimate, made by OpenAI's own encodings, whoever's the model is. On one
//! thread of its own, with a bounded queue: to encode a long text takes as long as to answer a hundred requests.

mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use millrace_actors::ports::{Counted, Sampled, TokenCounter};
use tiktoken_rs::{CoreBPE, cl100k_base, o200k_base};
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

/// How long the tables are kept when nothing is counted: 42 MB are much to keep for the next client that leaves a stream, and
/// they are quickly read again.
const IDLE: Duration = Duration::from_secs(60);

/// Models of the older encoding (OpenAI's `tiktoken`, its table of prefixes); all others have the newer.
const OLDER: [&str; 4] = ["gpt-4-", "gpt-3.5", "gpt-35", "text-embedding-"];

/// The counter. Its thread is started by whoever asks and ends after a minute without work, and the tables with it.
pub struct Counter {
    queue: Arc<Queue>,
    waiting: Arc<AtomicUsize>,
    idle: Duration,
}

/// The way to the thread, where there is one.
type Queue = Mutex<Option<SyncSender<Job>>>;

struct Job {
    what: Counted,
    model: String,
    body: Bytes,
    reply: oneshot::Sender<u64>,
}

impl Default for Counter {
    fn default() -> Self {
        Counter { queue: Arc::default(), waiting: Arc::default(), idle: IDLE }
    }
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
        let mut queue = locked(&self.queue);
        let sent = match queue.get_or_insert_with(|| self.start()).try_send(job) {
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

    fn start(&self) -> SyncSender<Job> {
        let (sender, jobs) = sync_channel(WAITING);
        let worker = Worker {
            jobs,
            queue: Arc::downgrade(&self.queue),
            waiting: Arc::clone(&self.waiting),
            idle: self.idle,
            tables: Tables::default(),
        };
        let thread = std::thread::Builder::new().name("tokens".to_owned()).spawn(move || worker.run());
        if let Err(cause) = thread {
            // the receiver is gone with the closure, so every count is refused, and estimated by length
            log::error!("tokens cannot be counted cause={cause:?}");
        }
        sender
    }
}

fn locked(queue: &Queue) -> MutexGuard<'_, Option<SyncSender<Job>>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread works with.
struct Worker {
    jobs: Receiver<Job>,
    /// Weak: with the counter, the thread shall end.
    queue: Weak<Queue>,
    waiting: Arc<AtomicUsize>,
    idle: Duration,
    tables: Tables,
}

impl Worker {
    fn run(mut self) {
        loop {
            match self.jobs.recv_timeout(self.idle) {
                Ok(job) => self.work(job),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    let Some(queue) = self.queue.upgrade() else { return };
                    // who sends holds the lock, so nothing comes between the last look and the end
                    let mut queue = locked(&queue);
                    match self.jobs.try_recv() {
                        Ok(job) => {
                            drop(queue);
                            self.work(job);
                        }
                        Err(_) => {
                            *queue = None;
                            return;
                        }
                    }
                }
            }
        }
    }

    fn work(&mut self, Job { what, model, body, reply }: Job) {
        let bytes = body.len();
        // whoever waited may have left: then the work is not done
        if !reply.is_closed() {
            // a text that the encoder cannot bear must not cost the next one its count
            let tables = &mut self.tables;
            if let Ok(Some(count)) = catch_unwind(AssertUnwindSafe(|| tokens(tables, what, &model, &body))) {
                let _ = reply.send(count);
            }
        }
        drop(body);
        self.waiting.fetch_sub(bytes, Relaxed);
    }
}

/// The encodings, read when they are first needed.
#[derive(Default)]
struct Tables {
    older: Option<CoreBPE>,
    newer: Option<CoreBPE>,
}

impl Tables {
    /// That of a model; nothing where the table cannot be read.
    fn of(&mut self, model: &str) -> Option<&CoreBPE> {
        let name = model.rsplit('/').next().unwrap_or(model);
        let (place, read): (_, fn() -> _) = match name == "gpt-4" || OLDER.iter().any(|start| name.starts_with(start)) {
            true => (&mut self.older, cl100k_base),
            false => (&mut self.newer, o200k_base),
        };
        if place.is_none() {
            *place = read().inspect_err(|cause| log::error!("no table of tokens cause={cause:?}")).ok();
        }
        place.as_ref()
    }
}

/// The tokens of a body.
fn tokens(tables: &mut Tables, what: Counted, model: &str, body: &[u8]) -> Option<u64> {
    let said = text::of(what, body);
    let (known, rest) = said.text.split_at(said.text.floor_char_boundary(ENCODED));
    let encoding = tables.of(model)?;
    let mut count = 0_usize;
    let mut left = known;
    while !left.is_empty() {
        let (piece, more) = left.split_at(left.floor_char_boundary(PIECE));
        count += encoding.count_ordinary(piece);
        left = more;
    }
    let count = count as u64;
    let beyond = (count * rest.len() as u64).checked_div(known.len() as u64).unwrap_or_default();
    let count = count + beyond + said.extra;
    Some(match what {
        Counted::Events(scale) => scale.tokens(Sampled {
            bytes: body.len() as u64,
            text: text::escaped(&said.text),
            around: middle(said.around),
            tokens: count,
        }),
        Counted::Request | Counted::Answer => count,
    })
}

/// The one in the middle: a first event says more around its text than the others, and a last one.
fn middle(mut sizes: Vec<u64>) -> u64 {
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_actors::ports::Scale;
    use serde_json::json;
    use std::sync::LazyLock;

    /// Read once for all tests: without optimization it takes seconds.
    fn tables() -> MutexGuard<'static, Tables> {
        static TABLES: LazyLock<Mutex<Tables>> = LazyLock::new(Mutex::default);
        TABLES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(body: &serde_json::Value) -> u64 {
        tokens(&mut tables(), Counted::Request, "gpt-4o", body.to_string().as_bytes()).unwrap()
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

    #[actix_rt::test]
    async fn the_tables_go_when_nothing_is_counted_and_come_back() {
        let counter = Counter { idle: Duration::from_millis(1), ..Counter::default() };
        let body = Bytes::from(json!({"prompt": "hello world"}).to_string());
        for _ in 0..2 {
            assert_eq!(counter.count(Counted::Request, "gpt-4o", body.clone()).await, Some(2));
            // the thread and what it read end together; bounded so that what hangs fails
            let deadline = std::time::Instant::now() + Duration::from_secs(30);
            while locked(&counter.queue).is_some() {
                assert!(std::time::Instant::now() < deadline, "it is still there");
                actix_rt::task::yield_now().await;
            }
        }
        let busy = Counter::default();
        assert_eq!(busy.count(Counted::Request, "gpt-4o", body).await, Some(2));
        assert!(locked(&busy.queue).is_some(), "kept for the next");
    }

    #[test]
    fn a_stream_is_reckoned_by_the_encoding() {
        let event = |text: &str| {
            json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]})
            .to_string()
        };
        let told = |texts: &[&str], sampled: usize| {
            let events: Vec<_> = texts.iter().map(|text| event(text)).collect();
            let bytes = events.iter().map(|event| event.len() as u64).sum();
            let scale = Scale { bytes, events: events.len() as u64, sampled: sampled as u64 };
            let sample = events[..sampled].concat();
            tokens(&mut tables(), Counted::Events(scale), "gpt-4o", sample.as_bytes()).unwrap()
        };
        let cat = [" the", " cat", " sat", " on", " the", " mat", " and", " then", " it", " slept"];
        assert_eq!(told(&cat, 10), 10, "all of it");
        assert_eq!(told(&cat.repeat(30), 20), 300, "a token an event");
        let sentence = cat.concat();
        assert_eq!(told(&[sentence.as_str(); 30], 5), 300, "ten tokens an event");
        let mixed: Vec<_> = cat.iter().copied().chain([sentence.as_str(); 30]).collect();
        assert_eq!(told(&mixed, 10), 310, "the later ones say more");
        assert_eq!(told(&[""; 7], 7), 7, "nothing that could be read");
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
