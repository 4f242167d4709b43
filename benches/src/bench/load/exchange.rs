//! One request and its answer, judged while it comes.

use std::time::Instant;

use super::{Job, Read};
use crate::bench::check::Fault;
use crate::bench::check::judge::{Judge, whole};
use crate::bench::http::conn::Connection;
use crate::bench::http::head::{ContentType, Head};
use crate::bench::http::sse::Events;

/// Largest whole answer read, in bytes.
const MAX_WHOLE: usize = 64 * 1024 * 1024;
/// Bytes of an error body that are shown.
const SHOWN: usize = 200;

/// What is known of a right answer.
#[derive(Debug)]
pub struct Outcome {
    /// When its measured part ended.
    pub measured_end: Instant,
    /// When its first text came, for a stream.
    pub first_token: Option<Instant>,
    /// Chunks with text.
    pub content_chunks: u64,
    /// The gateway's own account of its overhead, in milliseconds.
    pub overhead_ms: Option<f64>,
    /// Whether the connection may be used again.
    pub keep: bool,
    /// The text, where it was to be kept.
    pub text: Vec<String>,
}

/// Sends the job's request on `conn` and reads and judges the answer. `keep_text` is for the one exchange with the
/// provider itself from which a phase learns what the text should be.
pub async fn exchange(conn: &mut Connection, job: &Job, keep_text: bool) -> Result<Outcome, Fault> {
    let mut head = conn.send(&job.request).await?;
    if head.status != 200 {
        return Err(refusal(conn, &mut head).await);
    }
    let outcome = match job.read {
        Read::Whole => read_whole(conn, job, &mut head, keep_text).await?,
        Read::Full | Read::FirstToken { .. } => read_stream(conn, job, &mut head, keep_text).await?,
    };
    if outcome.keep {
        conn.finish()?;
    }
    Ok(outcome)
}

async fn refusal(conn: &mut Connection, head: &mut Head) -> Fault {
    let mut body = Vec::new();
    while body.len() < SHOWN && conn.read_body(&mut head.framing, &mut body).await.unwrap_or(false) {}
    let start = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let start = start.split_whitespace().collect::<Vec<_>>().join(" ");
    Fault::Status { status: head.status, start }
}

async fn read_whole(conn: &mut Connection, job: &Job, head: &mut Head, keep_text: bool) -> Result<Outcome, Fault> {
    if head.content_type != ContentType::Json {
        return Err(Fault::ContentType("application/json"));
    }
    let mut body = Vec::new();
    while conn.read_body(&mut head.framing, &mut body).await? {
        if body.len() > MAX_WHOLE {
            return Err(Fault::Framing("an answer above 64 MiB"));
        }
    }
    let measured_end = Instant::now();
    let text = whole(job.protocol, &job.expect, &body)?;
    let text = if keep_text { vec![text.into_owned()] } else { Vec::new() };
    Ok(Outcome {
        measured_end,
        first_token: None,
        content_chunks: 0,
        overhead_ms: head.overhead_ms,
        keep: head.keep_alive,
        text,
    })
}

async fn read_stream(conn: &mut Connection, job: &Job, head: &mut Head, keep_text: bool) -> Result<Outcome, Fault> {
    if head.content_type != ContentType::EventStream {
        return Err(Fault::ContentType("text/event-stream"));
    }
    let mut events = Events::default();
    let mut judge = Judge::new(job.protocol, &job.expect);
    judge.text().kept = keep_text.then(Vec::new);
    let (mut first_token, mut more) = (None, true);
    while more {
        more = conn.read_body(&mut head.framing, events.input()).await?;
        while let Some(event) = events.next_event()? {
            judge.event(event)?;
            if first_token.is_none() && judge.text().chunks() > 0 {
                first_token = Some(Instant::now());
                if job.read == (Read::FirstToken { drain: false }) {
                    return Ok(outcome(head, &mut judge, first_token, false));
                }
            }
        }
    }
    if !events.is_drained() {
        return Err(Fault::Sse("the body ends within an event".to_owned()));
    }
    judge.end()?;
    Ok(outcome(head, &mut judge, first_token, matches!(job.read, Read::FirstToken { .. })))
}

/// `drained` says that only the first token is measured though the stream was read on.
fn outcome(head: &Head, judge: &mut Judge<'_>, first_token: Option<Instant>, drained: bool) -> Outcome {
    let now = Instant::now();
    let left = !judge.is_done();
    Outcome {
        measured_end: if drained || left { first_token.unwrap_or(now) } else { now },
        first_token,
        content_chunks: judge.text().chunks() as u64,
        overhead_ms: head.overhead_ms,
        keep: head.keep_alive && !left,
        text: judge.text().kept.take().unwrap_or_default(),
    }
}
