//! Judging a streamed answer of Anthropic's protocol, event by event: each in its place, under its own name.

use std::borrow::Cow;

use serde::Deserialize;

use super::message::Message;
use super::text::Text;
use super::{Expect, Fault};

/// What is read of one event.
#[derive(Debug, Deserialize)]
struct Data<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    content_block: Option<Typed<'a>>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(default)]
    usage: Option<Output>,
}

#[derive(Debug, Deserialize)]
struct Typed<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
}

/// The one count that `message_delta` always has.
#[derive(Debug, Deserialize)]
struct Output {
    #[serde(rename = "output_tokens")]
    _tokens: u64,
}

/// How far the stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Nothing,
    Started,
    InBlock,
    BlockEnded,
    Finished,
    Done,
}

/// The state of judging one stream.
#[derive(Debug)]
pub struct Judge<'e> {
    expect: &'e Expect,
    stage: Stage,
    /// The text so far.
    pub text: Text<'e>,
}

impl<'e> Judge<'e> {
    /// Begins a stream.
    pub fn new(expect: &'e Expect) -> Self {
        Self { expect, stage: Stage::Nothing, text: Text::new(expect) }
    }

    /// Whether `message_stop` has come.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Judges one event.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn event(&mut self, name: &[u8], data: &[u8]) -> Result<(), Fault> {
        let event: Data<'_> = serde_json::from_slice(data).map_err(|problem| Fault::Json(problem.to_string()))?;
        if event.kind.as_bytes() != name {
            return Err(Fault::Sse(format!("an event of the type {} under another name", event.kind)));
        }
        self.stage = match (self.stage, &*event.kind) {
            (_, "error") => {
                return Err(Fault::ErrorEvent(String::from_utf8_lossy(&data[..data.len().min(200)]).into()));
            }
            (Stage::Done, "message_stop") => return Err(Fault::SecondDone),
            (Stage::Done, _) => return Err(Fault::AfterDone),
            (stage, "ping") => stage,
            (Stage::Nothing, "message_start") => self.start(event.message)?,
            (Stage::Started, "content_block_start") => first_block(&event)?,
            (Stage::InBlock, "content_block_delta") => self.delta(&event)?,
            (Stage::InBlock, "content_block_stop") if event.index == Some(0) => Stage::BlockEnded,
            (Stage::BlockEnded, "message_delta") => finish(&event)?,
            (Stage::Finished, "message_stop") => Stage::Done,
            _ => return Err(Fault::Shape("an event out of its place")),
        };
        Ok(())
    }

    fn start(&self, message: Option<Message<'_>>) -> Result<Stage, Fault> {
        let message = message.ok_or(Fault::Shape("a start without a message"))?;
        message.head(self.expect)?;
        if message.is_open() { Ok(Stage::Started) } else { Err(Fault::Shape("a start that has content or an end")) }
    }

    fn delta(&mut self, event: &Data<'_>) -> Result<Stage, Fault> {
        match &event.delta {
            Some(delta) if delta.kind == "text_delta" && event.index == Some(0) => {
                // An empty piece is no chunk, as with the other protocol.
                if !delta.text.is_empty() {
                    self.text.add(&delta.text)?;
                }
                Ok(Stage::InBlock)
            }
            _ => Err(Fault::Shape("a delta that is no text of block 0")),
        }
    }

    /// Judges the end of the body.
    ///
    /// # Errors
    /// What was missing.
    pub fn end(&self) -> Result<(), Fault> {
        if self.is_done() { self.text.end() } else { Err(Fault::NoDone) }
    }
}

/// The mock's answers to the load have one block, of text.
fn first_block(event: &Data<'_>) -> Result<Stage, Fault> {
    let text = event.content_block.as_ref().is_some_and(|block| block.kind == "text");
    if text && event.index == Some(0) { Ok(Stage::InBlock) } else { Err(Fault::Shape("not one block of text")) }
}

fn finish(event: &Data<'_>) -> Result<Stage, Fault> {
    if event.usage.is_none() {
        return Err(Fault::Shape("no usage"));
    }
    let reason = event.delta.as_ref().and_then(|delta| delta.stop_reason.as_ref());
    if reason.is_some() { Ok(Stage::Finished) } else { Err(Fault::Shape("no stop_reason")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn good() -> Vec<String> {
        let text = |text: &str| {
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#)
        };
        let start = r#"{"type":"message_start","message":{"id":"i","type":"message","role":"assistant","model":"m",
            "content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#;
        vec![
            start.to_owned(),
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.to_owned(),
            r#"{"type": "ping"}"#.to_owned(),
            text("a"),
            text("b"),
            r#"{"type":"content_block_stop","index":0}"#.to_owned(),
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#.to_owned(),
            r#"{"type":"message_stop"}"#.to_owned(),
        ]
    }

    fn kind(events: &[String]) -> &'static str {
        let content = Some(Arc::new(vec!["a".to_owned(), "b".to_owned()]));
        let expect = Expect { model: Some("m".to_owned()), content };
        let mut judge = Judge::new(&expect);
        let name = |event: &str| event.split('"').nth(3).unwrap_or_default().to_owned();
        let each = events.iter().try_for_each(|event| judge.event(name(event).as_bytes(), event.as_bytes()));
        each.and_then(|()| judge.end()).map_or_else(|fault| fault.kind(), |()| "good")
    }

    #[test]
    fn a_good_stream_is_good_and_no_event_can_be_missed_or_moved() {
        assert_eq!(kind(&good()), "good");
        for at in [0, 1, 3, 4, 5, 6, 7] {
            let mut events = good();
            events.remove(at);
            assert_ne!(kind(&events), "good", "without event {at}");
        }
        for at in [0, 1, 2, 3, 4, 5, 6] {
            let mut events = good();
            events.swap(at, at + 1);
            assert!(kind(&events) != "good" || at == 1 || at == 2, "event {at} after the next");
        }
    }

    #[test]
    fn a_wrong_end_is_seen() {
        assert_eq!(kind(&good()[..7]), "no_done");
        let with = |event: usize| [good(), vec![good()[event].clone()]].concat();
        assert_eq!((kind(&with(7)), kind(&with(3)), kind(&with(2))), ("second_done", "after_done", "after_done"));
    }

    #[test]
    fn wrong_fields_are_seen() {
        for (at, from, to, fault) in [
            (0, "\"model\":\"m\"", "\"model\":\"n\"", "model"),
            (0, "\"stop_reason\":null", "\"stop_reason\":\"end_turn\"", "shape"),
            (0, "\"content\":[]", "\"content\":[{\"type\":\"text\"}]", "shape"),
            (1, "\"type\":\"text\"", "\"type\":\"thinking\"", "shape"),
            (3, "\"a\"", "\"x\"", "content"),
            (3, "\"index\":0", "\"index\":1", "shape"),
            (3, "content_block_delta", "error", "error_event"),
            (6, "\"end_turn\"", "null", "shape"),
            (6, "\"output_tokens\":2", "\"output_tokens\":\"2\"", "json"),
            (6, ",\"usage\":{\"output_tokens\":2}", "", "shape"),
        ] {
            let mut events = good();
            events[at] = events[at].replace(from, to);
            assert_ne!(events, good(), "{from} is not in event {at}");
            assert_eq!(kind(&events), fault, "{from} -> {to}");
        }
        let expect = Expect { model: None, content: None };
        let misnamed = Judge::new(&expect).event(b"ping", good()[7].as_bytes()).map_err(|fault| fault.kind());
        assert_eq!(misnamed, Err("sse"));
    }
}
