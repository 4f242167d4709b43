//! What a part is called: its `content-disposition`. The provider reads some of them as they came, and each of its readers
//! has its own idea of quotes, escapes and percent signs; so only what all of them read the same is taken.

use bytes::Bytes;

use super::broken::Broken;

/// What a `content-disposition` says.
#[derive(Default)]
pub struct Disposition<'a> {
    /// The field's name.
    pub name: &'a str,
    /// What the file is called.
    pub filename: Option<&'a [u8]>,
    /// `filename*`, as RFC 5987 writes it.
    pub filename_ext: Option<&'a [u8]>,
    /// Its parameters come in the order in which they are written here. There are readers that look for `name=` wherever it
    /// stands first, be it within a filename.
    pub in_order: bool,
}

/// A parameter's value.
struct Value<'a> {
    text: &'a [u8],
    quoted: bool,
}

impl<'a> Disposition<'a> {
    /// Reads a header's value.
    ///
    /// # Errors
    /// It names no part, or could be read in more ways than one.
    pub fn read(value: &'a [u8]) -> Result<Self, Broken> {
        let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
        if !kind.trim_ascii().eq_ignore_ascii_case(b"form-data") {
            return Err(Broken("a part's content-disposition is not `form-data`"));
        }
        if value.contains(&b'\t') {
            return Err(Broken("a part's content-disposition has a tab in it"));
        }
        let (mut name, mut disposition) = (None, Disposition { in_order: true, ..Disposition::default() });
        let mut rest = &value[kind.len()..];
        while let Some(parameter) = rest.strip_prefix(b";") {
            let parameter = parameter.trim_ascii_start();
            if parameter.is_empty() {
                break;
            }
            let equals = parameter.iter().position(|byte| *byte == b'=');
            let equals = equals.ok_or(Broken("a parameter of a content-disposition has no value"))?;
            let (value, length) = Value::read(&parameter[equals + 1..])?;
            let (ext, file) = (disposition.filename_ext.is_some(), disposition.filename.is_some());
            let (ahead, twice) = match parameter[..equals].to_ascii_lowercase().as_slice() {
                b"name" => (!ext && !file, name.replace(value.name()?).is_some()),
                b"filename" => (!ext, disposition.filename.replace(value.filename()?).is_some()),
                b"filename*" => (name.is_some(), disposition.filename_ext.replace(value.extended()?).is_some()),
                _ => return Err(Broken("a content-disposition has parameters besides `name` and `filename`")),
            };
            if twice {
                return Err(Broken("a content-disposition has a parameter twice"));
            }
            disposition.in_order &= ahead;
            rest = parameter[equals + 1 + length..].trim_ascii_start();
        }
        if !rest.trim_ascii().is_empty() && rest.trim_ascii() != b";" {
            return Err(Broken("a content-disposition has something behind a value"));
        }
        disposition.name = name.ok_or(Broken("a part has no name"))?;
        Ok(disposition)
    }

    /// The lines of a head for the provider, of this and a `content-type`. Not every reader knows `filename*`, and whoever
    /// does not would take a part that has nothing else for a field.
    pub fn lines(&self, kind: Option<&[u8]>) -> Bytes {
        let mut lines = format!("content-disposition: form-data; name=\"{}\"", self.name).into_bytes();
        if let Some(value) = self.filename.or(self.filename_ext.map(|_| b"file".as_slice())) {
            lines.extend_from_slice(b"; filename=\"");
            lines.extend_from_slice(value);
            lines.push(b'"');
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

impl<'a> Value<'a> {
    /// A value, in quotes or not, and how long it was with them. A quote within quotes is `%22` (RFC 7578, 2): an escaped one
    /// ends the value for readers that know no escapes. Without quotes a value is a token (RFC 9110, 5.6.2).
    fn read(value: &'a [u8]) -> Result<(Self, usize), Broken> {
        let Some(quoted) = value.strip_prefix(b"\"") else {
            let end = value.iter().position(|byte| matches!(byte, b';' | b' ')).unwrap_or(value.len());
            let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
            return match end > 0 && value[..end].iter().all(token) {
                true => Ok((Value { text: &value[..end], quoted: false }, end)),
                false => Err(Broken("a value of a content-disposition is empty, or must be in quotes")),
            };
        };
        let end = quoted.iter().position(|byte| *byte == b'"');
        let end = end.ok_or(Broken("a value of a content-disposition has no closing quote"))?;
        // a backslash before the quote is half of an escape to some readers, whatever stands before it
        match quoted[..end].ends_with(b"\\") {
            true => Err(Broken("a name or filename ends in a backslash, or has a quote that is not written `%22`")),
            false => Ok((Value { text: &quoted[..end], quoted: true }, end + 2)),
        }
    }

    /// A field's name: what no reader decodes, trims or cuts.
    fn name(&self) -> Result<&'a str, Broken> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
        let name =
            std::str::from_utf8(self.text).ok().filter(|name| !name.is_empty() && name.bytes().all(|b| plain(&b)));
        name.ok_or(Broken("the name of a part must be of letters, digits and `_-.[]`"))
    }

    /// Some readers take a part whose filename is empty for a field, and some take slashes off its front first.
    fn filename(&self) -> Result<&'a [u8], Broken> {
        match self.text.iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()) {
            true => Ok(self.text),
            false => Err(Broken("a filename must have a letter or a digit in it")),
        }
    }

    /// `charset'language'text`, which is never in quotes (RFC 5987, 3.2.1).
    fn extended(&self) -> Result<&'a [u8], Broken> {
        let mut parts = self.text.split(|byte| *byte == b'\'');
        let (charset, language, text) = (parts.next(), parts.next(), parts.next());
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&+-.^_`|~".contains(byte);
        let fits = charset.is_some_and(|charset| !charset.is_empty() && charset.iter().all(word))
            && language.is_some_and(|language| language.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-'))
            && text.is_some_and(|text| text.iter().all(word));
        match fits && !self.quoted && parts.next().is_none() {
            true => Ok(self.text),
            false => Err(Broken("a `filename*` must be as in `utf-8''a%20b.wav`, without quotes (RFC 5987, 3.2)")),
        }
    }
}
