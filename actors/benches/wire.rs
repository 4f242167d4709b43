//! Micro benchmarks of the wire vocabulary: what one event and one request body cost.
//!
//! The `sse_*` ones take a chunk of 20 events an iteration (their rate is per event), the others one event or body. Run: `cargo bench -p millrace-actors --bench wire`.

use bytes::{Bytes, BytesMut};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use millrace_actors::wire::envelope::{Edits, Endpoint, Envelope, ScanRules};
use millrace_actors::wire::look::look;
use millrace_actors::wire::restamp::Restamper;
use millrace_actors::wire::sse::SseReader;

/// Events in a chunk, as an upstream that writes faster than we read sends them.
const EVENTS: usize = 20;
/// Longest event taken, as by default.
const LIMIT: usize = 8 << 20;

fn main() {
    divan::main();
}

/// The data of content event `index`: about 200 bytes, as OpenAI sends it.
fn data(index: usize, usage: &str) -> String {
    format!(
        "{{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\",\"created\":1741570283,\
         \"model\":\"gpt-4o-2024-08-06\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word{index}\"}},\
         \"finish_reason\":null}}]{usage}}}"
    )
}

fn chunk() -> Vec<u8> {
    (0..EVENTS).map(|index| format!("data: {}\n\n", data(index, ""))).collect::<String>().into_bytes()
}

/// A chat body with `bytes` bytes of text in 20 messages, with the escapes that text has.
fn body(bytes: usize) -> Bytes {
    let text = "Lorem ipsum dolor sit amet, \\\"consetetur\\\" elitr.\\n".repeat(bytes / 20 / 50);
    let messages: Vec<String> = (0..20).map(|_| format!("{{\"role\":\"user\",\"content\":\"{text}\"}}")).collect();
    let messages = messages.join(",");
    format!("{{\"model\":\"gpt-4o\",\"messages\":[{messages}],\"max_tokens\":100,\"temperature\":0.5,\"stream\":true}}")
        .into()
}

/// Reads the events of what came in these parts.
fn read(bencher: Bencher<'_, '_>, parts: &[&[u8]]) {
    let mut reader = SseReader::new(LIMIT);
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let mut bytes = 0;
        for part in parts {
            let _ = reader.feed(black_box(part), |event| bytes += event.data.len());
        }
        bytes
    });
}

#[divan::bench]
fn sse_whole_chunk(bencher: Bencher<'_, '_>) {
    let chunk = chunk();
    read(bencher, &[&chunk]);
}

#[divan::bench]
fn sse_split_chunk(bencher: Bencher<'_, '_>) {
    let chunk = chunk();
    let (left, right) = chunk.split_at(chunk.len() / 2 + 40);
    read(bencher, &[left, right]);
}

#[divan::bench]
fn sse_crlf_chunk(bencher: Bencher<'_, '_>) {
    let chunk = String::from_utf8_lossy(&chunk()).replace('\n', "\r\n").into_bytes();
    read(bencher, &[&chunk]);
}

#[divan::bench]
fn restamp_event(bencher: Bencher<'_, '_>) {
    let event = data(7, "");
    let mut stamper = Restamper::new("my-model");
    let mut out = BytesMut::with_capacity(1 << 12);
    bencher.bench_local(|| {
        out.clear();
        stamper.restamp(black_box(event.as_bytes()), &mut out)
    });
}

#[divan::bench]
fn restamp_event_that_differs(bencher: Bencher<'_, '_>) {
    let events = [data(7, ""), data(7, "").replace("1741570283", "1741570284")];
    let mut stamper = Restamper::new("my-model");
    let mut out = BytesMut::with_capacity(1 << 12);
    bencher.counter(ItemsCount::new(2_usize)).bench_local(|| {
        out.clear();
        events.iter().filter(|event| stamper.restamp(black_box(event.as_bytes()), &mut out)).count()
    });
}

#[divan::bench(args = ["", ",\"usage\":null", ",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}"])]
fn look_event(bencher: Bencher<'_, '_>, usage: &str) {
    let event = data(7, usage);
    bencher.bench_local(|| look(black_box(event.as_bytes())));
}

#[divan::bench(args = [1_000, 100_000])]
fn envelope_scan(bencher: Bencher<'_, '_>, bytes: usize) {
    let (body, rules) = (body(bytes), ScanRules::default());
    bencher.bench_local(|| Envelope::scan(black_box(&body).clone(), Endpoint::Chat, &rules));
}

#[divan::bench(args = [1_000, 100_000])]
fn envelope_rewrite(bencher: Bencher<'_, '_>, bytes: usize) {
    let Ok(envelope) = Envelope::scan(body(bytes), Endpoint::Chat, &ScanRules::default()) else { return };
    let edits = Edits { model: "gpt-4o-2024-08-06", stream_usage: true, ..Edits::default() };
    bencher.bench_local(|| black_box(&envelope).rewrite(&edits));
}
