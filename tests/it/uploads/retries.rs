//! Another try needs the body once more: what is kept of it, and what is told where it was not.

use super::{Act, MODEL, Part, Scene, begin, form, form_head, parts_of};
use crate::harness::{Stream, eventually};
use serde_json::json;
use std::io::Write;

const BUSY: &str = "HTTP/1.1 503 X\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

fn file(content: &[u8]) -> Part<'_> {
    ("name=\"file\"; filename=\"f\"", content)
}

#[test]
fn a_small_form_is_sent_as_often_as_need_be() {
    let content = vec![b'y'; 200_000];
    let scene = Scene::new(&[Act::Cut(100_000), Act::Answer(150_000, BUSY)], "");
    let answer = scene.form(&[MODEL, file(&content)]);
    assert_eq!((answer.status, answer.header("x-litellm-attempted-retries")), (200, Some("2")), "{}", answer.text());
    assert_eq!(parts_of(&scene.provider.all()[2])[1].1, content);
}

#[test]
fn what_is_kept_while_it_comes_is_sent_again_and_the_rest_after_it() {
    // more than is kept, by its own word; but the first provider hangs up before so much has come
    let content = vec![b'z'; 400_000];
    let body = form(&[MODEL, file(&content)]);
    let scene = Scene::new(&[Act::Cut(50_000)], "upload_replay_bytes: 300000");
    let mut socket = scene.connect();
    socket.write_all(form_head(body.len()).as_bytes()).unwrap();
    socket.write_all(&body[..100_000]).unwrap();
    eventually("another is asked, and has what the first had", || {
        scene.provider.all().len() == 2 && scene.provider.read() > 90_000
    });
    socket.write_all(&body[100_000..]).unwrap();
    assert_eq!(Stream::open(socket).whole().status, 200);
    assert_eq!(parts_of(&scene.provider.all()[1])[1].1, content);
}

#[test]
fn beyond_the_bound_there_is_one_try_and_an_answer_that_says_so() {
    let content = vec![b'x'; 12 << 20];
    let eager = "router_settings: {num_retries: 3}\n";
    let scene = Scene::with(&[Act::Cut(6 << 20)], "", eager);
    let error = scene.form(&[MODEL, file(&content)]).error(503);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("millrace.upload_replay_bytes")), "{error}");
    let record = scene.record();
    assert_eq!((&record["attempts"], &record["error_class"]), (&json!(1), &json!("connect")), "{record}");
    // what a provider says stays what it said
    let busy = Scene::with(&[Act::Answer(6 << 20, BUSY)], "", eager);
    busy.form(&[MODEL, file(&content)]).error(503);
    assert_eq!(busy.provider.all().len(), 1);
}

#[test]
fn a_form_that_had_to_be_read_first_is_kept_however_large() {
    let content = vec![b'x'; 12 << 20];
    let scene = Scene::new(&[Act::Cut(6 << 20), Act::Answer(6 << 20, BUSY)], "");
    assert_eq!(scene.form(&[file(&content), MODEL]).status, 200);
    let all = scene.provider.all();
    assert_eq!((all.len(), parts_of(&all[2]).len()), (3, 2));
    assert_eq!(parts_of(&all[2])[1].1, content);
    let left: Vec<_> =
        std::fs::read_dir(scene.gateway.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "config.yaml" || name == "records.jsonl"), "{left:?}");
}

#[test]
fn a_pass_through_is_not_done_twice() {
    let body = vec![0; 100_000];
    let scene = Scene::new(&[Act::Cut(10_000)], "");
    let head = begin("/openai/v1/files", "application/octet-stream");
    scene.send(&format!("{head}content-length: {}\r\n\r\n", body.len()), &body).error(503);
    assert_eq!(scene.provider.all().len(), 1);
}
