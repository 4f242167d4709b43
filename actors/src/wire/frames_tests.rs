//! Frames through every split, with every byte garbled, cut anywhere; and the format's own examples.

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1 << 16;

/// Name and data of each event, and how the reading ended.
type Read = (Vec<(String, String)>, Result<(), SseError>);

fn read_with(limit: usize, chunks: &[&[u8]]) -> (Read, usize) {
    let (mut reader, mut events) = (FrameReader::new(limit), Vec::new());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fed = chunks.iter().try_for_each(|chunk| {
        reader.feed(chunk, |event| events.push((text(event.name.unwrap_or_default()), text(event.data))))
    });
    ((events, fed), reader.held())
}

fn read(chunks: &[&[u8]]) -> Read {
    read_with(LIMIT, chunks).0
}

fn frame(headers: &[(&'static str, &str)], payload: &str) -> Vec<u8> {
    let text = |text: &str| HeaderValue::String(text.to_owned().into());
    let message = Message::new(Bytes::copy_from_slice(payload.as_bytes()));
    let message =
        headers.iter().fold(message, |message, (name, value)| message.add_header(Header::new(*name, text(value))));
    let mut out = Vec::new();
    write_message_to(&message, &mut out).unwrap();
    out
}

fn event(name: &str, data: &str) -> Vec<u8> {
    let mut out = BytesMut::new();
    write(&mut out, Some(name.as_bytes()), data.as_bytes());
    out.to_vec()
}

fn stream() -> Vec<u8> {
    [event("messageStart", r#"{"role":"assistant"}"#), event("delta", "{\"t\":\"grüße 🎉\"}"), event("", "")].concat()
}

fn owned(events: &[(&str, &str)]) -> Vec<(String, String)> {
    events.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect()
}

#[test]
fn frames_become_events_however_they_are_split() {
    let bytes = stream();
    let want =
        (owned(&[("messageStart", r#"{"role":"assistant"}"#), ("delta", "{\"t\":\"grüße 🎉\"}"), ("", "")]), Ok(()));
    assert_eq!(read_with(LIMIT, &[&bytes]), (want.clone(), 0));
    for cut in 0..=bytes.len() {
        assert_eq!(read(&[&bytes[..cut], &bytes[cut..]]), want, "{cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read(&single), want);
}

/// Found by fuzzing: the last of a stream was then a frame cut short, and not the garbled one it is.
#[test]
fn a_prelude_is_judged_with_its_last_byte_however_it_is_split() {
    let garbled = [b'['; PRELUDE];
    let why = Err(SseError::BadFrame { why: "the checksum of its length does not fit" });
    assert_eq!(read(&[&garbled]).1, why);
    for size in 1..PRELUDE {
        assert_eq!(read(&garbled.chunks(size).collect::<Vec<_>>()).1, why, "in pieces of {size}");
    }
}

/// The two messages are those of the format's reference implementation (aws-c-event-stream, `message_deserializer_test.c`);
/// neither says what it is, so each is refused, but not before its checksums have passed.
#[test]
fn the_reference_messages_are_read_as_far_as_they_go() {
    let plain: &[u8] = &[
        0x00, 0x00, 0x00, 0x1D, 0x00, 0x00, 0x00, 0x00, 0xfd, 0x52, 0x8c, 0x5a, 0x7b, 0x27, 0x66, 0x6f, 0x6f, 0x27,
        0x3a, 0x27, 0x62, 0x61, 0x72, 0x27, 0x7d, 0xc3, 0x65, 0x39, 0x36,
    ];
    let why = |bytes: &[u8]| match read(&[bytes]).1 {
        Err(SseError::BadFrame { why }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(plain), "it does not say whether it is an event");
    let mut garbled = plain.to_vec();
    garbled[14] ^= 1;
    assert_eq!(why(&garbled), "its checksum or a header of it does not fit");
    garbled[1] ^= 1;
    assert_eq!(why(&garbled), "the checksum of its length does not fit");
}

#[test]
fn exceptions_and_errors_are_error_events() {
    let exception = [(":message-type", "exception"), (":exception-type", "throttlingException")];
    let error = [(":message-type", "error"), (":error-code", "InternalFailure"), (":error-message", "it broke")];
    for (headers, payload, told) in [
        (
            &exception[..],
            r#"{"message":"slow down"}"#,
            r#"{"error":{"message":"slow down","type":"throttlingException"}}"#,
        ),
        (&exception[..], r#"{"Message":"slow"}"#, r#"{"error":{"message":"slow","type":"throttlingException"}}"#),
        (&exception[..], "no json", r#"{"error":{"type":"throttlingException"}}"#),
        (&exception[..1], "", r#"{"error":{"type":"unknown"}}"#),
        (&error[..], "", r#"{"error":{"message":"it broke","type":"InternalFailure"}}"#),
    ] {
        assert_eq!(read(&[&frame(headers, payload)]), (owned(&[("error", told)]), Ok(())));
    }
}

#[test]
fn a_frame_of_an_unknown_type_ends_the_reading() {
    for headers in [&[][..], &[(":message-type", "ping")][..]] {
        let bytes = [event("a", "{}"), frame(headers, ""), event("b", "{}")].concat();
        let (events, end) = read(&[&bytes, &event("c", "{}")]);
        assert_eq!(events, owned(&[("a", "{}")]));
        assert!(matches!(end, Err(SseError::BadFrame { .. })), "{end:?}");
    }
}

#[test]
fn a_frame_beyond_the_bound_is_refused_before_it_is_held() {
    let bytes = event("a", &"x".repeat(5_000));
    assert_eq!(read_with(bytes.len(), &[&bytes]).0.1, Ok(()));
    let ((events, end), held) = read_with(bytes.len() - 1, &[&bytes[..PRELUDE], &bytes[PRELUDE..]]);
    assert_eq!((events, end, held), (vec![], Err(SseError::EventTooLarge { limit: bytes.len() - 1 }), 0));
}

#[test]
fn an_error_stays() {
    let mut reader = FrameReader::new(LIMIT);
    assert!(reader.feed(&[0; LEAST], |_| {}).is_err());
    assert!(reader.feed(&event("a", "{}"), |_| panic!("read on")).is_err());
}

proptest! {
    #[test]
    fn any_split_reads_the_same(
        payloads in proptest::collection::vec(".{0,40}", 1..5),
        cuts in proptest::collection::vec(0usize..600, 0..8),
    ) {
        let bytes: Vec<u8> = payloads.iter().flat_map(|payload| event("e", payload)).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let want = payloads.iter().map(|payload| ("e".to_owned(), payload.clone())).collect::<Vec<_>>();
        prop_assert_eq!(read(&chunks), (want, Ok(())));
    }

    /// One wrong bit anywhere: the frame it is in is never reported, and nothing after it.
    #[test]
    fn a_garbled_frame_is_never_an_event(at in 0usize..10_000, bit in 0u8..8, cut in 0usize..10_000) {
        let mut bytes = stream();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let cut = cut % bytes.len();
        let whole = read(&[&stream()]).0;
        let (events, end) = read(&[&bytes[..cut], &bytes[cut..]]);
        prop_assert!(end.is_err());
        prop_assert_eq!(&events[..], &whole[..events.len()]);
    }

    /// A stream cut anywhere: whole frames are events, the rest is held and known to be missing.
    #[test]
    fn a_cut_is_known(cut in 0usize..10_000) {
        let bytes = stream();
        let cut = cut % bytes.len();
        let ((events, end), held) = read_with(LIMIT, &[&bytes[..cut]]);
        prop_assert_eq!(end, Ok(()));
        let whole: usize = [event("messageStart", r#"{"role":"assistant"}"#), event("delta", "{\"t\":\"grüße 🎉\"}")]
            .iter().take(events.len()).map(Vec::len).sum();
        prop_assert_eq!(whole + held, cut);
    }

    #[test]
    fn garbage_is_borne(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (_, held) = read_with(64, &[&bytes]);
        prop_assert!(held <= 64);
    }
}
