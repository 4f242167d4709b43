//! Skips over JSON in one pass that validates it and bounds its depth: what every scan here stands on.
//!
//! serde_json can do the first but not the second (its limit of depth doesn't hold for values it only skips), and its
//! pass and a second one for the depth were most of what a large prompt cost (measured: 104 microseconds for 100 kB, this
//! one a fraction). It judges as serde_json does, which a property test and a fuzz target hold it to; serde_json still
//! words the complaint when a body is refused.

use std::ops::Range;

/// Depth that can be bounded at most: one bit each of the stack of open brackets.
pub const DEEPEST: usize = 128;

/// Why a text can't be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It isn't valid JSON at this offset (or ends there).
    #[error("invalid at byte {0}")]
    Syntax(usize),
    /// The bracket at this offset opens one level too many.
    #[error("nested too deep at byte {0}")]
    Deep(usize),
}

/// A member of an object: where its parts lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans {
    /// The key, with its quotes.
    pub key: Range<usize>,
    /// Whether the key has escapes.
    pub escaped: bool,
    /// The value.
    pub value: Range<usize>,
}

/// Hands the members of the object that `text` is to `on_member`, in order. Bytes beyond ASCII aren't looked at: that the
/// text is UTF-8 must be known. `limit` counts the object itself, and is at most [`DEEPEST`].
///
/// # Errors
/// The text isn't one JSON object, or nests deeper than `limit`. What was handed over before must not be used.
pub fn object(text: &[u8], limit: usize, mut on_member: impl FnMut(Spans)) -> Result<(), Fault> {
    let stop = members(text, 0, limit, |key, escaped, start| {
        let stop = value(text, start, limit - 1)?;
        on_member(Spans { key, escaped, value: start..stop });
        Ok(stop)
    })?;
    end(text, stop)
}

/// The members of the object at `pos`, space before it allowed, each told by its key, whether that has escapes, and where
/// its value starts: `on_member` gives the value's end, so it may read a value on the way instead of skipping it first.
/// Gives the object's end.
///
/// # Errors
/// As [`object`], or `on_member`'s own.
pub fn members(
    text: &[u8],
    pos: usize,
    limit: usize,
    mut on_member: impl FnMut(Range<usize>, bool, usize) -> Result<usize, Fault>,
) -> Result<usize, Fault> {
    let open = space(text, pos);
    if text.get(open) != Some(&b'{') {
        return Err(Fault::Syntax(open));
    }
    if limit == 0 {
        return Err(Fault::Deep(open));
    }
    let mut pos = space(text, open + 1);
    if text.get(pos) == Some(&b'}') {
        return Ok(pos + 1);
    }
    loop {
        let key = space(text, pos);
        let (key_end, escaped, colon) = key_and_colon(text, key)?;
        let stop = on_member(key..key_end, escaped, space(text, colon))?;
        pos = space(text, stop);
        match text.get(pos) {
            Some(b',') => pos += 1,
            Some(b'}') => return Ok(pos + 1),
            _ => return Err(Fault::Syntax(pos)),
        }
    }
}

/// The end of the value at `pos`, which nests at most `limit` levels.
///
/// # Errors
/// There's no valid value, or it nests deeper.
#[inline]
pub fn value(text: &[u8], pos: usize, limit: usize) -> Result<usize, Fault> {
    match text.get(pos) {
        // mostly: a string or a number, that needs no stack of brackets
        Some(b'"') => string(text, pos),
        Some(b'-' | b'0'..=b'9') => number(text, pos),
        _ => nested(text, pos, limit),
    }
}

fn nested(text: &[u8], pos: usize, limit: usize) -> Result<usize, Fault> {
    let (mut pos, limit) = (pos, limit.min(DEEPEST));
    // The open brackets, the innermost in the lowest bit: 1 an object, 0 an array.
    let (mut open, mut depth) = (0_u128, 0_usize);
    loop {
        pos = space(text, pos);
        let byte = text.get(pos).copied().unwrap_or_default();
        match byte {
            b'{' | b'[' => {
                if depth == limit {
                    return Err(Fault::Deep(pos));
                }
                let object = byte == b'{';
                let inside = space(text, pos + 1);
                if text.get(inside) == Some(if object { &b'}' } else { &b']' }) {
                    pos = inside + 1;
                } else {
                    (open, depth) = (open << 1 | u128::from(object), depth + 1);
                    pos = if object { key_and_colon(text, inside)?.2 } else { inside };
                    continue;
                }
            }
            b'"' => pos = string(text, pos)?,
            b'-' | b'0'..=b'9' => pos = number(text, pos)?,
            b't' => pos = word(text, pos, b"true")?,
            b'f' => pos = word(text, pos, b"false")?,
            b'n' => pos = word(text, pos, b"null")?,
            _ => return Err(Fault::Syntax(pos)),
        }
        // Behind a value: on to the next one, or out of what ends here.
        loop {
            if depth == 0 {
                return Ok(pos);
            }
            pos = space(text, pos);
            match (text.get(pos), open & 1) {
                (Some(b','), 0) => pos += 1,
                (Some(b','), _) => pos = key_and_colon(text, space(text, pos + 1))?.2,
                (Some(b'}'), 1) | (Some(b']'), 0) => {
                    (open, depth, pos) = (open >> 1, depth - 1, pos + 1);
                    continue;
                }
                _ => return Err(Fault::Syntax(pos)),
            }
            break;
        }
    }
}

/// The end of the string that opens at `open`.
///
/// # Errors
/// It doesn't end, or has a control character or an escape that JSON hasn't.
pub fn string(text: &[u8], open: usize) -> Result<usize, Fault> {
    let mut pos = open + 1;
    loop {
        pos = plain(text, pos);
        match text.get(pos) {
            Some(b'"') => return Ok(pos + 1),
            Some(b'\\') => match text.get(pos + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => pos += 2,
                Some(b'u') => {
                    let digits = text.get(pos + 2..pos + 6).unwrap_or_default();
                    if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                        return Err(Fault::Syntax(pos));
                    }
                    pos += 6;
                }
                _ => return Err(Fault::Syntax(pos)),
            },
            _ => return Err(Fault::Syntax(pos)),
        }
    }
}

/// Whether `text` stands in a JSON string as it is: it has no quote, backslash or control character.
pub fn is_plain(text: &[u8]) -> bool {
    plain(text, 0) == text.len()
}

/// The first quote, backslash or control character from `pos` on, eight bytes at a time: searches made for long haystacks
/// cost more to start than a line of text is long.
#[inline]
fn plain(text: &[u8], mut pos: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, _) = text.get(pos..).unwrap_or_default().as_chunks::<8>();
    for bytes in words {
        let word = u64::from_le_bytes(*bytes);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control) & HIGH;
        if found != 0 {
            // The lowest mark is exact; borrows reach only above it.
            return pos + found.trailing_zeros() as usize / 8;
        }
        pos += 8;
    }
    while text.get(pos).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | ..=0x1f)) {
        pos += 1;
    }
    pos
}

/// The end of the key that opens at `pos`, whether it has escapes, and the place behind its colon.
#[inline]
fn key_and_colon(text: &[u8], pos: usize) -> Result<(usize, bool, usize), Fault> {
    if text.get(pos) != Some(&b'"') {
        return Err(Fault::Syntax(pos));
    }
    let stop = plain(text, pos + 1);
    let escaped = text.get(stop) != Some(&b'"');
    let end = if escaped { string(text, pos)? } else { stop + 1 };
    let colon = space(text, end);
    if text.get(colon) != Some(&b':') {
        return Err(Fault::Syntax(colon));
    }
    Ok((end, escaped, colon + 1))
}

fn number(text: &[u8], pos: usize) -> Result<usize, Fault> {
    let digits = |pos: usize| {
        let count = text.get(pos..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { Err(Fault::Syntax(pos)) } else { Ok(pos + count) }
    };
    let first = pos + usize::from(text.get(pos) == Some(&b'-'));
    // A leading zero stands alone; a digit behind it is then no place for a number to go on.
    let mut pos = if text.get(first) == Some(&b'0') { first + 1 } else { digits(first)? };
    if text.get(pos) == Some(&b'.') {
        pos = digits(pos + 1)?;
    }
    if matches!(text.get(pos), Some(b'e' | b'E')) {
        let signed = matches!(text.get(pos + 1), Some(b'+' | b'-'));
        pos = digits(pos + 1 + usize::from(signed))?;
    }
    Ok(pos)
}

fn word(text: &[u8], pos: usize, word: &[u8]) -> Result<usize, Fault> {
    let end = pos + word.len();
    if text.get(pos..end) == Some(word) { Ok(end) } else { Err(Fault::Syntax(pos)) }
}

#[inline]
fn space(text: &[u8], mut pos: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(pos) {
        pos += 1;
    }
    pos
}

/// Nothing but space is left from `pos` on.
///
/// # Errors
/// Something is.
pub fn end(text: &[u8], pos: usize) -> Result<(), Fault> {
    let pos = space(text, pos);
    if pos == text.len() { Ok(()) } else { Err(Fault::Syntax(pos)) }
}

#[cfg(test)]
#[path = "skip_tests.rs"]
mod tests;
