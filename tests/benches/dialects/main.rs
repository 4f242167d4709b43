//! Micro benchmarks of translation: each provider's protocol to each caller's, streams, whole answers and requests. Their
//! rates are per delta, per byte of text, per byte of the caller's body.
//!
//! Pairs that speak the same protocol are left out: nothing is translated there (`-p millrace-actors --bench relay` has
//! what they cost). Where a provider tells calls whole, a delta of arguments is a small call; where a caller wants them whole,
//! the pieces are gathered. Each input is run once before it is measured, and a bad one ends the program.
//! Run: `cargo bench --bench dialects`, with a part of a name behind it to choose, such as `stream_of_text`.

mod inputs;

use std::fmt::{self, Debug};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use millrace::dialects::cohere::COHERE;
use millrace::dialects::ollama::OLLAMA;
use millrace::dialects::own::Own;
use millrace::dialects::{
    BadRequest, Notes, Request, Target, Written, anthropic, bedrock, bridge, gemini, openai, responses, text,
};
use millrace_actors::ports::Translate;
use millrace_actors::wire::framing::StreamReader;
use millrace_actors::wire::protocol::Protocol;

use inputs::{DELTAS, Of, Speaks, Theirs, WHOLE, conversation, facts, word};

/// Longest event taken, as by default.
const LIMIT: usize = 8 << 20;
/// Bytes that a delta has at least, where many are gathered into one event.
const LEAST: usize = 3;
/// Converse as the provider has it.
const CONVERSE: Own = Own {
    write_request: bedrock::write_request,
    read_whole: bedrock::read_whole,
    usage: bedrock::usage_of,
    decoder: || Box::new(bedrock::Decoder::default()),
};

const CALLERS: [Protocol; 4] = [Protocol::Chat, Protocol::Messages, Protocol::Responses, Protocol::GenerateContent];

fn main() {
    divan::main();
}

/// A provider and a caller.
#[derive(Clone, Copy)]
struct Pair {
    provider: Speaks,
    caller: Protocol,
}

/// A pair, and the size of a request in bytes.
#[derive(Clone, Copy)]
struct Sized(Pair, usize);

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.provider, word(self.caller))
    }
}

impl fmt::Display for Sized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, {} kB", word(self.0.caller), self.0.provider, self.1 / 1000)
    }
}

fn pairs() -> Vec<Pair> {
    let own = [Theirs::Converse, Theirs::Cohere, Theirs::Ollama].map(Speaks::Own);
    let providers = CALLERS.into_iter().map(Speaks::Shared).chain(own);
    let of = |provider| CALLERS.map(|caller| Pair { provider, caller });
    providers.flat_map(of).filter(|pair| pair.provider != Speaks::Shared(pair.caller)).collect()
}

fn sized() -> Vec<Sized> {
    [10_000, 100_000].into_iter().flat_map(|bytes| pairs().into_iter().map(move |pair| Sized(pair, bytes))).collect()
}

/// What the input needs to be; a measurement of anything else would be worth nothing.
#[expect(clippy::panic, reason = "not part of the service: there is nobody to return an error to")]
fn must<T, E: Debug>(result: Result<T, E>, what: &dyn fmt::Display) -> T {
    result.unwrap_or_else(|problem| panic!("bad input of {what}: {problem:?}"))
}

// === What is measured ===

fn own(of: Theirs) -> Own {
    match of {
        Theirs::Converse => CONVERSE,
        Theirs::Cohere => COHERE,
        Theirs::Ollama => OLLAMA,
    }
}

fn translator(pair: Pair) -> Box<dyn Translate> {
    match pair.provider {
        Speaks::Shared(from) => bridge::translator(from, pair.caller, facts()),
        Speaks::Own(theirs) => own(theirs).translator(pair.caller, facts()),
    }
}

/// Reads a stream that came in one chunk; tells the bytes of the caller's events, and whether it was whole.
fn translate_stream(pair: Pair, stream: &[u8]) -> (usize, bool) {
    let mut reader = StreamReader::new(pair.provider.framing(), LIMIT);
    let mut translator = translator(pair);
    // emptied after each event: what is written belongs to the connection, and is not gathered
    let (mut frames, mut written, mut over) = (Vec::new(), 0, false);
    let read = reader.feed(stream, |event| {
        over |= translator.event(event.name, event.data, &mut frames).unwrap_or(false);
        written += frames.drain(..).map(|frame| frame.data.len()).sum::<usize>();
    });
    over |= read.is_ok() && !over && translator.close(&mut frames).unwrap_or(false);
    (written + frames.iter().map(|frame| frame.data.len()).sum::<usize>(), over)
}

fn stream(bencher: Bencher<'_, '_>, pair: Pair, of: Of) {
    let stream = pair.provider.stream(of);
    let (written, over) = translate_stream(pair, &stream);
    must(if over && written >= DELTAS * LEAST { Ok(()) } else { Err((written, over)) }, &pair);
    bencher.counter(ItemsCount::new(DELTAS)).bench_local(|| translate_stream(pair, black_box(&stream)));
}

#[divan::bench(args = pairs())]
fn stream_of_text(bencher: Bencher<'_, '_>, pair: &Pair) {
    stream(bencher, *pair, Of::Text);
}

#[divan::bench(args = pairs())]
fn stream_of_arguments(bencher: Bencher<'_, '_>, pair: &Pair) {
    stream(bencher, *pair, Of::Arguments);
}

#[divan::bench(args = pairs())]
fn whole_answer(bencher: Bencher<'_, '_>, pair: &Pair) {
    let whole = pair.provider.whole();
    let translate = |whole: &[u8]| match pair.provider {
        Speaks::Shared(from) => bridge::translate(from, pair.caller, facts(), whole, &mut Notes::default()),
        Speaks::Own(theirs) => own(theirs).translate(pair.caller, &facts(), whole, &mut Notes::default()),
    };
    let written = must(translate(&whole), pair);
    must(if written.len() >= WHOLE { Ok(()) } else { Err(written) }, pair);
    bencher.counter(BytesCount::new(WHOLE)).bench_local(|| translate(black_box(&whole)));
}

type Read = fn(&[u8]) -> Result<Request, BadRequest>;
type Write = fn(&Request, &Target<'_>) -> Result<Written, BadRequest>;

/// The reader and the writer of a protocol's requests.
fn requests(protocol: Protocol) -> (Read, Write) {
    match protocol {
        Protocol::Chat | Protocol::Own => (openai::read_request, openai::write_request),
        Protocol::Text => (text::read_request, text::write_request),
        Protocol::Messages => (anthropic::read_request, anthropic::write_request),
        Protocol::Responses => (responses::read_request, responses::write_request),
        Protocol::GenerateContent => (gemini::read_request, gemini::write_request),
    }
}

#[divan::bench(args = sized())]
fn request(bencher: Bencher<'_, '_>, of: &Sized) {
    let Sized(pair, bytes) = *of;
    let target = Target { model: "a-model", max_output_tokens: Some(4096), stream_usage: true };
    let (read, write) = requests(pair.caller);
    let chat = must(openai::read_request(conversation(bytes).to_string().as_bytes()), of);
    let body = must(write(&chat, &target), of).body;
    let to: Write = match pair.provider {
        Speaks::Shared(to) => requests(to).1,
        Speaks::Own(theirs) => own(theirs).write_request,
    };
    let translate = |body: &[u8]| read(body).and_then(|request| to(&request, &target));
    let written = must(translate(&body), of);
    must(if written.body.len() >= bytes { Ok(()) } else { Err(written.body) }, of);
    bencher.counter(BytesCount::new(body.len())).bench_local(|| translate(black_box(&body)));
}
