//! Tests of the skipper: it judges as serde_json does and finds the same members. (The corpus is in the envelope's tests.)

use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::restamp::tests::json_values;
use super::*;

/// The values' places as serde_json finds them, or that it's no object.
fn reference(text: &str) -> Option<Vec<Range<usize>>> {
    let mut values = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(TopLevel { base: text.as_ptr() as usize, values: &mut values }).ok()?;
    reader.end().ok()?;
    Some(values)
}

/// Walks an object, borrowing each value as it stands: the difference of the addresses is the place.
struct TopLevel<'a> {
    base: usize,
    values: &'a mut Vec<Range<usize>>,
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<String>()?.is_some() {
            let raw: &'de RawValue = map.next_value()?;
            let start = raw.get().as_ptr() as usize - self.base;
            self.values.push(start..start + raw.get().len());
        }
        Ok(())
    }
}

fn skipped(text: &str) -> Option<Vec<Range<usize>>> {
    let mut values = Vec::new();
    object(text.as_bytes(), DEEPEST, |Spans { key, value, .. }| {
        assert!(text[key.clone()].starts_with('"') && text[key].ends_with('"'));
        values.push(value);
    })
    .ok()?;
    Some(values)
}

/// Bits of JSON, whole and broken.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop::sample::select(vec![
        "{", "}", "[", "]", "\"", ",", ":", "\"a\"", "\"a\":", "1", "-", "0", ".", "e", "+", "E5", "true", "false",
        "null", "nul", " ", "\n", "\t", "\r", "\u{b}", "\\", "\\u", "00e9", "\\n", "\u{4e2d}", "12345678", "{}", "[]",
        "\"a\":1,", "\u{0}", "\u{7f}",
    ]);
    prop::collection::vec(scrap, 0..20).prop_map(|scraps| scraps.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn scraps_are_judged_as_the_reference_does(scraps in scraps()) {
        for text in [scraps.clone(), format!("{{{scraps}}}"), format!("{{\"a\":{scraps}}}"), format!("{{\"a\":[\"{scraps}\"]}}")] {
            // A top-level key with half of a surrogate pair is valid JSON that the reference can't decode; none is here.
            prop_assert_eq!(skipped(&text), reference(&text), "{}", text);
        }
    }

    #[test]
    fn valid_json_is_taken_and_each_cut_of_it_refused(
        members in prop::collection::btree_map(".{0,9}", json_values(), 0..4),
        pretty: bool,
        cut: prop::sample::Index,
        byte: u8,
    ) {
        let text = if pretty { serde_json::to_string_pretty(&members) } else { serde_json::to_string(&members) }.unwrap();
        prop_assert_eq!(skipped(&text), reference(&text));
        let at = cut.index(text.len());
        let cut = object(&text.as_bytes()[..at], DEEPEST, |_| {});
        prop_assert!(cut.is_err());
        let mut bytes = text.into_bytes();
        bytes[at] = byte;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            // Not through `reference`: the change may have made half a surrogate pair in a key.
            let valid = text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            prop_assert_eq!(skipped(text).is_some(), valid, "{}", text);
        }
    }
}

#[test]
fn strings_are_searched_right_at_every_offset() {
    for length in 0..40 {
        for stop in ["\"", "\\\"\"", "\\u00e9\"", "\u{1f}\"", "\\x\"", ""] {
            for filler in ["x", "\u{7f}", "\u{80}", "\u{a2}", "\u{10ffff}", "!", "#", "[", "]", " "] {
                let text = format!("\"{}{stop}", filler.repeat(length));
                let valid = serde_json::from_str::<&RawValue>(&text).is_ok();
                assert_eq!(string(text.as_bytes(), 0).is_ok(), valid, "{text:?}");
                assert!(string(text.as_bytes(), 0).is_ok_and(|end| end == text.len()) || !valid);
            }
        }
    }
}

#[test]
fn depth_is_bounded_exactly_and_told_apart() {
    let nested = |levels: usize| {
        format!("{{\"a\":{}{}}}", "[{\"b\":".repeat(levels / 2), "1".to_owned() + &"}]".repeat(levels / 2))
    };
    assert_eq!(object(nested(126).as_bytes(), 127, |_| {}), Ok(()));
    assert_eq!(object(nested(126).as_bytes(), 126, |_| {}), Err(Fault::Deep(5 + 125 / 2 * 6 + 1)));
    assert_eq!(object(b"{}", 0, |_| {}), Err(Fault::Deep(0)));
    assert_eq!(object("{\"a\":".repeat(200_000).as_bytes(), usize::MAX, |_| {}), Err(Fault::Deep(129 * 5)));
}
