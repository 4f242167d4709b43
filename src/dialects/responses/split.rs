//! A whole answer as the stream that would have told it, and a stream as the whole answer that it ends with: both within
//! this protocol, so nothing is read that need not be, and items of the provider's own tools stay what they are.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::Kept;
use millrace_actors::relay::mid_stream_error;
use millrace_actors::wire::responses::{FAILED, error, kind};
use serde_json::{Map, Value, json};

use super::super::Frame;
use super::frames::{At, Frames, erased::Json, pictured, refusal_part, summary_part, text_part};

/// The events, the last one included.
///
/// # Errors
/// It is no response.
pub fn split(whole: &[u8]) -> Result<Vec<Frame>, Fault> {
    let response: Map<String, Value> = serde_json::from_slice(whole).map_err(|why| invalid(&why.to_string()))?;
    let Some(Value::Array(items)) = response.get("output") else {
        return Err(invalid("not a response: it has no output"));
    };
    let mut begun = response.clone();
    begun.insert("output".into(), json!([]));
    begun.insert("status".into(), "in_progress".into());
    begun.insert("incomplete_details".into(), Value::Null);
    begun.shift_remove("usage");
    let (mut frames, mut out) = (Frames::default(), Vec::new());
    frames.write("response.created", &[("response", &begun)], &mut out);
    frames.write("response.in_progress", &[("response", &begun)], &mut out);
    for (output, item) in items.iter().enumerate() {
        self::item(&mut frames, output, item, &mut out);
    }
    let last = match response.get("status").and_then(Value::as_str) {
        Some("incomplete") => "response.incomplete",
        Some("failed") => FAILED,
        _ => "response.completed",
    };
    frames.write(last, &[("response", &response)], &mut out);
    Ok(out)
}

/// The whole answer: the response in the last event.
///
/// # Errors
/// The last event tells a fault, or no response.
pub fn collect(events: &[Kept]) -> Result<Bytes, Fault> {
    let Kept { data: last, .. } = events.last().ok_or_else(|| invalid("a stream without an event"))?;
    if kind(None, last).as_deref() == Some(FAILED) {
        return Err(mid_stream_error(error(last).unwrap_or(last)));
    }
    let mut event: Value = serde_json::from_slice(last).map_err(|why| invalid(&why.to_string()))?;
    match event.get_mut("response").map(Value::take) {
        Some(response @ Value::Object(_)) => Ok(response.to_string().into()),
        _ => Err(invalid("the last event holds no response")),
    }
}

fn item(frames: &mut Frames, output: usize, item: &Value, out: &mut Vec<Frame>) {
    let id = item["id"].as_str().unwrap_or_default();
    let mut begun = item.clone();
    for (name, empty) in
        [("content", json!([])), ("summary", json!([])), ("arguments", json!("")), ("result", Value::Null)]
    {
        if item.get(name).is_some() {
            begun[name] = empty;
        }
    }
    if item["type"] == "custom_tool_call" {
        begun["input"] = "".into();
    }
    if item.get("status").is_some() {
        begun["status"] = "in_progress".into();
    }
    frames.item("response.output_item.added", output, &begun, out);
    let at = |part| At { item: id, output, part };
    let parts = |name: &str| item[name].as_array().into_iter().flatten().enumerate();
    for (n, part) in parts("summary") {
        summary(frames, at(Some(("summary_index", n))), part, out);
    }
    for (n, part) in parts("content") {
        content(frames, at(Some(("content_index", n))), part, out);
    }
    match item["type"].as_str() {
        Some("function_call") => {
            let arguments = &item["arguments"];
            let done: [(&str, &dyn Json); 2] = [("name", &item["name"]), ("arguments", arguments)];
            delta(frames, "response.function_call_arguments.delta", at(None), &[("delta", arguments)], out);
            frames.write_at("response.function_call_arguments.done", at(None), &done, out);
        }
        Some("custom_tool_call") => {
            let input = &item["input"];
            delta(frames, "response.custom_tool_call_input.delta", at(None), &[("delta", input)], out);
            frames.write_at("response.custom_tool_call_input.done", at(None), &[("input", input)], out);
        }
        Some("image_generation_call") => pictured(frames, at(None), out),
        _ => {}
    }
    frames.item("response.output_item.done", output, item, out);
}

/// A text as one piece, which is the first of these members; an empty one has none.
fn delta(frames: &mut Frames, kind: &'static str, at: At<'_>, members: &[(&str, &Value)], out: &mut Vec<Frame>) {
    if members.first().is_some_and(|(_, text)| text.as_str().is_some_and(|text| !text.is_empty())) {
        let members: Vec<(&str, &dyn Json)> =
            members.iter().map(|(name, value)| (*name, *value as &dyn Json)).collect();
        frames.write_at(kind, at, &members, out);
    }
}

fn summary(frames: &mut Frames, at: At<'_>, part: &Value, out: &mut Vec<Frame>) {
    let text = &part["text"];
    frames.write_at("response.reasoning_summary_part.added", at, &[("part", &summary_part(""))], out);
    delta(frames, "response.reasoning_summary_text.delta", at, &[("delta", text)], out);
    frames.write_at("response.reasoning_summary_text.done", at, &[("text", text)], out);
    frames.write_at("response.reasoning_summary_part.done", at, &[("part", part)], out);
}

fn content(frames: &mut Frames, at: At<'_>, part: &Value, out: &mut Vec<Frame>) {
    let logprobs = part.get("logprobs").cloned().unwrap_or_else(|| json!([]));
    match part["type"].as_str() {
        Some("output_text") => {
            let text = &part["text"];
            let done: [(&str, &dyn Json); 2] = [("text", text), ("logprobs", &logprobs)];
            frames.write_at("response.content_part.added", at, &[("part", &text_part("", &[], &[]))], out);
            delta(frames, "response.output_text.delta", at, &[("delta", text), ("logprobs", &logprobs)], out);
            for (n, annotation) in part["annotations"].as_array().into_iter().flatten().enumerate() {
                let members: [(&str, &dyn Json); 2] = [("annotation_index", &n), ("annotation", annotation)];
                frames.write_at("response.output_text.annotation.added", at, &members, out);
            }
            frames.write_at("response.output_text.done", at, &done, out);
        }
        Some("refusal") => {
            let text = &part["refusal"];
            frames.write_at("response.content_part.added", at, &[("part", &refusal_part(""))], out);
            delta(frames, "response.refusal.delta", at, &[("delta", text)], out);
            frames.write_at("response.refusal.done", at, &[("refusal", text)], out);
        }
        Some("reasoning_text") => {
            let text = &part["text"];
            let begun = json!({"type": "reasoning_text", "text": ""});
            frames.write_at("response.content_part.added", at, &[("part", &begun)], out);
            delta(frames, "response.reasoning_text.delta", at, &[("delta", text)], out);
            frames.write_at("response.reasoning_text.done", at, &[("text", text)], out);
        }
        _ => return,
    }
    frames.write_at("response.content_part.done", at, &[("part", part)], out);
}

fn invalid(cause: &str) -> Fault {
    Fault::InvalidAnswer { cause: cause.to_owned() }
}
