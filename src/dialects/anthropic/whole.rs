//! The provider's whole answer.

use millrace_actors::fault::Fault;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{self, Block, End, Head, invalid};
use super::usage::Told;
use crate::dialects::event::{Event, Reason};
use millrace_actors::relay::mid_stream_error;

/// Reads an answer's body.
///
/// # Errors
/// It is no message of this API ([`Fault::InvalidAnswer`]), or an error in spite of its status ([`Fault::Provider`]).
pub fn read_whole(body: &[u8]) -> Result<Vec<Event>, Fault> {
    #[derive(Deserialize)]
    struct Whole<'a> {
        #[serde(default, rename = "type")]
        kind: Option<String>,
        #[serde(borrow, default)]
        content: Option<Vec<&'a RawValue>>,
    }
    let unreadable = |why| invalid(format!("the answer is no message: {why}"));
    let whole: Whole<'_> = serde_json::from_slice(body).map_err(unreadable)?;
    if whole.kind.as_deref() == Some("error") {
        return Err(mid_stream_error(body));
    }
    let mut head: Head<'_> = serde_json::from_slice(body).map_err(unreadable)?;
    let end: End = serde_json::from_slice(body).map_err(unreadable)?;
    let content = whole.content.ok_or_else(|| invalid("the answer has no content"))?;

    let mut events = vec![head.start()];
    let mut calls = 0;
    for raw in content {
        match Block::read(raw)? {
            Ok(block) => of_block(block, &mut calls, &mut events)?,
            Err(own) => events.push(own),
        }
    }
    events.extend(head.usage.and_then(|usage| Told::default().take(usage)).map(Event::Usage));
    end.events(&mut events);
    if !events.iter().any(|event| matches!(event, Event::Finish { .. })) {
        events.push(Event::Finish { choice: 0, reason: Reason::Stop, stop_sequence: None });
    }
    events.push(Event::End);
    Ok(events)
}

fn of_block(mut block: Block<'_>, calls: &mut u32, events: &mut Vec<Event>) -> Result<(), Fault> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    match &*block.kind {
        "text" => {
            let characters = block.text.as_ref().map_or(0, |text| text.chars().count() as u64);
            events.extend(filled(block.text).map(|text| Event::Text { choice: 0, text }));
            let sources = block.citations.into_iter().flatten();
            events.extend(sources.map(|native| answer::citation(native, characters)));
        }
        "thinking" => {
            events.extend(filled(block.thinking).map(|text| Event::Reasoning { choice: 0, text }));
            events.extend(filled(block.signature).map(|signature| Event::Signature { choice: 0, signature }));
        }
        "redacted_thinking" => {
            let data = block.data.ok_or_else(|| invalid("a redacted_thinking block has no data"))?;
            events.push(Event::Redacted { choice: 0, data });
        }
        _ => {
            let call = *calls;
            *calls += 1;
            events.push(block.call(call)?);
            events.extend(block.arguments().map(|json| Event::Arguments { choice: 0, call, json: json.to_owned() }));
        }
    }
    Ok(())
}
