//! What the relay must know of an event of OpenAI's responses, for a stream that passes as it came: what it is, whether it is
//! the last, the tokens it tells, and where it names the model.
//!
//! Source: OpenAI's description, `ResponseStreamEvent`: an event that holds the whole `response` names the model there, the
//! last ones (`ResponseCompletedEvent`, `ResponseIncompleteEvent`, `ResponseFailedEvent`) tell its usage too.

use bytes::BytesMut;

use super::restamp;
use super::scan::{self, member};
use super::searches;
use super::tier::ServiceTier;
use super::usage::Usage;

pub use super::messages::kind;

/// The event that ends a stream well.
pub const COMPLETED: &str = "response.completed";

/// The event that ends a stream that was cut by a limit or a filter: a proper end, too.
pub const INCOMPLETE: &str = "response.incomplete";

/// The event that ends a stream with a fault.
pub const FAILED: &str = "response.failed";

/// The event of a fault outside any response.
pub const ERROR: &str = "error";

/// Whether an event is the last of a stream that ended properly. Every event holds its type, and texts hold anything, so the
/// name counts; where a server leaves names out, the type within.
pub fn is_last(name: Option<&[u8]>, data: &[u8]) -> bool {
    matches!(kind(name, data).as_deref(), Some(COMPLETED | INCOMPLETE | FAILED))
}

/// Whether events of this kind hold a whole response: those of its life, as `response.created`, and not those of its parts,
/// as `response.output_text.delta`.
pub fn holds_response(kind: &str) -> bool {
    kind.strip_prefix("response.").is_some_and(|rest| !rest.contains('.'))
}

/// The tokens that an event with a whole response tells, and what is billed by them.
pub fn usage(data: &[u8]) -> Option<Usage> {
    let text = std::str::from_utf8(data).ok()?;
    let response = &text[member(text, "response")?];
    let (mut usage, mut tier, mut searches) = (None, None, 0);
    let read = scan::each_member(response, |key, at| {
        let value = &response[at];
        match key.as_ref() {
            "usage" => usage = Usage::parse(value.as_bytes()),
            "service_tier" => tier = ServiceTier::told(value),
            "output" => searches = searches::called(value.as_bytes()),
            _ => {}
        }
    });
    let mut usage = usage.filter(|_| read.is_ok())?;
    usage.served(tier, searches);
    Some(usage)
}

/// The `error` of a failed response, as raw JSON.
pub fn error(data: &[u8]) -> Option<&[u8]> {
    let text = std::str::from_utf8(data).ok()?;
    let response = member(text, "response")?;
    let error = member(&text[response.clone()], "error")?;
    data.get(response.start + error.start..response.start + error.end).filter(|raw| *raw != b"null")
}

/// Appends the text that an event adds to what is shown.
pub fn text_of(data: &[u8], out: &mut String) {
    let text = || {
        let text = std::str::from_utf8(data).ok()?;
        let kind = member(text, "type").and_then(|span| scan::string(&data[span]))?;
        let shown = matches!(&*kind, "response.output_text.delta" | "response.refusal.delta");
        member(text, "delta").filter(|_| shown).and_then(|span| scan::string(&data[span]))
    };
    out.push_str(&text().unwrap_or_default());
}

/// An event with the model's name in its `response` replaced by `shown`; `None` where it names no model.
pub fn restamped(data: &[u8], shown: &str) -> Option<BytesMut> {
    restamp::restamp_within(data, "response", shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: &[u8] = br#"{"type":"response.completed","sequence_number":9,"response":{"id":"resp_1","model":"gpt-5","error":null,"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":12}}}"#;

    #[test]
    fn the_last_event_tells_tokens_and_the_model() {
        assert!(is_last(None, LAST) && is_last(Some(b"response.failed"), b"{}"));
        assert!(!is_last(Some(b"response.output_text.delta"), LAST) && !is_last(None, b"[DONE]"));
        let usage = usage(LAST).unwrap();
        assert_eq!((usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens), (9, 4, 3));
        assert_eq!(usage.reasoning_tokens, 2);
        let shown = restamped(LAST, "my \"own\"").unwrap();
        let want = String::from_utf8_lossy(LAST).replace("\"gpt-5\"", r#""my \"own\"""#);
        assert_eq!(String::from_utf8_lossy(&shown), want);
        assert_eq!(restamped(br#"{"type":"response.output_text.delta","delta":"x"}"#, "x"), None);
        assert_eq!(error(LAST), None);
        assert_eq!(error(br#"{"response":{"error":{"code":"x"}}}"#), Some(&br#"{"code":"x"}"#[..]));
    }

    #[test]
    fn text_is_what_a_delta_of_text_adds() {
        let mut text = String::new();
        for data in [
            r#"{"type":"response.output_text.delta","delta":"a\u00e9"}"#,
            r#"{"type":"response.function_call_arguments.delta","delta":"{"}"#,
            r#"{"type":"response.output_text.done","text":"ae"}"#,
            "[DONE]",
        ] {
            text_of(data.as_bytes(), &mut text);
        }
        assert_eq!(text, "a\u{e9}");
    }
}
