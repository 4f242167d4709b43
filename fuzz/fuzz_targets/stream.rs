//! Any bytes as a provider's stream, in any dialect and any pieces: told to any caller, the frames are in the order that the
//! caller's protocol prescribes, every one is JSON on one line that the caller's own reader takes, and the end is told once and
//! last. How the pieces were cut changes nothing, and what is told is bounded by what came.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use millrace::dialects::{Event, Frame};
use millrace_actors::wire::framing::{Framing, StreamReader};
use millrace_actors::wire::protocol::Protocol;
use millrace_fuzz::{CALLERS, Input, dialects, input, seed};
use millrace_lab::order::{End, Spoken, check};
use serde_json::Value;

const MOST: usize = 1 << 20;

fuzz_target!(init: seed("stream"), |data: &[u8]| {
    let Some(input) = input(data) else { return };
    let bytes = wire(dialects()[input.from].framing, input.text);
    let (frames, complete) = told(&input, &bytes, input.size);
    let (at_once, complete_at_once) = told(&input, &bytes, bytes.len().max(1));
    // not compared in full: some readers draw the ids that their provider does not give
    assert_eq!((frames.len(), complete), (at_once.len(), complete_at_once));
    in_order(&input, &frames, complete);
    let told: usize = frames.iter().map(|frame| frame.data.len()).sum();
    // a chunk's frame around each piece, and in responses each text three times over at its end
    assert!(told < 100_000 + 3_000 * bytes.len(), "{told} bytes of {}", bytes.len());
    for frame in &frames {
        assert!(!frame.data.contains(&b'\n'), "{frame:?}");
        let done = matches!(CALLERS[input.to].protocol, Protocol::Chat | Protocol::Text) && frame.data == b"[DONE]"[..];
        assert!(done || serde_json::from_slice::<Value>(&frame.data).is_ok_and(|value| value.is_object()), "{frame:?}");
    }
    read_back(&input, &frames, complete);
});

/// A stream as it comes over the wire. Binary frames are written of server-sent events here: a checksum is not to be guessed,
/// and `frames` tries what is no frame.
fn wire(framing: Framing, text: &[u8]) -> Vec<u8> {
    if framing != Framing::Frames {
        return text.to_vec();
    }
    let (mut reader, mut out) = (StreamReader::new(Framing::Events, MOST), BytesMut::new());
    let _ = reader.feed(text, |event| framing.write(Protocol::Own, &mut out, event.name, event.data));
    out.to_vec()
}

/// The caller's frames, and whether they are the whole answer. Nothing is asked of a translator after its end or its fault.
fn told(input: &Input<'_>, bytes: &[u8], size: usize) -> (Vec<Frame>, bool) {
    let dialect = &dialects()[input.from];
    let mut translator = dialect.own.translator(CALLERS[input.to].protocol, input.facts.clone());
    let (mut reader, mut frames) = (StreamReader::new(dialect.framing, MOST), Vec::new());
    let (mut complete, mut failed) = (false, false);
    for piece in bytes.chunks(size) {
        let fed = reader.feed(piece, |event| {
            if !complete && !failed {
                match translator.event(event.name, event.data, &mut frames) {
                    Ok(now) => complete = now,
                    Err(_) => failed = true,
                }
            }
        });
        failed |= fed.is_err();
    }
    if !complete && !failed {
        complete = translator.close(&mut frames).unwrap_or(false);
    }
    (frames, complete)
}

/// The caller's protocol has its rules.
fn in_order(input: &Input<'_>, frames: &[Frame], complete: bool) {
    let spoken = match CALLERS[input.to].protocol {
        Protocol::Text => Spoken::Completions,
        Protocol::Messages => Spoken::Messages,
        Protocol::Responses => Spoken::Responses,
        Protocol::GenerateContent => Spoken::Generate,
        Protocol::Chat | Protocol::Own => Spoken::Chat,
    };
    let told = check(spoken, frames.iter().map(|frame| (frame.name.map(str::as_bytes), &frame.data[..])));
    assert_eq!(told, Ok(if complete { End::Whole } else { End::Open }), "{frames:?}");
}

/// What the caller makes of it.
fn read_back(input: &Input<'_>, frames: &[Frame], complete: bool) {
    let (mut decoder, mut events) = ((dialects()[input.to].own.decoder)(), Vec::new());
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
    } else if CALLERS[input.to].protocol != Protocol::GenerateContent {
        assert!(!events.contains(&Event::End), "an end nobody told: {frames:?}");
    }
}
