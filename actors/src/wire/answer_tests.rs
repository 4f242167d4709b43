//! Tests of the answer scan and of the reading of errors.

use super::*;

fn error(body: &str) -> (String, Option<String>, Option<String>, Option<String>) {
    let error = UpstreamError::parse(body.as_bytes());
    (error.message, error.kind, error.code, error.param)
}

#[test]
fn scans_a_good_answer() {
    let body = br#"{"id":"x","model":"gpt","choices":[{"model":"no","usage":1,"error":2}],"usage":{"prompt_tokens":2},"error":null}"#;
    let answer = Answer::scan(body).unwrap();
    assert!(answer.object && answer.error.is_none());
    assert_eq!(answer.model.len(), 1);
    assert_eq!(&body[answer.model[0].clone()], b"\"gpt\"");
    assert_eq!(answer.usage.map(|usage| usage.total_tokens), Some(2));
}

#[test]
fn an_error_within_a_good_status_is_seen() {
    let answer = Answer::scan(br#"{"error":{"message":"no","type":"t","code":429,"param":"p"}}"#).unwrap();
    let want = UpstreamError {
        message: "no".into(),
        kind: Some("t".into()),
        code: Some("429".into()),
        param: Some("p".into()),
        more: None,
    };
    assert_eq!(answer.error, Some(want));
    for (body, message) in [
        (r#"{"error":"text"}"#, "text"),
        (r#"{"error":{}}"#, "{}"),
        (r#"{"error":false}"#, "false"),
        (r#"{"error":["a"]}"#, r#"["a"]"#),
        (r#"{"error":{"message":"\ud800"}}"#, r#"{"message":"\ud800"}"#),
    ] {
        assert_eq!(Answer::scan(body.as_bytes()).unwrap().error.unwrap().message, message, "{body}");
    }
}

#[test]
fn what_is_no_object_is_told_apart_from_what_is_no_json() {
    for body in ["null", "[]", " 1", "\"x\""] {
        assert_eq!(Answer::scan(body.as_bytes()), Ok(Answer::default()), "{body}");
    }
    for body in [&b""[..], b"<html>", b"{", b"{}x", b"{\"a\":\"\xff\"}", b"[1", b"null null"] {
        assert!(Answer::scan(body).is_err(), "{}", String::from_utf8_lossy(body));
    }
    assert!(Answer::scan(b"{}").unwrap().object);
}

#[test]
fn reads_errors_of_every_make() {
    let text = |text: &str| Some(text.to_owned());
    for (body, message, kind, code, param) in [
        (r#"{"error":{"message":"m","type":"t","param":"p","code":"c"}}"#, "m", text("t"), text("c"), text("p")),
        (r#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#, "m", text("t"), None, None),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "Overloaded",
            text("overloaded_error"),
            None,
            None,
        ),
        (r#"{"error":{"code":404,"message":"m","status":"NOT_FOUND"}}"#, "m", text("NOT_FOUND"), text("404"), None),
        (r#"[{"error":{"code":400,"message":"m","status":"INVALID"}}]"#, "m", text("INVALID"), text("400"), None),
        (r#"{"error":"text"}"#, "text", None, None, None),
        (r#"{"error":"text","code":7}"#, "text", None, text("7"), None),
        (r#"{"detail":"Not Found"}"#, "Not Found", None, None, None),
        (r#"{"detail":[{"loc":["body"],"msg":"bad"}]}"#, r#"[{"loc":["body"],"msg":"bad"}]"#, None, None, None),
        (r#"{"message":"m","__type":"ThrottlingException"}"#, "m", text("ThrottlingException"), None, None),
        (r#"{"weird":1}"#, r#"{"weird":1}"#, None, None, None),
        (r#""just text""#, "just text", None, None, None),
        ("null", "null", None, None, None),
        ("[]", "[]", None, None, None),
        ("  upstream connect error \n", "upstream connect error", None, None, None),
        ("", "the upstream gave no reason", None, None, None),
        (r#"{"error":{"message":"","type":""}}"#, r#"{"message":"","type":""}"#, None, None, None),
        (
            "<html><head><TITLE>\n502 Bad Gateway</TITLE>",
            "the upstream sent an HTML page titled \"502 Bad Gateway\"",
            None,
            None,
            None,
        ),
        ("<!doctype html><p>x", "the upstream sent an HTML page instead of JSON", None, None, None),
        ("<title", "the upstream sent an HTML page instead of JSON", None, None, None),
    ] {
        assert_eq!(error(body), (message.to_owned(), kind, code, param), "{body}");
    }
}

#[test]
fn a_message_is_cut_between_characters() {
    for body in ["\u{1f600}".repeat(5000), format!("{{\"error\":\"{}\"}}", "\u{4e2d}".repeat(5000))] {
        let message = error(&body).0;
        assert_eq!(message.chars().count(), MESSAGE_CHARS + 1);
        assert!(message.ends_with(CUT), "{message}");
    }
    assert!(!error(&"[".repeat(100_000)).0.is_empty());
}

#[test]
fn bytes_that_are_no_text_are_survived() {
    assert_eq!(UpstreamError::parse(b"\xff\xfeabc").message, "\u{fffd}\u{fffd}abc");
}
