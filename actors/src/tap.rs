//! Usage read off an answer that passes unchanged. It looks on: what it cannot read, or what is too long to keep, costs the
//! usage and nothing else.

use bytes::BytesMut;
use memchr::memmem;

use crate::upstream::UpstreamResponse;
use crate::wire::framing::Framing;
use crate::wire::scan;
use crate::wire::sse::SseReader;
use crate::wire::usage::Usage;

/// The most of a JSON answer that is kept to be read at its end: more than any answer but pictures and vectors.
const WHOLE: usize = 1 << 20;

/// How deep a usage may lie: `response.usage` of OpenAI's responses, `message.usage` of Anthropic's messages.
const WRAPPERS: [&str; 2] = ["response", "message"];

/// An onlooker.
pub(crate) struct Tap {
    kind: Kind,
    usage: Option<Usage>,
}

enum Kind {
    /// Server-sent events: each may tell it.
    Events(Box<SseReader>),
    /// JSON, kept to its end.
    Whole(BytesMut),
    /// Nothing to be read.
    Blind,
}

impl Tap {
    /// The onlooker that fits an answer; events longer than `max_event` are not read.
    pub fn on(response: &UpstreamResponse, max_event: usize) -> Self {
        let kind = if response.is_stream(Framing::default()) {
            Kind::Events(Box::new(SseReader::new(max_event)))
        } else if response.is_json() {
            Kind::Whole(BytesMut::new())
        } else {
            Kind::Blind
        };
        Tap { kind, usage: None }
    }

    /// The next bytes.
    pub fn see(&mut self, bytes: &[u8]) {
        let usage = &mut self.usage;
        let lost = match &mut self.kind {
            Kind::Events(reader) => {
                let read = reader.feed(bytes, |event| {
                    if let Some(told) = told(event.data) {
                        usage.get_or_insert_default().update(told);
                    }
                });
                read.is_err()
            }
            Kind::Whole(kept) if kept.len() + bytes.len() <= WHOLE => {
                kept.extend_from_slice(bytes);
                false
            }
            Kind::Whole(_) => true,
            Kind::Blind => false,
        };
        if lost {
            self.kind = Kind::Blind;
        }
    }

    /// What was told, once all has been seen.
    pub fn usage(&mut self) -> Option<Usage> {
        if let Kind::Whole(kept) = &self.kind {
            self.usage = told(kept);
            self.kind = Kind::Blind;
        }
        self.usage
    }
}

/// The usage that an event or an answer tells.
fn told(data: &[u8]) -> Option<Usage> {
    // most events tell none
    memmem::find(data, b"\"usage\"")?;
    let text = std::str::from_utf8(data).ok()?;
    let find = |text: &str, name: &str| {
        let members = scan::members(text).ok()?;
        let member = members.into_iter().rev().find(|member| member.key == name)?;
        Some(member.value)
    };
    if let Some(usage) = find(text, "usage").and_then(|span| Usage::parse(&data[span])) {
        return Some(usage);
    }
    WRAPPERS.iter().find_map(|wrapper| {
        let inner = &text[find(text, wrapper)?];
        Usage::parse(inner[find(inner, "usage")?].as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(kind: Kind, pieces: &[&str]) -> Option<(u64, u64)> {
        let mut tap = Tap { kind, usage: None };
        pieces.iter().for_each(|piece| tap.see(piece.as_bytes()));
        tap.usage().map(|usage| (usage.prompt_tokens, usage.completion_tokens))
    }

    #[test]
    fn usage_is_read_wherever_it_stands() {
        let whole = || Kind::Whole(BytesMut::new());
        assert_eq!(
            tokens(whole(), &["{\"a\":1,\"usa", "ge\":{\"input_tokens\":3,\"output_tokens\":4}}"]),
            Some((3, 4))
        );
        assert_eq!(tokens(whole(), &["{\"usage\":{}}"]), None);
        assert_eq!(tokens(whole(), &["\"usage\""]), None);
        let events = || Kind::Events(Box::new(SseReader::new(1000)));
        let start = "data: {\"message\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n";
        assert_eq!(tokens(events(), &[start, "data: {\"usage\":{\"output_tokens\":9}}\n\n"]), Some((3, 9)));
        assert_eq!(
            tokens(events(), &["data: {\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"]),
            Some((3, 1))
        );
        let long = format!("data: {}\n\n", "x".repeat(2000));
        assert_eq!(tokens(events(), &[&long, start]), None, "what is too long is not read on");
    }

    #[test]
    fn a_long_answer_is_not_kept() {
        let mut tap = Tap { kind: Kind::Whole(BytesMut::new()), usage: None };
        tap.see(&vec![b' '; WHOLE]);
        assert!(matches!(tap.kind, Kind::Whole(_)));
        tap.see(b" ");
        assert!(matches!(tap.kind, Kind::Blind));
    }
}
