//! Large uploads take little memory, whichever way they go: what the process had at its most, as the system counts it.

use super::{MODEL, Provider, chunked_head, chunks, form, form_head, parts_of};
use crate::harness::{KEY, PROVIDER_KEY, Process, Stream};
use std::io::Write;

/// Bytes of the file, and how much more than before the process may have had: a third of it.
const FILE: usize = 48 << 20;
const MOST_KB: u64 = 16 << 10;

#[test]
fn a_large_file_goes_through_in_little_memory() {
    let provider = Provider::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let yaml = format!(
        "model_list:\n  - model_name: m\n    litellm_params: {{model: openai/m, api_base: \"http://{}/v1\", api_key: {PROVIDER_KEY}}}\n\
         general_settings: {{master_key: {KEY}, max_request_size_mb: 64}}\nmillrace: {{data_dir: data}}\n",
        provider.address
    );
    std::fs::write(folder.path().join("config.yaml"), yaml).unwrap();
    let process = Process::from_folder(folder);
    let content: Vec<u8> = (0..FILE).map(|n| (n * 17 % 249) as u8).collect();
    let file = ("name=\"file\"; filename=\"f\"", content.as_slice());
    let send = |head: String, body: &[u8]| {
        let mut socket = process.client().connect();
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(body).unwrap();
        let answer = Stream::open(socket).whole();
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    // what a first request takes for ever is no part of it
    let small = form(&[MODEL, ("name=\"file\"; filename=\"f\"", b"x")]);
    send(form_head(small.len()), &small);
    let before = process.peak_kb();
    for (parts, way) in [([MODEL, file], "live"), ([file, MODEL], "spooled")] {
        let body = form(&parts);
        send(form_head(body.len()), &body);
        send(chunked_head(), &chunks(&body, 100_000));
        let grown = process.peak_kb() - before;
        println!("{way}: the process grew by {grown} kB at its most, of a file of {} kB", FILE >> 10);
        assert!(grown < MOST_KB, "{way}: {grown} kB");
    }
    for got in &provider.all()[1..] {
        assert!(parts_of(got).iter().any(|(name, bytes)| name == "file" && *bytes == content), "{}", got.head);
    }
}
