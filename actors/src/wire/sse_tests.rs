//! Tests of the event reader: the cases of the web platform tests, every split, and a peer as the reference.

use eventsource_stream::EventStream;
use futures_util::{FutureExt, StreamExt, stream};
use proptest::prelude::*;

use super::*;

/// What was read of one event: data, name, canonical.
type Read = (Vec<u8>, Option<Vec<u8>>, bool);

fn read(reader: &mut SseReader, chunk: &[u8]) -> Vec<Read> {
    let mut events = Vec::new();
    let mut keep = |event: Event<'_>| {
        let mut whole = b"data: ".to_vec();
        whole.extend_from_slice(event.data);
        whole.extend_from_slice(b"\n\n");
        assert_eq!(event.canonical, whole == event.raw, "{event:?}");
        events.push((event.data.to_vec(), event.name.map(<[u8]>::to_vec), event.canonical));
    };
    reader.feed(chunk, &mut keep).unwrap();
    events
}

fn read_all<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut reader = SseReader::new(1 << 20);
    chunks.into_iter().flat_map(|chunk| read(&mut reader, chunk)).map(|(data, name, _)| (data, name)).collect()
}

/// Stream, then its events as `data` or `name|data`.
const CASES: &[(&str, &[&str])] = &[
    ("data: a\n\n", &["a"]),
    ("data: a\n\ndata: b\n\n", &["a", "b"]),
    ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
    ("data: a\r\rdata: b\r\r", &["a", "b"]),
    ("data: a\r\n\ndata: b\n\r\ndata: c\r\n\r", &["a", "b", "c"]),
    ("data: a\r\r\ndata: b\n\n", &["a", "b"]),
    ("data: a\n\r\r\n\ndata: b\n\n", &["a", "b"]),
    ("\u{feff}data: a\n\n", &["a"]),
    ("\u{feff}\u{feff}data: a\n\ndata: b\n\n", &["b"]),
    ("data: a\n\n\u{feff}data: b\n\ndata: c\n\n", &["a", "c"]),
    (": hello\n\n", &[]),
    (":\n\n:\n\ndata: a\n\n", &["a"]),
    (": hello\ndata: a\n: there\n\n", &["a"]),
    ("data:a\n\n", &["a"]),
    ("data:  a\n\n", &[" a"]),
    ("data:\ta\n\n", &["\ta"]),
    ("data\n\n", &[""]),
    ("data:\n\n", &[""]),
    ("data: \n\n", &[""]),
    ("data\ndata\n\n", &["\n"]),
    ("data:\ndata: a\ndata\n\n", &["\na\n"]),
    ("data: a\ndata: b\n\n", &["a\nb"]),
    ("data: a\r\ndata: b\r\n\r\n", &["a\nb"]),
    ("data: a\rdata:b\r\r", &["a\nb"]),
    ("data: a:b\n\n", &["a:b"]),
    (" data: a\n\ndata : b\n\nDATA: c\n\n", &[]),
    ("data: a\nid: 1\nretry: 5\nfoo: bar\nfoo\n\n", &["a"]),
    ("event: error\ndata: a\n\n", &["error|a"]),
    ("data: a\nevent: x\nevent: y\n\n", &["y|a"]),
    ("event: x\nevent\ndata: a\n\n", &["a"]),
    ("event: x\n\ndata: a\n\n", &["a"]),
    ("event:\ndata: a\n\n", &["a"]),
    ("\n\n\n", &[]),
    ("\r\n\r\ndata: a\n\n", &["a"]),
    ("data: a\n", &[]),
    ("data: a\n\ndata: b", &["a"]),
    ("data: a\n\ndata: b\n", &["a"]),
    ("data: \u{0}\n\n", &["\u{0}"]),
    ("data: \u{2028}\u{85}\u{b}\u{c}x\n\n", &["\u{2028}\u{85}\u{b}\u{c}x"]),
    ("data: [DONE]\n\n", &["[DONE]"]),
    ("data:[DONE] \r\n\r\n", &["[DONE] "]),
    ("data: \u{1f600}\u{4e2d}\n\n", &["\u{1f600}\u{4e2d}"]),
];

fn wanted(events: &[&str]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let one = |event: &&str| match event.split_once('|') {
        Some((name, data)) => (data.into(), Some(name.into())),
        None => (event.as_bytes().to_vec(), None),
    };
    events.iter().map(one).collect()
}

#[test]
fn reads_the_table_whole_bytewise_and_split_anywhere() {
    for (stream, events) in CASES {
        let (bytes, want) = (stream.as_bytes(), wanted(events));
        assert_eq!(read_all([bytes]), want, "whole {stream:?}");
        assert_eq!(read_all(bytes.chunks(1)), want, "bytewise {stream:?}");
        for at in 0..=bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(read_all([left, right]), want, "split at {at} {stream:?}");
            assert_eq!(read_all([left, b"", right, b""]), want, "split at {at} by nothing {stream:?}");
        }
    }
}

#[test]
fn invalid_utf8_passes_as_it_came() {
    assert_eq!(read_all([b"data: \xff\xf0\n\n".as_slice()]), [(b"\xff\xf0".to_vec(), None)]);
    // The start of a byte order mark that isn't one.
    assert_eq!(read_all([b"\xef\xbbdata: a\n\ndata: b\n\n".as_slice()]), [(b"b".to_vec(), None)]);
}

#[test]
fn tells_which_chunk_may_pass_as_it_came() {
    let mut reader = SseReader::new(100);
    for (chunk, whole) in [
        ("data: a\n\ndata: b\n\n", true),
        ("", true),
        ("data: a\n\n\n", false),
        ("data: a\n\n: x\n\n", false),
        (": x\n\n", false),
        ("data:a\n\n", false),
        ("data: a\r\n\r\n", false),
        ("data: a\n\r", false),
        ("\ndata: b\n\n", false),
        ("data: b\n\n", true),
        ("event: x\ndata: a\n\n", false),
        ("data: a\ndata: b\n\n", false),
        ("data: c\n\ndata: d", false),
        ("e\n\n", false),
        ("data: a\n\n", true),
    ] {
        read(&mut reader, chunk.as_bytes());
        assert_eq!(reader.whole_canonical(), whole, "{chunk:?}");
    }
    assert_eq!(reader.comments(), 2);
    assert!(!SseReader::new(9).whole_canonical());
}

#[test]
fn holds_the_unfinished_event_and_nothing_else() {
    let mut reader = SseReader::new(100);
    for (chunk, held) in [("\u{feff}", 0), ("da", 2), ("ta: a\n", 8), ("\n", 0), ("data: a\r\n\r", 0), ("\nx", 1)] {
        read(&mut reader, chunk.as_bytes());
        assert_eq!(reader.held(), held, "{chunk:?}");
    }
    let mut reader = SseReader::new(100);
    read(&mut reader, b"\xef\xbb");
    assert_eq!(reader.held(), 2);
}

#[test]
fn refuses_an_endless_event_and_stays_failed() {
    let mut reader = SseReader::new(16);
    let mut count = 0;
    assert_eq!(reader.feed(b"data: fits\n\ndata: far too long", |_| count += 1), Err(reader.too_large()));
    assert_eq!((count, reader.held()), (1, 0));
    assert_eq!(reader.feed(b"data: a\n\n", |_| count += 1), Err(SseError::EventTooLarge { limit: 16 }));
    assert_eq!(count, 1);
}

#[test]
fn memory_stays_bounded_by_the_limit() {
    let mut reader = SseReader::new(1000);
    let fed = (0..10_000).find(|_| reader.feed(b"x: no blank line for ever\n", |_| {}).is_err());
    assert_eq!(fed, Some(1000 / 26));
    assert!(reader.carry.capacity() <= 2000);
    let mut reader = SseReader::new(1 << 20);
    let long = vec![b'x'; 1 << 19];
    assert!(reader.feed(&long, |_| {}).is_ok() && reader.feed(b"\n\n", |_| {}).is_ok());
    assert!(reader.carry.capacity() <= KEEP);
}

/// What the reference reads. It waits where a stream ends in CR, so the stream is made to go on; and it panics on a byte
/// order mark, so there must be none.
fn reference(stream: &str) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let chunks = stream::iter([Ok::<_, ()>(format!("{stream}:"))]);
    let events = EventStream::new(chunks).collect::<Vec<_>>().now_or_never().unwrap();
    let read = |event: eventsource_stream::Event| {
        let name = Some(event.event).filter(|name| name != "message");
        (event.data.into_bytes(), name.map(String::into_bytes))
    };
    events.into_iter().map(|event| read(event.unwrap())).collect()
}

fn streams() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => prop::sample::select(vec!["data: ", "data:", "data", "event: x", "event:", "id: 1", ":", ": c", " ", "\u{4e2d}"]),
        4 => prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"]),
        2 => prop::sample::select(vec!["data: {\"a\":1}\n\n", "data: [DONE]\n\n", "data: a\r\n\r\n", ": ping\n\n"]),
        1 => prop::sample::select(vec!["x", "\u{1f600}", "\u{0}", "da", "ta", "retry: 3"]),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

/// Cuts `bytes` after each of the lengths, over and over.
fn slices<'a>(bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut slices = Vec::new();
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (slice, later) = rest.split_at((*length).min(rest.len()));
        slices.push(slice);
        rest = later;
    }
    slices
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn reads_as_the_reference_does(stream in streams(), lengths in prop::collection::vec(1_usize..20, 1..8)) {
        let want = reference(&stream);
        let whole = format!("{stream}:");
        prop_assert_eq!(&read_all([whole.as_bytes()]), &want);
        prop_assert_eq!(&read_all(slices(whole.as_bytes(), &lengths)), &want);
    }

    #[test]
    fn any_bytes_read_alike_however_split(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b'd'), any::<u8>()], 0..200),
        lengths in prop::collection::vec(1_usize..9, 1..8),
    ) {
        prop_assert_eq!(read_all([bytes.as_slice()]), read_all(slices(&bytes, &lengths)));
    }

    #[test]
    fn the_bound_falls_alike_however_split(
        stream in streams(),
        limit in 1_usize..60,
        lengths in prop::collection::vec(1_usize..9, 1..8),
    ) {
        let run = |chunks: Vec<&[u8]>| {
            let (mut reader, mut events) = (SseReader::new(limit), Vec::new());
            let result = chunks.into_iter().try_for_each(|chunk| {
                reader.feed(chunk, |event| events.push(event.data.to_vec()))?;
                assert!(reader.held() <= limit.max(2));
                Ok::<_, SseError>(())
            });
            (result, events)
        };
        prop_assert_eq!(run(vec![stream.as_bytes()]), run(slices(stream.as_bytes(), &lengths)));
    }
}
