//! The log record: one struct an exchange, given to every `log_success` / `log_failure` hook.
//!
//! Names are LiteLLM's standard logging payload's where they fit (COMPAT section 2, `standard_logging_object`), so that
//! whoever reads LiteLLM's records reads ours. Prompts and answers are not part of it: a gateway that keeps no content
//! cannot leak any. `millrace check --record-schema` prints the JSON schema.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::answer::CUT;
use crate::wire::notes::Notes;
use crate::wire::usage::Usage;

/// Bytes kept of a name that a caller chose. A request body's limit is the only other bound on such a name, and a queue or
/// a log of records must not be as large as the requests were. Names in use have a tenth of this.
pub const NAME_BYTES: usize = 256;

/// Bytes kept of an error's message: as much as is kept of a provider's, if it is ASCII.
pub const MESSAGE_BYTES: usize = 2048;

/// How an exchange ended. Every admitted exchange ends in exactly one of these (invariant I3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer was delivered, or handed to the client's connection.
    Ok,
    /// Served from a cache.
    Cached,
    /// The client left first.
    ClientCancelled,
    /// The provider answered with an error, or could not be reached.
    UpstreamError,
    /// The provider's answer broke off.
    Truncated,
    /// A deadline passed.
    Timeout,
    /// A callback or a limit refused it.
    Blocked,
    /// A defect of ours.
    InternalError,
}

impl Outcome {
    /// The name in records and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Cached => "cached",
            Outcome::ClientCancelled => "client_cancelled",
            Outcome::UpstreamError => "upstream_error",
            Outcome::Truncated => "truncated",
            Outcome::Timeout => "timeout",
            Outcome::Blocked => "blocked",
            Outcome::InternalError => "internal_error",
        }
    }

    /// Whether `log_success` gets the record.
    pub fn is_success(self) -> bool {
        matches!(self, Outcome::Ok | Outcome::Cached)
    }
}

/// One exchange, settled. Times are Unix seconds with a fraction, durations seconds, money US dollars in decimal text. Of a
/// text that a caller or a provider chose, a record keeps the first 256 bytes, of an error's message 2,048, back to a whole
/// character; `…` at the end says that there was more.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogRecord {
    /// `x-litellm-call-id`.
    pub id: Arc<str>,
    /// `x-request-id`: the caller's, or ours.
    pub request_id: Arc<str>,
    /// LiteLLM's call type: `acompletion`, `atext_completion`, `aembedding` ...
    pub call_type: &'static str,
    /// OpenTelemetry's `gen_ai.operation.name`: `chat`, `text_completion`, `embeddings` ...
    pub operation: &'static str,
    /// The route that was matched.
    pub route: &'static str,
    /// Whether the caller asked for a stream.
    pub stream: bool,
    /// `success` or `failure`.
    pub status: &'static str,
    /// The end, exactly.
    pub outcome: Outcome,
    /// The HTTP status the caller got, or would have got if it had stayed.
    pub response_status: u16,
    /// The model as the caller wrote it.
    #[schemars(length(max = NAME_BYTES + 1))]
    pub model: Arc<str>,
    /// The model group that served it; empty if none did.
    #[schemars(length(max = NAME_BYTES + 1))]
    pub model_group: Arc<str>,
    /// The deployment's id; empty if none was tried.
    pub model_id: Arc<str>,
    /// The provider's own name of the model.
    #[schemars(length(max = NAME_BYTES + 1))]
    pub upstream_model: Arc<str>,
    /// The provider.
    pub custom_llm_provider: &'static str,
    /// The deployment's base URL.
    pub api_base: Arc<str>,
    /// The caller's alias; never its key.
    pub user_api_key_alias: Arc<str>,
    /// When the request was accepted.
    #[serde(rename = "startTime")]
    pub start_time: f64,
    /// When the first event reached the relay; streams only.
    #[serde(rename = "completionStartTime", skip_serializing_if = "Option::is_none")]
    pub completion_start_time: Option<f64>,
    /// When it settled.
    #[serde(rename = "endTime")]
    pub end_time: f64,
    /// `endTime - startTime`.
    pub response_time: f64,
    /// The gateway's own share: total time less the time spent waiting for the provider and for the client to read.
    pub overhead_time: f64,
    /// Input tokens.
    pub prompt_tokens: u64,
    /// Output tokens.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
    /// Input tokens that the provider read from its cache.
    pub cached_tokens: u64,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// What else was counted: only what there was any of.
    #[serde(skip_serializing_if = "UsageDetails::is_empty")]
    pub usage_details: UsageDetails,
    /// Whether the tokens were estimated from what was sent and delivered, since the provider reported none.
    pub estimated: bool,
    /// What it cost; absent when the model has no known price. Never 0 for want of a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_cost: Option<String>,
    /// The prices above zero that its model has but that could not be reckoned, since the answer does not tell what they are
    /// for (seconds of sound, say), or since they are not metered. Then there is no `response_cost`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreckoned_prices: Vec<String>,
    /// Whether the budget stage was skipped because everything that may serve the group is priced at zero.
    pub zero_cost: bool,
    /// Upstream calls made.
    pub attempts: u32,
    /// Of these, repeats within a model group.
    pub attempted_retries: u32,
    /// Fallback groups entered.
    pub attempted_fallbacks: u32,
    /// Events delivered; streams only.
    pub stream_events: u64,
    /// The generation of the callbacks that this exchange ran with.
    pub callbacks_generation: u64,
    /// The generation of routes and prices that it ran with.
    pub routing_generation: u64,
    /// What of the request the provider got otherwise than the caller wrote it (`x-millrace-params`).
    #[serde(skip_serializing_if = "Notes::is_empty")]
    pub params: Notes,
    /// The class of what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_class: Option<&'static str>,
    /// Its message, as the caller was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MESSAGE_BYTES + 1))]
    pub error_message: Option<String>,
}

/// Parts of the tokens, in the convention of [`Usage`], and what was billed besides: what the cost was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UsageDetails {
    /// Input tokens that the provider wrote to its cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation_tokens: Option<u64>,
    /// Of these, to be kept for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation_hour_tokens: Option<u64>,
    /// Input tokens that the provider's tools read for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_prompt_tokens: Option<u64>,
    /// Input tokens of sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_input_tokens: Option<u64>,
    /// Output tokens of sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_output_tokens: Option<u64>,
    /// Input tokens of pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_input_tokens: Option<u64>,
    /// Output tokens of pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_output_tokens: Option<u64>,
    /// Searches of the web that the provider made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_searches: Option<u64>,
    /// The tier that served it, where the provider told one: `standard`, `priority`, `flex`, `batches`, `provisioned` ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'static str>,
}

impl UsageDetails {
    /// Those of a usage.
    pub fn of(usage: &Usage) -> Self {
        let any = |count: u64| (count > 0).then_some(count);
        UsageDetails {
            cache_creation_tokens: any(usage.cache_creation_tokens),
            cache_creation_hour_tokens: any(usage.cache_creation_hour_tokens),
            tool_prompt_tokens: any(usage.tool_prompt_tokens),
            audio_input_tokens: any(usage.audio_input_tokens),
            audio_output_tokens: any(usage.audio_output_tokens),
            image_input_tokens: any(usage.image_input_tokens),
            image_output_tokens: any(usage.image_output_tokens),
            web_searches: any(usage.web_searches),
            service_tier: usage.service_tier.map(|tier| tier.name()),
        }
    }

    /// Whether there was nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a record keeps of a text that somebody else chose: all of it, or its first `limit` bytes, back to a whole
/// character, and a mark.
pub fn kept(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut kept = text[..text.floor_char_boundary(limit)].to_owned();
    kept.push(CUT);
    kept
}

/// The same of a name. One that is kept whole is shared with the exchange and not copied: a record is freed by a sink's
/// thread, and each text of its own would be memory that its worker finds cold.
pub fn kept_name(name: &Arc<str>) -> Arc<str> {
    if name.len() <= NAME_BYTES { Arc::clone(name) } else { kept(name, NAME_BYTES).into() }
}

/// The JSON schema of [`LogRecord`].
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(LogRecord).to_value()
}
