//! What of a body is text to a model: what is said in it, not its form. One reader for every protocol, since all of them keep
//! texts in JSON strings; nothing is built of it but the text.

use std::fmt;

use millrace_actors::ports::Counted;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Top-level members of requests that a model reads: OpenAI's, Anthropic's, Gemini's, Cohere's.
const ASKED: [&str; 17] = [
    "messages",
    "system",
    "tools",
    "functions",
    "response_format",
    "prompt",
    "suffix",
    "input",
    "instructions",
    "query",
    "documents",
    "contents",
    "generateContentRequest",
    "systemInstruction",
    "system_instruction",
    "toolConfig",
    "text",
];

/// Top-level members of answers that a model wrote.
const ANSWERED: [&str; 7] = ["choices", "content", "output", "candidates", "message", "response", "text"];

/// The same of events: not those that tell once more what was told in pieces (`response` and `text` of OpenAI's responses).
const STREAMED: [&str; 4] = ["choices", "delta", "message", "candidates"];

/// Members that hold no words at any depth: names of kinds, ids, bytes.
const WORDLESS: [&str; 34] = [
    "role",
    "type",
    "id",
    "object",
    "status",
    "index",
    "url",
    "data",
    "file_data",
    "inlineData",
    "inline_data",
    "fileData",
    "source",
    "image_url",
    "input_audio",
    "b64_json",
    "signature",
    "thoughtSignature",
    "encrypted_content",
    "cache_control",
    "finish_reason",
    "finishReason",
    "stop_reason",
    "stop_sequence",
    "model",
    "usage",
    "logprobs",
    "logprobsResult",
    "safetyRatings",
    "groundingMetadata",
    "annotations",
    // told beside the thought that they hold
    "reasoning_details",
    "thinking_blocks",
    "media_type",
];

/// Members that hold what a tool is called with, or answers, as JSON (Anthropic's, Google's): all in them is words, whatever its
/// name.
const FREE: [&str; 3] = ["input", "args", "response"];

/// Members whose inner names are words as well: JSON Schemas.
const SCHEMAS: [&str; 4] = ["tools", "functions", "response_format", "toolConfig"];

/// Members that stand for a picture.
const PICTURES: [&str; 3] = ["image_url", "inlineData", "inline_data"];

/// Tokens of a picture whose size is not known here: LiteLLM's figure.
const PICTURE: u64 = 250;

/// Tokens around each message, and before the answer (OpenAI's cookbook, "How to count tokens with tiktoken").
const MESSAGE: u64 = 3;

/// What is said in a body.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The texts, one after the other.
    pub text: String,
    /// Tokens besides the texts.
    pub extra: u64,
    /// Of events: bytes around the text of each that has some.
    pub around: Vec<u64>,
}

/// The text of a body; of one that is no JSON object, nothing. What can be read before an error counts.
pub fn of(what: Counted, body: &[u8]) -> Said {
    let top: &[&str] = match what {
        Counted::Request => &ASKED,
        Counted::Answer => &ANSWERED,
        Counted::Events(_) => &STREAMED,
    };
    let mut said = Said::default();
    let apart = !matches!(what, Counted::Events(_));
    if apart {
        let _ = Top { top, said: &mut said, apart }.deserialize(&mut serde_json::Deserializer::from_slice(body));
    } else {
        said.events(top, body);
    }
    said.extra = match what {
        Counted::Request if said.extra > 0 => said.extra + MESSAGE,
        // what stands around an answer is the protocol's, not the model's
        _ => 0,
    };
    said
}

impl Said {
    /// Objects behind each other; the last may be cut, and what can be read of it counts.
    fn events(&mut self, top: &[&str], body: &[u8]) {
        let mut objects = serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>();
        let mut read = 0;
        while let Some(Ok(object)) = objects.next() {
            read = objects.byte_offset();
            let before = self.text.len();
            self.read(top, object.get().as_bytes());
            let text = escaped(&self.text[before..]);
            if text > 0 {
                self.around.push((object.get().len() as u64).saturating_sub(text));
            }
        }
        self.read(top, &body[read..]);
    }

    fn read(&mut self, top: &[&str], object: &[u8]) {
        let _ = Top { top, said: self, apart: false }.deserialize(&mut serde_json::Deserializer::from_slice(object));
    }
}

/// Bytes of a text as JSON writes it, quotes aside.
pub fn escaped(text: &str) -> u64 {
    serde_json::to_string(text).map_or(0, |json| json.len().saturating_sub(2) as u64)
}

struct Top<'s> {
    top: &'s [&'s str],
    said: &'s mut Said,
    /// Texts are no pieces of one.
    apart: bool,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if self.top.contains(&name.as_str()) {
                let schema = SCHEMAS.contains(&name.as_str());
                map.next_value_seed(Within { said: &mut *self.said, schema, apart: self.apart })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Within<'s> {
    said: &'s mut Said,
    /// Names are words too.
    schema: bool,
    /// Texts are no pieces of one.
    apart: bool,
}

impl Within<'_> {
    fn word(&mut self, text: &str) {
        if self.apart && !self.said.text.is_empty() {
            self.said.text.push('\n');
        }
        self.said.text.push_str(text);
    }
}

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.word(text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    // a prompt of tokens: each is one; and so is a number that a tool is called with
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.said.extra += 1;
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        let (schema, apart) = (self.schema, self.apart);
        while seq.next_element_seed(Within { said: &mut *self.said, schema, apart })?.is_some() {}
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let wordless = WORDLESS.contains(&name.as_str()) && !self.schema;
            if PICTURES.contains(&name.as_str()) {
                self.said.extra += PICTURE;
            }
            if name == "role" && !self.schema {
                self.said.extra += MESSAGE;
            }
            if wordless {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if self.schema {
                self.word(&name);
            }
            let schema = self.schema || FREE.contains(&name.as_str());
            map.next_value_seed(Within { said: &mut *self.said, schema, apart: self.apart })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn request(body: Value) -> Said {
        of(Counted::Request, body.to_string().as_bytes())
    }

    #[test]
    fn words_are_read_in_every_protocol_and_nothing_else() {
        let picture = "A".repeat(10_000);
        let chat = request(json!({"model": "m", "user": "u", "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": picture}}]},
            {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        ]}));
        assert_eq!(chat, Said { text: "be kind\nlook\nf\n{}".into(), extra: 4 * MESSAGE + PICTURE, around: vec![] });
        let messages = request(json!({"system": [{"type": "text", "text": "be kind"}], "max_tokens": 9,
            "messages": [{"role": "user", "content": [{"type": "image", "source": {"data": picture}}]}]}));
        assert_eq!(messages.text, "be kind");
        let gemini = request(
            json!({"contents": [{"role": "user", "parts": [{"text": "a"}, {"inlineData": {"data": picture}}]}]}),
        );
        assert_eq!((gemini.text.as_str(), gemini.extra), ("a", 2 * MESSAGE + PICTURE));
        let tools = request(
            json!({"tools": [{"name": "f", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]}),
        );
        assert!(tools.text.contains("city") && tools.text.contains("string"), "{}", tools.text);
        assert_eq!(request(json!({"prompt": [1, 2, 3]})).extra, 3 + MESSAGE);
    }

    /// A model, a usage or an id is what a message says about itself, and what a tool may be called with.
    #[test]
    fn what_a_tool_is_called_with_is_words_by_any_name() {
        let long = "word ".repeat(400);
        for name in ["model", "usage", "annotations", "logprobs", "data", "type", "source", "id"] {
            for (body, wrapped) in [
                (
                    json!({"messages": [{"content": [{"type": "tool_use", "id": "t", "name": "f", "input": {name: long}}]}]}),
                    true,
                ),
                (
                    json!({"contents": [{"parts": [{"functionCall": {"name": "f", "args": {name: [{"x": long}]}}}]}]}),
                    true,
                ),
                (
                    json!({"contents": [{"parts": [{"functionResponse": {"name": "f", "response": {name: long}}}]}]}),
                    true,
                ),
                (json!({"messages": [{"role": "assistant", "content": "", name: long}]}), false),
            ] {
                assert_eq!(request(body.clone()).text.contains(&long), wrapped, "{name}: {body}");
            }
        }
        let answer = |body: Value| of(Counted::Answer, body.to_string().as_bytes()).text;
        assert_eq!(
            answer(json!({"content": [{"type": "tool_use", "name": "f", "input": {"model": "m"}}]})),
            "f\nmodel\nm"
        );
        assert_eq!(answer(json!({"choices": [{"message": {"content": "a", "annotations": [{"title": "b"}]}}]})), "a");
    }

    #[test]
    fn an_answers_words_are_what_the_model_wrote() {
        let body = json!({"id": "i", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hé"}}]});
        assert_eq!(of(Counted::Answer, body.to_string().as_bytes()).text, "hé");
        let message = json!({"type": "message", "content": [{"type": "thinking", "thinking": "hm", "signature": "xx"}, {"type": "text", "text": "so"}]});
        assert_eq!(of(Counted::Answer, message.to_string().as_bytes()).text, "hm\nso");
        assert_eq!(of(Counted::Answer, b"no JSON"), Said::default());
        assert_eq!(of(Counted::Answer, br#"{"content": "half"#), Said::default());
    }

    #[test]
    fn pieces_of_a_stream_are_one_text() {
        let events = Counted::Events(Default::default());
        for (data, want) in [
            (
                r#"{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}
                {"id":"c","choices":[{"index":0,"delta":{"content":"hel"},"logprobs":{"content":[{"token":"hel"}]}}]}
                {"id":"c","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}{"choices":[{"delta":{"cont"#,
                "hello",
            ),
            (
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hel"}}
                {"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"lo"}}
                {"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
                "hello",
            ),
            (
                r#"{"type":"response.output_text.delta","item_id":"i","delta":"hello"}{"type":"response.output_text.done","text":"hello"}
                {"type":"response.completed","response":{"output":[{"content":[{"text":"hello"}]}]}}"#,
                "hello",
            ),
            (
                r#"{"candidates":[{"content":{"parts":[{"text":"hello"}],"role":"model"},"finishReason":"STOP"}],"modelVersion":"g"}"#,
                "hello",
            ),
            (r#"{"contentBlockIndex":0,"delta":{"text":"hello"}}{"stopReason":"end_turn"}"#, "hello"),
            (r#"{"type":"content-delta","delta":{"message":{"content":{"text":"hello"}}}}"#, "hello"),
            (r#"{"model":"l","message":{"role":"assistant","content":"hello"},"done":false}"#, "hello"),
            ("[DONE]", ""),
            ("", ""),
        ] {
            assert_eq!(of(events, data.as_bytes()).text, want, "{data}");
        }
    }
}
