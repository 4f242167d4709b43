//! Whole answers: read item by item, and written as what a stream of the same events ends with.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;
use serde_json::Value;

use super::super::{AnswerFacts, Encode as _, Event};
use super::answer_in::{self, Calls, Spoken};
use super::encoder::Encoder;

/// The events of a whole answer.
///
/// # Errors
/// It is an error after all, or no response, or one that is not over.
pub fn read_whole(body: &[u8]) -> Result<Vec<Event>, Fault> {
    let invalid = |cause: &str| Fault::InvalidAnswer { cause: cause.to_owned() };
    let mut response: Value = serde_json::from_slice(body).map_err(|why| invalid(&why.to_string()))?;
    if !response["error"].is_null() {
        return Err(mid_stream_error(response["error"].to_string().as_bytes()));
    }
    let Some(Value::Array(items)) = response.get_mut("output").map(Value::take) else {
        return Err(invalid("not a response: it has no output"));
    };
    if let Some(status @ ("queued" | "in_progress" | "cancelled" | "failed")) = response["status"].as_str() {
        return Err(invalid(&format!("a response that is {status}")));
    }
    let (mut out, mut calls) = (vec![answer_in::start(&response)], Calls::default());
    if items.iter().any(answer_in::nameless) {
        return Err(invalid("a tool call without a name"));
    }
    let searches = answer_in::searches(&items);
    let mut spoken = Spoken::default();
    for item in (0..).zip(items) {
        answer_in::item(item, &mut calls, &mut spoken, &mut out);
    }
    answer_in::end(&response, searches, &calls, &mut out);
    Ok(out)
}

/// The whole answer that these events are.
pub fn write_whole(events: Vec<Event>, facts: &AnswerFacts) -> Bytes {
    let mut encoder = Encoder::new(facts.clone());
    let mut frames = Vec::new();
    for event in events {
        encoder.event(event, &mut frames);
        frames.clear();
    }
    encoder.into_response()
}
