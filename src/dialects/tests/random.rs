//! Answers that no fixture tells: any content in any order that a decoder may give it, for every caller. What a caller is told is
//! in order, as its own reader takes it, and the same whole and streamed; told once more to every other caller, too.

use millrace_actors::fault::Fault;
use millrace_actors::wire::usage::Usage;
use millrace_lab::order::End;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use super::orders::{judged, wishes};
use super::table::{callers, whole};
use crate::dialects::event::{Audio, Citation, Image, Reason, Start};
use crate::dialects::request::Source;
use crate::dialects::{Decode, Event, Frame, bridge};

/// What may be told in one step.
const KINDS: usize = 14;

/// One step: what, of which choice, a text, and a number.
type Step = (usize, u32, String, Index);

/// An answer of these steps: calls begin before they say anything, each is told its arguments whole, in pieces among other
/// things; and choices are finished.
fn answer(choices: u32, steps: &[Step], usage: Usage, reason: &Reason) -> Vec<Event> {
    let mut events = vec![Event::Start(Start { id: Some("a".into()), model: Some("m".into()), ..Start::default() })];
    let mut calls: Vec<(u32, u32, bool, Vec<String>)> = Vec::new();
    for (kind, choice, text, n) in steps {
        let (choice, text) = (choice % choices, text.clone());
        let call = calls.iter().filter(|call| call.0 == choice).count() as u32;
        events.push(match kind % KINDS {
            0..=2 => Event::Text { choice, text },
            3 => Event::Refusal { choice, text },
            4 => Event::Reasoning { choice, text },
            5 => Event::Signature { choice, signature: format!("s{text}") },
            6 => Event::Redacted { choice, data: format!("r{text}") },
            7 => {
                let json = json!({ "a": text, "n": n.index(1 << 20) }).to_string();
                let at = (0..=n.index(json.len())).rev().find(|at| json.is_char_boundary(*at)).unwrap_or(0);
                calls.push((choice, call, false, vec![json[at..].to_owned(), json[..at].to_owned()]));
                Event::ToolCall { choice, call, id: format!("id_{choice}_{call}"), name: "f".into() }
            }
            8 => {
                calls.push((choice, call, true, vec![text]));
                Event::CustomCall { choice, call, id: format!("id_{choice}_{call}"), name: "g".into() }
            }
            9 | 10 => match calls.iter_mut().find(|call| call.0 == choice && !call.3.is_empty()) {
                Some(call) => said(call),
                None => continue,
            },
            11 => Event::Image {
                choice,
                image: Image { source: Source::Base64 { media_type: "image/png".into(), data: "AA==".into() } },
            },
            12 => Event::Audio { choice, audio: Audio { data: "AA==".into(), transcript: text, ..Audio::default() } },
            _ => {
                let citation = Citation {
                    url: Some("https://a.example/".into()),
                    title: Some(text),
                    behind: Some(1),
                    ..Citation::default()
                };
                Event::Citation { choice, citation }
            }
        });
    }
    for call in &mut calls {
        while !call.3.is_empty() {
            events.push(said(call));
        }
        events.extend(call.2.then_some(Event::InputEnd { choice: call.0, call: call.1 }));
    }
    let finish = |choice| Event::Finish { choice, reason: reason.clone(), stop_sequence: None };
    events.extend((0..choices).map(finish));
    events.extend([Event::Usage(usage), Event::End]);
    events
}

/// The next piece of a call.
fn said((choice, call, custom, left): &mut (u32, u32, bool, Vec<String>)) -> Event {
    let (choice, call, piece) = (*choice, *call, left.pop().unwrap_or_default());
    match custom {
        true => Event::Input { choice, call, text: piece },
        false => Event::Arguments { choice, call, json: piece },
    }
}

/// A decoder that was told beforehand.
struct Known(Vec<Event>);

impl Decode for Known {
    fn event(&mut self, _: Option<&[u8]>, _: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        out.push(self.0.remove(0));
        Ok(())
    }
}

pub fn read_back(decode: fn() -> Box<dyn Decode>, frames: &[Frame]) -> Vec<Event> {
    let (mut decoder, mut events) = (decode(), Vec::new());
    for frame in frames {
        decoder.event(frame.name.map(str::as_bytes), &frame.data, &mut events).unwrap();
    }
    decoder.close(&mut events).unwrap();
    events
}

/// The texts of a choice, joined.
fn text_of(events: &[Event], of: u32) -> String {
    let text = |event: &Event| match event {
        Event::Text { choice, text } if *choice == of => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

fn usage() -> impl Strategy<Value = Usage> {
    prop::collection::vec(0u64..40, 6).prop_map(|n| Usage {
        prompt_tokens: n[0],
        completion_tokens: n[1],
        total_tokens: n[2],
        cached_tokens: n[3],
        reasoning_tokens: n[4],
        cache_creation_tokens: n[5],
        ..Usage::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_answer_is_told_in_order_to_everyone(
        choices in 1u32..3,
        steps in prop::collection::vec((0..KINDS, 0u32..3, "[a-z\"\\\\\n é🎉]{1,6}", any::<Index>()), 0..14),
        usage in usage(),
        reason in prop::sample::select(vec![Reason::Stop, Reason::Length, Reason::ToolCalls, Reason::ContentFilter, Reason::Refusal, Reason::Pause]),
    ) {
        let events = answer(choices, &steps, usage, &reason);
        for (to, protocol, facts, spoken) in wishes() {
            let mut translator = bridge::bridged(Box::new(Known(events.clone())), protocol, facts);
            let (mut frames, mut complete) = (vec![], Ok(false));
            for _ in 0..events.len() {
                if complete == Ok(false) {
                    complete = translator.event(None, b"", &mut frames);
                }
            }
            // nothing of it may be what this caller can be told
            let want = if complete == Ok(true) { End::Whole } else { End::Open };
            prop_assert_eq!(judged(spoken, &frames), Ok(want), "{} of {:?}: {:?}", to, events, frames);
            if want == End::Open {
                continue;
            }
            let row = callers().find(|row| row.1 == protocol).unwrap().0;
            let back = read_back(row.decoder, &frames);
            let at_once = (row.read_whole)(&serde_json::to_vec(&whole(protocol, events.clone())).unwrap()).unwrap();
            for choice in 0..choices {
                prop_assert_eq!(text_of(&back, choice), text_of(&at_once, choice), "{} of {:?}", to, events);
            }
            for (to, protocol, facts, spoken) in wishes() {
                let mut translator = bridge::bridged((row.decoder)(), protocol, facts);
                let (mut again, mut complete) = (vec![], Ok(false));
                for frame in &frames {
                    if complete == Ok(false) {
                        complete = translator.event(frame.name.map(str::as_bytes), &frame.data, &mut again);
                    }
                }
                if complete == Ok(false) {
                    complete = translator.close(&mut again);
                }
                let want = if complete == Ok(true) { End::Whole } else { End::Open };
                prop_assert_eq!(judged(spoken, &again), Ok(want), "{} of {:?}", to, frames);
            }
        }
    }
}
