//! What the targets of the dialects share: a table of all dialects, picked from by the first bytes of an input, and the
//! seeds, made of the dialects' fixtures when a target starts.

use std::fs;
use std::path::Path;

use millrace::dialects::cohere::COHERE;
use millrace::dialects::ollama::OLLAMA;
use millrace::dialects::own::Own;
use millrace::dialects::{
    AnswerFacts, BadRequest, Decode, Event, Request, Target, Written, anthropic, bedrock, gemini, openai, responses,
    text,
};
use millrace_actors::fault::Fault;
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::protocol::Protocol;

/// A dialect that providers speak.
pub struct Dialect {
    /// Its folder of fixtures.
    pub name: &'static str,
    pub framing: Framing,
    pub own: Own,
}

/// A dialect that callers speak; its place is that of the same dialect in [`dialects`].
pub struct Caller {
    pub protocol: Protocol,
    pub read_request: fn(&[u8]) -> Result<Request, BadRequest>,
}

/// All of them, the callers' first. A selector is a place here; the seeds are written anew when a target starts.
pub fn dialects() -> [Dialect; 8] {
    use Framing::{Events, Frames, Lines};
    let of = |name, framing, own| Dialect { name, framing, own };
    [
        of("openai", Events, own(openai::write_request, openai::read_whole, || Box::new(openai::Decoder::default()))),
        of(
            "anthropic",
            Events,
            own(anthropic::write_request, anthropic::read_whole, || Box::new(anthropic::Decoder::default())),
        ),
        of("gemini", Events, own(gemini::write_request, gemini::read_whole, || Box::new(gemini::Decoder::default()))),
        of(
            "responses",
            Events,
            own(responses::write_request, responses::read_whole, || Box::new(responses::Decoder::default())),
        ),
        of("text", Events, own(text::write_request, text::read_whole, || Box::new(text::Decoder::default()))),
        of(
            "bedrock",
            Frames,
            own(bedrock::write_request, bedrock::read_whole, || Box::new(bedrock::Decoder::default())),
        ),
        of("cohere", Events, COHERE),
        of("ollama", Lines, OLLAMA),
    ]
}

const fn own(
    write_request: fn(&Request, &Target<'_>) -> Result<Written, BadRequest>,
    read_whole: fn(&[u8]) -> Result<Vec<Event>, Fault>,
    decoder: fn() -> Box<dyn Decode>,
) -> Own {
    // the tokens of a whole answer are read by the way without translation
    Own { write_request, read_whole, usage: |_| None, decoder }
}

/// What callers speak.
pub const CALLERS: [Caller; 5] = [
    Caller { protocol: Protocol::Chat, read_request: openai::read_request },
    Caller { protocol: Protocol::Messages, read_request: anthropic::read_request },
    Caller { protocol: Protocol::GenerateContent, read_request: gemini::read_request },
    Caller { protocol: Protocol::Responses, read_request: responses::read_request },
    Caller { protocol: Protocol::Text, read_request: text::read_request },
];

/// Bytes before the text: the provider's dialect, the caller's, the size of pieces (0 for all at once), the switches.
pub const HEAD: usize = 4;

/// An input taken apart.
pub struct Input<'a> {
    /// Places in [`dialects`] and [`CALLERS`].
    pub from: usize,
    pub to: usize,
    /// Bytes that come at once.
    pub size: usize,
    pub facts: AnswerFacts,
    pub text: &'a [u8],
}

/// `None` for inputs without a whole head.
pub fn input(data: &[u8]) -> Option<Input<'_>> {
    let (head, text) = data.split_first_chunk::<HEAD>()?;
    let [from, to, size, switches] = head.map(usize::from);
    let to = to % CALLERS.len();
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
    let size = if size == 0 { text.len().max(1) } else { size };
    Some(Input { from: from % dialects().len(), to, size, facts, text })
}

/// Writes the fixtures of this kind into the target's corpus: each once for every caller, or every provider where they are
/// requests. The folder is the one that cargo-fuzz gives the target.
pub fn seed(kind: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("corpus").join(kind);
    fs::create_dir_all(&corpus).unwrap();
    for (place, dialect) in dialects().iter().enumerate() {
        let folder = root.join("../src/dialects/fixtures").join(dialect.name);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.starts_with(kind) {
                continue;
            }
            let text = fs::read(&path).unwrap();
            let others = if kind == "request" { dialects().len() } else { CALLERS.len() };
            for other in 0..others {
                let (from, to) = if kind == "request" { (other, place) } else { (place, other) };
                let head = [from as u8, to as u8, (other * 7) as u8, 1];
                let file = corpus.join(format!("seed-{}-{other}-{name}", dialect.name));
                fs::write(file, [&head[..], &text].concat()).unwrap();
            }
        }
    }
}
