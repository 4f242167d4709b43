//! Judging a streamed answer, event by event.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::text::Text;
use super::{Expect, Fault};

/// What is read of one chunk.
#[derive(Debug, Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    object: Cow<'a, str>,
    #[serde(borrow, default)]
    model: Cow<'a, str>,
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
    #[serde(default)]
    usage: Option<IgnoredAny>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Choice<'a> {
    index: u32,
    #[serde(borrow)]
    delta: Delta<'a>,
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
}

/// The state of judging one stream.
#[derive(Debug)]
pub struct Judge<'e> {
    expect: &'e Expect,
    id: String,
    finished: bool,
    done: bool,
    /// The text so far.
    pub text: Text<'e>,
}

impl<'e> Judge<'e> {
    /// Begins a stream.
    pub fn new(expect: &'e Expect) -> Self {
        Self { expect, id: String::new(), finished: false, done: false, text: Text::new(expect) }
    }

    /// Whether `[DONE]` has come.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Judges the data of one event.
    pub fn event(&mut self, data: &[u8]) -> Result<(), Fault> {
        if data == b"[DONE]" {
            return if std::mem::replace(&mut self.done, true) { Err(Fault::SecondDone) } else { Ok(()) };
        }
        if self.done {
            return Err(Fault::AfterDone);
        }
        let chunk: Chunk<'_> = serde_json::from_slice(data).map_err(|problem| Fault::Json(problem.to_string()))?;
        self.frame(&chunk)?;
        let [choice] = <[Choice<'_>; 1]>::try_from(chunk.choices).map_err(|_| Fault::Shape("not one choice"))?;
        if choice.index != 0 {
            return Err(Fault::Shape("a choice that is not number 0"));
        }
        if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
            if self.finished {
                return Err(Fault::Shape("content after finish_reason"));
            }
            self.text.add(&text)?;
        }
        if choice.finish_reason.is_some() && std::mem::replace(&mut self.finished, true) {
            return Err(Fault::Shape("a second finish_reason"));
        }
        Ok(())
    }

    /// The fields around the choices.
    fn frame(&mut self, chunk: &Chunk<'_>) -> Result<(), Fault> {
        if let Some(error) = &chunk.error {
            return Err(Fault::ErrorEvent(error.to_string().chars().take(200).collect()));
        }
        if chunk.object != "chat.completion.chunk" {
            return Err(Fault::Shape("object is not chat.completion.chunk"));
        }
        if chunk.usage.is_some() {
            return Err(Fault::Usage);
        }
        if self.id.is_empty() {
            self.id.push_str(&chunk.id);
        }
        if self.id.is_empty() || self.id != chunk.id {
            return Err(Fault::Shape("the id is missing, or not the same throughout"));
        }
        self.expect.model(&chunk.model)
    }

    /// Judges the end of the body.
    pub fn end(&self) -> Result<(), Fault> {
        if !self.done {
            return Err(Fault::NoDone);
        }
        if !self.finished {
            return Err(Fault::Shape("no finish_reason"));
        }
        self.text.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn chunk(content: &str, rest: &str) -> String {
        format!(
            r#"{{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{{"index":0,"delta":{{{content}}},"finish_reason":{rest}"#
        )
    }

    fn good() -> Vec<String> {
        vec![
            chunk(r#""role":"assistant","content":"""#, "null}]") + "}",
            chunk(r#""content":"a""#, "null}]") + r#","usage":null}"#,
            chunk(r#""content":"b""#, "null}]") + "}",
            chunk("", r#""stop"}]"#) + "}",
            "[DONE]".to_owned(),
        ]
    }

    fn kind(events: &[String]) -> &'static str {
        let expect =
            Expect { model: Some("m".to_owned()), content: Some(Arc::new(vec!["a".to_owned(), "b".to_owned()])) };
        let mut judge = Judge::new(&expect);
        let verdict = events.iter().try_for_each(|event| judge.event(event.as_bytes())).and_then(|()| judge.end());
        verdict.map_or_else(|fault| fault.kind(), |()| "good")
    }

    #[test]
    fn a_good_stream_is_good() {
        assert_eq!(kind(&good()), "good");
    }

    #[test]
    fn lost_swapped_doubled_and_changed_chunks_are_seen() {
        let mut events = good();
        events.remove(2);
        assert_eq!(kind(&events), "chunk_count");
        let mut events = good();
        events.swap(1, 2);
        assert_eq!(kind(&events), "content");
        let mut events = good();
        events.insert(2, events[2].clone());
        assert_eq!(kind(&events), "chunk_count");
        let mut events = good();
        events.swap(2, 3);
        assert_eq!(kind(&events), "shape");
    }

    #[test]
    fn a_wrong_end_is_seen() {
        let cut = |keep: usize| kind(&good()[..keep]);
        assert_eq!(cut(4), "no_done");
        let mut events = good();
        events.push("[DONE]".to_owned());
        assert_eq!(kind(&events), "second_done");
        let mut events = good();
        events.push(events[3].clone());
        assert_eq!(kind(&events), "after_done");
        let mut events = good();
        events.remove(3);
        assert_eq!(kind(&events), "shape");
    }

    #[test]
    fn wrong_fields_are_seen() {
        for (from, to, fault) in [
            ("\"usage\":null", r#""usage":{"total_tokens":3}"#, "usage"),
            ("\"model\":\"m\"", "\"model\":\"n\"", "model"),
            ("\"id\":\"c\"", "\"id\":\"d\"", "shape"),
            ("completion.chunk", "completion", "shape"),
            ("\"index\":0", "\"index\":1", "shape"),
            ("{\"id\"", "{\"error\":{\"message\":\"x\"},\"id\"", "error_event"),
            ("{\"id\"", "\"id\"", "json"),
        ] {
            let mut events = good();
            events[1] = events[1].replace(from, to);
            assert_ne!(events, good(), "{from} is not in the chunk");
            assert_eq!(kind(&events), fault, "{from} -> {to}");
        }
    }
}
