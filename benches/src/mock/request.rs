//! Reads one request: head, then body, by content-length or chunked.

use super::socket::{Gone, Socket};
use bytes::{Buf, Bytes, BytesMut};

/// Largest head that is read.
const MAX_HEAD: usize = 256 << 10;
/// Most headers that are read.
const MAX_HEADERS: usize = 128;

/// Why a request could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The client left.
    Gone,
    /// It is no HTTP, or larger than allowed: the status to answer with.
    Refused(u16),
}

impl From<Gone> for ReadError {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// The head of a request.
#[derive(Debug, Default)]
pub struct Head {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Lower-case names and values; empty unless they are recorded.
    pub headers: Vec<(String, String)>,
    /// The `x-mock` header.
    pub x_mock: Option<String>,
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// The `x-api-key` header, or `api-key`, or `x-goog-api-key`.
    pub api_key: Option<String>,
    /// The `anthropic-version` header.
    pub version: Option<String>,
    /// The `content-type` header.
    pub content_type: Option<String>,
    /// How long the body is.
    pub body: BodyLength,
    /// Whether the client wants the connection closed.
    pub close: bool,
    /// Whether the client waits for a 100 before it sends the body.
    pub expects: bool,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// So many bytes.
    Bytes(usize),
    /// Told by the chunks.
    Chunked,
}

impl Default for BodyLength {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

/// Reads a head.
///
/// # Errors
/// The client left, or sent no HTTP/1 head of a bearable size.
pub async fn read_head(socket: &mut Socket, keep_headers: bool) -> Result<Head, ReadError> {
    loop {
        // Asked first, so that a head that dribbles in is not parsed again and again.
        if memchr::memmem::find(&socket.buf, b"\r\n\r\n").is_some()
            && let Some((head, len)) = parse(&socket.buf, keep_headers)?
        {
            socket.buf.advance(len);
            return Ok(head);
        }
        if socket.buf.len() > MAX_HEAD {
            return Err(ReadError::Refused(431));
        }
        socket.fill(MAX_HEAD).await?;
    }
}

fn parse(buf: &[u8], keep_headers: bool) -> Result<Option<(Head, usize)>, ReadError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(len) = request.parse(buf).map_err(|_| ReadError::Refused(400))? else {
        return Ok(None);
    };
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        close: request.version == Some(0),
        ..Head::default()
    };
    for header in request.headers.iter() {
        note(&mut head, header)?;
        // a signature is over them
        if keep_headers || head.path.contains("/model/") {
            let value = String::from_utf8_lossy(header.value).into_owned();
            head.headers.push((header.name.to_ascii_lowercase(), value));
        }
    }
    Ok(Some((head, len)))
}

/// Takes from a header what the mock needs to know.
fn note(head: &mut Head, header: &httparse::Header<'_>) -> Result<(), ReadError> {
    let is = |name: &str| header.name.eq_ignore_ascii_case(name);
    let says = |word: &[u8]| header.value.to_ascii_lowercase().windows(word.len()).any(|window| window == word);
    let text = || Some(String::from_utf8_lossy(header.value).into_owned());
    if is("content-length") && head.body != BodyLength::Chunked {
        let length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
        head.body = BodyLength::Bytes(length.ok_or(ReadError::Refused(400))?);
    } else if is("transfer-encoding") && says(b"chunked") {
        head.body = BodyLength::Chunked;
    } else if is("connection") {
        head.close |= says(b"close");
    } else if is("expect") {
        head.expects = says(b"100-continue");
    } else if is("x-mock") {
        head.x_mock = text();
    } else if is("authorization") {
        head.authorization = text();
    } else if is("api-key") || is("x-api-key") || is("x-goog-api-key") {
        head.api_key = text();
    } else if is("content-type") {
        head.content_type = text();
    } else if is("anthropic-version") {
        head.version = text();
    }
    Ok(())
}

/// Reads the body of a request, at most `max` bytes of it, `rate` bytes a second (0: as fast as it comes).
///
/// # Errors
/// The client left, the body is larger than `max`, or its chunks are broken.
pub async fn read_body(socket: &mut Socket, head: &Head, max: usize, rate: u32) -> Result<Bytes, ReadError> {
    if head.expects && socket.buf.is_empty() && head.body != BodyLength::Bytes(0) {
        socket.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    match head.body {
        BodyLength::Bytes(len) if len > max => Err(ReadError::Refused(413)),
        BodyLength::Bytes(len) => {
            while socket.buf.len() < len {
                let missing = len - socket.buf.len();
                if rate == 0 {
                    socket.buf.reserve(missing.min(1 << 20));
                }
                socket.fill_paced(missing, rate).await?;
            }
            Ok(socket.buf.split_to(len).freeze())
        }
        BodyLength::Chunked => read_chunks(socket, max, rate).await,
    }
}

async fn read_chunks(socket: &mut Socket, max: usize, rate: u32) -> Result<Bytes, ReadError> {
    let mut body = BytesMut::new();
    loop {
        let parsed = httparse::parse_chunk_size(&socket.buf).map_err(|_| ReadError::Refused(400))?;
        let httparse::Status::Complete((line, size)) = parsed else {
            socket.fill_paced(MAX_HEAD, rate).await?;
            continue;
        };
        let size =
            usize::try_from(size).ok().filter(|size| *size <= max - body.len()).ok_or(ReadError::Refused(413))?;
        socket.buf.advance(line);
        while socket.buf.len() < size + 2 {
            socket.fill_paced(size + 2 - socket.buf.len(), rate).await?;
        }
        if size == 0 {
            skip_trailers(socket).await?;
            return Ok(body.freeze());
        }
        body.extend_from_slice(&socket.buf[..size]);
        socket.buf.advance(size + 2);
    }
}

/// Drops trailer lines up to and with the blank line.
async fn skip_trailers(socket: &mut Socket) -> Result<(), ReadError> {
    loop {
        let Some(end) = memchr::memmem::find(&socket.buf, b"\r\n") else {
            if socket.buf.len() > MAX_HEAD {
                return Err(ReadError::Refused(431));
            }
            socket.fill(MAX_HEAD).await?;
            continue;
        };
        socket.buf.advance(end + 2);
        if end == 0 {
            return Ok(());
        }
    }
}
