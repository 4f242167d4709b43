//! What is translated: streams, whole answers and requests, by our own writers where a dialect has one, and as their
//! providers write them where it has none.

use std::fmt;

use bytes::{Bytes, BytesMut};
use millrace::dialects::event::{Reason, Start};
use millrace::dialects::{AnswerFacts, Encode, Event, anthropic, gemini, openai, responses, text};
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::usage::Usage;
use serde_json::{Value, json};

/// Deltas in a stream: enough that its beginning and end weigh little.
pub const DELTAS: usize = 200;
/// Bytes of text in a whole answer.
pub const WHOLE: usize = 10_000;
/// A token's text, with what JSON must escape now and then.
const WORDS: [&str; 4] = [" river", " mill,", " \"stone\"", "\n\nflour"];

/// What a provider speaks.
#[derive(Clone, Copy, PartialEq)]
pub enum Speaks {
    /// What callers speak as well.
    Shared(Protocol),
    /// What no caller speaks.
    Own(Theirs),
}

/// A provider's own protocol.
#[derive(Clone, Copy, PartialEq)]
pub enum Theirs {
    Converse,
    Cohere,
    Ollama,
}

pub fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Chat | Protocol::Own => "openai",
        Protocol::Text => "text",
        Protocol::Messages => "anthropic",
        Protocol::Responses => "responses",
        Protocol::GenerateContent => "gemini",
    }
}

impl fmt::Display for Speaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Speaks::Shared(protocol) => word(*protocol),
            Speaks::Own(Theirs::Converse) => "bedrock",
            Speaks::Own(Theirs::Cohere) => "cohere",
            Speaks::Own(Theirs::Ollama) => "ollama",
        })
    }
}

pub fn facts() -> AnswerFacts {
    AnswerFacts {
        model: "alias".to_owned(),
        id: "bench-1".to_owned(),
        created: 1_700_000_000,
        show_usage: true,
        asked: Vec::new(),
        vectors: None,
    }
}

/// What a stream is made of.
#[derive(Clone, Copy, PartialEq)]
pub enum Of {
    Text,
    Arguments,
}

impl Speaks {
    pub fn framing(self) -> Framing {
        match self {
            Speaks::Shared(_) | Speaks::Own(Theirs::Cohere) => Framing::Events,
            Speaks::Own(Theirs::Converse) => Framing::Frames,
            Speaks::Own(Theirs::Ollama) => Framing::Lines,
        }
    }

    /// Google's and Ollama's calls come whole; of theirs a delta is a small call.
    fn calls_whole(self) -> bool {
        matches!(self, Speaks::Own(Theirs::Ollama) | Speaks::Shared(Protocol::GenerateContent))
    }

    /// The bytes of a stream of [`DELTAS`] deltas.
    pub fn stream(self, of: Of) -> BytesMut {
        let mut out = BytesMut::new();
        let theirs = match self {
            Speaks::Own(theirs) => theirs,
            Speaks::Shared(protocol) => {
                let (mut encoder, mut frames) = (encoder(protocol), Vec::new());
                events(of, self.calls_whole()).into_iter().for_each(|event| encoder.event(event, &mut frames));
                for frame in frames {
                    protocol.frame(&mut out, frame.name.map(str::as_bytes), |out| out.extend_from_slice(&frame.data));
                }
                return out;
            }
        };
        for (name, data) in theirs.events(of) {
            self.framing().write(Protocol::Own, &mut out, Some(name.as_bytes()), data.to_string().as_bytes());
        }
        out
    }

    /// A whole answer with [`WHOLE`] bytes of text.
    pub fn whole(self) -> Bytes {
        let text = text(WHOLE);
        let value = match self {
            Speaks::Shared(protocol) => return write_whole(protocol, text),
            Speaks::Own(Theirs::Converse) => {
                json!({"output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn", "usage": {"inputTokens": 12, "outputTokens": 2000, "totalTokens": 2012},
                "metrics": {"latencyMs": 400}})
            }
            Speaks::Own(Theirs::Cohere) => json!({"id": "c-1", "finish_reason": "COMPLETE",
                "message": {"role": "assistant", "content": [{"type": "text", "text": text}]},
                "usage": {"tokens": {"input_tokens": 12, "output_tokens": 2000}}}),
            Speaks::Own(Theirs::Ollama) => {
                let mut whole = line(json!({"role": "assistant", "content": text}));
                whole["done"] = json!(true);
                whole["done_reason"] = json!("stop");
                whole["eval_count"] = json!(2000);
                whole
            }
        };
        Bytes::from(value.to_string())
    }
}

/// An event: its name, and its data.
type Named = (&'static str, Value);

impl Theirs {
    fn events(self, of: Of) -> Vec<Named> {
        let (before, after) = self.around(of);
        let deltas = (0..DELTAS).map(|n| self.delta(of, n));
        before.into_iter().chain(deltas).chain(after).collect()
    }

    fn delta(self, of: Of, n: usize) -> Named {
        let (text, piece) = (WORDS[n % WORDS.len()], piece(n));
        match (self, of) {
            (Theirs::Converse, Of::Text) => {
                ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": text}, "p": "abcdefgh"}))
            }
            (Theirs::Converse, Of::Arguments) => {
                let delta = json!({"toolUse": {"input": piece}});
                ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": delta, "p": "abcdefgh"}))
            }
            (Theirs::Cohere, Of::Text) => {
                let delta = json!({"message": {"content": {"text": text}}});
                ("content-delta", json!({"type": "content-delta", "index": 0, "delta": delta}))
            }
            (Theirs::Cohere, Of::Arguments) => {
                let delta = json!({"message": {"tool_calls": {"function": {"arguments": piece}}}});
                ("tool-call-delta", json!({"type": "tool-call-delta", "index": 0, "delta": delta}))
            }
            (Theirs::Ollama, Of::Text) => ("", line(json!({"role": "assistant", "content": text}))),
            (Theirs::Ollama, Of::Arguments) => {
                let call = json!({"id": format!("call_{n}"),
                    "function": {"index": n, "name": "weigh", "arguments": {"sacks": n}}});
                ("", line(json!({"role": "assistant", "content": "", "tool_calls": [call]})))
            }
        }
    }

    /// What stands before and after the deltas.
    fn around(self, of: Of) -> (Vec<Named>, Vec<Named>) {
        match self {
            Theirs::Converse => {
                let mut before = vec![("messageStart", json!({"role": "assistant"}))];
                let stop = if of == Of::Text { "end_turn" } else { "tool_use" };
                if of == Of::Arguments {
                    let start = json!({"toolUse": {"toolUseId": "call_1", "name": "weigh"}});
                    before.push(("contentBlockStart", json!({"contentBlockIndex": 0, "start": start})));
                }
                let usage = json!({"inputTokens": 12, "outputTokens": DELTAS, "totalTokens": DELTAS + 12});
                let after = vec![
                    ("contentBlockStop", json!({"contentBlockIndex": 0})),
                    ("messageStop", json!({"stopReason": stop})),
                    ("metadata", json!({"usage": usage, "metrics": {"latencyMs": 400}})),
                ];
                (before, after)
            }
            Theirs::Cohere => {
                let head = json!({"message": {"role": "assistant", "content": [], "tool_calls": []}});
                let (kind, end, start, stop) = match of {
                    Of::Text => {
                        let start = json!({"message": {"content": {"type": "text", "text": ""}}});
                        ("content-start", "content-end", start, "COMPLETE")
                    }
                    Of::Arguments => {
                        let call =
                            json!({"id": "call_1", "type": "function", "function": {"name": "weigh", "arguments": ""}});
                        ("tool-call-start", "tool-call-end", json!({"message": {"tool_calls": call}}), "TOOL_CALL")
                    }
                };
                let before = vec![
                    ("message-start", json!({"type": "message-start", "id": "c-1", "delta": head})),
                    (kind, json!({"type": kind, "index": 0, "delta": start})),
                ];
                let usage = json!({"tokens": {"input_tokens": 12, "output_tokens": DELTAS}});
                let end_delta = json!({"finish_reason": stop, "usage": usage});
                let after = vec![
                    (end, json!({"type": end, "index": 0})),
                    ("message-end", json!({"type": "message-end", "id": "c-1", "delta": end_delta})),
                ];
                (before, after)
            }
            Theirs::Ollama => {
                let mut last = line(json!({"role": "assistant", "content": ""}));
                last["done"] = json!(true);
                last["done_reason"] = json!("stop");
                last["prompt_eval_count"] = json!(12);
                last["eval_count"] = json!(DELTAS);
                (Vec::new(), vec![("", last)])
            }
        }
    }
}

/// A line of Ollama's stream.
fn line(message: Value) -> Value {
    json!({"model": "llama3.2", "created_at": "2026-11-04T08:52:19.385406455Z", "message": message, "done": false})
}

/// Piece `n` of the text of a call's arguments, which all together are an object.
fn piece(n: usize) -> String {
    match n {
        0 => "{\"sacks\":[0".to_owned(),
        n if n + 1 == DELTAS => "]}".to_owned(),
        n => format!(", {n}"),
    }
}

/// `bytes` bytes of text or a few more.
fn text(bytes: usize) -> String {
    let words = WORDS.concat();
    words.repeat(bytes.div_ceil(words.len()))
}

/// An answer as events: text, or one call in pieces, or many whole ones.
fn events(of: Of, whole_calls: bool) -> Vec<Event> {
    let call = |call, id: String| Event::ToolCall { choice: 0, call, id, name: "weigh".to_owned() };
    let mut events = vec![begin()];
    if of == Of::Arguments && !whole_calls {
        events.push(call(0, "call_1".to_owned()));
    }
    for n in 0..DELTAS {
        match of {
            Of::Text => events.push(Event::Text { choice: 0, text: WORDS[n % WORDS.len()].to_owned() }),
            Of::Arguments if whole_calls => {
                events.push(call(n as u32, format!("call_{n}")));
                events.push(Event::Arguments { choice: 0, call: n as u32, json: format!("{{\"sacks\":{n}}}") });
            }
            Of::Arguments => events.push(Event::Arguments { choice: 0, call: 0, json: piece(n) }),
        }
    }
    events.extend(end(if of == Of::Text { Reason::Stop } else { Reason::ToolCalls }));
    events
}

fn begin() -> Event {
    Event::Start(Start { id: Some("answer-1".to_owned()), model: Some("a-model".to_owned()), ..Start::default() })
}

fn end(reason: Reason) -> [Event; 3] {
    let usage = Usage { prompt_tokens: 12, completion_tokens: DELTAS as u64, ..Usage::default() };
    [Event::Finish { choice: 0, reason, stop_sequence: None }, Event::Usage(usage), Event::End]
}

fn encoder(protocol: Protocol) -> Box<dyn Encode> {
    match protocol {
        Protocol::Chat | Protocol::Own => Box::new(openai::Encoder::new(facts())),
        Protocol::Text => Box::new(text::Encoder::new(facts())),
        Protocol::Messages => Box::new(anthropic::Encoder::new(facts())),
        Protocol::Responses => Box::new(responses::Encoder::new(facts())),
        Protocol::GenerateContent => Box::new(gemini::Encoder::new(facts())),
    }
}

fn write_whole(protocol: Protocol, text: String) -> Bytes {
    let mut events = vec![begin(), Event::Text { choice: 0, text }];
    events.extend(end(Reason::Stop));
    match protocol {
        Protocol::Chat | Protocol::Own => openai::write_whole(events, &facts()),
        Protocol::Text => text::write_whole(events, &facts()),
        Protocol::Messages => anthropic::write_whole(events, &facts()),
        Protocol::Responses => responses::write_whole(events, &facts()),
        Protocol::GenerateContent => gemini::write_whole(events, &facts()),
    }
}

/// A conversation of 20 messages with a tool, in OpenAI's protocol.
pub fn conversation(bytes: usize) -> Value {
    let text = text(bytes / 20);
    let role = |n| if n % 2 == 0 { "user" } else { "assistant" };
    let messages: Vec<Value> = (0..20).map(|n| json!({"role": role(n), "content": text})).collect();
    let parameters = json!({"type": "object", "properties": {"sacks": {"type": "integer"}}, "required": ["sacks"]});
    let tool = json!({"type": "function", "function":
        {"name": "weigh", "description": "Weighs sacks.", "parameters": parameters}});
    json!({"model": "alias", "messages": messages, "tools": [tool], "max_tokens": 100, "temperature": 0.5})
}
