//! What the writers of requests do alike with parameters that are given: put them under their own name, or say that they have
//! none.

use serde_json::{Map, Number, Value};

use super::request::Request;
use super::{Did, Notes};

/// A parameter by its name in the model of requests, and whether it asks for anything.
pub type Given = (&'static str, fn(&Request) -> bool);

/// More than one answer: one is what every answer is.
pub const N: Given = ("n", |request| request.n.as_ref().is_some_and(|n| n.as_u64() != Some(1)));
/// Tools that the model may call.
pub const TOOLS: Given = ("tools", |request| !request.tools.is_empty());
/// One call at a time: several are what a provider does of itself.
pub const PARALLEL_TOOL_CALLS: Given = ("parallel_tool_calls", |request| request.parallel_tool_calls == Some(false));
/// Texts at which to stop.
pub const STOP: Given = ("stop", |request| !request.stop.is_empty());
/// How many tokens are chosen from.
pub const TOP_K: Given = ("top_k", |request| request.top_k.is_some());
/// What makes an answer repeat.
pub const SEED: Given = ("seed", |request| request.seed.is_some());
/// Against what was said at all.
pub const PRESENCE_PENALTY: Given = ("presence_penalty", |request| request.presence_penalty.is_some());
/// Against what was said often.
pub const FREQUENCY_PENALTY: Given = ("frequency_penalty", |request| request.frequency_penalty.is_some());
/// For and against single tokens.
pub const LOGIT_BIAS: Given = ("logit_bias", |request| request.logit_bias.is_some());
/// The likeliest tokens at each place.
pub const TOP_LOGPROBS: Given = ("top_logprobs", |request| request.top_logprobs.is_some());
/// The form of the answer, as JSON or by a schema.
pub const RESPONSE_FORMAT: Given = ("response_format", |request| request.format.is_some());
/// Thought: that there shall be none asks for nothing.
pub const REASONING: Given =
    ("reasoning_effort", |request| request.reasoning.as_ref().is_some_and(|reasoning| !reasoning.is_off()));
/// For whom the caller asks.
pub const USER: Given = ("user", |request| request.user.is_some());
/// How fast, and at which price.
pub const SERVICE_TIER: Given = ("service_tier", |request| request.service_tier.is_some());
/// The caller's own labels.
pub const METADATA: Given = ("metadata", |request| request.metadata.is_some());

/// Notes the parameters of these that are given: a protocol without them tells the provider nothing of them.
pub fn lacking(these: &[Given], why: &str, request: &Request, notes: &mut Notes) {
    for (name, _) in these.iter().filter(|(_, is_given)| is_given(request)) {
        notes.add(name, Did::Dropped, why);
    }
}

/// Puts the numbers that are given under the names that a protocol has for them.
pub fn numbers<'r>(named: impl IntoIterator<Item = (&'r str, &'r Option<Number>)>, body: &mut Map<String, Value>) {
    let given = |(name, number): (&str, &Option<Number>)| Some((name.to_owned(), Value::Number(number.clone()?)));
    body.extend(named.into_iter().filter_map(given));
}
