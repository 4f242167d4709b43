//! Takes top-level members out of an object and leaves every other byte as it came: for usage that came in an event with
//! choices, to a caller who didn't ask for it.

use std::ops::Range;

use bytes::{BufMut, BytesMut};

use super::scan;

/// Appends `data` to `out` without its top-level `usage`, and says whether there was one. What isn't a JSON object is
/// appended as it came.
pub fn strip_usage(data: &[u8], out: &mut BytesMut) -> bool {
    let members = std::str::from_utf8(data).ok().and_then(|text| scan::members(text).ok()).unwrap_or_default();
    let values: Vec<Range<usize>> = members.iter().map(|member| member.value.clone()).collect();
    let drop = |index: usize| members[index].key == "usage";
    let mut from = 0;
    for cut in cuts(data, &values, drop) {
        out.put_slice(&data[from..cut.start]);
        from = cut.end;
    }
    out.put_slice(&data[from..]);
    from > 0
}

/// What to leave out of `object` so that the members at which `drop` is true are gone, each with one comma. `values` are
/// the places of all its values, in order; so are the cuts, which don't overlap.
pub fn cuts(object: &[u8], values: &[Range<usize>], drop: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut kept = false;
    for (index, value) in values.iter().enumerate() {
        let before = index.checked_sub(1).map(|last| values[last].end);
        if !drop(index) {
            kept = true;
        } else if let Some(before) = before.filter(|_| kept) {
            // With the comma before it.
            cuts.push(before..value.end);
        } else {
            // Nothing is kept before it: with the comma after it, so that the next one opens the object.
            let start = before.map_or_else(|| after(object, 0, b'{'), |end| after(object, end, b','));
            let end = if index + 1 < values.len() { after(object, value.end, b',') } else { value.end };
            cuts.push(start..end);
        }
    }
    cuts
}

/// The place behind the next `byte` from `from` on, where only space may lie between.
pub(crate) fn after(object: &[u8], from: usize, byte: u8) -> usize {
    memchr::memchr(byte, &object[from..]).map_or(from, |at| from + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> (String, bool) {
        let mut out = BytesMut::new();
        let had = strip_usage(text.as_bytes(), &mut out);
        (String::from_utf8(out.to_vec()).unwrap(), had)
    }

    #[test]
    fn takes_usage_with_one_comma() {
        for (text, want) in [
            (r#"{"usage":{"a":1}}"#, "{}"),
            (r#"{"a":1,"usage":{"x":[1,2]},"b":2}"#, r#"{"a":1,"b":2}"#),
            (r#"{ "usage" : null , "b":2}"#, r#"{ "b":2}"#),
            (r#"{"a":1 , "usage":3 }"#, r#"{"a":1 }"#),
            (r#"{"usage":1,"usage":2,"a":3}"#, r#"{"a":3}"#),
            (r#"{"usage":1,"usage":2}"#, "{}"),
            (r#"{"usage":1,"a":3,"usage":2}"#, r#"{"a":3}"#),
            (r#"{"a":1,"usage":1,"usage":2,"b":3}"#, r#"{"a":1,"b":3}"#),
            (r#"{"a":{"usage":1},"us\u0061ge":2}"#, r#"{"a":{"usage":1}}"#),
        ] {
            assert_eq!(stripped(text), (want.to_owned(), true), "{text}");
        }
    }

    #[test]
    fn leaves_the_rest_alone() {
        for text in [r#"{"a":{"usage":1}}"#, r#"{"a":"\"usage\":1"}"#, "{}", "[DONE]", r#"{"usage":1"#, ""] {
            assert_eq!(stripped(text), (text.to_owned(), false), "{text}");
        }
    }
}
