//! Usage read off an answer that passes unchanged, and the model that it names. It looks on: what it cannot read, or what is too
//! long to keep, costs these and nothing else. Read by the readers of each protocol that there are, so that a pass-through is
//! billed as any other exchange is.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

use crate::upstream::UpstreamResponse;
use crate::wire::answer::Answer;
use crate::wire::framing::Framing;
use crate::wire::sse::SseReader;
use crate::wire::usage::Usage;
use crate::wire::{generate, look, messages, responses, scan};

/// The most of a JSON answer that is kept to be read at its end: more than any answer but pictures and vectors.
const WHOLE: usize = 1 << 20;

/// What names a model, or holds what does: OpenAI's chats and Google's events do by themselves, Anthropic's and those of
/// OpenAI's responses within.
const NAMING: [(&str, &str); 4] = [("model", ""), ("modelVersion", ""), ("response", "model"), ("message", "model")];

/// An onlooker.
pub(crate) struct Tap {
    kind: Kind,
    read: Read,
}

/// What was read so far.
#[derive(Default)]
struct Read {
    usage: Option<Usage>,
    model: Option<String>,
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
        Self::of(if response.is_stream(Framing::default()) {
            Kind::Events(Box::new(SseReader::new(max_event)))
        } else if response.is_json() {
            Kind::Whole(BytesMut::new())
        } else {
            Kind::Blind
        })
    }

    fn of(kind: Kind) -> Self {
        Tap { kind, read: Read::default() }
    }

    /// The next bytes.
    pub fn see(&mut self, bytes: &[u8]) {
        let read = &mut self.read;
        let lost = match &mut self.kind {
            Kind::Events(reader) => reader.feed(bytes, |event| read.event(event.name, event.data)).is_err(),
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

    /// What was told, once all has been seen: the usage, and the model that answered.
    pub fn told(mut self) -> (Option<Usage>, Option<String>) {
        if let Kind::Whole(kept) = self.kind {
            self.read.whole(&kept.freeze());
        }
        (self.read.usage, self.read.model)
    }
}

impl Read {
    /// An event of whichever protocol it is.
    fn event(&mut self, name: Option<&[u8]>, data: &[u8]) {
        if self.model.is_none() {
            self.model = model(data);
        }
        // most events tell none; this finds Google's `usageMetadata` too
        if memmem::find(data, b"\"usage").is_none() {
            return;
        }
        let kind = messages::kind(name, data).unwrap_or_default();
        if let Some(usage) = messages::usage(&kind, data) {
            // what a later event leaves out stays
            self.usage.get_or_insert_default().update(usage);
            return;
        }
        let told = match responses::holds_response(&kind) {
            true => responses::usage(data),
            false => look::look(data).usage.or_else(|| generate::look(data).usage),
        };
        if let Some(usage) = told {
            self.usage.get_or_insert_default().fold(usage);
        }
    }

    /// A whole answer; or events in an array, as Google sends them to whom asks for no server-sent ones.
    fn whole(&mut self, body: &Bytes) {
        if let Some(events) = generate::listed(body) {
            return events.iter().for_each(|data| self.event(None, data));
        }
        self.usage = Answer::scan(body).ok().and_then(|answer| answer.usage);
        self.model = model(body);
    }
}

/// The model that an event or an answer names.
fn model(data: &[u8]) -> Option<String> {
    memmem::find(data, b"\"model")?;
    let text = std::str::from_utf8(data).ok()?;
    NAMING.iter().find_map(|(outer, inner)| {
        let mut found = &text[scan::member(text, outer)?];
        if !inner.is_empty() {
            found = &found[scan::member(found, inner)?];
        }
        scan::string(found.as_bytes()).map(|name| name.into_owned()).filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tier::ServiceTier;

    fn read(kind: Kind, pieces: &[&str]) -> (Option<Usage>, Option<String>) {
        let mut tap = Tap::of(kind);
        pieces.iter().for_each(|piece| tap.see(piece.as_bytes()));
        tap.told()
    }

    fn tokens(kind: Kind, pieces: &[&str]) -> Option<(u64, u64)> {
        read(kind, pieces).0.map(|usage| (usage.prompt_tokens, usage.completion_tokens))
    }

    fn whole() -> Kind {
        Kind::Whole(BytesMut::new())
    }

    fn events() -> Kind {
        Kind::Events(Box::new(SseReader::new(1000)))
    }

    #[test]
    fn usage_is_read_wherever_it_stands() {
        assert_eq!(
            tokens(whole(), &["{\"a\":1,\"usa", "ge\":{\"input_tokens\":3,\"output_tokens\":4}}"]),
            Some((3, 4))
        );
        assert_eq!(tokens(whole(), &["{\"usage\":{}}"]), None);
        assert_eq!(tokens(whole(), &["\"usage\""]), None);
        let start =
            "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n";
        assert_eq!(
            tokens(events(), &[start, "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":9}}\n\n"]),
            Some((3, 9))
        );
        assert_eq!(
            tokens(
                events(),
                &[
                    "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
                ]
            ),
            Some((3, 1))
        );
        let long = format!("data: {}\n\n", "x".repeat(2000));
        assert_eq!(tokens(events(), &[&long, start]), None, "what is too long is not read on");
    }

    #[test]
    fn what_changes_the_price_is_read_beside_the_tokens_and_the_last_count_is_all_of_it() {
        let chat = r#"{"model":"gpt-5","service_tier":"priority","choices":[{"delta":{}}],"usage":{"prompt_tokens":9,"completion_tokens":N,
            "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":3}}}"#
            .replace('\n', "");
        let response = r#"{"type":"response.completed","response":{"model":"gpt-5","service_tier":"priority",
            "output":[{"type":"web_search_call","action":{"type":"search","query":"a"}}],"usage":{"input_tokens":9,"output_tokens":5}}}"#
            .replace('\n', "");
        let google = r#"{"modelVersion":"gemini-3","candidates":[],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":N}}"#;
        let framed = |data: &str| format!("data: {data}\n\n");
        let (usage, model) =
            read(events(), &[&framed(&chat.replace('N', "2")), &framed(&chat.replace('N', "5")), "data: [DONE]\n\n"]);
        let usage = usage.unwrap();
        assert_eq!((usage.completion_tokens, usage.cached_tokens, usage.audio_input_tokens), (5, 4, 3));
        assert_eq!((usage.service_tier, model.as_deref()), (Some(ServiceTier::Priority), Some("gpt-5")));
        let (usage, model) = read(events(), &[&framed(&response)]);
        let usage = usage.unwrap();
        assert_eq!((usage.service_tier, usage.web_searches), (Some(ServiceTier::Priority), 1));
        assert_eq!(model.as_deref(), Some("gpt-5"));
        let told = [google.replace('N', "2"), google.replace('N', "5")];
        for (kind, pieces) in [
            (events(), told.each_ref().map(|data| framed(data)).concat()),
            (whole(), format!("[{}]", told.join(",\r\n"))),
        ] {
            let (usage, model) = read(kind, &[&pieces]);
            assert_eq!((usage.unwrap().completion_tokens, model.as_deref()), (5, Some("gemini-3")));
        }
        let (usage, _) = read(whole(), &[&chat.replace('N', "5")]);
        assert_eq!(usage.unwrap().service_tier, Some(ServiceTier::Priority));
    }

    #[test]
    fn the_model_that_answers_is_read_wherever_it_is_named() {
        for (piece, want) in [
            (r#"{"type":"message_start","message":{"model":"claude"}}"#, Some("claude")),
            (r#"{"type":"response.created","response":{"model":"gpt-5"}}"#, Some("gpt-5")),
            (r#"{"choices":[{"delta":{"content":"\"model\":\"x\""}}]}"#, None),
            (r#"{"model":7}"#, None),
            (r#"{"model":""}"#, None),
        ] {
            assert_eq!(read(events(), &[&format!("data: {piece}\n\n")]).1.as_deref(), want, "{piece}");
            assert_eq!(read(whole(), &[piece]).1.as_deref(), want, "{piece}");
        }
    }

    #[test]
    fn a_long_answer_is_not_kept() {
        let mut tap = Tap::of(whole());
        tap.see(&vec![b' '; WHOLE]);
        assert!(matches!(tap.kind, Kind::Whole(_)));
        tap.see(b" ");
        assert!(matches!(tap.kind, Kind::Blind));
    }
}
