//! The events of a stream as the message that they are, within this protocol: what came in pieces is joined, and all else is as
//! it came, so that blocks of Anthropic's own tools stay what they are.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::Kept;
use millrace_actors::relay::mid_stream_error;
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::folding::Arguments;

/// The message.
///
/// # Errors
/// An event cannot be understood, or reports a fault; or none began a message.
pub fn collect(events: &[Kept]) -> Result<Bytes, Fault> {
    let (mut message, mut blocks) = (None, Vec::new());
    for data in events.iter().map(|event| &event.data).filter(|data| ***data != b"[DONE]"[..]) {
        match serde_json::from_slice(data).map_err(|why| invalid(&format!("an event cannot be read: {why}")))? {
            Told::MessageStart { .. } if message.is_some() => return Err(invalid("another answer begins within one")),
            Told::MessageStart { message: begun } => message = Some(begun),
            Told::ContentBlockStart { index, content_block } => {
                blocks.push(Block { index, members: content_block, input: String::new() });
            }
            Told::ContentBlockDelta { index, delta } => {
                let block = blocks.iter_mut().rev().find(|block| block.index == index);
                block.ok_or_else(|| invalid("more of a block that has not begun"))?.take(delta);
            }
            Told::MessageDelta { delta, usage } => {
                let message = message.get_or_insert_default();
                merge(message, delta);
                if let (Value::Object(known), Some(usage)) =
                    (message.entry("usage").or_insert_with(|| Map::new().into()), usage)
                {
                    merge(known, usage);
                }
            }
            Told::Error {} => return Err(mid_stream_error(data)),
            // of a block nothing is left to be told at its end; `ping`, and what is newer than this reader
            Told::Other => {}
        }
    }
    let message = message.ok_or_else(|| invalid("a stream without a message"))?;
    serde_json::to_vec(&Whole { message, blocks }).map(Bytes::from).map_err(|why| invalid(&why.to_string()))
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Told {
    MessageStart {
        message: Map<String, Value>,
    },
    ContentBlockStart {
        index: u64,
        content_block: Map<String, Value>,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    MessageDelta {
        #[serde(default)]
        delta: Map<String, Value>,
        #[serde(default)]
        usage: Option<Map<String, Value>>,
    },
    Error {},
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "citations_delta")]
    Citation { citation: Value },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: String },
    #[serde(other)]
    Other,
}

/// What is told later counts, where it says something: nor does a count of nothing.
fn merge(known: &mut Map<String, Value>, later: Map<String, Value>) {
    for (name, value) in later {
        if !(value.is_null() || value == 0) || !known.contains_key(&name) {
            known.insert(name, value);
        }
    }
}

struct Block {
    index: u64,
    members: Map<String, Value>,
    /// What a tool is called with: pieces of JSON, which stays as the model wrote it.
    input: String,
}

impl Block {
    fn take(&mut self, delta: Delta) {
        let (name, more) = match delta {
            Delta::Text { text } => ("text", text),
            Delta::Thinking { thinking } => ("thinking", thinking),
            Delta::Signature { signature } => ("signature", signature),
            Delta::Input { partial_json } => {
                self.members.entry("input").or_insert_with(|| Map::new().into());
                return self.input.push_str(&partial_json);
            }
            Delta::Citation { citation } => {
                match self.members.get_mut("citations") {
                    Some(Value::Array(known)) => known.push(citation),
                    _ => drop(self.members.insert("citations".to_owned(), vec![citation].into())),
                }
                return;
            }
            Delta::Other => return,
        };
        match self.members.get_mut(name) {
            Some(Value::String(known)) => known.push_str(&more),
            _ => drop(self.members.insert(name.to_owned(), more.into())),
        }
    }
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.members {
            match &**name {
                "input" if !self.input.is_empty() => map.serialize_entry(name, &Arguments(&self.input))?,
                // a text without sources has none, rather than no list of them
                "citations" if *value == Value::Array(Vec::new()) => {}
                _ => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

struct Whole {
    message: Map<String, Value>,
    blocks: Vec<Block>,
}

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.message {
            match &**name {
                "content" => map.serialize_entry(name, &self.blocks)?,
                _ => map.serialize_entry(name, value)?,
            }
        }
        if !self.message.contains_key("content") {
            map.serialize_entry("content", &self.blocks)?;
        }
        map.end()
    }
}

fn invalid(cause: &str) -> Fault {
    Fault::InvalidAnswer { cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str =
        r#"{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}"#;
    const BLOCK: &str =
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f"}}"#;

    fn gathered(events: &[&'static str]) -> Result<String, Fault> {
        let events: Vec<Kept> = events.iter().map(|event| Bytes::from_static(event.as_bytes()).into()).collect();
        collect(&events).map(|whole| String::from_utf8(whole.to_vec()).unwrap())
    }

    #[test]
    fn what_a_tool_is_called_with_stays_as_it_was_written() {
        let whole = gathered(&[
            START,
            r#"{"type":"ping"}"#,
            BLOCK,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"hue_delta","text":["red"]}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"n\": 1.0"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"0}"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"input_tokens":0,"output_tokens":9}}"#,
            "[DONE]",
        ]);
        let want = r#"{"id":"m","content":[{"type":"tool_use","id":"t","name":"f","input":{"n": 1.00}}],"usage":{"input_tokens":3,"output_tokens":9},"stop_reason":"tool_use"}"#;
        assert_eq!(whole.as_deref(), Ok(want));
    }

    #[test]
    fn what_is_no_message_is_the_providers_fault() {
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#;
        assert!(matches!(gathered(&[START, error]), Err(Fault::Provider { .. })));
        let stray = r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}}"#;
        for events in [&[][..], &[BLOCK], &[START, START], &[START, BLOCK, stray], &[START, "{"]] {
            assert!(matches!(gathered(events), Err(Fault::InvalidAnswer { .. })), "{events:?}");
        }
    }
}
