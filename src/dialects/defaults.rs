//! Parameters that a deployment's entry sets (`litellm_params`) and the caller does not. The operator writes them in OpenAI's
//! words whatever callers speak, so each protocol gets them in its own: a request that is read and written anew has them in
//! the model, and a body that goes on as it came gets what the protocol's writer makes of them.

use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::protocol::Protocol;
use serde_json::{Map, Value, json};

use super::members::{Wins, is_googles, is_same, merge};
use super::request::{Message, Part, Role};
use super::{BadRequest, Did, Notes, Request, Target, Written, openai};

/// Two names of one parameter: a body that has either is not given the other.
const SAME: [[&str; 2]; 1] = [["max_tokens", "max_completion_tokens"]];

/// Objects whose members are parameters of their own, besides Google's; any other is one value.
const MERGED: [&str; 3] = ["output_config", "reasoning", "text"];

/// Members of callers' bodies in which parameters stand that others depend on.
const DECIDING: [&str; 13] = [
    "max_tokens",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_k",
    "tool_choice",
    "thinking",
    "output_config",
    "reasoning",
    "generationConfig",
    "generation_config",
    "toolConfig",
    "tool_config",
];

/// The reader and the writer of the caller's protocol.
pub struct How<'h> {
    /// Reads a body.
    pub read: &'h dyn Fn(&[u8]) -> Result<Request, BadRequest>,
    /// Writes one.
    pub write: &'h dyn Fn(&Request, &Target<'_>) -> Result<Written, BadRequest>,
}

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
/// word for is left out and noted. Bodies that are only counted get none: those resources know no such members.
///
/// # Errors
/// What the entry sets cannot be read, or not be written in that protocol.
pub fn own(call: &EncodeCall<'_>, how: &How<'_>) -> Result<(Vec<(String, String)>, Notes), BadRequest> {
    if call.deployment.default_params.is_empty() {
        return Ok(Default::default());
    }
    match (call.protocol, call.endpoint) {
        (_, Endpoint::CountTokens | Endpoint::CountContent) => return Ok(Default::default()),
        (Protocol::Messages | Protocol::Responses | Protocol::GenerateContent, _) => {}
        _ => return Ok((raw(call), Notes::default())),
    }
    let (members, notes) = native(call, how)?;
    Ok((members.into_iter().filter_map(|(name, value)| added(call, name, value)).collect(), notes))
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
    put(request, read(call)?);
    Ok(())
}

/// Puts parameters into a request, where it says nothing.
fn put(request: &mut Request, set: Request) {
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

fn read(call: &EncodeCall<'_>) -> Result<Request, BadRequest> {
    let told = |what: String| format!("The deployment's own parameters cannot be read. {what}");
    let mut body = Map::from_iter([("messages".to_owned(), json!([]))]);
    for (name, raw) in &call.deployment.default_params {
        let invalid =
            |why: serde_json::Error| BadRequest { pointer: String::new(), what: told(format!("{name}: {why}")) };
        body.insert(name.clone(), serde_json::from_str(raw).map_err(invalid)?);
    }
    openai::read_request(Value::Object(body).to_string().as_bytes())
        .map_err(|bad| BadRequest { what: told(bad.what), ..bad })
}

/// What they are in the caller's protocol: what its writer makes of them beside those of the caller's that decide with them, for
/// a limit, a temperature or a forced call of the caller's may leave no room for thought.
fn native(call: &EncodeCall<'_>, how: &How<'_>) -> Result<(Map<String, Value>, Notes), BadRequest> {
    let target = Target { model: call.model, max_output_tokens: call.max_output_tokens, stream_usage: false };
    let said = deciding(call, how);
    let mut request = said.clone();
    put(&mut request, read(call)?);
    request.messages = vec![Message { role: Role::User, name: None, parts: vec![Part::text(".")] }];
    let mut written = (how.write)(&request, &target)?;
    let mut notes = Notes::default();
    // the caller's word stays in its body, so what it does not go together with must yield
    let sampled = written.notes.dropped().find(|note| is_sampled(&said, &note.param)).map(|note| note.param.clone());
    if let Some(name) = sampled {
        let yields = match said.reasoning.is_none() && request.reasoning.take().is_some() {
            true => "reasoning_effort",
            false => {
                (request.temperature, request.top_p) = (said.temperature.clone(), said.top_p.clone());
                request.top_k = said.top_k.clone();
                "temperature"
            }
        };
        notes.add(yields, Did::Dropped, &format!("not together with the caller's {name}"));
        written = (how.write)(&request, &target)?;
    }
    let set = |name: &str| call.deployment.default_params.iter().any(|(known, _)| known == name);
    let limited = limit(call).is_some() && said.max_tokens.is_none();
    // of the caller's own nothing is changed
    let entry = |name: &str| match name {
        "max_tokens" | "max_completion_tokens" => limited,
        "reasoning_effort" | "thinking" => set(name) && said.reasoning.is_none(),
        "tool_choice" => set(name) && said.tool_choice.is_none(),
        name => set(name) && !is_sampled(&said, name),
    };
    let of_entry = written.notes.iter().filter(|note| entry(&note.param));
    of_entry.for_each(|note| notes.add(&note.param, note.did, &note.detail));
    let unreadable = |why: serde_json::Error| BadRequest { pointer: String::new(), what: why.to_string() };
    let mut members: Map<String, Value> = serde_json::from_slice(&written.body).map_err(unreadable)?;
    members.retain(|name, _| match name.as_str() {
        "model" | "messages" | "input" | "contents" => false,
        // written unasked, or out of what the caller says elsewhere
        "max_tokens" => limited,
        "thinking" => said.reasoning.is_none(),
        "store" => set("store"),
        "include" => set("logprobs"),
        _ => true,
    });
    Ok((members, notes))
}

/// Whether the caller samples by a parameter of this name.
fn is_sampled(said: &Request, name: &str) -> bool {
    match name {
        "temperature" => said.temperature.is_some(),
        "top_p" => said.top_p.is_some(),
        "top_k" => said.top_k.is_some(),
        _ => false,
    }
}

/// The caller's own parameters that others depend on, and nothing else of its body.
fn deciding(call: &EncodeCall<'_>, how: &How<'_>) -> Request {
    let needed: &[(&str, &str)] = match call.protocol {
        Protocol::Messages => &[("messages", "[]"), ("max_tokens", "1")],
        Protocol::Responses => &[("input", "[]")],
        _ => &[("contents", "[]")],
    };
    let dropped = |name: &str| call.deployment.drop.iter().any(|dropped| dropped == name);
    let said = call.envelope.fields().filter(|(name, _)| DECIDING.contains(name) && !dropped(name));
    let said: Map<String, Value> =
        said.filter_map(|(name, raw)| Some((name.to_owned(), serde_json::from_slice(raw).ok()?))).collect();
    let mut body = said.clone();
    for (name, raw) in needed {
        body.entry(*name).or_insert_with(|| serde_json::from_str(raw).unwrap_or_default());
    }
    // what is malformed decides nothing: the provider refuses it
    let read = (how.read)(Value::Object(body).to_string().as_bytes()).unwrap_or_default();
    let limited = call.protocol != Protocol::Messages || said.contains_key("max_tokens");
    Request {
        max_tokens: read.max_tokens.filter(|_| limited),
        temperature: read.temperature,
        top_p: read.top_p,
        top_k: read.top_k,
        tool_choice: read.tool_choice,
        reasoning: read.reasoning,
        ..Request::default()
    }
}

/// One member for the caller's body, as raw JSON; nothing where the caller's own says it all.
fn added(call: &EncodeCall<'_>, name: String, value: Value) -> Option<(String, String)> {
    let google = call.protocol == Protocol::GenerateContent;
    let known = call.envelope.fields().find(|(known, _)| is_same(known, &name, google));
    let Some((known, own)) = known else { return Some((name, value.to_string())) };
    let parameters = MERGED.contains(&name.as_str()) || (google && is_googles(&name));
    match (value, serde_json::from_slice(own)) {
        (Value::Object(members), Ok(Value::Object(mut own))) if parameters => {
            merge(&mut own, members, google, Wins::Own).then(|| (known.to_owned(), Value::Object(own).to_string()))
        }
        _ => None,
    }
}
