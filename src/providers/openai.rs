//! OpenAI's dialect: OpenAI itself and every server that speaks its chat completions, completions and embeddings.
//!
//! The caller speaks it too, so a call is the caller's own body with the few fields changed that must be; `messages` and
//! `tools` are not read.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Kept, Translate};
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;
use serde_json::{Map, Value, json};

use super::compatible;
use super::row::Row;
use super::segment;
use crate::dialects::{bridge, media, responses};

/// The dialect. Many providers share it.
pub struct OpenAi {
    /// Whose it is, and where that provider differs from OpenAI.
    pub row: &'static Row,
    /// Chats are asked for as responses: LiteLLM's `openai/responses/<model>`.
    pub responses: bool,
    /// Responses and text completions are asked for as chats, though the provider has them: LiteLLM's
    /// `use_chat_completions_api`.
    pub chats: bool,
    /// It is asked for a version of its API that has no responses yet (Azure).
    pub older: bool,
    /// Resources lie below the model's deployment, whose name is a segment of the path (Azure). It stays in the body as well.
    pub deployments: bool,
}

/// The path of an address as operators write it: with or without the resource, and what the server's must end with.
pub fn base_path(path: &str, row: &Row) -> String {
    let path = ["/chat/completions", "/responses"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    let end = row.traits.base_ends;
    if path.ends_with(end) { path.to_owned() } else { format!("{path}{end}") }
}

impl Dialect for OpenAi {
    fn name(&self) -> &'static str {
        self.row.name
    }

    fn protocol(&self, asked: Endpoint) -> Protocol {
        match asked {
            Endpoint::Responses if self.serves(asked) && !self.chats && !self.older => Protocol::Responses,
            Endpoint::Completions if self.serves(asked) && !self.chats && !self.responses => Protocol::Text,
            Endpoint::Chat | Endpoint::Completions | Endpoint::Messages | Endpoint::Responses | Endpoint::Generate => {
                self.to_others()
            }
            _ => Protocol::Chat,
        }
    }

    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        // who speaks otherwise is answered by a chat, or by a response
        let spoken = self.protocol(call.endpoint);
        let endpoint = match (call.endpoint, spoken) {
            (_, Protocol::Responses) => Endpoint::Responses,
            (_, Protocol::Text) => Endpoint::Completions,
            (Endpoint::Messages | Endpoint::Responses | Endpoint::Generate | Endpoint::Completions, _) => {
                Endpoint::Chat
            }
            (endpoint, _) => endpoint,
        };
        let Some(path) = path(endpoint).filter(|_| self.serves(endpoint)) else {
            return Err(bridge::not_served(call, self.row.name));
        };
        let path = match self.deployments {
            // Azure has its responses beside the deployments
            true if endpoint != Endpoint::Responses => {
                format!("/deployments/{}{path}", segment::of_model(call.model)?).into()
            }
            _ => path.into(),
        };
        if call.endpoint.is_form() {
            let (headers, body) = bridge::form(call)?;
            return Ok(Encoded { path, headers, body, notes: Notes::default() });
        }
        let (body, notes) = match (endpoint, call.endpoint) {
            (Endpoint::Responses, Endpoint::Responses) => compatible::response(call, self.row)?,
            (Endpoint::Responses, _) => bridge::written(call, Protocol::Responses)?,
            _ => compatible::body(call, self.row, spoken)?,
        };
        Ok(Encoded { path, headers: Vec::new(), body, notes })
    }

    /// One chunk with each choice's `message` as its `delta`, and its `finish_reason`; then the usage, as OpenAI sends it.
    fn split(&self, asked: Endpoint, whole: &Bytes) -> Result<Vec<Frame>, Fault> {
        if self.protocol(asked) == Protocol::Responses {
            return responses::split(whole);
        }
        let mut answer = object(whole)?;
        if !answer.get("choices").is_some_and(Value::is_array) {
            return Err(unusable("an answer without `choices`"));
        }
        let usage = answer.shift_remove("usage").filter(|usage| !usage.is_null());
        if answer.get("object").and_then(Value::as_str) == Some("chat.completion") {
            answer.insert("object".into(), "chat.completion.chunk".into());
        }
        for choice in choices(&mut answer) {
            if let Some(mut message) = choice.shift_remove("message") {
                number_tool_calls(&mut message);
                choice.insert("delta".into(), message);
            }
        }
        let mut events = vec![bytes(&answer)];
        if let Some(usage) = usage {
            answer.insert("choices".into(), json!([]));
            answer.insert("usage".into(), usage);
            events.push(bytes(&answer));
        }
        events.push(Bytes::from_static(b"[DONE]"));
        Ok(events.into_iter().map(|data| Frame { name: None, data }).collect())
    }

    /// The deltas of each choice, folded: texts are joined, tool calls by their index, other fields by the last word.
    fn collect(&self, asked: Endpoint, events: &[Kept]) -> Result<Bytes, Fault> {
        if self.protocol(asked) == Protocol::Responses {
            return responses::collect(events);
        }
        let mut whole: Option<Map<String, Value>> = None;
        let mut folded: Vec<Map<String, Value>> = Vec::new();
        for event in events {
            let mut chunk = object(&event.data)?;
            for choice in choices(&mut chunk) {
                fold_choice(&mut folded, std::mem::take(choice));
            }
            chunk.shift_remove("choices");
            let whole = whole.get_or_insert_default();
            for (name, value) in chunk {
                if !value.is_null() || !whole.contains_key(&name) {
                    whole.insert(name, value);
                }
            }
        }
        let mut whole = whole.ok_or_else(|| unusable("a stream without an event"))?;
        if whole.get("object").and_then(Value::as_str) == Some("chat.completion.chunk") {
            whole.insert("object".into(), "chat.completion".into());
        }
        folded.sort_by_key(|choice| choice.get("index").and_then(Value::as_u64));
        whole.insert("choices".into(), folded.into_iter().map(Value::Object).collect());
        Ok(bytes(&whole))
    }

    fn states_cost(&self) -> bool {
        self.row.traits.states_cost
    }

    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        bridge::translator(self.to_others(), to, facts)
    }

    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes, notes: &mut Notes) -> Result<Bytes, Fault> {
        bridge::translate(self.to_others(), to, facts, whole, notes)
    }
}

impl OpenAi {
    /// What is spoken to callers whose own protocol is not.
    fn to_others(&self) -> Protocol {
        match self.responses {
            true => Protocol::Responses,
            // a model that only goes on with a text
            false if !self.serves(Endpoint::Chat) && self.serves(Endpoint::Completions) => Protocol::Text,
            false => Protocol::Chat,
        }
    }

    fn serves(&self, endpoint: Endpoint) -> bool {
        self.row.endpoints.contains(&endpoint)
    }
}

/// The resource below the base URL.
fn path(endpoint: Endpoint) -> Option<&'static str> {
    Some(match endpoint {
        Endpoint::Chat => "/chat/completions",
        Endpoint::Completions => "/completions",
        Endpoint::Embeddings => "/embeddings",
        // not OpenAI's own, but of many servers with its manners
        Endpoint::Rerank => "/rerank",
        Endpoint::Moderations => "/moderations",
        Endpoint::Images => "/images/generations",
        Endpoint::Speech => "/audio/speech",
        Endpoint::Transcriptions => "/audio/transcriptions",
        Endpoint::Translations => "/audio/translations",
        Endpoint::Responses => "/responses",
        Endpoint::Messages
        | Endpoint::CountTokens
        | Endpoint::Generate
        | Endpoint::CountContent
        | Endpoint::PassThrough => return None,
    })
}

fn fold_choice(folded: &mut Vec<Map<String, Value>>, mut choice: Map<String, Value>) {
    if let Some(delta) = choice.shift_remove("delta") {
        choice.insert("message".into(), delta);
    }
    let same = |other: &&mut Map<String, Value>| other.get("index") == choice.get("index");
    match folded.iter_mut().find(same) {
        None => folded.push(choice),
        Some(known) => fold_object(known, choice),
    }
}

/// Folds `later` into `known`: texts that grow are joined, objects folded, tool calls matched by index.
fn fold_object(known: &mut Map<String, Value>, later: Map<String, Value>) {
    for (name, value) in later {
        match (known.get_mut(&name), value) {
            (Some(Value::String(text)), Value::String(more)) if grows(&name) => text.push_str(&more),
            (Some(Value::String(sound)), Value::String(more)) if name == "data" => media::join(sound, &more),
            (Some(Value::Object(object)), Value::Object(more)) => fold_object(object, more),
            (Some(Value::Array(list)), Value::Array(more)) if name == "tool_calls" => fold_calls(list, more),
            // pictures, log probabilities, sources, blocks of thought: each chunk has those that are new
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (Some(_), Value::Null) => {}
            (_, value) => {
                known.insert(name, value);
            }
        }
    }
}

fn fold_calls(list: &mut Vec<Value>, more: Vec<Value>) {
    for call in more {
        let index = call.get("index").cloned();
        let known = list.iter_mut().find(|known| known.get("index") == index.as_ref());
        match (known, call) {
            (Some(Value::Object(known)), Value::Object(call)) => fold_object(known, call),
            (_, call) => list.push(call),
        }
    }
}

/// Fields that come in pieces; all others come whole.
fn grows(name: &str) -> bool {
    matches!(
        name,
        "content" | "text" | "arguments" | "input" | "refusal" | "reasoning_content" | "reasoning" | "transcript"
    )
}

/// In a stream, tool calls carry their index.
fn number_tool_calls(message: &mut Value) {
    let calls = message.get_mut("tool_calls").and_then(Value::as_array_mut);
    for (n, call) in calls.into_iter().flatten().enumerate() {
        if let Some(call) = call.as_object_mut() {
            call.entry("index").or_insert_with(|| n.into());
        }
    }
}

fn choices(answer: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = answer.get_mut("choices").and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    serde_json::from_slice(bytes).map_err(|e| unusable(&e.to_string()))
}

fn bytes(object: &Map<String, Value>) -> Bytes {
    Value::Object(object.clone()).to_string().into()
}

fn unusable(cause: &str) -> Fault {
    Fault::InvalidAnswer { cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECT: OpenAi = OpenAi {
        row: &crate::providers::rows::OPENAI,
        responses: false,
        chats: false,
        older: false,
        deployments: false,
    };

    fn parsed(bytes: &Bytes) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn pictures_and_pieces_of_sound_are_folded() {
        let chunk = |delta: Value| {
            Bytes::from(
                json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
                .to_string(),
            )
        };
        let pieces = [
            json!({"audio": {"id": "a", "transcript": "h"}}),
            json!({"audio": {"transcript": "\u{e9}"}, "images": [{"index": 0}]}),
            json!({"audio": {"data": "AAEAAg=="}, "images": [{"index": 1}]}),
            json!({"audio": {"data": "AAMABA==", "expires_at": 7}}),
        ];
        let whole = DIALECT.collect(Endpoint::Chat, &pieces.map(chunk).map(Kept::from)).unwrap();
        let message = &parsed(&whole)["choices"][0]["message"];
        let sound = json!({"id": "a", "transcript": "h\u{e9}", "data": "AAEAAgADAAQ=", "expires_at": 7});
        assert_eq!((&message["audio"], &message["images"]), (&sound, &json!([{"index": 0}, {"index": 1}])));
    }

    #[test]
    fn s22_a_whole_answer_becomes_a_stream_and_back() {
        let whole = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "hé"}, "finish_reason": "stop"},
            {"index": 1, "message": {"role": "assistant", "content": null, "tool_calls": [
                {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}, "finish_reason": "tool_calls"},
        ], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}});
        let events = DIALECT.split(Endpoint::Chat, &Bytes::from(whole.to_string())).unwrap();
        let events: Vec<Kept> = events.into_iter().map(|frame| frame.data.into()).collect();
        assert_eq!((events.len(), &events[2].data[..]), (3, &b"[DONE]"[..]));
        let first = parsed(&events[0].data);
        assert_eq!(first["object"], "chat.completion.chunk");
        assert_eq!(first["choices"][1]["delta"]["tool_calls"][0]["index"], 0);
        assert_eq!(parsed(&events[1].data)["choices"], json!([]));
        let back = parsed(&DIALECT.collect(Endpoint::Chat, &events[..2]).unwrap());
        assert_eq!(back["object"], "chat.completion");
        assert_eq!(back["choices"][0], whole["choices"][0]);
        assert_eq!(back["usage"], whole["usage"]);
    }

    #[test]
    fn s22_lists_that_come_in_pieces_are_one_list() {
        let piece = |n: u64| {
            let choice = json!({"index": 0, "logprobs": {"content": [{"token": n}], "refusal": null}, "finish_reason": null,
                "delta": {"annotations": [{"n": n}], "reasoning_details": [{"n": n}], "thinking_blocks": [{"n": n}],
                    "tool_calls": [{"index": 0, "custom": {"input": n.to_string()}}]}});
            Bytes::from(json!({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}).to_string())
        };
        let choice =
            parsed(&DIALECT.collect(Endpoint::Chat, &[1, 2, 3].map(piece).map(Kept::from)).unwrap())["choices"][0]
                .clone();
        assert_eq!(choice["logprobs"]["content"], json!([{"token": 1}, {"token": 2}, {"token": 3}]));
        for name in ["annotations", "reasoning_details", "thinking_blocks"] {
            assert_eq!(choice["message"][name], json!([{"n": 1}, {"n": 2}, {"n": 3}]), "{name}");
        }
        assert_eq!(choice["message"]["tool_calls"], json!([{"index": 0, "custom": {"input": "123"}}]));
    }

    #[test]
    fn s22_deltas_are_joined_per_choice_and_call() {
        let delta = |index: u64, delta: Value, finish: Value| {
            Bytes::from(
                json!({"id": "c", "object": "chat.completion.chunk", "usage": null,
                "choices": [{"index": index, "delta": delta, "finish_reason": finish}]})
                .to_string(),
            )
        };
        let call =
            |id: Value, args: &str| json!({"tool_calls": [{"index": 0, "id": id, "function": {"arguments": args}}]});
        let events = [
            delta(1, json!({"role": "assistant", "content": "a"}), Value::Null),
            delta(0, call(json!("t1"), "{\"x"), Value::Null),
            delta(1, json!({"content": "b"}), json!("stop")),
            delta(0, call(Value::Null, "\":1}"), json!("tool_calls")),
        ];
        let whole = parsed(&DIALECT.collect(Endpoint::Chat, &events.map(Kept::from)).unwrap());
        assert_eq!(whole["choices"][1]["message"], json!({"role": "assistant", "content": "ab"}));
        let folded = &whole["choices"][0]["message"]["tool_calls"][0];
        assert_eq!((&folded["id"], &folded["function"]["arguments"]), (&json!("t1"), &json!("{\"x\":1}")));
        assert_eq!(whole["choices"][0]["finish_reason"], "tool_calls");
    }
}
