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
}

/// One answer to be made.
pub struct Job<'a> {
    /// Which endpoint was called.
    pub endpoint: Endpoint,
    /// What was asked for.
    pub asked: &'a Asked<'a>,
    /// How to behave.
    pub behaviour: &'a Behaviour,
    /// The `authorization` header of the request: answers 401 and 403 echo it, as some providers do.
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

    /// A field at the given place that OpenAI does not have, or nothing.
    pub fn extra_field(&self, place: &str) -> String {
        if !self.behaviour.extra {
            return String::new();
        }
        format!("\"x_mock_{place}\":{{\"a\":[1,2.5e0,null],\"b\":\"\\u00e9\"}},")
    }

    /// The usage object when `done` of `all` completion tokens are there.
    pub fn usage(&self, done: u64, all: u64) -> String {
        let behaviour = self.behaviour;
        if behaviour.usage == UsagePlace::Negative {
            return usage_object([-7, -3, -10, -1, -1]);
        }
        if behaviour.usage == UsagePlace::Absurd {
            return usage_object([1_000_000_000_000_000_007, 999_999_999_999_999_999, 12, 1 << 60, 1 << 61]);
        }
        let prompt = behaviour.prompt_tokens.unwrap_or(self.body_len as u64 / 4);
        let full = behaviour.completion_tokens.unwrap_or(all);
        let completion = if done >= all { full } else { full * done / all.max(1) };
        let numbers = [
            prompt,
            completion,
            prompt.saturating_add(completion),
            behaviour.cached_tokens,
            behaviour.reasoning_tokens,
        ];
        usage_object(numbers.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
    }
}

/// Prompt, completion, total, cached, reasoning.
fn usage_object([prompt, completion, total, cached, reasoning]: [i64; 5]) -> String {
    format!(
        "{{\"prompt_tokens\":{prompt},\"completion_tokens\":{completion},\"total_tokens\":{total},\
         \"prompt_tokens_details\":{{\"cached_tokens\":{cached},\"audio_tokens\":0}},\
         \"completion_tokens_details\":{{\"reasoning_tokens\":{reasoning},\"audio_tokens\":0,\
         \"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}}"
    )
}
