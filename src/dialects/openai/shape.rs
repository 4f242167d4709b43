//! The shape of chunks and whole answers, as far as they are read.
//!
//! Texts stay raw until they are wanted: servers differ in what they put there, and a raw value fails no event that means
//! nothing to us.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use millrace_actors::wire::scan;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON value that was not read yet; `null` counts as absent.
pub type Raw<'a> = Option<&'a RawValue>;

/// A chunk, or a whole answer.
#[derive(Deserialize)]
pub struct Answer<'a> {
    #[serde(borrow, default)]
    pub id: Raw<'a>,
    #[serde(borrow, default)]
    pub model: Raw<'a>,
    #[serde(borrow, default)]
    pub created: Raw<'a>,
    #[serde(borrow, default)]
    pub service_tier: Raw<'a>,
    #[serde(borrow, default)]
    pub system_fingerprint: Raw<'a>,
    #[serde(borrow, default)]
    pub choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    pub usage: Raw<'a>,
    #[serde(borrow, default)]
    pub error: Raw<'a>,
    /// Addresses of sources, as Perplexity and xAI tell them.
    #[serde(borrow, default)]
    pub citations: Raw<'a>,
    /// The pages behind them (Perplexity).
    #[serde(borrow, default)]
    pub search_results: Raw<'a>,
    /// Where Groq puts a stream's usage.
    #[serde(borrow, default)]
    pub x_groq: Raw<'a>,
}

/// An object beside the answer that may tell usage.
#[derive(Deserialize)]
struct Beside<'a> {
    #[serde(borrow, default)]
    usage: Raw<'a>,
}

/// One of `n` answers.
#[derive(Deserialize)]
pub struct Choice<'a> {
    #[serde(default)]
    pub index: Option<u32>,
    /// In a chunk.
    #[serde(borrow, default)]
    pub delta: Option<Said<'a>>,
    /// In a whole answer.
    #[serde(borrow, default)]
    pub message: Option<Said<'a>>,
    /// In a text completion, whole or in part.
    #[serde(borrow, default)]
    pub text: Raw<'a>,
    /// Beside it: thought.
    #[serde(borrow, default)]
    pub reasoning_content: Raw<'a>,
    /// The same, as OpenRouter tells it.
    #[serde(borrow, default)]
    pub reasoning: Raw<'a>,
    #[serde(borrow, default)]
    pub finish_reason: Raw<'a>,
    #[serde(borrow, default)]
    pub logprobs: Raw<'a>,
    /// The stop sequence that was met, as vLLM tells it.
    #[serde(borrow, default)]
    pub stop_reason: Raw<'a>,
    /// The same, as SGLang tells it.
    #[serde(borrow, default)]
    pub matched_stop: Raw<'a>,
    /// Where Moonshot puts a stream's usage.
    #[serde(borrow, default)]
    pub usage: Raw<'a>,
}

/// What a delta or a message says.
#[derive(Deserialize)]
pub struct Said<'a> {
    #[serde(borrow, default)]
    pub content: Raw<'a>,
    #[serde(borrow, default)]
    pub refusal: Raw<'a>,
    #[serde(borrow, default)]
    pub reasoning_content: Raw<'a>,
    #[serde(borrow, default)]
    pub reasoning: Raw<'a>,
    #[serde(borrow, default)]
    pub thinking_blocks: Raw<'a>,
    /// OpenRouter's blocks of thought.
    #[serde(borrow, default)]
    pub reasoning_details: Raw<'a>,
    #[serde(borrow, default)]
    pub annotations: Raw<'a>,
    /// Where LiteLLM puts sources for which OpenAI has no form.
    #[serde(borrow, default)]
    pub provider_specific_fields: Raw<'a>,
    #[serde(borrow, default)]
    pub audio: Raw<'a>,
    /// Pictures, as OpenRouter and LiteLLM tell them.
    #[serde(borrow, default)]
    pub images: Raw<'a>,
    #[serde(borrow, default)]
    pub tool_calls: Option<Vec<Call<'a>>>,
    #[serde(borrow, default)]
    pub function_call: Option<Function<'a>>,
}

/// A tool call, or a piece of one.
#[derive(Deserialize)]
pub struct Call<'a> {
    #[serde(default)]
    pub index: Option<u32>,
    #[serde(borrow, default)]
    pub id: Raw<'a>,
    #[serde(borrow, default)]
    pub function: Option<Function<'a>>,
    /// A custom tool, in the place of a function.
    #[serde(borrow, default)]
    pub custom: Option<Custom<'a>>,
}

/// A custom tool that is called.
#[derive(Deserialize)]
pub struct Custom<'a> {
    #[serde(borrow, default)]
    pub name: Raw<'a>,
    #[serde(borrow, default)]
    pub input: Raw<'a>,
}

/// What is called.
#[derive(Deserialize)]
pub struct Function<'a> {
    #[serde(borrow, default)]
    pub name: Raw<'a>,
    #[serde(borrow, default)]
    pub arguments: Raw<'a>,
}

impl<'a> Answer<'a> {
    /// Reads a chunk or a whole answer.
    ///
    /// # Errors
    /// It is not JSON of this shape.
    pub fn parse(data: &'a [u8]) -> Result<Self, Fault> {
        // serde would read a list, too, member by member
        if data.trim_ascii_start().first() != Some(&b'{') {
            return Err(invalid("not a chat completion: it is no JSON object"));
        }
        serde_json::from_slice(data).map_err(|e| invalid(&format!("not a chat completion: {e}")))
    }

    /// The usage, wherever it stands.
    pub fn usage(&self) -> Raw<'a> {
        let beside = || serde_json::from_str::<Beside<'a>>(self.x_groq?.get()).ok()?.usage;
        let within = || self.choices.iter().flatten().find_map(|choice| choice.usage);
        self.usage.or_else(beside).or_else(within)
    }
}

/// The string that a raw value is; nothing where it is absent, empty or something else.
pub fn word(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    scan::string(raw?.get().as_bytes()).filter(|text| !text.is_empty())
}

/// The number that a raw value is, fractions cut off.
pub fn seconds(raw: Raw<'_>) -> Option<u64> {
    let value: Value = serde_json::from_str(raw?.get()).ok()?;
    value.as_u64().or_else(|| value.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64))
}

/// Any value, read.
pub fn value(raw: Raw<'_>) -> Option<Value> {
    serde_json::from_str(raw?.get()).ok()
}

/// An answer that cannot be understood, and where. What the provider wrote may stand in `cause`, so it is cut.
pub fn invalid(cause: &str) -> Fault {
    const LONGEST: usize = 300;
    Fault::InvalidAnswer { cause: cause.chars().take(LONGEST).collect() }
}
