//! Collects records into batches and brings each to its end: delivered, or dropped for a reason that is counted.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use millrace_actors::upstream::UpstreamClient;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::post::{Answer, Post};
use crate::callbacks::sink::{Cause, Gauge, Held, Job, Pacer, Queue};

/// Bytes of one body at most, unless a single record is larger: what receivers take without being told to.
const BODY_BYTES: usize = 1 << 20;

/// How batches are made and how often they are tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Records a batch. Default 100.
    pub(super) batch_size: usize,
    /// Longest wait for a batch to fill. Default 1 s.
    pub(super) interval: Duration,
    /// Tries a batch. Default 5.
    pub(super) tries: u32,
    /// Wait after the first failed try, doubled after each, and the longest wait. Default 500 ms and 30 s.
    pub(super) backoff: Duration,
    /// See `backoff`.
    pub(super) backoff_most: Duration,
}

/// The courier.
pub(super) struct Courier<'a> {
    queue: &'a mut Queue,
    post: &'a Post,
    pace: Pace,
    client: UpstreamClient,
    pacer: Pacer,
    gauge: Arc<Gauge>,
    /// A record that did not fit into the last batch.
    over: Option<Letter>,
}

/// A record, written out once however often it is tried.
struct Letter {
    json: Vec<u8>,
    held: Held,
}

/// What to do once the batch is through.
enum Then {
    /// Go on.
    Next,
    /// Tell the one who waits, and go on.
    Tell(oneshot::Sender<()>),
    /// Nothing will come any more.
    Stop,
}

impl<'a> Courier<'a> {
    /// Takes from `queue`, gives to `post`.
    pub(super) fn new(queue: &'a mut Queue, post: &'a Post, pace: Pace, client: UpstreamClient) -> Self {
        let (pacer, gauge) = (queue.pacer(), queue.gauge());
        Courier { queue, post, pace, client, pacer, gauge, over: None }
    }

    /// Until the queue ends and all is delivered or dropped.
    pub(super) async fn run(mut self) {
        loop {
            let (batch, then) = self.collect().await;
            self.deliver(batch).await;
            match then {
                Then::Next => {}
                Then::Tell(waiting) => drop(waiting.send(())),
                Then::Stop => return,
            }
        }
    }

    /// Waits for a first record, and then for the batch to fill, but no longer than the interval.
    async fn collect(&mut self) -> (Vec<Letter>, Then) {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut until = None;
        if let Some(letter) = self.over.take() {
            bytes += letter.json.len();
            batch.push(letter);
            until = Some(Instant::now() + self.pace.interval);
        }
        while batch.len() < self.pace.batch_size && bytes < BODY_BYTES {
            let next = match until {
                None => self.queue.next().await,
                Some(until) => match timeout_at(until, self.queue.next()).await {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            match next {
                Some(Job::Record(held)) => {
                    let Some(letter) = self.written(held) else { continue };
                    until.get_or_insert_with(|| Instant::now() + self.pace.interval);
                    if !batch.is_empty() && bytes + letter.json.len() > BODY_BYTES {
                        self.over = Some(letter);
                        break;
                    }
                    bytes += letter.json.len();
                    batch.push(letter);
                }
                Some(Job::Flush(waiting)) => return (batch, Then::Tell(waiting)),
                None => return (batch, Then::Stop),
            }
        }
        (batch, Then::Next)
    }

    fn written(&self, held: Held) -> Option<Letter> {
        match serde_json::to_vec(&*held.record) {
            Ok(json) => Some(Letter { json, held }),
            Err(error) => {
                self.gauge.complain(Cause::Unwritten, &error.to_string());
                held.dropped(Cause::Unwritten);
                None
            }
        }
    }

    /// Brings a batch to its end. One that is too large is halved; the halves are delivered in order.
    async fn deliver(&self, batch: Vec<Letter>) {
        let mut waiting = vec![batch];
        while let Some(mut batch) = waiting.pop() {
            if batch.is_empty() {
                continue;
            }
            match self.insist(&batch).await {
                Ok(()) => batch.into_iter().for_each(|letter| letter.held.delivered()),
                Err(Cause::TooLarge) if batch.len() > 1 => {
                    let second = batch.split_off(batch.len() / 2);
                    waiting.extend([second, batch]);
                }
                Err(cause) => batch.into_iter().for_each(|letter| letter.held.dropped(cause)),
            }
        }
    }

    /// Tries until it is taken, refused, or has been tried often enough.
    async fn insist(&self, batch: &[Letter]) -> Result<(), Cause> {
        let (body, delivery) = (body(batch), uuid::Uuid::new_v4().to_string());
        for tried in 1.. {
            match self.post.attempt(&self.client, body.clone(), &delivery).await {
                Answer::Taken => return Ok(()),
                Answer::TooLarge => return Err(Cause::TooLarge),
                Answer::Refused { status } => {
                    self.gauge.complain(Cause::Refused, &format!("status {status}"));
                    return Err(Cause::Refused);
                }
                Answer::Later { why, .. } if tried >= self.pace.tries => {
                    self.gauge.complain(Cause::GaveUp, &why);
                    return Err(Cause::GaveUp);
                }
                Answer::Later { after, .. } => self.pacer.pause(wait(&self.pace, tried, after)).await,
            }
        }
        Err(Cause::GaveUp)
    }
}

/// Doubles with each try up to the most, then a random half of it is taken off, so that many gateways do not come back at
/// one moment. Never less than the receiver asked for.
fn wait(pace: &Pace, tried: u32, after: Option<Duration>) -> Duration {
    let full = pace.backoff.saturating_mul(1 << (tried - 1).min(16)).min(pace.backoff_most);
    full.mul_f64(0.5 + fastrand::f64() / 2.0).max(after.unwrap_or_default())
}

fn body(batch: &[Letter]) -> Bytes {
    let mut body = BytesMut::with_capacity(batch.iter().map(|letter| letter.json.len() + 1).sum::<usize>() + 1);
    for (n, letter) in batch.iter().enumerate() {
        body.put_u8(if n == 0 { b'[' } else { b',' });
        body.extend_from_slice(&letter.json);
    }
    body.put_u8(b']');
    body.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_heed_the_receiver() {
        let pace = Pace {
            batch_size: 1,
            interval: Duration::ZERO,
            tries: 9,
            backoff: Duration::from_millis(100),
            backoff_most: Duration::from_millis(1000),
        };
        for (tried, full) in [(1, 100), (2, 200), (4, 800), (5, 1000), (40, 1000)] {
            let got = wait(&pace, tried, None);
            assert!(got >= Duration::from_millis(full / 2) && got <= Duration::from_millis(full), "{tried} {got:?}");
        }
        assert_eq!(wait(&pace, 1, Some(Duration::from_secs(7))), Duration::from_secs(7));
    }
}
