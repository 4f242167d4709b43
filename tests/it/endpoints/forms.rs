//! Sound written down: forms, whatever the order of their parts, and what a form may not do.

use super::Scene;
use crate::harness::{Answer, KEY, Stream};
use millrace_lab::mock::MockServer;
use serde_json::json;
use std::io::Write;

/// Sound with everything in it that a boundary begins with.
const SOUND: &[u8] = b"RIFF\x00\xff\r\n--b\r\n--\r\n\r\n--bound\r\nmore";

/// A part: the rest of its disposition, its content.
type Part<'a> = (&'a str, &'a [u8]);

const FILE: Part<'static> = ("name=\"file\"; filename=\"a b.wav\"\r\ncontent-type: audio/wav", SOUND);
const MODEL: Part<'static> = ("name=\"model\"", b"m");

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend(format!("--bounded\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes());
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--bounded--\r\n");
    body
}

fn send(scene: &Scene, path: &str, kind: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = scene.gateway.client().connect();
    socket.write_all(head.as_bytes()).expect("a head");
    let _ = socket.write_all(body);
    Stream::open(socket).whole()
}

fn post(scene: &Scene, parts: &[Part<'_>]) -> Answer {
    send(scene, "/v1/audio/transcriptions", "multipart/form-data; boundary=bounded", &form(parts))
}

/// The content of the part that the provider got under this name.
fn got(mock: &MockServer, name: &str) -> Vec<Vec<u8>> {
    let sent = mock.last_request().expect("a request");
    let kind = sent.header("content-type").expect("a kind");
    let boundary = format!("--{}", kind.split("boundary=").nth(1).expect("a boundary"));
    let find = |body: &[u8], what: &[u8]| body.windows(what.len()).position(|window| window == what);
    let (mut rest, mut all) = (&sent.body[..], Vec::new());
    while let Some(start) = find(rest, boundary.as_bytes()) {
        rest = &rest[start + boundary.len()..];
        let Some(head_end) = find(rest, b"\r\n\r\n") else { break };
        let end = find(rest, format!("\r\n{boundary}").as_bytes()).expect("an end");
        if String::from_utf8_lossy(&rest[..head_end]).contains(&format!("name=\"{name}\"")) {
            all.push(rest[head_end + 4..end].to_vec());
        }
        rest = &rest[end..];
    }
    all
}

#[test]
fn a_form_arrives_whatever_the_order_of_its_parts() {
    let scene = Scene::new();
    let language: Part<'_> = ("name=\"language\"", "hé".as_bytes());
    let grains: [Part<'_>; 2] =
        [("name=\"timestamp_granularities[]\"", b"word"), ("name=\"timestamp_granularities[]\"", b"segment")];
    for parts in [vec![MODEL, FILE, language], vec![FILE, language, MODEL], vec![language, FILE, MODEL]] {
        let parts = [parts, grains.to_vec()].concat();
        let answer = post(&scene, &parts);
        assert_eq!(answer.json()["text"], format!("{} bytes of sound", SOUND.len()), "{}", answer.text());
        assert_eq!(got(&scene.mock, "file"), [SOUND.to_vec()]);
        assert_eq!(got(&scene.mock, "model"), [b"m".to_vec()]);
        assert_eq!(got(&scene.mock, "language"), ["hé".as_bytes().to_vec()]);
        assert_eq!(got(&scene.mock, "timestamp_granularities[]"), [b"word".to_vec(), b"segment".to_vec()]);
    }
    let sent = scene.mock.last_request().expect("a request");
    assert!(sent.text().contains("filename=\"a b.wav\"\r\ncontent-type: audio/wav\r\n"), "{}", sent.text());
    assert_eq!(sent.path, "/v1/audio/transcriptions");
}

#[test]
fn the_models_name_is_the_providers_and_both_paths_and_both_resources_serve() {
    let scene = Scene::with("", "router_settings: {model_group_alias: {whisper: upstream-whisper}}\n");
    let alias: Part<'_> = ("name=\"model\"", b"whisper");
    for path in ["/v1/audio/transcriptions", "/audio/transcriptions", "/v1/audio/translations", "/audio/translations"] {
        let answer = send(&scene, path, "multipart/form-data; boundary=\"bounded\"", &form(&[FILE, alias]));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(got(&scene.mock, "model"), [b"upstream-whisper".to_vec()]);
        let resource = path.rsplit('/').next().expect("a name");
        assert!(scene.mock.last_request().expect("a request").path.ends_with(resource));
    }
}

#[test]
fn an_answer_may_be_text_and_a_fault_is_a_fault() {
    let scene = Scene::new();
    let as_text: Part<'_> = ("name=\"response_format\"", b"text");
    let answer = post(&scene, &[MODEL, as_text, FILE]);
    assert_eq!(answer.text(), format!("{} bytes of sound\n", SOUND.len()));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    scene.mock.push_script(["503", ""].map(|spec| spec.parse().expect("a behaviour")));
    let retried = post(&scene, &[FILE, MODEL]);
    assert_eq!(retried.status, 200, "a form that is kept can be sent again: {}", retried.text());
    assert_eq!(got(&scene.mock, "file"), [SOUND.to_vec()]);
    scene.behave("400");
    post(&scene, &[FILE, MODEL]).error(400);
}

#[test]
fn seconds_are_billed_and_what_is_not_told_is_not_nought() {
    let scene = Scene::with(", input_cost_per_second: 0.0001", "");
    let record = scene.record(&post(&scene, &[MODEL, FILE]));
    assert_eq!((&record["response_cost"], &record["call_type"]), (&json!("0.0003"), &json!("atranscription")));
    let as_text: Part<'_> = ("name=\"response_format\"", b"text");
    let untold = scene.record(&post(&scene, &[MODEL, FILE, as_text]));
    assert_eq!(untold["unreckoned_prices"], json!(["input_cost_per_second"]), "{untold}");
    assert!(untold["response_cost"].is_null());
}

#[test]
fn c17_what_is_no_form_or_too_much_of_one_is_refused() {
    let scene =
        Scene::with("", "general_settings: {master_key: sk-test-0123456789abcdef-master, max_request_size_mb: 1}\n");
    let kind = "multipart/form-data; boundary=bounded";
    let bad = |body: &[u8], kind: &str| send(&scene, "/v1/audio/transcriptions", kind, body);
    let good = form(&[MODEL, FILE]);
    for (body, kind) in [
        (&good[..good.len() - 20], kind),
        (b"--bounded\r\n", kind),
        (b"", kind),
        (b"no form at all", kind),
        (&good, "multipart/form-data"),
        (&good, "multipart/form-data; boundary="),
        (&good, "multipart/form-data; boundary=other"),
        (&good, "application/json"),
    ] {
        let answer = bad(body, kind);
        answer.error(400);
    }
    let many: Vec<Part<'_>> = [vec![("name=\"x[]\"", &b"1"[..]); 100], vec![MODEL, FILE]].concat();
    post(&scene, &many).error(400);
    let twice = post(&scene, &[MODEL, ("name=\"model\"", b"n"), FILE]).error(400);
    assert_eq!(twice["param"], "model");
    assert_eq!(post(&scene, &[MODEL]).error(400)["param"], "file");
    assert_eq!(post(&scene, &[FILE]).error(400)["param"], "model");
    assert_eq!(post(&scene, &[MODEL, FILE, ("name=\"api_base\"", b"http://x")]).error(400)["param"], "api_base");
    assert_eq!(post(&scene, &[MODEL, FILE, ("name=\"stream\"", b"perhaps")]).error(400)["param"], "stream");
    let large = vec![b'x'; 2 << 20];
    post(&scene, &[MODEL, ("name=\"file\"; filename=\"f\"", &large)]).error(413);
    post(&scene, &[FILE, ("name=\"prompt\"", &large[..512 << 10]), MODEL]).error(413);
    // a head that does not end
    let endless = [b"--bounded\r\ncontent-disposition: ".to_vec(), vec![b'x'; 512 << 10]].concat();
    bad(&endless, kind).error(400);
    assert_eq!(scene.mock.stats().requests, 0);
    assert_eq!(
        scene.gateway.client().anonymous().request("POST", "/v1/audio/transcriptions", &good).whole().status,
        401
    );
}
