//! The provider's whole answer, as the events that its stream would have had.

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;
use millrace_actors::wire::usage::Usage;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::{self, Calls, invalid};
use super::picture::{Picture, Told};
use super::usage;
use crate::dialects::event::{Event, Start};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    #[serde(borrow)]
    output: Output<'a>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(default)]
    service_tier: Option<Tier>,
    #[serde(default)]
    additional_model_response_fields: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Tier {
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Vec<&'a RawValue>,
}

/// A block has one of these; one that has none is of a kind newer than this reader.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Block {
    text: Option<String>,
    tool_use: Option<ToolUse>,
    reasoning_content: Option<Reasoning>,
    citations_content: Option<Cited>,
    image: Option<Told>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse {
    tool_use_id: String,
    name: String,
    #[serde(default)]
    input: Option<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reasoning {
    reasoning_text: Option<Signed>,
    redacted_content: Option<String>,
}

#[derive(Deserialize)]
struct Signed {
    text: String,
    #[serde(default)]
    signature: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cited {
    content: Vec<Text>,
    citations: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Text {
    text: String,
}

/// An error that has the status of an answer.
#[derive(Deserialize)]
struct Failed<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
}

/// Reads an answer of `POST /model/{id}/converse`.
///
/// # Errors
/// It is not one, or the provider failed.
pub fn read_whole(body: &[u8]) -> Result<Vec<Event>, Fault> {
    if serde_json::from_slice::<Failed<'_>>(body).is_ok_and(|failed| failed.message.get().starts_with('"')) {
        return Err(mid_stream_error(body));
    }
    let whole: Whole<'_> =
        serde_json::from_slice(body).map_err(|why| invalid(format!("the answer cannot be read: {why}")))?;
    let tier = whole.service_tier.map(|tier| tier.kind);
    let mut out = vec![Event::Start(Start { service_tier: tier.clone(), ..Start::default() })];
    let mut calls = Calls::default();
    whole.output.message.content.into_iter().try_for_each(|block| said(block, &mut calls, &mut out))?;
    let sequence = answer::sequence(whole.additional_model_response_fields.as_ref());
    calls.finish(whole.stop_reason, sequence, &mut out);
    out.extend(whole.usage.and_then(|raw| usage::read(raw, tier.as_deref())).map(Event::Usage));
    out.push(Event::End);
    Ok(out)
}

/// The usage of an answer, and nothing else of it.
pub fn usage_of(body: &[u8]) -> Option<Usage> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        usage: &'a RawValue,
        #[serde(default, rename = "serviceTier")]
        tier: Option<Tier>,
    }
    let outline: Outline<'_> = serde_json::from_slice(body).ok()?;
    usage::read(outline.usage, outline.tier.as_ref().map(|tier| tier.kind.as_str()))
}

fn said(raw: &RawValue, calls: &mut Calls, out: &mut Vec<Event>) -> Result<(), Fault> {
    let block: Block = serde_json::from_str(raw.get())
        .map_err(|why| invalid(format!("a block of the answer cannot be read: {why}")))?;
    if matches!(
        block,
        Block { text: None, tool_use: None, reasoning_content: None, citations_content: None, image: None }
    ) {
        out.extend(answer::kind_of(raw).map(|kind| Event::Own { kind }));
    }
    if let Some(told) = block.image {
        let mut picture = Picture::default();
        picture.add(told)?;
        out.push(picture.event());
    }
    let text = |text: String| (!text.is_empty()).then_some(Event::Text { choice: 0, text });
    out.extend(block.text.and_then(text));
    if let Some(cited) = block.citations_content {
        let characters = cited.content.iter().map(|content| content.text.chars().count() as u64).sum();
        out.extend(cited.content.into_iter().filter_map(|content| text(content.text)));
        out.extend(cited.citations.into_iter().map(|native| answer::citation(native, characters)));
    }
    if let Some(Reasoning { reasoning_text, redacted_content }) = block.reasoning_content {
        if let Some(Signed { text, signature }) = reasoning_text {
            out.extend((!text.is_empty()).then_some(Event::Reasoning { choice: 0, text }));
            let signature = signature.filter(|signature| !signature.is_empty());
            out.extend(signature.map(|signature| Event::Signature { choice: 0, signature }));
        }
        out.extend(redacted_content.map(|data| Event::Redacted { choice: 0, data }));
    }
    if let Some(ToolUse { tool_use_id, name, input }) = block.tool_use {
        let json = input.map_or_else(String::new, |input| input.get().to_owned());
        match calls.begin(tool_use_id, name, out) {
            None => out.extend(text(json)),
            Some(call) if !json.is_empty() && json != "{}" => out.push(Event::Arguments { choice: 0, call, json }),
            Some(_) => {}
        }
    }
    Ok(())
}
