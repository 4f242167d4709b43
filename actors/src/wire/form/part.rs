//! The head of a form's part. Read strictly: what two readers could take for two things (a field's name above all) is
//! refused, since the provider reads some of these heads as they came.

use bytes::Bytes;

use super::broken::Broken;
use super::disposition::Disposition;

/// A part's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The field's name.
    pub name: String,
    /// It has a filename, or is called `file`, as curl's `-F file=<text` sends it.
    pub file: bool,
    /// It as the provider is to get it, each line with its end: what it is called and what it is, nothing else.
    pub lines: Bytes,
    /// Nothing is in the head as it came that is not in `lines`, but for a `length` and the word that nothing is encoded.
    pub plain: bool,
    /// Bytes of the part, where its head tells: there are readers that count instead of looking for the boundary.
    pub length: Option<u64>,
}

impl Head {
    /// Reads a head: its lines, each with its end, without the blank one.
    ///
    /// # Errors
    /// It is no head of a form's part, or one that could be read in more ways than one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let (mut disposition, mut kind, mut length, mut encoding, mut plain) = (None, None, None, None, true);
        let text = bytes.strip_suffix(b"\r\n").ok_or(Broken("the head of a part is empty or does not end"))?;
        for line in lines(text) {
            let line = line?;
            let colon =
                line.iter().position(|byte| *byte == b':').ok_or(Broken("a line of a part's head has no colon"))?;
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
                return Err(Broken("a line of a part's head has no proper name"));
            }
            let twice = match name.to_ascii_lowercase().as_slice() {
                b"content-disposition" => disposition.replace(value).is_some(),
                b"content-type" => kind.replace(value).is_some(),
                // an encoding would be the provider's to undo, and one that is none says nothing
                b"content-transfer-encoding" if !matches!(value, b"binary" | b"8bit" | b"7bit") => {
                    return Err(Broken("a part has a content-transfer-encoding, which forms have not (RFC 7578, 4.7)"));
                }
                b"content-transfer-encoding" => encoding.replace(value).is_some(),
                b"content-length" => length.replace(number(value)?).is_some(),
                _ => {
                    plain = false;
                    false
                }
            };
            if twice {
                return Err(Broken("a part's head says the same twice"));
            }
        }
        if kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"multipart/")) {
            return Err(Broken("a part is a form itself, which forms do not hold (RFC 7578, 4.3)"));
        }
        let disposition = Disposition::read(disposition.ok_or(Broken("a part has no content-disposition"))?)?;
        let Disposition { name, filename, filename_ext, in_order } = disposition;
        let file = filename.is_some() || filename_ext.is_some() || name == "file";
        plain &= in_order && (filename.is_some() || filename_ext.is_none());
        Ok(Head { name: name.to_owned(), file, lines: disposition.lines(kind), plain, length })
    }
}

/// The lines of a head. A bare carriage return or line feed ends a line for some readers and not for others.
fn lines(text: &[u8]) -> impl Iterator<Item = Result<&[u8], Broken>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let here = rest?;
        let end = memchr::memmem::find(here, b"\r\n");
        rest = end.map(|end| &here[end + 2..]);
        let line = &here[..end.unwrap_or(here.len())];
        Some(match line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
            true => Err(Broken("a part's head has a control character")),
            false => Ok(line),
        })
    })
}

/// A length that every reader reads the same.
fn number(value: &[u8]) -> Result<u64, Broken> {
    let number = std::str::from_utf8(value).ok().and_then(|text| Some((text, text.parse::<u64>().ok()?)));
    number
        .filter(|(text, number)| number.to_string() == *text)
        .map_or(Err(Broken("the content-length of a part is no plain number")), |(_, number)| Ok(number))
}

#[cfg(test)]
#[path = "part_tests.rs"]
mod tests;
