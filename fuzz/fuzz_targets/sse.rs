//! The event reader against a peer, whole and split: the first byte says how.

#![no_main]

use eventsource_stream::EventStream;
use futures_util::{FutureExt, StreamExt, stream};
use libfuzzer_sys::fuzz_target;
use millrace_actors::wire::sse::SseReader;

type Read = (Vec<u8>, Vec<u8>);

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<Read> {
    let (mut reader, mut events) = (SseReader::new(1 << 20), Vec::new());
    for chunk in chunks {
        let fed = reader.feed(chunk, |event| {
            let plain = [b"data: ", event.data, b"\n\n"].concat();
            assert_eq!(event.canonical, plain == event.raw);
            events.push((event.data.to_vec(), event.name.unwrap_or(b"message").to_vec()));
        });
        assert!(fed.is_ok());
    }
    events
}

/// What the peer reads. It waits where a stream ends in CR, so the stream is made to go on.
fn peer(text: &str) -> Vec<Read> {
    let chunks = stream::iter([Ok::<_, ()>(text)]);
    let events = EventStream::new(chunks).collect::<Vec<_>>().now_or_never().unwrap_or_default();
    events.into_iter().flatten().map(|event| (event.data.into_bytes(), event.event.into_bytes())).collect()
}

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (step, mut bytes) = input;
    bytes.push(b':');
    let whole = read(std::iter::once(bytes.as_slice()));
    assert_eq!(whole, read(bytes.chunks(usize::from(step) + 1)));
    // The peer panics on a byte order mark, and reads nothing but UTF-8.
    if let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| !text.starts_with('\u{feff}')) {
        assert_eq!(whole, peer(text));
    }
});
