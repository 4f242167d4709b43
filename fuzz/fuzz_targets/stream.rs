//! Any bytes as a provider's stream, in any dialect and any pieces: told to any caller, the frames are in the order that the
//! caller's protocol prescribes, every one is JSON on one line that the caller's own reader takes, and the end is told once and
//! last. How the pieces were cut changes nothing, and what is told is bounded by what came.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::{Event, Frame};
use millrace_actors::wire::protocol::Protocol;
use millrace_fuzz::{Input, in_order, input, own, seed, told, wire};
use serde_json::Value;

fuzz_target!(init: seed("stream", &["stream"]), |data: &[u8]| {
    let Some(input) = input(data) else { return };
    let (framing, protocol) = (input.from.framing, input.to.1);
    let bytes = wire(framing, input.text);
    let translator = || own(input.from).translator(protocol, input.facts.clone());
    let (frames, complete) = told(translator(), framing, &bytes, input.size);
    let (at_once, complete_at_once) = told(translator(), framing, &bytes, bytes.len().max(1));
    // not compared in full: some readers draw the ids that their provider does not give
    assert_eq!((frames.len(), complete), (at_once.len(), complete_at_once));
    in_order(protocol, &frames, complete);
    let told: usize = frames.iter().map(|frame| frame.data.len()).sum();
    // a chunk's frame around each piece, and in responses each text three times over at its end
    assert!(told < 100_000 + 3_000 * bytes.len(), "{told} bytes of {}", bytes.len());
    for frame in &frames {
        assert!(!frame.data.contains(&b'\n'), "{frame:?}");
        let done = matches!(protocol, Protocol::Chat | Protocol::Text) && frame.data == b"[DONE]"[..];
        assert!(done || serde_json::from_slice::<Value>(&frame.data).is_ok_and(|value| value.is_object()), "{frame:?}");
    }
    read_back(&input, &frames, complete);
});

/// What the caller makes of it.
fn read_back(input: &Input<'_>, frames: &[Frame], complete: bool) {
    let (mut decoder, mut events) = ((input.to.0.decoder)(), Vec::new());
    for (at, frame) in frames.iter().enumerate() {
        let name = frame.name.map(str::as_bytes);
        if let Err(why) = decoder.event(name, &frame.data, &mut events) {
            panic!("{why:?} at {frame:?}");
        }
        let over = events.contains(&Event::End);
        assert!(!over || at + 1 == frames.len(), "told something behind the end: {:?}", &frames[at..]);
    }
    if complete {
        decoder.close(&mut events).unwrap_or_else(|why| panic!("{why:?} at the end of {frames:?}"));
        assert_eq!(events.iter().filter(|event| **event == Event::End).count(), 1, "{frames:?}");
        assert_eq!(events.last(), Some(&Event::End), "{frames:?}");
    } else if input.to.1 != Protocol::GenerateContent {
        assert!(!events.contains(&Event::End), "an end nobody told: {frames:?}");
    }
}
