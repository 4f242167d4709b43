//! The room for forms that must be read before they are sent: bounded for all of them together, counted, given back.

use std::io::Write;

use super::{MODEL, SOUND, Scene, form, form_head};
use crate::harness::eventually;

/// What is written goes in pieces of 64 KiB and more, and the last piece stays in memory: so of a form of 190,000 bytes
/// some 124,000 are written at least, and two have no room.
const ROOM: &str = "upload_replay_bytes: 0, upload_spool_bytes: 200000";

fn taken(scene: &Scene) -> f64 {
    scene.gateway.metric("millrace_upload_spool_bytes")
}

fn refused(scene: &Scene) -> f64 {
    scene.gateway.metric("millrace_upload_spool_refused_total")
}

/// A form whose model stands behind its file.
fn late(size: usize) -> Vec<u8> {
    let content = vec![b'x'; size];
    form(&[("name=\"file\"; filename=\"f\"", &content), MODEL])
}

#[test]
fn p07_what_is_larger_than_the_room_alone_is_a_413_and_need_not_be_read_first() {
    let scene = Scene::new(&[], ROOM);
    let body = late(400_000);
    let error = scene.send(&form_head(body.len()), &body).error(413);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("millrace.upload_spool_bytes")), "{error}");
    assert_eq!((refused(&scene), taken(&scene)), (1.0, 0.0));
    assert!(scene.provider.all().is_empty(), "nothing went upstream");
    // as the message says
    let content = vec![b'x'; 400_000];
    let live = scene.form(&[MODEL, ("name=\"file\"; filename=\"f\"", &content)]);
    assert_eq!(live.status, 200, "{}", live.text());
}

#[test]
fn p07_when_others_have_the_room_it_is_a_503_and_they_give_it_back() {
    let scene = Scene::new(&[], ROOM);
    let body = late(190_000);
    // one that has taken its share and does not go on
    let mut first = scene.connect();
    first.write_all(form_head(body.len()).as_bytes()).expect("a head");
    first.write_all(&body[..180_000]).expect("a beginning");
    eventually("a share", || taken(&scene) > 100_000.0);
    let answer = scene.send(&form_head(body.len()), &body);
    assert_eq!(answer.header("retry-after"), Some("1"));
    let error = answer.error(503);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("upload_spool_bytes")), "{error}");
    assert_eq!(refused(&scene), 1.0);
    assert_eq!(scene.form(&[SOUND, MODEL]).status, 200, "a small one needs no room");
    drop(first);
    eventually("the room given back", || taken(&scene) == 0.0);
    assert_eq!(scene.send(&form_head(body.len()), &body).status, 200);
    eventually("the room given back again", || taken(&scene) == 0.0);
}
