//! What the dialects' tests share: fixtures and goldens; through a dialect, to what callers get; and requests out of it.

use bytes::Bytes;
use std::path::PathBuf;

use serde_json::Value;

use super::own::Own;
use super::{AnswerFacts, Event, Notes, Target, bridge, openai};
use millrace_actors::wire::framing::{Framing, StreamReader};
use millrace_actors::wire::protocol::Protocol;

/// Where a fixture lies.
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/dialects/fixtures").join(file)
}

#[track_caller]
pub fn fixture(file: &str) -> String {
    let path = path(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `text` is what the golden file says; with `MILLRACE_BLESS` set, it is written.
#[track_caller]
pub fn golden(file: &str, text: &str) {
    let path = path("golden").join(file);
    if std::env::var_os("MILLRACE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, known, "{} differs; if that is right, bless it with MILLRACE_BLESS=1", path.display());
}

pub fn facts() -> AnswerFacts {
    AnswerFacts {
        model: "alias".into(),
        id: "own-1".into(),
        created: 1_700_000_000,
        show_usage: true,
        asked: vec![("thinking", Bytes::from_static(br#"{"type":"adaptive"}"#))],
        vectors: None,
    }
}

/// The events of a stream in chunks of `size` bytes.
pub fn decoded(own: &Own, framing: Framing, stream: &str, size: usize) -> Vec<Event> {
    let (mut decoder, mut out) = ((own.decoder)(), vec![]);
    let mut reader = StreamReader::new(framing, 1 << 20);
    for chunk in stream.as_bytes().chunks(size) {
        reader.feed(chunk, |event| decoder.event(event.name, event.data, &mut out).unwrap()).unwrap();
    }
    out
}

/// The stream and the whole answer say the same, to a caller of either protocol, however the stream is split; and what that is
/// stands in golden files.
#[track_caller]
pub fn pair(own: &Own, framing: Framing, name: &str, stream: &str, whole: &str) {
    let events = decoded(own, framing, stream, stream.len());
    for size in 1..40 {
        assert_eq!(decoded(own, framing, stream, size), events, "{name} in chunks of {size}");
    }
    for (to, word) in [(Protocol::Chat, "openai"), (Protocol::Messages, "anthropic")] {
        let joined = bridge::told(to, events.clone(), &facts(), &mut Notes::default()).unwrap();
        let translated = own.translate(to, &facts(), whole.as_bytes(), &mut Notes::default()).unwrap();
        let pretty = |bytes: &[u8]| format!("{:#}\n", serde_json::from_slice::<Value>(bytes).unwrap());
        assert_eq!(pretty(&joined), pretty(&translated), "{name}: stream and whole answer differ for {word}");
        golden(
            &format!("{}-to-{word}/{}.json", name.split('/').next().unwrap(), name.split('/').nth(1).unwrap()),
            &pretty(&joined),
        );
        let (mut translator, mut frames) = (own.translator(to, facts()), vec![]);
        let mut reader = StreamReader::new(framing, 1 << 20);
        let mut over = false;
        reader
            .feed(stream.as_bytes(), |event| over |= translator.event(event.name, event.data, &mut frames).unwrap())
            .unwrap();
        assert!(over, "{name}: no end for {word}");
    }
}

/// A chat request of OpenAI's protocol as the dialect writes it, and the notes.
pub fn written(own: &Own, request: &Value, model: &str) -> (Value, String) {
    let request = openai::read_request(request.to_string().as_bytes()).unwrap();
    let target = Target { model, max_output_tokens: None, stream_usage: true };
    let written = (own.write_request)(&request, &target).unwrap();
    (serde_json::from_slice(&written.body).unwrap(), written.notes.to_string())
}

/// The complaint about a request: its place and what is wrong.
pub fn refused(own: &Own, request: &Value) -> (String, String) {
    let request = openai::read_request(request.to_string().as_bytes()).unwrap();
    let target = Target { model: "m", max_output_tokens: None, stream_usage: true };
    let bad = (own.write_request)(&request, &target).unwrap_err();
    (bad.pointer, bad.what)
}
