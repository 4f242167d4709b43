//! Reads a form (`multipart/form-data`) with a file in it: its fields become a JSON object, which is scanned as any other
//! body is, and its files stay bytes. Kept whole, within the limit of any request's body: a try that failed can so be made
//! again elsewhere, and the model may stand behind the file, where half of the clients put it.

use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use millrace_actors::fault::Fault;
use millrace_actors::wire::form::{File, Files};
use millrace_actors::wire::scan;
use serde_json::Value;
use tokio::time::timeout;

/// Parts of a form: three times what the API knows.
const MAX_PARTS: usize = 64;

/// Bytes of a field that is no file: a prompt for the transcription, at most.
const MAX_FIELD: usize = 256 << 10;

/// Pieces of a file are joined up to this size, so that a caller who sends a byte at a time is not kept in a list.
const PIECE: usize = 64 << 10;

/// A form, read.
#[derive(Debug)]
pub struct Form {
    /// Its fields, a JSON object: every value a text, but where the API's description has a number or a truth value.
    pub fields: Bytes,
    /// Its files.
    pub files: Files,
}

/// The whole form, bounded in size and in pauses.
///
/// # Errors
/// It is no form, too large, stalls, has no file, or a part of it is not as it must be.
pub async fn read(request: &HttpRequest, payload: Payload, limit: usize, idle: Duration) -> Result<Form, Fault> {
    is_form(request.headers())?;
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Fault::TooLarge { limit });
    }
    let mut reader = Reader { parts: Multipart::new(request.headers(), payload), left: limit, limit, idle };
    let (mut fields, mut files, mut count) = (Vec::new(), Files::default(), 0);
    while let Some(mut part) = reader.part().await? {
        count += 1;
        if count > MAX_PARTS {
            return Err(bad(format!("The form has more than {MAX_PARTS} parts. Send fewer."), None));
        }
        let name = part.name().unwrap_or_default().to_owned();
        if is_file(&part) {
            let head = head(part.headers());
            files.0.push(File { head, content: reader.content(&mut part, limit).await? });
            continue;
        }
        let text = reader.content(&mut part, MAX_FIELD).await?.concat();
        let text = String::from_utf8(text)
            .map_err(|_| bad(format!("The field '{name}' is not UTF-8. Send text, or name the file."), Some(&name)))?;
        fields.push((name, text));
    }
    match files.is_empty() {
        true => Err(bad("The form has no file. Send one as the part 'file', with a filename.".into(), Some("file"))),
        false => Ok(Form { fields: object(fields)?, files }),
    }
}

fn bad(message: String, param: Option<&str>) -> Fault {
    Fault::BadRequest { message, param: param.map(str::to_owned) }
}

fn is_form(headers: &HeaderMap) -> Result<(), Fault> {
    let told = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    match told(CONTENT_ENCODING) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            return Err(Fault::MediaType { got: format!("content-encoding {encoding}") });
        }
        _ => {}
    }
    let kind = told(CONTENT_TYPE).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    match essence.eq_ignore_ascii_case("multipart/form-data") {
        true => Ok(()),
        false => Err(bad(format!("The body must be a form: `content-type: multipart/form-data`, not `{kind}`."), None)),
    }
}

/// A part with a filename, or one that is called `file`, as curl's `-F file=<text` sends it.
fn is_file(part: &Field) -> bool {
    let named = part.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
    named || part.name() == Some("file")
}

/// A file's head for the provider: what it is called and what it is, nothing else of the caller's.
fn head(headers: &HeaderMap) -> Bytes {
    let mut head = BytesMut::new();
    for name in [CONTENT_DISPOSITION, CONTENT_TYPE] {
        if let Some(value) = headers.get(&name) {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
    }
    head.freeze()
}

struct Reader {
    parts: Multipart,
    /// Bytes that may still come.
    left: usize,
    limit: usize,
    idle: Duration,
}

impl Reader {
    async fn part(&mut self) -> Result<Option<Field>, Fault> {
        timely(&mut self.parts, self.idle).await
    }

    /// A part's bytes.
    async fn content(&mut self, part: &mut Field, most: usize) -> Result<Vec<Bytes>, Fault> {
        let (mut pieces, mut open) = (Vec::new(), BytesMut::new());
        let mut size = 0;
        while let Some(bytes) = timely(part, self.idle).await? {
            size += bytes.len();
            self.left = self.left.checked_sub(bytes.len()).ok_or(Fault::TooLarge { limit: self.limit })?;
            if size > most {
                return Err(Fault::TooLarge { limit: most });
            }
            open.extend_from_slice(&bytes);
            if open.len() >= PIECE {
                pieces.push(open.split().freeze());
            }
        }
        pieces.push(open.freeze());
        Ok(pieces)
    }
}

/// The next of what comes, but not after a pause.
async fn timely<T>(
    from: &mut (impl Stream<Item = Result<T, MultipartError>> + Unpin),
    idle: Duration,
) -> Result<Option<T>, Fault> {
    match timeout(idle, from.next()).await {
        Err(_) => Err(Fault::SlowBody),
        Ok(next) => next.transpose().map_err(|why| bad(format!("The form cannot be read: {why}."), None)),
    }
}

/// The fields as a JSON object. A name that ends in `[]` is a list; any other that is given twice stays so, and is refused
/// where every body's fields are.
fn object(fields: Vec<(String, String)>) -> Result<Bytes, Fault> {
    let mut members: Vec<(String, String)> = Vec::with_capacity(fields.len());
    for (name, text) in fields {
        match name.strip_suffix("[]") {
            None => members.push((name.clone(), value(&name, &text)?)),
            Some(list) => {
                let item = scan::quoted(&text);
                match members.iter_mut().find(|(known, value)| known == list && value.starts_with('[')) {
                    Some((_, value)) => value.insert_str(value.len() - 1, &format!(",{item}")),
                    None => members.push((list.to_owned(), format!("[{item}]"))),
                }
            }
        }
    }
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", scan::quoted(name))).collect();
    Ok(format!("{{{}}}", members.join(",")).into())
}

/// A field's text as the JSON value it stands for.
fn value(name: &str, text: &str) -> Result<String, Fault> {
    let is = |fits: fn(&Value) -> bool| serde_json::from_str::<Value>(text.trim()).is_ok_and(|value| fits(&value));
    match name {
        "stream" if is(Value::is_boolean) => Ok(text.trim().to_owned()),
        "stream" => Err(bad("The field 'stream' must be true or false.".into(), Some(name))),
        "temperature" if is(Value::is_number) => Ok(text.trim().to_owned()),
        "temperature" => Err(bad("The field 'temperature' must be a number.".into(), Some(name))),
        _ => Ok(scan::quoted(text)),
    }
}
