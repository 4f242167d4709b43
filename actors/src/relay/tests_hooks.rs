//! What callbacks may do to a stream: look, change, hold back, add and refuse, in their order.

use std::sync::Arc;

use parking_lot::Mutex;

use super::tests::{canonical, content, fed, relay, run, snapshot};
use super::*;
use crate::fault::Refusal;
use crate::ports::{Callback, Chunk, StreamStage};

/// Upper-cases the text of each chunk, after noting the text it was shown.
#[derive(Default)]
struct Shouts(Mutex<Vec<String>>);

impl Callback for Shouts {
    fn kind(&self) -> &'static str {
        "shouts"
    }
    fn hooks(&self) -> Hooks {
        Hooks::STREAM_CHUNK
    }
    fn stream_chunk(&self, _: &CallFacts, chunk: &mut Chunk, so_far: &str) -> Result<(), Refusal> {
        self.0.lock().push(so_far.to_owned());
        if let Some(text) = chunk.value.pointer_mut("/choices/0/delta/content") {
            *text = text.as_str().unwrap_or_default().to_uppercase().into();
            chunk.changed = true;
        }
        Ok(())
    }
}

/// Refuses once the text holds a word.
struct Refuses(&'static str);

fn no() -> Refusal {
    Refusal { by: "refuses".into(), message: "no".into(), code: "content_policy_violation".into() }
}

impl Callback for Refuses {
    fn kind(&self) -> &'static str {
        "refuses"
    }
    fn hooks(&self) -> Hooks {
        Hooks::STREAM_CHUNK
    }
    fn stream_chunk(&self, _: &CallFacts, _: &mut Chunk, so_far: &str) -> Result<(), Refusal> {
        if so_far.contains(self.0) { Err(no()) } else { Ok(()) }
    }
}

/// Holds every event back to the end, and adds one of its own there; or refuses there.
struct Holds {
    refuse: bool,
}

struct Held {
    events: Vec<Bytes>,
    refuse: bool,
}

impl Callback for Holds {
    fn kind(&self) -> &'static str {
        "holds"
    }
    fn hooks(&self) -> Hooks {
        Hooks::STREAM
    }
    fn stream(&self, _: &CallFacts) -> Option<Box<dyn StreamStage>> {
        Some(Box::new(Held { events: Vec::new(), refuse: self.refuse }))
    }
}

impl StreamStage for Held {
    fn event(&mut self, data: Bytes, _: &mut Vec<Bytes>) -> Result<(), Refusal> {
        self.events.push(data);
        Ok(())
    }
    fn end(&mut self, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        if self.refuse {
            return Err(no());
        }
        out.append(&mut self.events);
        out.push(content("added").into());
        Ok(())
    }
}

fn go(callbacks: Vec<Arc<dyn Callback>>, events: &[String]) -> (String, Option<Finish>) {
    let (out, mut relay) = run(relay(&snapshot(callbacks), Some("gpt-4o"), false), canonical(events).as_bytes(), &[50]);
    (String::from_utf8(out).unwrap(), relay.take_finish())
}

fn stream() -> Vec<String> {
    vec![content("one "), content("two "), content("three"), "[DONE]".into()]
}

/// What `canonical` reads like after a chunk was parsed and written again: the same members, in serde_json's order.
fn texts(out: &str) -> Vec<String> {
    let data = out.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    let text =
        |data| serde_json::from_str::<serde_json::Value>(data).unwrap()["choices"][0]["delta"]["content"].clone();
    data.map(|data| text(data).as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_looker_sees_the_text_so_far_and_may_change_its_chunk() {
    let shouts = Arc::new(Shouts::default());
    let (out, finish) = go(vec![shouts.clone()], &stream());
    assert_eq!(texts(&out), ["ONE ", "TWO ", "THREE"]);
    assert!(out.ends_with("data: [DONE]\n\n") && matches!(finish, Some(Finish::Done)));
    assert_eq!(
        *shouts.0.lock(),
        ["one ", "one two ", "one two three"],
        "the provider's text, each event's own included"
    );
    assert!(out.contains("\"model\":\"gpt-4o\""));
}

#[test]
fn a_refusal_is_the_end_and_what_went_before_stays() {
    let (out, finish) = go(vec![Arc::new(Refuses("two")), Arc::new(Shouts::default())], &stream());
    assert_eq!(texts(&out), ["ONE "]);
    assert!(!out.contains("[DONE]") && matches!(finish, Some(Finish::Broken(Fault::Refused(_)))), "{finish:?}");
}

/// Half of a surrogate pair, or a byte that is no UTF-8, must not hide an event from who refuses (or from the text so far).
#[test]
fn an_event_that_rust_cannot_hold_is_looked_at_all_the_same() {
    let odd = |text: &str| content("HERE").replace("HERE", text);
    for text in
        ["\\ud83d forbidden", "forbidden \\uDE00", "\\ud83d\\u0041 \\\\ forbidden", "\\ud83d\\ud83d\\ude00 forbidden"]
    {
        let (out, finish) = go(vec![Arc::new(Refuses("forbidden"))], &[content("a"), odd(text), "[DONE]".into()]);
        assert_eq!(texts(&out), ["a"], "{text}");
        assert!(matches!(finish, Some(Finish::Broken(Fault::Refused(_)))), "{text}: {finish:?}");
        // nobody refuses: the bytes are the provider's
        let (out, _) = go(vec![Arc::new(Refuses("other"))], &[odd(text), "[DONE]".into()]);
        assert_eq!(out, canonical(&[odd(text), "[DONE]".into()]));
    }
    let stream = canonical(&[content("forbidden \u{1}")]).into_bytes();
    let at = stream.windows(6).position(|six| six == b"\\u0001").unwrap();
    let stream = [&stream[..at], b"\xff", &stream[at + 6..]].concat();
    let (out, mut relay) =
        run(relay(&snapshot(vec![Arc::new(Refuses("forbidden \u{fffd}"))]), None, false), &stream, &[9]);
    assert!(out.is_empty() && matches!(relay.take_finish(), Some(Finish::Broken(Fault::Refused(_)))));
}

#[test]
fn a_stage_may_hold_back_and_add_and_lookers_see_what_it_lets_go() {
    let (shouts, holds): (Arc<dyn Callback>, Arc<dyn Callback>) =
        (Arc::new(Shouts::default()), Arc::new(Holds { refuse: false }));
    // lookers come after all stages, whatever the order of registration
    for order in [[&shouts, &holds], [&holds, &shouts]] {
        let (out, finish) = go(order.map(Arc::clone).into(), &stream());
        assert_eq!(texts(&out), ["ONE ", "TWO ", "THREE", "ADDED"]);
        assert!(out.ends_with("data: [DONE]\n\n") && matches!(finish, Some(Finish::Done)));
    }
    // the first stage's rest goes through the second, which adds its own
    let (out, _) = go(vec![holds.clone(), holds.clone()], &stream());
    assert_eq!(texts(&out), ["one ", "two ", "three", "added", "added"]);
    // a stream that is cut lets nothing go that a stage holds: it was never judged
    let (out, finish) = go(vec![holds], &stream()[..2]);
    assert!(out.is_empty() && matches!(finish, Some(Finish::Broken(Fault::Truncated))));
}

#[test]
fn a_stage_may_refuse_at_the_end() {
    let (out, finish) = go(vec![Arc::new(Holds { refuse: true })], &stream());
    assert!(out.is_empty() && matches!(finish, Some(Finish::Broken(Fault::Refused(_)))), "{out} {finish:?}");
}

#[test]
fn text_is_kept_up_to_a_bound() {
    let shouts = Arc::new(Shouts::default());
    let mut relay = relay(&snapshot(vec![shouts.clone()]), None, false);
    let text = "x".repeat(60_000);
    let chunk = Bytes::from(canonical(&[content(&text)]));
    for _ in 0..100 {
        fed(&mut relay, std::slice::from_ref(&chunk));
    }
    let shown = shouts.0.lock().last().unwrap().len();
    assert!(shown >= 4 << 20 && shown < (4 << 20) + text.len(), "{shown}");
}
