//! Text completions before a provider that only chats: the prompt is what the user says, and what the model says is the text.
//! OpenAI's older shape has no provider behind it but OpenAI-compatible ones, so it is no protocol of its own here: a request
//! becomes a chat's before it is read, and a chat's answer loses its frame after it is written.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{Frame, Translate};
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::usage::Usage;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::BadRequest;

/// Parameters without a place in a chat. (A chat's `logprobs` are of another shape: by token, not by place in the text.)
const LOST: [&str; 4] = ["echo", "suffix", "best_of", "logprobs"];

/// Whether such a parameter's value asks for nothing.
fn asks_nothing(name: &str, value: &Value) -> bool {
    match name {
        "echo" => value == &json!(false),
        "suffix" => value == &json!(""),
        "best_of" => value == &json!(1),
        _ => false,
    }
}

/// The request as a chat's, and the parameters that are not in it though they ask for something.
///
/// # Errors
/// The prompt is not one text: several would be several requests, and tokens are another model's.
pub fn as_chat(body: &[u8]) -> Result<(Bytes, Vec<&'static str>), BadRequest> {
    let bad = |what: &str| BadRequest { pointer: "/prompt".into(), what: what.to_owned() };
    let mut request: Map<String, Value> = serde_json::from_slice(body).map_err(|_| bad("The body is not an object"))?;
    let prompt = match request.shift_remove("prompt") {
        Some(Value::String(text)) => text,
        Some(Value::Array(list)) => match <[Value; 1]>::try_from(list) {
            Ok([Value::String(text)]) => text,
            _ => return Err(bad("The model chats and takes one prompt, a text. Send one request for each prompt")),
        },
        _ => return Err(bad("The prompt must be a text")),
    };
    let mut lost = Vec::new();
    for name in LOST {
        if request.shift_remove(name).is_some_and(|value| !value.is_null() && !asks_nothing(name, &value)) {
            lost.push(name);
        }
    }
    request.insert("messages".into(), json!([{ "role": "user", "content": prompt }]));
    Ok((Value::Object(request).to_string().into(), lost))
}

/// A chat's whole answer, or one chunk of its stream, as a text completion's. `None`: a chunk that says nothing to a reader
/// of texts. What is no chat's (an error, the stream's end) stays.
pub fn of_chat(data: &Bytes) -> Option<Bytes> {
    let Ok(chat) = serde_json::from_slice::<Chat<'_>>(data) else { return Some(data.clone()) };
    let chunk = chat.object == "chat.completion.chunk";
    let choices: Vec<Choice<'_>> = chat.choices.into_iter().map(Choice::of).collect();
    let silent = choices.iter().all(|choice| choice.text.is_empty() && choice.finish_reason.is_none());
    if chunk && silent && chat.usage.is_none_or(|usage| usage.get() == "null") {
        return None;
    }
    let completion = Completion {
        id: &chat.id,
        object: "text_completion",
        created: chat.created,
        model: &chat.model,
        choices,
        usage: chat.usage,
    };
    Some(serde_json::to_vec(&completion).map_or_else(|_| data.clone(), Bytes::from))
}

#[derive(Deserialize)]
struct Chat<'a> {
    id: String,
    object: String,
    #[serde(default)]
    created: u64,
    #[serde(default)]
    model: String,
    choices: Vec<Said>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// A choice, whole (`message`) or in part (`delta`).
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    index: u64,
    #[serde(alias = "delta")]
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    audio: Option<Audio>,
}

/// Of sound, what is said in it is a text.
#[derive(Deserialize)]
struct Audio {
    #[serde(default)]
    transcript: String,
}

/// The shape of OpenAI's description of `CreateCompletionResponse`.
#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Choice<'a> {
    text: String,
    index: u64,
    logprobs: Option<&'a RawValue>,
    finish_reason: Option<String>,
}

impl Choice<'_> {
    fn of(said: Said) -> Self {
        let Message { content, refusal, audio } = said.message;
        // where there is one text only, a refusal is that text
        let text = content.or(refusal).or(audio.map(|audio| audio.transcript)).unwrap_or_default();
        Choice { text, index: said.index, logprobs: None, finish_reason: said.finish_reason }
    }
}

/// The way of a stream: a chat's, then [`of_chat`].
pub struct Text(pub Box<dyn Translate>);

impl Text {
    /// What `step` adds to `out`, as texts.
    fn through<T>(&mut self, out: &mut Vec<Frame>, step: impl FnOnce(&mut dyn Translate, &mut Vec<Frame>) -> T) -> T {
        let from = out.len();
        let done = step(&mut *self.0, out);
        let said = out.split_off(from).into_iter();
        out.extend(said.filter_map(|frame| Some(Frame { name: frame.name, data: of_chat(&frame.data)? })));
        done
    }
}

impl Translate for Text {
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Frame>) -> Result<bool, Fault> {
        self.through(out, |chat, out| chat.event(name, data, out))
    }

    fn close(&mut self, out: &mut Vec<Frame>) -> Result<bool, Fault> {
        self.through(out, |chat, out| chat.close(out))
    }

    fn usage(&self) -> Option<Usage> {
        self.0.usage()
    }

    fn notes(&self) -> &Notes {
        self.0.notes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(body: Value) -> Result<(Value, Vec<&'static str>), BadRequest> {
        as_chat(body.to_string().as_bytes()).map(|(body, lost)| (serde_json::from_slice(&body).unwrap(), lost))
    }

    #[test]
    fn a_prompt_is_what_the_user_says() {
        let asked =
            json!({"model": "m", "prompt": ["hé"], "max_tokens": 9, "echo": false, "best_of": 1, "suffix": null});
        let (body, lost) = chat(asked).unwrap();
        let want = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hé"}]});
        assert_eq!((body, lost), (want, Vec::new()));
        let (_, lost) = chat(json!({"prompt": "a", "echo": true, "suffix": "b", "best_of": 2, "logprobs": 0})).unwrap();
        assert_eq!(lost, ["echo", "suffix", "best_of", "logprobs"]);
        for prompt in [json!([]), json!(["a", "b"]), json!([1, 2]), json!([[1]]), json!(7)] {
            assert_eq!(chat(json!({ "prompt": prompt })).unwrap_err().pointer, "/prompt");
        }
    }

    #[test]
    fn an_answer_loses_its_frame() {
        let text = |chat: Value| {
            let data = of_chat(&Bytes::from(chat.to_string()))?;
            Some(serde_json::from_slice::<Value>(&data).unwrap())
        };
        let whole = json!({"id": "c", "object": "chat.completion", "created": 7, "model": "m", "usage": {"total_tokens": 3},
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "hé"}, "finish_reason": "stop"}]});
        let want = json!({"id": "c", "object": "text_completion", "created": 7, "model": "m", "usage": {"total_tokens": 3},
            "choices": [{"text": "hé", "index": 0, "logprobs": null, "finish_reason": "stop"}]});
        assert_eq!(text(whole), Some(want));
        let chunk = |delta: Value, finish: Value| {
            text(json!({"id": "c", "object": "chat.completion.chunk", "created": 7, "model": "m",
                "choices": [{"index": 1, "delta": delta, "finish_reason": finish}]}))
        };
        assert_eq!(chunk(json!({"role": "assistant", "content": ""}), Value::Null), None, "a role says nothing");
        assert_eq!(chunk(json!({"content": "a"}), Value::Null).unwrap()["choices"][0]["text"], "a");
        assert_eq!(chunk(json!({}), json!("length")).unwrap()["choices"][0]["finish_reason"], "length");
        let error = Bytes::from_static(b"{\"error\":{}}");
        assert_eq!(of_chat(&error), Some(error));
        assert_eq!(of_chat(&Bytes::from_static(b"[DONE]")).unwrap(), "[DONE]");
    }
}
