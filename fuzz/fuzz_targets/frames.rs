//! The frame reader on anything, whole and split: the first byte says how; and on proper frames that are damaged in one place.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use millrace_actors::wire::frames::{FrameReader, write};

const LIMIT: usize = 1 << 12;

/// Name and data of each event, and whether the reader is content.
type Read = (Vec<(Vec<u8>, Vec<u8>)>, bool);

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Read {
    let (mut reader, mut events, mut good) = (FrameReader::new(LIMIT), Vec::new(), true);
    for chunk in chunks {
        let fed = reader.feed(chunk, |event| {
            assert!(good, "an event after an error");
            events.push((event.name.unwrap_or_default().to_vec(), event.data.to_vec()));
        });
        good &= fed.is_ok();
        assert!(reader.held() <= LIMIT);
    }
    (events, good)
}

fuzz_target!(|input: (u8, Vec<u8>, Vec<Vec<u8>>, u16, u8)| {
    let (step, bytes, payloads, at, bits) = input;
    let step = usize::from(step) + 1;
    assert_eq!(read(std::iter::once(bytes.as_slice())), read(bytes.chunks(step)));
    let mut stream = BytesMut::new();
    let payloads = payloads.into_iter().filter(|payload| payload.len() < LIMIT / 2).collect::<Vec<_>>();
    payloads.iter().for_each(|payload| write(&mut stream, Some(b"e"), payload));
    let want: Vec<_> = payloads.iter().map(|payload| (b"e".to_vec(), payload.clone())).collect();
    assert_eq!(read(stream.chunks(step)), (want.clone(), true));
    if !stream.is_empty() && bits != 0 {
        let at = usize::from(at) % stream.len();
        stream[at] ^= bits;
        let (events, good) = read(stream.chunks(step));
        assert!(!good, "damage went unseen");
        assert_eq!(events, want[..events.len()]);
    }
});
