//! Parameters that a deployment's entry sets (`litellm_params`) and the caller does not. The operator writes them in OpenAI's
//! words whatever callers speak, so each protocol gets them in its own: a request that is read and written anew has them in
//! the model, and a body that goes on as it came gets what the protocol's writer makes of them.

use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::protocol::Protocol;
use serde_json::{Map, Value, json};

use super::{BadRequest, Request, Target, Written, openai};

/// Two names of one parameter: a body that has either is not given the other.
const SAME: [[&str; 2]; 1] = [["max_tokens", "max_completion_tokens"]];

/// Objects whose members are parameters of their own; any other is one value.
const MERGED: [&str; 4] = ["generationConfig", "output_config", "reasoning", "text"];

/// A writer of requests.
pub type Write<'w> = &'w dyn Fn(&Request, &Target<'_>) -> Result<Written, BadRequest>;

/// What OpenAI's callers do not say, as it was written.
pub fn raw(call: &EncodeCall<'_>) -> Vec<(String, String)> {
    let given = |name: &str| call.envelope.field(name).is_some();
    let twin =
        |name: &str| SAME.iter().find(|pair| pair.contains(&name)).is_some_and(|pair| pair.iter().any(|n| given(n)));
    let absent = |(name, _): &&(String, String)| !given(name) && !twin(name);
    call.deployment.default_params.iter().filter(absent).cloned().collect()
}

/// Members for a body that goes on as it came: whole ones where the caller has none, and where both have one of parameters
/// (Google's `generationConfig`, the `reasoning` of responses) in the caller's, whose own members win. What the protocol has no
/// word for is left out. Bodies that are only counted get none: those resources know no such members.
pub fn own(call: &EncodeCall<'_>, write: Write<'_>) -> Vec<(String, String)> {
    if call.deployment.default_params.is_empty() {
        return Vec::new();
    }
    match (call.protocol, call.endpoint) {
        (_, Endpoint::CountTokens | Endpoint::CountContent) => return Vec::new(),
        (Protocol::Messages | Protocol::Responses | Protocol::GenerateContent, _) => {}
        _ => return raw(call),
    }
    let members = native(call, write).unwrap_or_default();
    members.into_iter().filter_map(|(name, value)| added(call, name, value)).collect()
}

/// Puts them into a request, where it says nothing; and takes out what the entry drops (`additional_drop_params`), whose names
/// are OpenAI's too.
///
/// # Errors
/// What the entry sets cannot be read as parameters of OpenAI's.
pub fn fill(call: &EncodeCall<'_>, request: &mut Request) -> Result<(), BadRequest> {
    call.deployment.drop.iter().for_each(|name| forget(request, name));
    if call.deployment.default_params.is_empty() {
        return Ok(());
    }
    let set = read(call, Vec::new())?;
    macro_rules! fill {
        ($($name:ident)*) => {$(
            if request.$name.is_none() {
                request.$name = set.$name;
            }
        )*};
    }
    fill!(tool_choice parallel_tool_calls max_tokens temperature top_p top_k n seed presence_penalty frequency_penalty);
    fill!(logit_bias logprobs top_logprobs format reasoning user service_tier metadata);
    if request.tools.is_empty() {
        request.tools = set.tools;
    }
    if request.stop.is_empty() {
        request.stop = set.stop;
    }
    for (name, value) in set.rest {
        request.rest.entry(name).or_insert(value);
    }
    Ok(())
}

fn forget(request: &mut Request, name: &str) {
    match name {
        "max_tokens" | "max_completion_tokens" => request.max_tokens = None,
        "temperature" => request.temperature = None,
        "top_p" => request.top_p = None,
        "top_k" => request.top_k = None,
        "stop" => request.stop.clear(),
        "n" => request.n = None,
        "seed" => request.seed = None,
        "presence_penalty" => request.presence_penalty = None,
        "frequency_penalty" => request.frequency_penalty = None,
        "logprobs" => request.logprobs = None,
        "top_logprobs" => request.top_logprobs = None,
        "response_format" => request.format = None,
        "reasoning_effort" | "thinking" => request.reasoning = None,
        "parallel_tool_calls" => request.parallel_tool_calls = None,
        "tool_choice" => request.tool_choice = None,
        "tools" => request.tools.clear(),
        "user" => request.user = None,
        "service_tier" => request.service_tier = None,
        "metadata" => request.metadata = None,
        other => drop(request.rest.shift_remove(other)),
    }
}

/// The limit that is set, in OpenAI's words: Anthropic's callers may leave theirs out where there is one.
pub fn limit(call: &EncodeCall<'_>) -> Option<(String, String)> {
    let set = &call.deployment.default_params;
    let named = SAME[0].iter().rev().find_map(|name| set.iter().find(|(known, _)| known == name));
    named.map(|(_, raw)| ("max_tokens".to_owned(), raw.clone()))
}

fn read(call: &EncodeCall<'_>, messages: Vec<Value>) -> Result<Request, BadRequest> {
    let set = call.deployment.default_params.iter();
    let parsed = set.filter_map(|(name, raw)| Some((name.clone(), serde_json::from_str(raw).ok()?)));
    let mut body: Map<String, Value> = parsed.collect();
    body.insert("messages".into(), messages.into());
    openai::read_request(Value::Object(body).to_string().as_bytes()).map_err(|bad| BadRequest {
        what: format!("The deployment's own parameters cannot be read. {}", bad.what),
        ..bad
    })
}

/// What they are in the caller's protocol: what its writer writes for them, and not without them.
fn native(call: &EncodeCall<'_>, write: Write<'_>) -> Option<Map<String, Value>> {
    let target = Target { model: call.model, max_output_tokens: call.max_output_tokens, stream_usage: false };
    let set = read(call, vec![json!({"role": "user", "content": "."})]).ok()?;
    let unset = Request { messages: set.messages.clone(), ..Request::default() };
    let body = |request| serde_json::from_slice::<Map<String, Value>>(&write(request, &target).ok()?.body).ok();
    let (with, without) = (body(&set)?, body(&unset)?);
    Some(with.into_iter().filter(|(name, value)| without.get(name) != Some(value)).collect())
}

/// One member for the caller's body, as raw JSON; nothing where the caller's own says it all.
fn added(call: &EncodeCall<'_>, name: String, value: Value) -> Option<(String, String)> {
    let google = call.protocol == Protocol::GenerateContent;
    let known = call.envelope.fields().find(|(known, _)| is_same(known, &name, google));
    let Some((known, own)) = known else { return Some((name, value.to_string())) };
    if !MERGED.contains(&name.as_str()) {
        return None;
    }
    let (Value::Object(members), Ok(Value::Object(mut own))) = (value, serde_json::from_slice(own)) else {
        return None;
    };
    for (name, value) in members {
        if !own.keys().any(|known| is_same(known, &name, google)) {
            own.insert(name, value);
        }
    }
    Some((known.to_owned(), Value::Object(own).to_string()))
}

/// Google's members may be spelt with underscores.
fn is_same(given: &str, name: &str, google: bool) -> bool {
    given == name || (google && given.replace('_', "").eq_ignore_ascii_case(name))
}
