//! What is known only when the file has gone by: that a stream is wanted, and what hooks must see.

use super::{Act, MODEL, Part, SOUND, Scene, form, form_head};
use serde_json::json;

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
                      data: {\"type\": \"transcript.text.delta\", \"delta\": \"a\"}\n\n\
                      data: {\"type\": \"transcript.text.done\", \"text\": \"a\"}\n\n";

const STREAM: Part<'static> = ("name=\"stream\"", b"true");

#[test]
fn a_stream_may_be_asked_for_behind_the_file() {
    for kept in ["0", "1048576"] {
        let scene = Scene::new(&[Act::Answer(usize::MAX, EVENTS)], &format!("upload_replay_bytes: {kept}"));
        let answer = scene.form(&[MODEL, SOUND, STREAM]);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")));
        assert!(answer.text().ends_with("\"text\": \"a\"}\n\n"), "{}", answer.text());
        assert_eq!(scene.record()["stream"], json!(true));
    }
}

#[test]
fn hooks_see_the_fields_behind_the_file_before_anything_is_sent() {
    let guard = |on: &str| {
        format!(
            "litellm_settings: {{callbacks: [guard]}}\ncallback_settings: {{guard: {{callback: deny_words, words: [secret], on: [{on}]}}}}\n"
        )
    };
    let scene = Scene::with(&[], "upload_replay_bytes: 0", &guard("input"));
    let error = scene.form(&[MODEL, SOUND, ("name=\"prompt\"", b"a secret")]).error(400);
    assert!(scene.provider.all().is_empty(), "{error}");
    assert_eq!(scene.form(&[MODEL, SOUND, ("name=\"prompt\"", b"none")]).status, 200);
    assert_eq!(scene.provider.only().header("transfer-encoding"), None);
    // a stream would pass unread by whoever looks at answers, wherever it was asked for
    let output = Scene::with(&[], "upload_replay_bytes: 0", &guard("output"));
    output.form(&[MODEL, SOUND, STREAM]).error(400);
    assert!(output.provider.all().is_empty());
}

#[test]
fn a_slow_caller_costs_the_provider_none_of_its_time() {
    use std::io::Write;
    let limits = "router_settings: {timeout: 1, num_retries: 0}\n";
    let scene = Scene::with(&[], "upload_replay_bytes: 0, total_timeout: 100", limits);
    let body = form(&[MODEL, SOUND, ("name=\"prompt\"", &[b'x'; 400])]);
    let mut socket = scene.connect();
    socket.write_all(form_head(body.len()).as_bytes()).unwrap();
    // longer than the provider may take, and never a pause as long as that
    let pieces: Vec<_> = body.chunks(body.len() / 12).collect();
    for piece in pieces {
        std::thread::sleep(std::time::Duration::from_millis(150));
        socket.write_all(piece).unwrap();
    }
    assert_eq!(crate::harness::Stream::open(socket).whole().status, 200);
}
