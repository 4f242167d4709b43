//! Forms on their way while they arrive: what the provider gets, and what breaks an upload off.

use super::{Act, MODEL, Part, SOUND, Scene, begin, chunked_head, chunks, form, form_head, parts_of};
use crate::harness::{Stream, eventually};
use std::io::Write;

/// Nothing is small: every form whose model stands first is sent while it comes.
const LIVE: &str = "upload_replay_bytes: 0";

const REFUSAL: &str = "HTTP/1.1 413 X\r\ncontent-type: application/json\r\ncontent-length: 38\r\n\r\n\
                       {\"error\": {\"message\": \"far too much\"}}";

#[test]
fn a_form_arrives_whatever_the_order_of_its_parts_and_however_it_is_framed() {
    let language: Part<'_> = ("name=\"language\"", b"en");
    let words: Part<'_> = ("name=\"timestamp_granularities[]\"", b"word");
    let unknown: Part<'_> = ("name=\"x_own\"", b"");
    for parts in [
        [MODEL, language, words, unknown, SOUND],
        [MODEL, SOUND, language, words, unknown],
        [language, MODEL, SOUND, unknown, words],
        [SOUND, unknown, words, language, MODEL],
    ] {
        let body = form(&parts);
        for kept in ["0", "1048576"] {
            for (head, sent) in [
                (form_head(body.len()), body.clone()),
                (chunked_head(), chunks(&body, 7)),
                (chunked_head(), chunks(&body, 1000)),
            ] {
                let scene = Scene::new(&[], &format!("upload_replay_bytes: {kept}"));
                let answer = scene.send(&head, &sent);
                assert_eq!((answer.status, &answer.json()["text"]), (200, &"taken".into()), "{}", answer.text());
                let got = scene.provider.only();
                let mut want: Vec<_> =
                    [("language", "en"), ("model", "upstream-m"), ("timestamp_granularities[]", "word"), ("x_own", "")]
                        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
                        .into();
                want.insert(0, ("file".to_owned(), SOUND.1.to_vec()));
                let mut found = parts_of(&got);
                found.sort();
                assert_eq!(found, want);
                // a length is told wherever it can be known: some providers take no chunks
                let chunked = head == chunked_head() && parts[4] != MODEL;
                assert_eq!(got.header("transfer-encoding").is_some(), chunked, "{}", got.head);
            }
        }
    }
}

#[test]
fn it_goes_upstream_before_it_is_all_here() {
    let scene = Scene::new(&[], LIVE);
    let large = vec![b'x'; 300_000];
    let body = form(&[MODEL, ("name=\"file\"; filename=\"f\"", &large)]);
    let mut socket = scene.connect();
    socket.write_all(form_head(body.len()).as_bytes()).unwrap();
    socket.write_all(&body[..200_000]).unwrap();
    eventually("the first half is there", || scene.provider.read() > 190_000);
    socket.write_all(&body[200_000..]).unwrap();
    assert_eq!(Stream::open(socket).whole().status, 200);
    assert_eq!(parts_of(&scene.provider.only())[1].1, large);
}

#[test]
fn what_clients_write_into_the_heads_of_parts_is_taken_behind_the_file_too() {
    let scene = Scene::new(&[], LIVE);
    // as okhttp writes them, and .NET
    let language: Part<'_> = (
        "name=\"language\"\r\nContent-Transfer-Encoding: binary\r\nContent-Type: text/plain\r\nContent-Length: 2",
        b"en",
    );
    let mask: Part<'_> = ("name=mask; filename=m.wav; filename*=utf-8''%C3%A9.wav", b"more");
    assert_eq!(scene.form(&[MODEL, SOUND, language, mask]).status, 200);
    let got = scene.provider.only().body();
    assert!(got.ends_with(&form(&[language, mask])), "{}", String::from_utf8_lossy(&got));
}

#[test]
fn an_expectation_is_met() {
    let scene = Scene::new(&[], LIVE);
    let body = form(&[MODEL, SOUND]);
    let head = form_head(body.len()).replace("content-length", "expect: 100-continue\r\ncontent-length");
    assert_eq!(scene.send(&head, &body).status, 200);
    assert_eq!(scene.provider.only().header("expect"), None);
}

#[test]
fn what_is_wrong_with_the_end_of_a_form_breaks_it_off() {
    let whole = form(&[MODEL, SOUND]);
    let cut = whole.len() - format!("--{}--\r\n", super::BOUNDARY).len();
    let long = vec![b'p'; 300 << 10];
    // another part to who takes the first for an empty one
    let hidden = format!("--{}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nother", super::BOUNDARY);
    let hidden = hidden.into_bytes();
    let odd: Part<'_> = ("name=\"x\"\r\nx-odd: 1", b"y");
    let counted: Part<'_> = ("name=\"x\"\r\ncontent-length: 0", b"y");
    let turned: Part<'_> = ("filename=\"f; name=model;\"; name=\"x\"", b"y");
    // a field, to who does not know what a filename is
    let as_file: Part<'_> = ("name=\"model\"; filename=\"f\"", b"other");
    let forbidden_file: Part<'_> = ("name=\"api_base[]\"; filename=\"f\"", b"http://evil");
    let escaped: Part<'_> = ("name=\"mod\\el\"", b"other");
    let twice: Part<'_> = ("name=\"x\"; name=\"model\"", b"y");
    for (body, status, param) in [
        (whole[..cut].to_vec(), 400, None),
        (whole[..cut - 10].to_vec(), 400, None),
        ([&whole[..], b"more"].concat(), 400, None),
        (form(&[MODEL, SOUND, ("name=\"api_base\"", b"http://evil")]), 400, Some("api_base")),
        (form(&[MODEL, SOUND, ("name=\"api_base[]\"", b"http://evil")]), 400, Some("api_base")),
        (form(&[MODEL, SOUND, ("name=\"model\"", b"other")]), 400, Some("model")),
        (form(&[MODEL, SOUND, ("name=\"model[]\"", b"other")]), 400, Some("model")),
        (form(&[MODEL, SOUND, ("name=\"temperature\"", b"hot")]), 400, Some("temperature")),
        (form(&[MODEL, SOUND, odd]), 400, Some("x")),
        (form(&[MODEL, SOUND, as_file]), 400, Some("model")),
        (form(&[MODEL, SOUND, forbidden_file]), 400, Some("api_base")),
        (form(&[MODEL, SOUND, ("name=\"stream\"; filename=\"f\"", b"true")]), 400, Some("stream")),
        (form(&[MODEL, SOUND, turned]), 400, Some("x")),
        (form(&[MODEL, SOUND, counted]), 400, None),
        (form(&[MODEL, SOUND, escaped]), 400, None),
        (form(&[MODEL, SOUND, ("name=\"x\"", &hidden)]), 400, None),
        (form(&[MODEL, SOUND, ("name=\"x\"", &[b"\n", &hidden[..]].concat())]), 400, None),
        (form(&[MODEL, SOUND, twice]), 400, None),
        (form(&[MODEL, SOUND, ("name=\"prompt\"", &long)]), 413, None),
    ] {
        for chunked in [false, true] {
            let scene = Scene::new(&[], LIVE);
            let answer = match chunked {
                false => scene.send(&form_head(body.len()), &body),
                true => scene.send(&chunked_head(), &chunks(&body, 900)),
            };
            let error = answer.error(status);
            assert_eq!(error["param"].as_str(), param, "{error}");
            assert_eq!(scene.record()["outcome"], "blocked");
            eventually("the provider's connection ends", || scene.provider.has_ended());
            assert!(!scene.provider.only().whole, "the provider took it for a whole request: {error}");
        }
    }
}

#[test]
fn a_forbidden_field_ends_an_upload_of_which_more_would_follow() {
    let scene = Scene::new(&[], LIVE);
    let body = form(&[MODEL, SOUND, ("name=\"api_key\"", b"sk-own")]);
    // the rest never comes, and nobody waits for it
    let answer = scene.send(&form_head(body.len() + 5_000_000), &body);
    assert_eq!(answer.error(400)["param"], "api_key");
    eventually("the provider's connection ends", || scene.provider.has_ended());
    assert!(!scene.provider.only().whole);
}

#[test]
fn more_than_is_taken_is_refused_on_the_way() {
    let config = "general_settings: {master_key: sk-test-0123456789abcdef-master, max_request_size_mb: 1}\n";
    let large = vec![b'x'; 2 << 20];
    let body = form(&[MODEL, ("name=\"file\"; filename=\"f\"", &large)]);
    let scene = Scene::with(&[], LIVE, config);
    scene.send(&chunked_head(), &chunks(&body, 50_000)).error(413);
    eventually("the provider's connection ends", || scene.provider.has_ended());
    assert!(!scene.provider.only().whole);
    let announced = Scene::with(&[], LIVE, config);
    announced.send(&form_head(body.len()), &body).error(413);
    assert!(announced.provider.all().is_empty());
}

#[test]
fn a_caller_that_stalls_is_told_so_and_the_provider_let_go() {
    let scene = Scene::new(&[], "upload_replay_bytes: 0, client_body_idle_timeout: 0.3");
    let body = form(&[MODEL, SOUND]);
    let answer = scene.send(&form_head(body.len()), &body[..body.len() - 9]);
    answer.error(408);
    eventually("the provider's connection ends", || scene.provider.has_ended());
    assert!(!scene.provider.only().whole);
}

#[test]
fn a_caller_that_leaves_takes_the_upload_with_it() {
    let large = vec![b'x'; 8 << 20];
    let body = form(&[MODEL, ("name=\"file\"; filename=\"f\"", &large)]);
    let scene = Scene::new(&[], "");
    let mut socket = scene.connect();
    socket.write_all(form_head(body.len()).as_bytes()).unwrap();
    socket.write_all(&body[..4 << 20]).unwrap();
    eventually("half of it is there", || scene.provider.read() > 3 << 20);
    let left = std::time::Instant::now();
    drop(socket);
    eventually("the provider's connection ends", || scene.provider.has_ended());
    println!("a caller left: the provider's connection was closed after {:?}", left.elapsed());
    let record = scene.record();
    assert_eq!((&record["outcome"], &record["attempts"]), (&"client_cancelled".into(), &1.into()), "{record}");
    eventually("nothing is in flight", || scene.gateway.metric("millrace_inflight") == 0.0);
}

#[test]
fn an_early_answer_is_passed_on_and_ends_the_upload() {
    let large = vec![b'x'; 8 << 20];
    let body = form(&[MODEL, ("name=\"file\"; filename=\"f\"", &large)]);
    let scene = Scene::new(&[Act::Answer(2 << 20, REFUSAL)], "");
    let answer = scene.send(&form_head(body.len()), &body);
    assert_eq!(answer.error(413)["message"], "far too much");
    assert!(!scene.provider.only().whole);
    assert_eq!(scene.record()["error_class"], "provider");
    // and before any of it was read
    let at_once = Scene::new(&[Act::Answer(0, REFUSAL)], "");
    at_once.send(&form_head(body.len()), &body).error(413);
    // while the caller pauses: its next byte is not waited for
    let pausing = Scene::new(&[Act::Answer(1000, REFUSAL)], LIVE);
    pausing.send(&form_head(body.len()), &body[..2000]).error(413);
}

#[test]
fn the_boundary_of_the_caller_may_need_quotes() {
    let scene = Scene::new(&[], LIVE);
    let body = "--a=b:c\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--a=b:c\r\nContent-Disposition: \
                form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--a=b:c--\r\n";
    let head = begin("/v1/audio/transcriptions", "multipart/form-data; boundary=\"a=b:c\"");
    assert_eq!(scene.send(&format!("{head}content-length: {}\r\n\r\n", body.len()), body.as_bytes()).status, 200);
    assert_eq!(scene.provider.only().header("content-type"), Some("multipart/form-data; boundary=\"a=b:c\""));
}
