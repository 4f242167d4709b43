//! One answer to be made: what was asked, of which endpoint, under which behaviour; and the parts all shapes share.

use super::{
    asked::Asked,
    behaviour::Behaviour,
    choices::{ModelField, UsagePlace},
    content::json_text,
};

/// Stands for the answer's number in prepared bytes; the player writes 16 digits over it.
pub const NUMBER_MARK: &str = "m0ckNumb3rGoes#0";

/// The API endpoints that answer with a generated result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/chat/completions`
    Chat,
    /// `/completions`
    Text,
    /// `/embeddings`
    Embeddings,
    /// `/messages`
    Messages,
    /// `/messages/count_tokens`
    CountTokens,
    /// `/responses`
    Responses,
    /// `/model/{id}/converse`
    Converse,
    /// `/model/{id}/converse-stream`
    ConverseStream,
    /// `:generateContent` and `:streamGenerateContent`
    Generate,
    /// `:countTokens`
    GenerateCount,
    /// `:batchEmbedContents`
    GenerateEmbed,
    /// `:embedContent`
    GenerateEmbedOne,
    /// `:predict`
    Predict,
    /// `/model/{id}/invoke`
    Invoke,
    /// `/rerank`
    Rerank,
    /// `/moderations`
    Moderations,
    /// `/images/generations`
    Images,
    /// `/audio/speech`
    Speech,
    /// `/audio/transcriptions`
    Transcriptions,
    /// `/audio/translations`
    Translations,
    /// `/v2/chat`
    CohereChat,
    /// `/v2/embed`
    CohereEmbed,
    /// `/api/chat`
    OllamaChat,
    /// `/api/embed`
    OllamaEmbed,
}

impl Endpoint {
    /// Whether its answers can be streams.
    pub fn streams(self) -> bool {
        const OTHERS: [Endpoint; 5] = [
            Endpoint::Responses,
            Endpoint::CohereChat,
            Endpoint::OllamaChat,
            Endpoint::Converse,
            Endpoint::ConverseStream,
        ];
        matches!(self, Self::Chat | Self::Text | Self::Messages | Self::Generate) || OTHERS.contains(&self)
    }
}

/// Token counts, in the terms of the behaviour's keys; each protocol has its own convention of what includes what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Of the prompt.
    pub prompt: i64,
    /// Of the answer.
    pub completion: i64,
    /// Of both, as told; under `usage=absurd` they do not add up.
    pub total: i64,
    /// Read from a cache.
    pub cached: i64,
    /// Written to a cache.
    pub written: i64,
    /// How many of those for an hour.
    pub written_1h: i64,
    /// Spent on thought.
    pub reasoning: i64,
}

/// One answer to be made.
pub struct Job<'a> {
    /// Which endpoint was called.
    pub endpoint: Endpoint,
    /// What was asked for.
    pub asked: &'a Asked<'a>,
    /// How to behave.
    pub behaviour: &'a Behaviour,
    /// The `authorization` header of the request, or the header in which the key came: answers 401 and 403 echo it, as some providers do.
    pub authorization: Option<&'a str>,
    /// Length of the request body in bytes.
    pub body_len: usize,
    /// Put behind the model that is echoed.
    pub model_suffix: &'a str,
    /// Unix seconds for `created`.
    pub created: u64,
}

impl Job<'_> {
    /// The text that content must consist of, if it is not generated.
    pub fn text(&self) -> Option<&str> {
        if self.behaviour.echo_user {
            return Some(self.asked.user.as_deref().unwrap_or(""));
        }
        self.behaviour.text.as_deref()
    }

    /// The number of choices.
    pub fn choices(&self) -> u32 {
        self.behaviour.n.or(self.asked.n).unwrap_or(1).clamp(1, 128)
    }

    /// `"model":"...",` or nothing.
    pub fn model_field(&self) -> String {
        let asked = self.asked.model.as_deref().unwrap_or("");
        let model = match self.behaviour.model {
            ModelField::Echo => format!("{asked}{}", self.model_suffix),
            ModelField::Other => "mock-other".to_owned(),
            ModelField::Dated => format!("{asked}-2024-08-06"),
            ModelField::Absent => return String::new(),
        };
        format!("\"model\":\"{}\",", json_text(&model))
    }

    /// `"logprobs":null,` or nothing, where fields that are null are not wanted.
    pub fn null_field(&self, name: &str) -> String {
        if self.behaviour.nulls { format!("\"{name}\":null,") } else { String::new() }
    }

    /// A field at the given place that the provider does not have, or nothing.
    pub fn extra_field(&self, place: &str) -> String {
        if !self.behaviour.extra {
            return String::new();
        }
        format!("\"x_mock_{place}\":{{\"a\":[1,2.5e0,null],\"b\":\"\\u00e9\"}},")
    }

    /// The counts when `done` of `all` completion tokens are there.
    pub fn tokens(&self, done: u64, all: u64) -> Tokens {
        let behaviour = self.behaviour;
        match behaviour.usage {
            UsagePlace::Negative => {
                return Tokens {
                    prompt: -7,
                    completion: -3,
                    total: -10,
                    cached: -1,
                    written: -2,
                    written_1h: -1,
                    reasoning: -1,
                };
            }
            UsagePlace::Absurd => {
                let (prompt, completion) = (1_000_000_000_000_000_007, 999_999_999_999_999_999);
                let (cached, written, written_1h, reasoning) = (1 << 60, 1 << 59, 1 << 60, 1 << 61);
                return Tokens { prompt, completion, total: 12, cached, written, written_1h, reasoning };
            }
            _ => {}
        }
        let prompt = behaviour.prompt_tokens.unwrap_or(self.body_len as u64 / 4);
        let full = behaviour.completion_tokens.unwrap_or(all);
        let completion = if done >= all { full } else { full * done / all.max(1) };
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Tokens {
            prompt: signed(prompt),
            completion: signed(completion),
            total: signed(prompt.saturating_add(completion)),
            cached: signed(behaviour.cached_tokens),
            written: signed(behaviour.cache_write_tokens),
            written_1h: signed(behaviour.cache_write_1h_tokens),
            reasoning: signed(behaviour.reasoning_tokens),
        }
    }
}
