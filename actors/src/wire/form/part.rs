//! The head of a form's part. Read strictly: what two readers could take for two things (a field's name above all) is
//! refused, since the provider reads some of these heads as they came.

use bytes::Bytes;

/// Why a form cannot be read; a sentence without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub &'static str);

/// A part's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The field's name.
    pub name: String,
    /// It has a filename, or is called `file`, as curl's `-F file=<text` sends it.
    pub file: bool,
    /// It as the provider is to get it, each line with its end: what it is called and what it is, nothing else.
    pub lines: Bytes,
    /// Nothing is in the head as it came that is not in `lines`.
    pub plain: bool,
}

/// What a `content-disposition` says.
#[derive(Default)]
struct Disposition<'a> {
    name: Option<&'a [u8]>,
    filename: Option<&'a [u8]>,
    /// `filename*`, as RFC 5987 writes it.
    filename_ext: Option<&'a [u8]>,
}

impl Head {
    /// Reads a head: its lines, each with its end, without the blank one.
    ///
    /// # Errors
    /// It is no head of a form's part, or one that could be read in more ways than one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let (mut disposition, mut kind, mut plain) = (None, None, true);
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
                b"content-length" | b"content-transfer-encoding" => false,
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
        let name = disposition.name.ok_or(Broken("a part has no name"))?;
        let name = std::str::from_utf8(name).map_err(|_| Broken("the name of a part is not UTF-8"))?.to_owned();
        let file = disposition.filename.is_some() || disposition.filename_ext.is_some() || name == "file";
        Ok(Head { file, lines: disposition.lines(kind), name, plain })
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

impl<'a> Disposition<'a> {
    fn read(value: &'a [u8]) -> Result<Self, Broken> {
        let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
        if !kind.trim_ascii().eq_ignore_ascii_case(b"form-data") {
            return Err(Broken("a part's content-disposition is not `form-data`"));
        }
        let mut disposition = Disposition::default();
        let mut rest = &value[kind.len()..];
        while let Some(parameter) = rest.strip_prefix(b";") {
            let parameter = parameter.trim_ascii_start();
            if parameter.is_empty() {
                break;
            }
            let equals = parameter.iter().position(|byte| *byte == b'=');
            let equals = equals.ok_or(Broken("a parameter of a content-disposition has no value"))?;
            let (text, length) = text(&parameter[equals + 1..])?;
            let place = match parameter[..equals].to_ascii_lowercase().as_slice() {
                b"name" => &mut disposition.name,
                b"filename" => &mut disposition.filename,
                b"filename*" => &mut disposition.filename_ext,
                _ => return Err(Broken("a content-disposition has parameters besides `name` and `filename`")),
            };
            if place.replace(text).is_some() {
                return Err(Broken("a content-disposition has a parameter twice"));
            }
            rest = parameter[equals + 1 + length..].trim_ascii_start();
        }
        match rest.trim_ascii().is_empty() || rest.trim_ascii() == b";" {
            true => Ok(disposition),
            false => Err(Broken("a content-disposition has something behind a value")),
        }
    }

    /// The head for the provider.
    fn lines(&self, kind: Option<&[u8]>) -> Bytes {
        let mut lines = b"content-disposition: form-data".to_vec();
        for (name, value) in [("name", self.name), ("filename", self.filename)] {
            if let Some(value) = value {
                lines.extend_from_slice(format!("; {name}=\"").as_bytes());
                lines.extend_from_slice(value);
                lines.push(b'"');
            }
        }
        if let Some(value) = self.filename_ext {
            lines.extend_from_slice(b"; filename*=");
            lines.extend_from_slice(value);
        }
        lines.extend_from_slice(b"\r\n");
        if let Some(kind) = kind {
            lines.extend_from_slice(b"content-type: ");
            lines.extend_from_slice(kind);
            lines.extend_from_slice(b"\r\n");
        }
        lines.into()
    }
}

/// A value, in quotes or not, and how long it was with them. A quote within quotes is `%22` (RFC 7578, 2): an escaped one
/// ends the value for readers that know no escapes.
fn text(value: &[u8]) -> Result<(&[u8], usize), Broken> {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = value.iter().position(|byte| matches!(byte, b';' | b' ' | b'\t')).unwrap_or(value.len());
        return match value[..end].contains(&b'"') || end == 0 {
            true => Err(Broken("a value of a content-disposition is empty, or has a quote in it")),
            false => Ok((&value[..end], end)),
        };
    };
    let end = quoted.iter().position(|byte| *byte == b'"');
    let end = end.ok_or(Broken("a value of a content-disposition has no closing quote"))?;
    let slashes = quoted[..end].iter().rev().take_while(|byte| **byte == b'\\').count();
    match slashes % 2 {
        0 => Ok((&quoted[..end], end + 2)),
        _ => Err(Broken("a quote within a name or filename must be written `%22`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Head, Broken> {
        Head::parse(text.as_bytes())
    }

    #[test]
    fn heads_as_clients_write_them() {
        for (text, name, file, lines) in [
            ("Content-Disposition: form-data; name=\"model\"\r\n", "model", false, "form-data; name=\"model\"\r\n"),
            (
                // .NET
                "Content-Type: audio/wav\r\nContent-Disposition: form-data; name=file; filename=a.wav; filename*=utf-8''%C3%A9.wav\r\n",
                "file",
                true,
                "form-data; name=\"file\"; filename=\"a.wav\"; filename*=utf-8''%C3%A9.wav\r\ncontent-type: audio/wav\r\n",
            ),
            (
                // okhttp
                "content-disposition: form-data; name=\"x\"; filename=\"a;b \\\\ c\"\r\nContent-Length: 3\r\ncontent-transfer-encoding: binary\r\n",
                "x",
                true,
                "form-data; name=\"x\"; filename=\"a;b \\\\ c\"\r\n",
            ),
            ("content-disposition:form-data;name=\"file\"\r\n", "file", true, "form-data; name=\"file\"\r\n"),
        ] {
            let head = head(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!((head.name.as_str(), head.file, head.plain), (name, file, true), "{text}");
            assert_eq!(head.lines, format!("content-disposition: {lines}"));
        }
        let odd = head("content-disposition: form-data; name=\"a\"\r\nx-own: 1\r\n").unwrap();
        assert!(!odd.plain && !odd.lines.ends_with(b"1\r\n"));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for bad in [
            "",
            "\r\n",
            "content-type: text/plain\r\n",
            "content-disposition: form-data\r\n",
            "content-disposition: form-data; filename=\"a\"\r\n",
            "content-disposition: attachment; name=\"a\"\r\n",
            "content-disposition: form-data; name=\"a\"; name=\"b\"\r\n",
            "content-disposition: form-data; name=\"a\"; NAME=b\r\n",
            "content-disposition: form-data; name*=utf-8''a\r\n",
            "content-disposition: form-data; name=\"a\"; size=3\r\n",
            "content-disposition: form-data; name=\"a\r\n",
            "content-disposition: form-data; name=a\"b\r\n",
            "content-disposition: form-data; name=\"a\"b\r\n",
            "content-disposition: form-data; name=\r\n",
            "content-disposition: form-data; name=\"a\"; filename=\"x\\\"; name=\\\"model\"\r\n",
            "content-disposition: form-data; name=\"a\"\r\ncontent-disposition: form-data; name=\"b\"\r\n",
            "content-disposition: form-data;\r\n name=\"a\"\r\n",
            "content-disposition : form-data; name=\"a\"\r\n",
            "content-disposition: form-data; name=\"a\nx: y\"\r\n",
            "content-disposition: form-data; name=\"a\"\r\nno colon\r\n",
            "content-disposition: form-data; name=\"a\"\r\ncontent-transfer-encoding: base64\r\n",
            "content-disposition: form-data; name=\"a\"\r\ncontent-type: Multipart/mixed; boundary=b\r\n",
        ] {
            assert!(head(bad).is_err(), "{bad:?}");
        }
        assert!(Head::parse(b"content-disposition: form-data; name=\"\xff\"\r\n").is_err());
    }
}
