//! Thought that another provider signed or sealed, in a body that goes on as it came: a conversation that began at one provider
//! and goes on at one that speaks as the caller does. That provider refuses what is not its own, so it is left out, as it is
//! where a body is written anew. A body is parsed only if a mark of ours stands in it.

use memchr::memmem;
use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::protocol::Protocol;
use serde_json::Value;

use super::anthropic::of_claude;
use super::responses::is_elsewhere;
use super::{Did, Notes, signature};

/// How marks of ours look in a caller's raw JSON.
const IN_MESSAGES: [&str; 3] = ["\"gemini:", "\"openai:", "\"millrace-thought:"];
const IN_RESPONSES: [&str; 2] = ["\"signature:", "\"redacted:"];
/// What every wrapped signature begins with: `millra` in base64.
const IN_CONTENTS: [&str; 1] = ["\"bWlsbHJh"];

/// The caller's conversation without such thought, as a member for its body; nothing where there is none.
pub fn without(call: &EncodeCall<'_>, notes: &mut Notes) -> Option<(String, String)> {
    let (list, marks): (_, &[&str]) = match call.protocol {
        Protocol::Messages => ("messages", &IN_MESSAGES),
        Protocol::Responses => ("input", &IN_RESPONSES),
        Protocol::GenerateContent => ("contents", &IN_CONTENTS),
        Protocol::Chat | Protocol::Text | Protocol::Own => return None,
    };
    let raw = call.envelope.field(list)?;
    if !marks.iter().any(|mark| memmem::find(raw, mark.as_bytes()).is_some()) {
        return None;
    }
    // what is no list is for the provider to refuse
    let mut said: Vec<Value> = serde_json::from_slice(raw).ok()?;
    let changed = stripped(call.protocol, &mut said);
    if changed {
        notes.add("messages.thinking.signature", Did::Dropped, "signed or sealed for another provider");
    }
    changed.then(|| (list.to_owned(), Value::Array(said).to_string()))
}

/// Leaves it out; tells whether there was any.
fn stripped(protocol: Protocol, said: &mut Vec<Value>) -> bool {
    let mut changed = false;
    said.retain_mut(|turn| {
        let (list, keeps): (_, fn(&mut Value, &mut bool) -> bool) = match protocol {
            Protocol::Responses => {
                let elsewhere =
                    turn["type"] == "reasoning" && turn["encrypted_content"].as_str().is_some_and(is_elsewhere);
                changed |= elsewhere;
                return !elsewhere;
            }
            Protocol::GenerateContent => ("parts", keeps_part),
            _ => ("content", keeps_block),
        };
        let Some(parts) = turn.get_mut(list).and_then(Value::as_array_mut) else { return true };
        let before = parts.len();
        parts.retain_mut(|part| keeps(part, &mut changed));
        changed |= parts.len() < before;
        // a turn of nothing else says nothing now
        !parts.is_empty() || before == 0
    });
    changed
}

fn keeps_block(block: &mut Value, _: &mut bool) -> bool {
    let sealed = match block.get("type").and_then(Value::as_str) {
        Some("thinking") => block["signature"].as_str(),
        Some("redacted_thinking") => block["data"].as_str(),
        _ => None,
    };
    sealed.is_none_or(of_claude)
}

/// A part that says something keeps that.
fn keeps_part(part: &mut Value, changed: &mut bool) -> bool {
    let Some(members) = part.as_object_mut() else { return true };
    for name in ["thoughtSignature", "thought_signature"] {
        let elsewhere = |value: &Value| value.as_str().is_some_and(signature::is_wrapped);
        if members.get(name).is_some_and(elsewhere) {
            members.shift_remove(name);
            *changed = true;
            return members.get("text").is_none_or(|text| text != "");
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dialects::responses::of_sealed;

    #[test]
    fn what_others_sealed_is_left_out_and_all_else_stays() {
        let text = json!({"type": "text", "text": "t"});
        let own = json!({"type": "thinking", "thinking": "w", "signature": "EqoB"});
        let given = json!([{"role": "user", "content": "gemini: \"openai:"},
            {"role": "assistant", "content": [{"type": "redacted_thinking", "data": signature::sealed_words("w")},
                {"type": "thinking", "thinking": "w", "signature": signature::marked("s")}, own, text]},
            {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "openai:rs:e"}]}]);
        let want = json!([given[0], {"role": "assistant", "content": [own, text]}]);
        assert_eq!(after(Protocol::Messages, &given), (true, want));
        let given = json!([{"type": "reasoning", "summary": [], "encrypted_content": of_sealed("d")},
            {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}, {"role": "user", "content": "x"}]);
        assert_eq!(after(Protocol::Responses, &given), (true, json!([given[1], given[2]])));
        let call = json!({"functionCall": {"name": "f"}});
        let mut signed = call.clone();
        signed["thoughtSignature"] = signature::wrapped("EqoB").into();
        let own = json!({"text": "", "thoughtSignature": "CiQB"});
        let sealed = json!({"text": "", "thought": true, "thoughtSignature": signature::wrapped_redacted("d")});
        let given = json!([{"role": "model", "parts": [sealed, signed, own]}]);
        assert_eq!(after(Protocol::GenerateContent, &given), (true, json!([{"role": "model", "parts": [call, own]}])));
        for protocol in [Protocol::Messages, Protocol::Responses, Protocol::GenerateContent] {
            let odd = json!([7, "x", {"content": "t", "parts": null}, {"content": []}, {"content": [7], "parts": [7]}]);
            assert_eq!(after(protocol, &odd), (false, odd));
        }
    }

    fn after(protocol: Protocol, given: &Value) -> (bool, Value) {
        let mut said = given.as_array().unwrap().clone();
        (stripped(protocol, &mut said), said.into())
    }
}
