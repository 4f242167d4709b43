//! The parameters of a request, for a server that does not take them all.

use millrace_actors::fault::Fault;
use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::envelope::{Endpoint, Envelope};
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::scan;

use super::messages;
use crate::dialects::{bridge, responses};
use crate::providers::row::Traits;

/// What to leave out of a body, and what to put in.
#[derive(Default)]
pub struct Amended<'e> {
    /// Names of fields.
    pub drop: Vec<&'e str>,
    /// Names, and raw JSON.
    pub set: Vec<(String, String)>,
}

/// The changes that `envelope`, a body in OpenAI's protocol, needs.
///
/// # Errors
/// A parameter would be lost, and `drop_params` does not allow it.
pub fn amended<'e>(
    call: &EncodeCall<'_>,
    envelope: &'e Envelope,
    traits: &Traits,
    notes: &mut Notes,
) -> Result<Amended<'e>, Fault> {
    let mut amended = Amended::default();
    let mut lost = vec![];
    for (name, raw) in envelope.fields().filter(|(_, raw)| *raw != b"null") {
        if call.deployment.drop.iter().any(|dropped| dropped == name) {
            continue;
        }
        match fate(name, raw, call.model, traits) {
            Fate::Stays => {}
            Fate::Becomes(to, raw) => {
                notes.add(name, Did::Renamed, &format!("{to} {raw}"));
                // where the caller gave both names, the newer one counts
                amended.drop.extend((to != name).then_some(name));
                amended.set.push((to.to_owned(), raw));
            }
            Fate::Goes => {
                amended.drop.push(name);
                if bridge::is_label(name) || says_nothing(name, raw) {
                    notes.add(name, Did::Dropped, "the provider has no such parameter");
                } else {
                    lost.push(name);
                }
            }
        }
    }
    if !lost.is_empty() && !call.deployment.drop_params {
        return Err(bridge::unsupported(call, &lost));
    }
    lost.iter().for_each(|name| notes.add(name, Did::Dropped, "the provider has no such parameter"));
    if matches!(call.endpoint, Endpoint::Chat | Endpoint::Messages | Endpoint::Responses | Endpoint::Generate) {
        let given = |name: &str| call.deployment.default_params.iter().any(|(known, _)| known == name);
        let absent = traits.sets.iter().filter(|(name, _)| envelope.field(name).is_none() && !given(name));
        amended.set.extend(absent.map(|(name, raw)| ((*name).to_owned(), (*raw).to_owned())));
    }
    let messages = envelope.field("messages").and_then(|raw| messages::amended(raw, traits, notes));
    amended.set.extend(messages.map(|raw| ("messages".to_owned(), raw)));
    Ok(amended)
}

/// What to leave out of a body of responses, of which the server lacks some parameters.
///
/// # Errors
/// As [`amended`]; and whatever asks for something kept is refused in any case, since the answer would know nothing of it.
pub fn lacked<'e>(call: &EncodeCall<'e>, lacks: &[&str], notes: &mut Notes) -> Result<Vec<&'e str>, Fault> {
    let asked = call.envelope.fields().filter(|(name, raw)| lacks.contains(name) && *raw != b"null");
    let (mut out, mut lost) = (Vec::new(), Vec::new());
    for (name, raw) in asked {
        if call.deployment.drop.iter().any(|dropped| dropped == name) {
            continue;
        }
        if let Some(bad) = responses::kept(name).filter(|_| raw != b"false") {
            return Err(bridge::refused(bad));
        }
        out.push(name);
        match bridge::is_label(name) || says_nothing(name, raw) {
            true => notes.add(name, Did::Dropped, "the provider has no such parameter"),
            false => lost.push(name),
        }
    }
    if !lost.is_empty() && !call.deployment.drop_params {
        return Err(bridge::unsupported(call, &lost));
    }
    lost.iter().for_each(|name| notes.add(name, Did::Dropped, "the provider has no such parameter"));
    Ok(out)
}

/// What becomes of a parameter.
enum Fate<'t> {
    Stays,
    /// It has this name and raw value here.
    Becomes(&'t str, String),
    Goes,
}

fn fate<'t>(name: &str, raw: &[u8], model: &str, traits: &'t Traits) -> Fate<'t> {
    let lacked = traits.lacks.contains(&name) || (traits.model_lacks)(model).contains(&name);
    if lacked || (name == "stream_options" && !traits.stream_options) {
        return Fate::Goes;
    }
    if let Some((_, to)) = traits.renames.iter().find(|(from, _)| *from == name) {
        return Fate::Becomes(to, String::from_utf8_lossy(raw).into_owned());
    }
    if name != "tool_choice" {
        return Fate::Stays;
    }
    let word = scan::string(raw);
    match word.as_deref().unwrap_or("function") {
        word if traits.tool_choice.contains(&word) => Fate::Stays,
        "required" if traits.tool_choice.contains(&"any") => Fate::Becomes("tool_choice", "\"any\"".into()),
        _ => Fate::Goes,
    }
}

/// Values that ask for what happens anyway: clients write them out, and nothing is lost with them.
fn says_nothing(name: &str, raw: &[u8]) -> bool {
    match name {
        "n" => raw == b"1",
        "logprobs" | "store" => raw == b"false",
        "frequency_penalty" | "presence_penalty" | "top_logprobs" => matches!(raw, b"0" | b"0.0"),
        "logit_bias" | "tools" | "functions" | "stop" => matches!(raw, b"{}" | b"[]"),
        "tool_choice" | "function_call" => raw == b"\"auto\"",
        "modalities" => raw == b"[\"text\"]",
        "parallel_tool_calls" => raw == b"true",
        "truncation" => raw == b"\"disabled\"",
        "background" => raw == b"false",
        // asks for no more than to be told
        "include" => true,
        _ => false,
    }
}
