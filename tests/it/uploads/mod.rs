//! Bodies that are streamed through: forms and pass-throughs, that may be larger than what is kept of them.

mod forms;
mod late;
mod memory;
mod provider;
mod retries;
mod room;
mod settings;
mod through;

use std::io::Write;
use std::net::TcpStream;

use serde_json::Value;

use crate::harness::{Answer, Gateway, KEY, PROVIDER_KEY, Stream, eventually, records};
use provider::{Act, Got, Provider};

const BOUNDARY: &str = "----bound-4711";

/// A part of a form: the rest of its disposition, its content.
type Part<'a> = (&'a str, &'a [u8]);

const MODEL: Part<'static> = ("name=\"model\"", b"m");
const SOUND: Part<'static> = ("name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav", b"RIFF\r\n--\0sound");

/// A gateway before a provider, with records.
struct Scene {
    provider: Provider,
    gateway: Gateway,
}

impl Scene {
    fn new(script: &[Act], millrace: &str) -> Self {
        Self::with(script, millrace, "")
    }

    /// `millrace` goes into that section, `more` behind all.
    fn with(script: &[Act], millrace: &str, more: &str) -> Self {
        let provider = Provider::start(script);
        let callbacks = match more.contains("litellm_settings") {
            true => "",
            false => "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: records.jsonl}}\n",
        };
        let yaml = format!(
            "model_list:\n  - model_name: \"m\"\n    litellm_params: {{model: \"openai/upstream-m\", api_base: \"http://{}/v1\", \
             api_key: {PROVIDER_KEY}}}\nmillrace: {{{millrace}}}\n{callbacks}{more}",
            provider.address
        );
        Scene { gateway: Gateway::from_yaml(&yaml), provider }
    }

    fn connect(&self) -> TcpStream {
        self.gateway.client().connect()
    }

    /// Sends a form whole, and reads the answer.
    fn form(&self, parts: &[Part<'_>]) -> Answer {
        self.send(&form_head(form(parts).len()), &form(parts))
    }

    fn send(&self, head: &str, body: &[u8]) -> Answer {
        let mut socket = self.connect();
        socket.write_all(head.as_bytes()).expect("a head");
        // whoever refuses early may have closed already
        let _ = socket.write_all(body);
        Stream::open(socket).whole()
    }

    /// The only record.
    #[track_caller]
    fn record(&self) -> Value {
        let mut all = Vec::new();
        eventually("a record", || {
            all = records(&self.gateway.folder.path().join("records.jsonl"));
            !all.is_empty()
        });
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

/// A head up to the framing of the body.
fn begin(path: &str, kind: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: {kind}\r\n")
}

fn form_head(length: usize) -> String {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    format!("{}content-length: {length}\r\n\r\n", begin("/v1/audio/transcriptions", &kind))
}

/// The same for a form that comes in chunks.
fn chunked_head() -> String {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    format!("{}transfer-encoding: chunked\r\n\r\n", begin("/v1/audio/transcriptions", &kind))
}

/// Bytes as chunks of this size.
fn chunks(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in bytes.chunks(size) {
        all.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        all.extend_from_slice(piece);
        all.extend_from_slice(b"\r\n");
    }
    all.extend_from_slice(b"0\r\n\r\n");
    all
}

/// The parts of the form that a provider got, in order: name and content. By the book, as the mock reads forms.
#[track_caller]
fn parts_of(got: &Got) -> Vec<(String, Vec<u8>)> {
    assert!(got.whole, "half a request");
    let body = got.body();
    let boundary = got.header("content-type").and_then(|kind| kind.split("boundary=").nth(1)).expect("a boundary");
    let find = |text: &[u8], what: &str| text.windows(what.len()).position(|here| here == what.as_bytes());
    let mut rest = body.strip_prefix(format!("--{boundary}\r\n").as_bytes()).expect("a form begins with its boundary");
    let mut parts = Vec::new();
    loop {
        let end = find(rest, "\r\n\r\n").expect("a head");
        let head = String::from_utf8(rest[..end].to_vec()).expect("a head").to_lowercase();
        let content = &rest[end + 4..];
        let length = find(content, &format!("\r\n--{boundary}")).expect("an end");
        let name = head.split(" name=\"").nth(1).and_then(|text| text.split('"').next()).expect("a name");
        parts.push((name.to_owned(), content[..length].to_vec()));
        rest = &content[length + boundary.len() + 4..];
        match rest {
            b"--\r\n" => return parts,
            _ => rest = rest.strip_prefix(b"\r\n").expect("another part"),
        }
    }
}
