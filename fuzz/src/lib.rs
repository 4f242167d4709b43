//! What the targets of the dialects share: the table of all dialects that the tests have too, picked from by the first bytes of
//! an input; and the seeds, made of the dialects' fixtures when a target starts.

use std::fs;
use std::path::Path;

use bytes::BytesMut;
use millrace::dialects::own::Own;
use millrace::dialects::{self, AnswerFacts, Frame};
use millrace::providers;
use millrace_actors::ports::Translate;
use millrace_actors::wire::endpoint::Endpoint;
use millrace_actors::wire::framing::{Framing, StreamReader};
use millrace_actors::wire::protocol::Protocol;
use millrace_lab::order::{End, Spoken, check};

// The tests' own: they say `crate::dialects` and `crate::providers`, which are millrace's here too.
#[path = "../../src/dialects/tests/rows.rs"]
pub mod rows;
#[path = "../../src/providers/tests/speaking.rs"]
pub mod speaking;

pub use rows::{ROWS, Row};
pub use speaking::provider;

/// The callers' own, in the order of [`ROWS`].
pub fn callers() -> Vec<(&'static Row, Protocol)> {
    rows::callers().collect()
}

/// The words of a row as those are held that no caller speaks.
pub fn own(row: &Row) -> Own {
    // the tokens of a whole answer are read by the way without translation
    Own { write_request: row.write_request, read_whole: row.read_whole, usage: |_| None, decoder: row.decoder }
}

/// What callers of a protocol ask for.
pub fn asked(protocol: Protocol) -> Endpoint {
    match protocol {
        Protocol::Chat | Protocol::Own => Endpoint::Chat,
        Protocol::Text => Endpoint::Completions,
        Protocol::Messages => Endpoint::Messages,
        Protocol::Responses => Endpoint::Responses,
        Protocol::GenerateContent => Endpoint::Generate,
    }
}

/// Bytes before the text: the provider's dialect, the caller's, the size of pieces (0 for all at once), the switches.
pub const HEAD: usize = 4;

/// The most bytes of an event.
pub const MOST: usize = 1 << 20;

/// An input taken apart.
pub struct Input<'a> {
    pub from: &'static Row,
    /// The caller's dialect, and its protocol.
    pub to: (&'static Row, Protocol),
    /// Bytes that come at once.
    pub size: usize,
    /// The switches, of which the first two are in the facts already.
    pub switches: usize,
    pub facts: AnswerFacts,
    pub text: &'a [u8],
}

/// `None` for inputs without a whole head.
pub fn input(data: &[u8]) -> Option<Input<'_>> {
    let (head, text) = data.split_first_chunk::<HEAD>()?;
    let [from, to, size, switches] = head.map(usize::from);
    let callers = callers();
    let facts = AnswerFacts {
        model: "alias".into(),
        id: "own-1".into(),
        created: 1_700_000_000,
        show_usage: switches & 1 != 0,
        // a prompt to be told once more, for callers of texts
        asked: match switches & 2 != 0 {
            true => vec![("prompt", "\"Say\"".into()), ("echo", "true".into())],
            false => Vec::new(),
        },
        vectors: None,
    };
    static ALL: &[Row] = &ROWS;
    let size = if size == 0 { text.len().max(1) } else { size };
    Some(Input { from: &ALL[from % ALL.len()], to: callers[to % callers.len()], size, switches, facts, text })
}

/// A stream as it comes over the wire. Binary frames are written of server-sent events here: a checksum is not to be guessed,
/// and `frames` tries what is no frame.
pub fn wire(framing: Framing, text: &[u8]) -> Vec<u8> {
    if framing != Framing::Frames {
        return text.to_vec();
    }
    let (mut reader, mut out) = (StreamReader::new(Framing::Events, MOST), BytesMut::new());
    let _ = reader.feed(text, |event| framing.write(Protocol::Own, &mut out, event.name, event.data));
    out.to_vec()
}

/// The caller's frames, and whether they are the whole answer. Nothing is asked of a translator after its end or its fault, and
/// an end that may be left out is (as in the relay).
pub fn told(mut translator: Box<dyn Translate>, framing: Framing, bytes: &[u8], size: usize) -> (Vec<Frame>, bool) {
    let (mut reader, mut frames) = (StreamReader::new(framing, MOST), Vec::new());
    let (mut complete, mut failed) = (false, false);
    let mut feed = |reader: &mut StreamReader, piece: &[u8]| {
        let fed = reader.feed(piece, |event| {
            if !complete && !failed {
                match translator.event(event.name, event.data, &mut frames) {
                    Ok(now) => complete = now,
                    Err(_) => failed = true,
                }
            }
        });
        failed |= fed.is_err();
    };
    bytes.chunks(size).for_each(|piece| feed(&mut reader, piece));
    if let Some(end) = reader.missing_end() {
        feed(&mut reader, end);
    }
    if !complete && !failed {
        complete = translator.close(&mut frames).unwrap_or(false);
    }
    (frames, complete)
}

/// The caller's protocol has its rules, and an end only where the answer is complete.
pub fn in_order(protocol: Protocol, frames: &[Frame], complete: bool) {
    let spoken = match protocol {
        Protocol::Text => Spoken::Completions,
        Protocol::Messages => Spoken::Messages,
        Protocol::Responses => Spoken::Responses,
        Protocol::GenerateContent => Spoken::Generate,
        Protocol::Chat | Protocol::Own => Spoken::Chat,
    };
    let told = check(spoken, frames.iter().map(|frame| (frame.name.map(str::as_bytes), &frame.data[..])));
    assert_eq!(told, Ok(if complete { End::Whole } else { End::Open }), "{frames:?}");
}

/// Writes the fixtures of these kinds into the target's corpus: each once for every caller, or every provider where they are
/// requests. The folder is the one that cargo-fuzz gives the target.
pub fn seed(target: &str, kinds: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("corpus").join(target);
    fs::create_dir_all(&corpus).unwrap();
    for (kind, (place, row)) in kinds.iter().flat_map(|kind| ROWS.iter().enumerate().map(move |row| (kind, row))) {
        let folder = root.join("../src/dialects/fixtures").join(row.name);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.starts_with(kind) {
                continue;
            }
            let text = fs::read(&path).unwrap();
            let asks = *kind == "request";
            for other in 0..if asks { ROWS.len() } else { callers().len() } {
                let (from, to) = if asks { (other, place) } else { (place, other) };
                let switches = 1 + 4 * u8::from(*kind == "whole");
                let head = [from as u8, to as u8, (other * 7) as u8, switches];
                let file = corpus.join(format!("seed-{}-{other}-{name}", row.name));
                fs::write(file, [&head[..], &text].concat()).unwrap();
            }
        }
    }
}
