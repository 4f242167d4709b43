//! What the relay must know of an event of Anthropic's messages, for a stream that passes as it came: what it is, the tokens
//! it tells, and where it names the model.
//!
//! Source: Anthropic's "Streaming messages": `message_start` holds a `message` with `model` and `usage`, `message_delta` a
//! `usage` that is cumulative and may leave out what `message_start` told.

use std::borrow::Cow;

use bytes::BytesMut;

use super::restamp;
use super::scan::{self, member};
use super::usage::Usage;

/// The event's type: its SSE name, or else the `type` in its data, for senders that leave the name out.
pub fn kind<'e>(name: Option<&'e [u8]>, data: &'e [u8]) -> Option<Cow<'e, str>> {
    if let Some(name) = name {
        return Some(String::from_utf8_lossy(name));
    }
    let text = std::str::from_utf8(data).ok()?;
    member(text, "type").and_then(|span| scan::string(&data[span])).map(|kind| Cow::Owned(kind.into_owned()))
}

/// The tokens told by a `message_start` or `message_delta`.
pub fn usage(kind: &str, data: &[u8]) -> Option<Usage> {
    let text = std::str::from_utf8(data).ok()?;
    let usage = match kind {
        "message_start" => {
            let message = member(text, "message")?;
            let within = member(&text[message.clone()], "usage")?;
            message.start + within.start..message.start + within.end
        }
        "message_delta" => member(text, "usage")?,
        _ => return None,
    };
    Usage::parse(&data[usage])
}

/// Appends the text that the event adds to what is shown.
pub fn text_of(data: &[u8], out: &mut String) {
    let text = || {
        let text = std::str::from_utf8(data).ok()?;
        let delta = &text[member(text, "delta")?];
        scan::string(delta[member(delta, "text")?].as_bytes())
    };
    out.push_str(&text().unwrap_or_default());
}

/// `message_start` with its model's name replaced by `shown`; `None` where it names no model.
pub fn restamped(data: &[u8], shown: &str) -> Option<BytesMut> {
    restamp::restamp_within(data, "message", shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &[u8] = br#"{"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}}}"#;

    #[test]
    fn a_start_tells_tokens_and_the_model() {
        let usage = usage("message_start", START).unwrap();
        assert_eq!((usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens), (13, 4, 1));
        let shown = restamped(START, "my \"own\"").unwrap();
        let want = String::from_utf8_lossy(START).replace("\"claude\"", r#""my \"own\"""#);
        assert_eq!(String::from_utf8_lossy(&shown), want);
        assert_eq!(restamped(br#"{"type":"message_start","message":{}}"#, "x"), None);
        assert_eq!(restamped(br#"{"model":"top"}"#, "x"), None);
    }

    #[test]
    fn text_is_what_a_text_delta_adds() {
        let mut text = String::new();
        for data in [
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\u00e9"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
            r#"{"type":"ping"}"#,
        ] {
            text_of(data.as_bytes(), &mut text);
        }
        assert_eq!(text, "a\u{e9}");
    }

    #[test]
    fn a_name_goes_before_the_type() {
        assert_eq!(kind(Some(b"ping"), b"{}").as_deref(), Some("ping"));
        assert_eq!(kind(None, START).as_deref(), Some("message_start"));
        assert_eq!(kind(None, b"[DONE]"), None);
        assert_eq!(kind(None, br#"{"type":1}"#), None);
    }
}
