//! What callers are told is in the order that their protocol prescribes, whatever the provider said; and so are the fixtures,
//! which stand for what providers say.

use millrace_actors::wire::framing::StreamReader;
use millrace_actors::wire::protocol::Protocol;
use millrace_lab::order::{End, Spoken, check, check_sound};
use proptest::prelude::*;

use super::fixtures;
use super::table::{ROWS, Row, callers, facts, wire};
use crate::dialects::{AnswerFacts, Frame, Notes, bridge};

/// Fixtures that bend their protocol's rules on purpose: what servers send that only claim to speak it.
const BENT: [(&str, &str, &str); 5] = [
    ("openai", "pictures", "event 1: `role`"),
    ("openai", "azure", "event 0: `id`"),
    ("openai", "reasoning", "event 5: usage in a chunk with choices"),
    ("openai", "unnumbered", "event 0: `index`"),
    ("bedrock", "newer", "event 4: no object"),
];

fn spoken(row: &Row) -> Spoken {
    match row.name {
        "openai" => Spoken::Chat,
        "anthropic" => Spoken::Messages,
        "gemini" => Spoken::Generate,
        "responses" => Spoken::Responses,
        "text" => Spoken::Completions,
        "bedrock" => Spoken::Converse,
        "cohere" => Spoken::Cohere,
        _ => Spoken::Ollama,
    }
}

/// Every way in which a caller may want its stream.
pub fn wishes() -> impl Iterator<Item = (&'static str, Protocol, AnswerFacts, Spoken)> {
    let silent = || AnswerFacts { show_usage: false, ..facts() };
    let all = callers().map(|(row, protocol)| (row.name, protocol, facts(), spoken(row)));
    all.chain([
        ("openai without usage", Protocol::Chat, silent(), Spoken::Chat),
        ("text without usage", Protocol::Text, silent(), Spoken::Completions),
    ])
}

/// The frames for a caller, and whether they are the whole answer.
pub fn told(from: &Row, to: Protocol, facts: AnswerFacts, bytes: &[u8]) -> (Vec<Frame>, bool) {
    let mut translator = bridge::bridged((from.decoder)(), to, facts);
    let (mut reader, mut frames) = (StreamReader::new(from.framing, 1 << 20), vec![]);
    let (mut complete, mut failed) = (false, false);
    let fed = reader.feed(bytes, |event| {
        if !complete && !failed {
            match translator.event(event.name, event.data, &mut frames) {
                Ok(now) => complete = now,
                Err(_) => failed = true,
            }
        }
    });
    if fed.is_ok() && !complete && !failed {
        complete = translator.close(&mut frames).unwrap_or(false);
    }
    (frames, complete)
}

pub fn judged(spoken: Spoken, frames: &[Frame]) -> Result<End, String> {
    check(spoken, frames.iter().map(|frame| (frame.name.map(str::as_bytes), &frame.data[..])))
}

/// A provider's own stream.
pub fn judged_bytes(row: &Row, bytes: &[u8]) -> Result<End, String> {
    let (mut reader, mut events) = (StreamReader::new(row.framing, 1 << 20), vec![]);
    reader.feed(bytes, |event| events.push((event.name.map(<[u8]>::to_vec), event.data.to_vec()))).unwrap();
    check_sound(spoken(row), events.iter().map(|(name, data)| (name.as_deref(), &data[..])))
}

#[test]
fn fixtures_are_in_order_but_for_those_that_bend_it() {
    for row in &ROWS {
        for fixture in fixtures::of(row.name, "stream") {
            let judged = judged_bytes(row, &wire(row, &fixture.text));
            let bent = BENT.iter().find(|(folder, name, _)| (*folder, *name) == (row.name, &*fixture.name));
            match (judged, bent) {
                (Ok(End::Whole | End::Error), None) => {}
                (Err(why), Some((.., known))) if why.contains(known) => {}
                (judged, bent) => panic!("{} {}: {judged:?}, known: {bent:?}", row.name, fixture.name),
            }
        }
    }
}

#[test]
fn callers_are_told_everything_in_order() {
    for from in &ROWS {
        for fixture in fixtures::of(from.name, "stream") {
            for (to, protocol, facts, spoken) in wishes() {
                let (frames, complete) = told(from, protocol, facts, &wire(from, &fixture.text));
                let want = if complete { End::Whole } else { End::Open };
                let told = frames.iter().map(|frame| (frame.name.map(str::as_bytes), &frame.data[..]));
                assert_eq!(check_sound(spoken, told), Ok(want), "{} {} to {to}", from.name, fixture.name);
            }
        }
    }
}

/// As of two streams that a provider wrote into one.
#[test]
fn an_answer_that_begins_within_another_is_a_fault() {
    let first =
        r#"{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":1,"output_tokens":1}}}"#;
    let stream = format!("data: {first}\n\ndata: {}\n\n", first.replace("msg_1", "msg_2"));
    let row = ROWS.iter().find(|row| row.name == "anthropic").unwrap();
    for (to, protocol, facts, spoken) in wishes() {
        let (frames, complete) = told(row, protocol, facts, stream.as_bytes());
        assert_eq!((judged(spoken, &frames), complete), (Ok(End::Open), false), "{to}");
        assert!(frames.iter().all(|frame| !String::from_utf8_lossy(&frame.data).contains("2\"")), "{to}: {frames:?}");
    }
}

/// OpenAI's last event tells once more what the first should have told.
#[test]
fn an_answer_that_is_named_late_keeps_the_name_it_was_told_under() {
    let row = ROWS.iter().find(|row| row.name == "responses").unwrap();
    let fixtures = fixtures::of(row.name, "stream");
    let fixture = fixtures.iter().find(|fixture| fixture.name == "text").unwrap_or(&fixtures[0]);
    let begins = |event: &str| event.contains("response.created") || event.contains("response.in_progress");
    let late: Vec<&str> = fixture.text.split("\n\n").filter(|event| !begins(event)).collect();
    for (to, protocol, facts, spoken) in wishes() {
        let (frames, complete) = told(row, protocol, facts, late.join("\n\n").as_bytes());
        assert_eq!((judged(spoken, &frames), complete), (Ok(End::Whole), true), "{to}");
    }
}

/// Its result comes back under its id.
#[test]
fn a_call_without_an_id_is_given_one() {
    let call = r#"{"type":"function_call","name":"f","arguments":"{}"}"#;
    let whole = format!(r#"{{"id":"r","object":"response","status":"completed","output":[{call}]}}"#);
    for (to, protocol, facts, spoken) in wishes().filter(|(_, protocol, ..)| *protocol != Protocol::Text) {
        let told = bridge::translate(Protocol::Responses, protocol, facts, whole.as_bytes(), &mut Notes::default());
        let frames = bridge::split(protocol, &told.unwrap()).unwrap();
        assert_eq!(judged(spoken, &frames), Ok(End::Whole), "{to}");
    }
}

/// Nobody could answer it, nor send it back.
#[test]
fn a_call_of_nothing_is_a_fault_whoever_makes_it() {
    let row = ROWS.iter().find(|row| row.name == "bedrock").unwrap();
    let data = r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":""}}}"#;
    let bytes = wire(row, &format!("event: contentBlockStart\ndata: {data}\n\n"));
    for (to, protocol, facts, spoken) in wishes() {
        let (frames, complete) = told(row, protocol, facts, &bytes);
        assert_eq!((judged(spoken, &frames), complete), (Ok(End::Open), false), "{to}");
        assert!(!frames.iter().any(|frame| String::from_utf8_lossy(&frame.data).contains("\"t\"")), "{to}");
    }
}

/// As of a whole answer of Google's without one, on its way to who asked for a stream.
#[test]
fn an_answer_without_an_id_is_given_ours() {
    let whole = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"modelVersion":"g"}"#;
    let row = ROWS.iter().find(|row| row.name == "gemini").unwrap();
    let frames = bridge::split(Protocol::GenerateContent, whole.as_bytes()).unwrap();
    let stream: String =
        frames.iter().map(|frame| format!("data: {}\n\n", String::from_utf8_lossy(&frame.data))).collect();
    for (to, protocol, facts, spoken) in wishes() {
        let (frames, complete) = told(row, protocol, facts, stream.as_bytes());
        assert_eq!((judged(spoken, &frames), complete), (Ok(End::Whole), true), "{to}: {stream}");
    }
}

/// A total that is less than what it is of is the provider's mistake, and none of ours.
#[test]
fn a_total_is_no_less_than_its_parts() {
    let data =
        r#"{"promptFeedback":{"blockReason":"OTHER"},"usageMetadata":{"promptTokenCount":12,"totalTokenCount":11}}"#;
    let row = ROWS.iter().find(|row| row.name == "gemini").unwrap();
    for (to, protocol, facts, spoken) in wishes() {
        let (frames, complete) = told(row, protocol, facts, format!("data: {data}\n\n").as_bytes());
        assert_eq!((judged(spoken, &frames), complete), (Ok(End::Whole), true), "{to}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a provider's stream has become, a caller's is in order up to where it ends, and no end is made up.
    #[test]
    fn what_comes_of_a_spoilt_stream_is_in_order(
        row in 0..ROWS.len(),
        which in 0usize..64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let from = &ROWS[row];
        let fixtures = fixtures::of(from.name, "stream");
        let fixture = &fixtures[which % fixtures.len()];
        let mut text = fixture.text.clone().into_bytes();
        let length = text.len();
        changes.iter().for_each(|(at, byte)| text[at.index(length)] = *byte);
        let text = String::from_utf8_lossy(&text);
        let bytes = wire(from, &text);
        let bytes = if changes.len() % 2 == 0 { &bytes[..] } else { &bytes[..cut.index(bytes.len() + 1)] };
        for (to, protocol, facts, spoken) in wishes() {
            let (frames, complete) = told(from, protocol, facts, bytes);
            let want = if complete { End::Whole } else { End::Open };
            prop_assert_eq!(judged(spoken, &frames), Ok(want), "{} {} to {}", from.name, fixture.name, to);
        }
    }
}
