//! What stands around the choices: the same for chats and for text completions, whole and streamed.

use bytes::Bytes;
use millrace_actors::wire::usage::Usage;
use serde::Serialize;
use serde_json::Value;

use super::super::event::Start;
use super::super::{AnswerFacts, Frame};
use super::{tier, usage};

/// A whole answer; members in OpenAI's order.
#[derive(Serialize)]
struct Whole<'a, C> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<C>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<usage::Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
}

/// A whole answer with these choices.
pub fn whole(
    facts: &AnswerFacts,
    start: &Start,
    object: &'static str,
    choices: Vec<impl Serialize>,
    told: Option<Usage>,
) -> Bytes {
    let whole = Whole {
        id: start.id.as_deref().unwrap_or(&facts.id),
        object,
        created: start.created.unwrap_or(facts.created),
        model: &facts.model,
        choices,
        usage: told.as_ref().map(usage::Written::of),
        service_tier: start.service_tier.as_deref().and_then(tier::told).or_else(|| tier::served(told.as_ref()?)),
        system_fingerprint: start.system_fingerprint.as_deref(),
    };
    // maps with names for keys are always written
    serde_json::to_vec(&whole).unwrap_or_default().into()
}

/// A chunk up to its choices, as OpenAI orders its members.
pub fn head(facts: &AnswerFacts, start: Start, object: &str) -> Vec<u8> {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut head = format!(
        "{{\"id\":{},\"object\":\"{object}\",\"created\":{},\"model\":{}",
        quoted(start.id.as_deref().unwrap_or(&facts.id)),
        start.created.unwrap_or(facts.created),
        quoted(&facts.model),
    );
    let tier = start.service_tier.as_deref().and_then(tier::told);
    for (name, value) in [("service_tier", tier), ("system_fingerprint", start.system_fingerprint.as_deref())] {
        if let Some(value) = value {
            head.push_str(&format!(",\"{name}\":{}", quoted(value)));
        }
    }
    head.push_str(",\"choices\":");
    head.into_bytes()
}

/// The end of a stream whose chunks begin with `head`: its tokens, if they are to be told, and `[DONE]`.
pub fn end(head: &[u8], usage: Option<Usage>, out: &mut Vec<Frame>) {
    if let Some(usage) = usage {
        // numbers by name are always written
        let written = serde_json::to_vec(&usage::Written::of(&usage)).unwrap_or_default();
        // some providers tell the tier with the tokens; a quote within a name is escaped, so this is no part of one
        let told = memchr::memmem::find(head, b",\"service_tier\":").is_some();
        let tier = tier::served(&usage).filter(|_| !told).map(|tier| format!("\"service_tier\":\"{tier}\","));
        let tier = tier.unwrap_or_default();
        let parts = [head, b"[],", tier.as_bytes(), b"\"usage\":", &written, b"}"];
        out.push(Frame { name: None, data: parts.concat().into() });
    }
    out.push(Frame { name: None, data: Bytes::from_static(b"[DONE]") });
}

#[cfg(test)]
mod tests {
    use millrace_actors::wire::tier::ServiceTier;

    use super::*;
    use crate::dialects::testing::facts;

    #[test]
    fn the_tier_is_told_once_at_the_head_or_with_the_tokens() {
        let served = Usage { service_tier: Some(ServiceTier::Flex), ..Usage::default() };
        for (tier, heads, ends) in [(None, 0, 1), (Some("flex"), 1, 1)] {
            let model = ",\"service_tier\":";
            let facts = AnswerFacts { model: model.into(), ..facts() };
            let head = head(&facts, Start { service_tier: tier.map(str::to_owned), ..Start::default() }, "chunk");
            let mut out = vec![];
            end(&head, Some(served), &mut out);
            let told: Value = serde_json::from_slice(&out[0].data).unwrap();
            assert_eq!((told["service_tier"].as_str(), told["model"].as_str()), (Some("flex"), Some(model)));
            let count = |text: &[u8]| String::from_utf8_lossy(text).matches("\"service_tier\":\"flex\"").count();
            assert_eq!((count(&head), count(&out[0].data)), (heads, ends));
        }
    }
}
