//! Protocols against providers: a caller of each before a provider of each, whole and streamed, and what may not be lost
//! between them.

mod bad_input;
mod defaults;
mod errors;
pub mod joined;
mod middle;
mod order;
mod pairs;
mod policy;
mod thought;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Gateway};
use joined::{chat_of, events_of, message_of, response_of};

/// A mock that speaks every protocol, and a gateway that reaches it by each: `o/<choices>` by OpenAI's, `a/<choices>` by
/// Anthropic's, `g/<choices>` by Google's.
pub struct Scene {
    pub mock: MockServer,
    pub gateway: Gateway,
}

/// What a caller speaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Caller {
    OpenAi,
    Anthropic,
    Gemini,
}

/// What an answer came to, whoever was asked and however: the same for a whole answer and for a stream.
#[derive(Debug, PartialEq)]
pub struct Said {
    pub model: String,
    pub text: String,
    pub thought: String,
    /// Name and arguments, parsed.
    pub calls: Vec<(String, Value)>,
    /// `stop`, `length`, `tool_calls`, `content_filter`: OpenAI's words.
    pub finish: String,
    /// Prompt (cache included) and completion.
    pub tokens: (u64, u64),
}

impl Said {
    /// Without what the protocols count otherwise: the mock's own count differs with the words it is asked in.
    pub fn but_tokens(self) -> Self {
        Said { tokens: (0, 0), ..self }
    }
}

impl Scene {
    pub fn new() -> Self {
        Self::with("")
    }

    /// With more lines of configuration; `{params}` of both deployments can be set by naming them there.
    pub fn with(more: &str) -> Self {
        Self::configured("", more)
    }

    /// `params` goes into the `litellm_params` of both deployments.
    pub fn configured(params: &str, more: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let (base, key) = (mock.base_url(), crate::harness::PROVIDER_KEY);
        let entry = |name: &str, provider: &str| {
            format!(
                "  - model_name: \"{name}/*\"\n    litellm_params: {{model: \"{provider}/*\", api_base: \"{base}\", api_key: {key}{params}}}\n"
            )
        };
        let entries =
            [("o", "openai"), ("a", "anthropic"), ("g", "gemini")].map(|(name, provider)| entry(name, provider));
        let yaml = format!("model_list:\n{}{more}", entries.concat());
        Scene { gateway: Gateway::from_yaml(&yaml), mock }
    }

    pub fn client(&self) -> Client {
        self.gateway.client()
    }

    /// One plain question.
    pub fn ask(&self, caller: Caller, model: &str, stream: bool) -> Answer {
        let body = json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]});
        self.send(caller, asking(caller, model, body))
    }

    /// A request in the caller's protocol; what its protocol insists on is added.
    pub fn send(&self, caller: Caller, mut body: Value) -> Answer {
        if caller == Caller::Gemini {
            let verb = if body["stream"] == json!(true) { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let path = format!("/v1beta/models/{}:{verb}", body["model"].as_str().expect("a model"));
            let contents = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
            return self.client().post(&path, &asking(caller, &path, contents));
        }
        let path = match caller {
            Caller::OpenAi => "/v1/chat/completions",
            _ => "/v1/messages",
        };
        if caller == Caller::Anthropic && body["max_tokens"].is_null() {
            body["max_tokens"] = json!(1024);
        }
        if caller == Caller::OpenAi && body["stream"] == json!(true) {
            body["stream_options"] = json!({"include_usage": true});
        }
        self.client().post(path, &body)
    }

    /// What a plain question comes to.
    #[track_caller]
    pub fn said(&self, caller: Caller, model: &str, stream: bool) -> Said {
        let answer = self.ask(caller, model, stream);
        assert_eq!(answer.status, 200, "{}", answer.text());
        said(caller, &answer, stream)
    }

    /// What the provider got last.
    pub fn sent(&self) -> Value {
        self.mock.last_request().expect("a request").json()
    }
}

/// A body that asks to read thought, where its protocol must, of a model that is to think.
pub fn asking(caller: Caller, model: &str, mut body: Value) -> Value {
    match caller {
        _ if !model.contains("thinking=") => {}
        Caller::OpenAi => {}
        Caller::Anthropic => {
            body["thinking"] = json!({"type": "adaptive"});
            body["max_tokens"] = json!(8192);
        }
        Caller::Gemini => body["generationConfig"] = json!({"thinkingConfig": {"includeThoughts": true}}),
    }
    body
}

/// An answer in words that no protocol owns.
#[track_caller]
pub fn said(caller: Caller, answer: &Answer, stream: bool) -> Said {
    assert!(answer.complete, "broke off: {}", answer.text());
    match (caller, stream) {
        (Caller::OpenAi, true) => {
            answer.events().assert_done();
            of_chat(&chat_of(&answer.events().json()))
        }
        (Caller::OpenAi, false) => of_chat(&answer.json()),
        (Caller::Anthropic, true) => of_message(&message_of(&events_of(&answer.body))),
        (Caller::Anthropic, false) => of_message(&answer.json()),
        (Caller::Gemini, true) => of_response(&response_of(&answer.events().json())),
        (Caller::Gemini, false) => of_response(&answer.json()),
    }
}

fn of_chat(chat: &Value) -> Said {
    let message = &chat["choices"][0]["message"];
    let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
    let parsed = |call: &Value| {
        let arguments = call["function"]["arguments"].as_str().expect("arguments are text");
        let name = call["function"]["name"].as_str().expect("a name").to_owned();
        // OpenAI's own, of a tool without parameters
        let arguments = if arguments.is_empty() { "{}" } else { arguments };
        (name, serde_json::from_str(arguments).unwrap_or_else(|e| panic!("{e}: {arguments}")))
    };
    Said {
        model: text(&chat["model"]),
        text: text(&message["content"]),
        thought: text(&message["reasoning_content"]),
        calls: calls.iter().map(parsed).collect(),
        finish: text(&chat["choices"][0]["finish_reason"]),
        tokens: (count(&chat["usage"]["prompt_tokens"]), count(&chat["usage"]["completion_tokens"])),
    }
}

fn of_message(message: &Value) -> Said {
    let blocks = message["content"].as_array().cloned().unwrap_or_default();
    let all = |kind: &str, field: &str| {
        let of_kind = blocks.iter().filter(|block| block["type"] == kind);
        of_kind.map(|block| text(&block[field])).collect::<Vec<_>>().concat()
    };
    let usage = &message["usage"];
    let read = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
    Said {
        model: text(&message["model"]),
        text: all("text", "text"),
        thought: all("thinking", "thinking"),
        calls: blocks
            .iter()
            .filter(|block| block["type"] == "tool_use")
            .map(|block| (text(&block["name"]), block["input"].clone()))
            .collect(),
        finish: match message["stop_reason"].as_str() {
            Some("end_turn" | "stop_sequence") => "stop",
            Some("max_tokens") => "length",
            Some("tool_use") => "tool_calls",
            Some("refusal") => "content_filter",
            other => panic!("{other:?}"),
        }
        .to_owned(),
        tokens: (read.iter().map(|name| count(&usage[name])).sum(), count(&usage["output_tokens"])),
    }
}

fn of_response(response: &Value) -> Said {
    let candidate = &response["candidates"][0];
    let parts = candidate["content"]["parts"].as_array().cloned().unwrap_or_default();
    let all = |thought: bool| {
        let of_kind = parts.iter().filter(|part| (part["thought"] == json!(true)) == thought);
        of_kind.map(|part| text(&part["text"])).collect::<Vec<_>>().concat()
    };
    let called = |part: &Value| {
        let call = part["functionCall"].as_object()?;
        Some((text(&call["name"]), call.get("args").cloned().unwrap_or(json!({}))))
    };
    let calls: Vec<(String, Value)> = parts.iter().filter_map(called).collect();
    let usage = &response["usageMetadata"];
    Said {
        model: text(&response["modelVersion"]),
        text: all(false),
        thought: all(true),
        finish: match candidate["finishReason"].as_str() {
            Some("STOP") if !calls.is_empty() => "tool_calls",
            Some("STOP" | "OTHER") => "stop",
            Some("MAX_TOKENS") => "length",
            Some("SAFETY") => "content_filter",
            other => panic!("{other:?}"),
        }
        .to_owned(),
        calls,
        tokens: (
            count(&usage["promptTokenCount"]),
            count(&usage["candidatesTokenCount"]) + count(&usage["thoughtsTokenCount"]),
        ),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
