//! Every mode gives the same events: each fixture through each mode that applies, over any split.

use std::sync::Arc;

use eventsource_stream::EventStream;
use futures_util::{FutureExt, StreamExt, stream};
use proptest::prelude::*;

use super::*;
use crate::capabilities::Registered;
use crate::fault::Refusal;
use crate::ports::{Callback, CallbackSpec, StreamStage};

/// The name that the provider's events say, and the one the caller knows in half of the cases.
const MODEL: &str = "gpt-4o";

/// A name that JSON must escape, longer than the provider's.
const ALIAS: &str = "my \"own\" m\u{f6}del";

/// Looks, and leaves everything as it is.
struct Looks;

/// Wraps, and leaves everything as it is.
struct Wraps;

/// The stage of [`Wraps`].
struct Through;

impl Callback for Looks {
    fn kind(&self) -> &'static str {
        "looks"
    }
    fn hooks(&self) -> Hooks {
        Hooks::STREAM_CHUNK
    }
}

impl Callback for Wraps {
    fn kind(&self) -> &'static str {
        "wraps"
    }
    fn hooks(&self) -> Hooks {
        Hooks::STREAM
    }
    fn stream(&self, _: &CallFacts) -> Option<Box<dyn StreamStage>> {
        Some(Box::new(Through))
    }
}

impl StreamStage for Through {
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        out.push(data);
        Ok(())
    }
    fn end(&mut self, _: &mut Vec<Bytes>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A snapshot of these callbacks.
pub(super) fn snapshot(callbacks: Vec<Arc<dyn Callback>>) -> CapabilitySnapshot {
    let register = |callback: Arc<dyn Callback>| Registered {
        spec: CallbackSpec {
            name: callback.kind().into(),
            kind: callback.kind().into(),
            params: serde_json::json!({}),
        },
        hooks: callback.hooks(),
        callback,
    };
    CapabilitySnapshot::fold(1, callbacks.into_iter().map(register).collect())
}

/// The sets of callbacks that change nothing: none first, then each hook alone, both, and both twice.
fn idle_callbacks() -> Vec<CapabilitySnapshot> {
    let (looks, wraps): (Arc<dyn Callback>, Arc<dyn Callback>) = (Arc::new(Looks), Arc::new(Wraps));
    let sets = [vec![], vec![&looks], vec![&wraps], vec![&looks, &wraps], vec![&wraps, &looks, &wraps, &looks]];
    sets.map(|set| snapshot(set.into_iter().map(Arc::clone).collect())).into()
}

pub(super) fn relay(callbacks: &CapabilitySnapshot, shown_model: Option<&str>, withhold_usage: bool) -> Relay {
    let settings = RelaySettings {
        protocol: Protocol::Chat,
        framing: Framing::Events,
        shown_model,
        withhold_usage,
        max_event_bytes: 1 << 16,
    };
    let facts = || CallFacts {
        protocol: Protocol::Chat,
        call_id: "id".into(),
        route: "/v1/chat/completions",
        model: MODEL.into(),
        stream: true,
        caller: "test".into(),
        body: Bytes::from_static(b"{}"),
    };
    Relay::new(&settings, None, callbacks, facts)
}

/// Feeds `stream` cut after each of `lengths`, over and over; returns what went out, and the relay, closed.
pub(super) fn run(mut relay: Relay, stream: &[u8], lengths: &[usize]) -> (Vec<u8>, Relay) {
    let (mut rest, mut out) = (stream, Vec::new());
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, later) = rest.split_at((*length).min(rest.len()));
        rest = later;
        let over = relay.finished().is_some();
        let passed = fed(&mut relay, &[Bytes::copy_from_slice(chunk)]).concat();
        assert!(!over || passed.is_empty(), "{passed:?} after the end");
        assert!(
            passed.is_empty() || (passed.starts_with(b"data: ") && passed.ends_with(b"\n\n")),
            "no whole events: {passed:?}"
        );
        out.extend_from_slice(&passed);
    }
    relay.close(|_| {});
    assert!(fed(&mut relay, &[Bytes::from_static(b"data: {}\n\n")]).is_empty(), "fed after the end");
    (out, relay)
}

/// What a batch makes go out.
pub(super) fn fed(relay: &mut Relay, batch: &[Bytes]) -> Vec<Bytes> {
    let mut out = Vec::new();
    relay.feed(batch, |bytes| out.push(bytes));
    out
}

/// One event as OpenAI sends it.
pub(super) fn event(rest: &str) -> String {
    format!(
        "{{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1741570283,\"model\":\"{MODEL}\",{rest}}}"
    )
}

pub(super) fn content(text: &str) -> String {
    let text = serde_json::Value::from(text);
    event(&format!("\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text}}},\"finish_reason\":null}}]"))
}

/// The events of a stream, its terminal one included, written with `data: ` and LF.
pub(super) fn canonical(events: &[String]) -> String {
    events.iter().map(|data| format!("data: {}\n\n", data.replace('\n', "\ndata: "))).collect()
}

/// What a stream may hold, as events.
fn contents() -> Vec<Vec<String>> {
    let usage = "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}";
    let call = |arguments: &str| {
        event(&format!(
            "\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"function\":{{\"arguments\":\"{arguments}\"}}}}]}}}}]"
        ))
    };
    let choice =
        |n: u8| event(&format!("\"choices\":[{{\"index\":{n},\"delta\":{{\"content\":\"{n}\"}}}}],\"usage\":null"));
    let mut all = vec![
        vec![content("Hello"), content(" w\u{f6}rld \u{1f600}\u{2028}"), content("\"\\\n\u{1}data: [DONE]\n\n")],
        vec![call("{\\\"a"), call("\\\":\\\"\\ud83d"), call("\\ude00\\\"}")],
        vec![choice(0), choice(1), choice(2), choice(1), event(&format!("\"choices\":[],{usage}"))],
        vec![event(&format!("{usage},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"x\"}}}}]")), content("y")],
        vec![event(&format!("\"choices\":[],{usage}")), event(&format!("\"choices\":[],{usage},\"x\":1"))],
        vec!["{\"choices\":[".into(), "not json".into(), "[1,2]".into(), "null".into(), content("z")],
        vec![
            "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"no model, \\\"model\\\":\\\"in text\\\"\"}}]}".into(),
        ],
        vec![
            format!("{{ \"model\" : \"{MODEL}\" ,\n\"choices\":\n[] }}"),
            content("after"),
            event("\"model\":\"twice\""),
        ],
        vec![content("\"usage\":{\"prompt_tokens\":9},\"error\":{\"a\":1}"), event("\"error\":null,\"choices\":[]")],
        vec![],
    ];
    all.iter_mut().for_each(|events| events.push("[DONE]".into()));
    // cut short; ended by an error; the terminal event with white space, and then more
    all.push(vec![content("cut"), content("short")]);
    all.push(vec![
        content("a"),
        "{\"error\":{\"message\":\"no\",\"code\":\"rate_limit_exceeded\"}}".into(),
        content("b"),
        "[DONE]".into(),
    ]);
    all.push(vec![content("a"), " [DONE] ".into(), content("b"), "[DONE]".into()]);
    all.push(vec![content("a"), " [DONE] ".into()]);
    all
}

/// How events may be framed.
const FRAMINGS: [fn(&[String]) -> String; 7] = [
    canonical,
    |events| canonical(events).replace('\n', "\r\n"),
    |events| canonical(events).replace('\n', "\r"),
    |events| canonical(events).replace("data: ", "data:"),
    |events| {
        events
            .iter()
            .map(|data| format!(": c\n\n:\nid: 7\nretry: 1\n{}", canonical(std::slice::from_ref(data))))
            .collect()
    },
    |events| format!("\u{feff}{}", canonical(events).replacen("\n\n", "\r\r\n", 2)),
    |events| {
        let lines = |data: &String| canonical(&[data.replacen(",\"", ",\n\"", 1)]);
        events.iter().map(lines).collect()
    },
];

/// The events up to the end, as a peer reads them; the terminal one as we write it.
fn reference(stream: &str) -> Vec<String> {
    // a mark at the start is dropped by the peer's caller, not by the peer
    // and a CR at the end waits there for the byte that comes next
    let chunks = stream::iter([Ok::<_, ()>(format!("{}:", stream.trim_start_matches('\u{feff}')))]);
    let events = EventStream::new(chunks).collect::<Vec<_>>().now_or_never().unwrap();
    let mut out = Vec::new();
    for data in events.into_iter().map(|event| event.unwrap().data) {
        if data.trim() == "[DONE]" {
            out.push("[DONE]".to_owned());
            break;
        }
        if data.starts_with("{\"error\":{") {
            break;
        }
        out.push(data);
    }
    out
}

/// The kind of end a relay had, for comparison.
fn end_of(relay: &mut Relay) -> String {
    format!("{:?} {:?}", relay.take_finish(), relay.learnt)
}

#[test]
fn verbatim_passes_whole_chunks_without_a_copy() {
    let callbacks = snapshot(vec![]);
    for events in contents() {
        let stream = Bytes::from(canonical(&events));
        let lines = events.iter().any(|data| data.contains('\n'));
        let whole = !lines && reference(std::str::from_utf8(&stream).unwrap()) == events;
        let out = fed(&mut relay(&callbacks, None, false), std::slice::from_ref(&stream)).remove(0);
        assert_eq!(out.as_ptr() == stream.as_ptr(), whole, "{events:?}");
        assert_eq!(out == stream, whole || lines, "{events:?}");
    }
}

/// Where every event tells usage, and it cannot be believed in the end, what was written must be known all the same.
#[test]
fn words_beside_usage_are_noted_whether_the_usage_is_withheld_or_not() {
    let usage = "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":-2}";
    let events: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|text| event(&format!("{usage},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]")))
        .chain([event(&format!("{usage},\"choices\":[]")), "[DONE]".to_owned()])
        .collect();
    for withhold in [false, true] {
        let (_, relay) = run(relay(&snapshot(vec![]), Some(ALIAS), withhold), canonical(&events).as_bytes(), &[50]);
        let (sample, scale) = relay.learnt.written.into_sample().unwrap();
        assert_eq!((scale.events, scale.sampled), (3, 3), "{withhold}");
        assert_eq!(sample, events[..3].concat().into_bytes());
    }
}

#[test]
fn a_batch_gives_what_its_chunks_give_one_by_one() {
    for callbacks in idle_callbacks() {
        for (name, events) in
            [None, Some("alias")].into_iter().flat_map(|name| contents().into_iter().map(move |e| (name, e)))
        {
            let stream = canonical(&events);
            for length in [1, 7, 40, stream.len()] {
                let batch: Vec<_> = stream.as_bytes().chunks(length).map(Bytes::copy_from_slice).collect();
                let (mut one, mut all) = (relay(&callbacks, name, true), relay(&callbacks, name, true));
                let singly = batch.chunks(1).flat_map(|chunk| fed(&mut one, chunk)).collect::<Vec<_>>().concat();
                assert_eq!(fed(&mut all, &batch).concat(), singly);
                assert_eq!(end_of(&mut all), end_of(&mut one));
            }
        }
    }
}

#[test]
fn a_stream_that_is_cut_is_not_done_and_an_error_is_the_end() {
    for callbacks in idle_callbacks() {
        let finish = |events: &[String]| {
            run(relay(&callbacks, Some(ALIAS), false), canonical(events).as_bytes(), &[7]).1.take_finish()
        };
        assert!(matches!(finish(&[content("a")]), Some(Finish::Broken(Fault::Truncated))));
        assert!(matches!(finish(&[]), Some(Finish::Broken(Fault::Truncated))));
        assert!(matches!(finish(&[content("a"), "[DONE]".into()]), Some(Finish::Done)));
        let error = "{\"error\":{\"message\":\"no\",\"code\":\"rate_limit_exceeded\"}}".to_owned();
        let broken = finish(&[content("a"), error, "[DONE]".into()]);
        assert!(matches!(broken, Some(Finish::Broken(Fault::Provider { status: 429, .. }))), "{broken:?}");
        let (out, mut named) =
            run(relay(&callbacks, None, false), b"event: error\ndata: {\"type\":\"error\"}\n\ndata: [DONE]\n\n", &[99]);
        assert!(
            out.is_empty() && matches!(named.take_finish(), Some(Finish::Broken(Fault::Provider { status: 500, .. })))
        );
        let (out, mut long) = run(relay(&callbacks, None, false), &b"data: ".repeat(1 << 14), &[1 << 12]);
        assert!(out.is_empty() && matches!(long.take_finish(), Some(Finish::Broken(Fault::InvalidAnswer { .. }))));
    }
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        1 => Just(vec![usize::MAX]),
        1 => Just(vec![1]),
        6 => prop::collection::vec(prop_oneof![1_usize..8, 8_usize..300], 1..12),
    ]
}

fn fixture() -> impl Strategy<Value = String> {
    let contents = prop::sample::select(contents());
    (contents, prop::sample::select(FRAMINGS.to_vec()), any::<bool>()).prop_map(|(events, frame, junk)| {
        let junk = if junk && events.last().is_some_and(|data| data == "[DONE]") {
            "data: {\"choices\":[]}\n\n\0junk"
        } else {
            ""
        };
        frame(&events) + junk
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Nothing is asked to change: every mode gives the provider's events, to the byte.
    #[test]
    fn each_mode_gives_the_providers_events(stream in fixture(), lengths in lengths()) {
        let want = canonical(&reference(&stream));
        let mut ends = Vec::new();
        for callbacks in idle_callbacks() {
            for shown in [None, Some(MODEL)] {
                let (out, mut relay) = run(relay(&callbacks, shown, false), stream.as_bytes(), &lengths);
                if shown.is_none() || !stream.contains("twice") {
                    prop_assert_eq!(std::str::from_utf8(&out).unwrap(), want.as_str());
                }
                ends.push(end_of(&mut relay));
            }
        }
        prop_assert!(ends.iter().all(|end| *end == ends[0]), "{:?}", ends);
    }

    /// A name changes and usage is withheld: every mode gives the same bytes, and in JSON that and nothing else changed.
    #[test]
    fn each_mode_changes_the_same(stream in fixture(), lengths in lengths(), withhold: bool) {
        let mut outs = Vec::new();
        for callbacks in idle_callbacks() {
            let (out, mut relay) = run(relay(&callbacks, Some(ALIAS), withhold), stream.as_bytes(), &lengths);
            outs.push((String::from_utf8(out).unwrap(), end_of(&mut relay)));
        }
        prop_assert!(outs.iter().all(|out| *out == outs[0]), "{:?}", outs);
        let parse = |data: String| serde_json::from_str::<serde_json::Value>(&data).map_err(|_| data);
        let got: Vec<_> = reference(&outs[0].0).into_iter().map(parse).collect();
        let mut want: Vec<_> = reference(&stream).into_iter().map(parse).collect();
        want.retain_mut(|event| {
            let event = match event {
                Ok(serde_json::Value::Object(event)) => event,
                Ok(_) => return true,
                Err(half) => {
                    // half of a surrogate pair: JSON, though not to serde_json
                    *half = half.replace(&format!("\"{MODEL}\""), &serde_json::Value::from(ALIAS).to_string());
                    return true;
                }
            };
            if event.get("model").is_some() {
                event.insert("model".into(), ALIAS.into());
            }
            let usage = withhold && event.get("usage").is_some_and(|usage| usage.is_object());
            if usage {
                event.remove("usage");
            }
            !(usage && event.get("choices").is_none_or(|choices| choices == &serde_json::json!([])))
        });
        prop_assert_eq!(got, want);
    }
}
