//! Streams cut anywhere: what is read does not depend on where the network cut.

use proptest::prelude::*;

use super::fixtures;
use super::table::{ROWS, decode, wire};

/// Bytes between cuts: a prime, so that no length of events goes with it.
const STEP: usize = 97;

#[test]
fn a_stream_cut_anywhere_reads_the_same() {
    for row in &ROWS {
        for fixture in fixtures::of(row.name, "stream") {
            let bytes = &wire(row, &fixture.text)[..];
            let want = decode(row, [bytes]);
            // every place is cut once, among 97th parts of others: each alone would read all of it as often as it has bytes
            for at in 0..STEP.min(bytes.len()) {
                let (head, tail) = bytes.split_at(at);
                let got = decode(row, [head].into_iter().chain(tail.chunks(STEP)));
                assert_eq!(got, want, "{} {} cut at {at} and every {STEP} behind it", row.name, fixture.name);
            }
            for size in 1..=17 {
                let got = decode(row, bytes.chunks(size));
                assert_eq!(got, want, "{} {} in pieces of {size}", row.name, fixture.name);
            }
        }
    }
}

/// Alone, for one small fixture of each row.
#[test]
fn a_stream_cut_once_reads_the_same() {
    for row in &ROWS {
        let fixtures = fixtures::of(row.name, "stream");
        let fixture = fixtures.iter().min_by_key(|fixture| fixture.text.len()).unwrap();
        let bytes = &wire(row, &fixture.text)[..];
        let want = decode(row, [bytes]);
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(decode(row, [head, tail]), want, "{} {} cut at {at}", row.name, fixture.name);
        }
    }
}

/// Nothing that comes from a provider makes a decoder panic, or tells a caller anything behind the end.
fn spoilt() -> impl Strategy<Value = (usize, usize, Vec<(usize, u8)>, usize)> {
    let change = (any::<prop::sample::Index>().prop_map(|at| at.index(1 << 16)), any::<u8>());
    (0..ROWS.len(), 0usize..64, prop::collection::vec(change, 0..6), 1usize..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_spoilt_stream_is_read_or_is_a_fault((row, which, changes, size) in spoilt()) {
        let row = &ROWS[row];
        let fixtures = fixtures::of(row.name, "stream");
        let mut bytes = wire(row, &fixtures[which % fixtures.len()].text);
        let length = bytes.len();
        changes.iter().for_each(|(at, byte)| bytes[at % length] = *byte);
        let once = decode(row, bytes.chunks(size));
        prop_assert_eq!(once, decode(row, [&bytes[..]]));
    }

    #[test]
    fn a_spoilt_whole_answer_is_read_or_is_a_fault((row, which, changes, _) in spoilt()) {
        let row = &ROWS[row];
        let fixtures = fixtures::of(row.name, "whole");
        let mut bytes = fixtures[which % fixtures.len()].text.clone().into_bytes();
        let length = bytes.len();
        changes.iter().for_each(|(at, byte)| bytes[at % length] = *byte);
        if let Ok(events) = (row.read_whole)(&bytes) {
            prop_assert!(events.iter().filter(|event| **event == crate::dialects::Event::End).count() <= 1);
        }
    }
}
