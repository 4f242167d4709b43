//! B1, B2, B4, B5: texts that are JSON, that are not, and that may be either; in the manner of JSONTestSuite's `y_`, `n_`
//! and `i_` files.

use serde_json::json;

use super::{post, stand, with_field};

/// Values that are JSON (RFC 8259): they go on, byte for byte.
const YES: [&str; 48] = [
    "[]",
    "{}",
    "[ ]",
    "\t{ \n}",
    "\"\"",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1e1",
    "1E1",
    "1e+1",
    "1E-1",
    "0e1",
    "0e+1",
    "123.456e78",
    "-123.456e-78",
    "1.000000000000000000000000000000000000000000005",
    "123456789012345678901234567890",
    "[[]   ]",
    "[\"\"]",
    "[1\n]",
    " [1]",
    "[1,null,null,null,2]",
    "[2] ",
    r#"{"":0}"#,
    r#"{"a":[]}"#,
    r#"{"min":-1.0e+28}"#,
    r#"{"a":"b","c":"d"}"#,
    r#""\u0060\u012a\u12AB""#,
    r#""\uD801\udc37""#,
    r#""\ud83d\ude39\ud83d\udc8d""#,
    r#""\"\\\/\b\f\n\r\t""#,
    r#""\\u0000""#,
    r#""\"""#,
    "\"a/*b*/c/*d//e\"",
    r#""\\a""#,
    "\"\u{7f}\"",
    "\"\u{2028}\"",
    "\"\u{2029}\"",
    "\"€𝄞\"",
    r#""\u0000""#,
    r#""\uFFFF""#,
    r#""\uDBFF\uDFFE""#,
    "\"\u{ffff}\"",
    r#"{"foo\u0000bar":42}"#,
];

/// Values that are not.
const NO: [&str; 78] = [
    "[1 true]",
    "[1,]",
    "[1,,2]",
    "[,1]",
    "[,]",
    "[-]",
    "[",
    "[1",
    "[\"",
    "[\"a\",",
    "]",
    "[\"\": 1]",
    "[\"x\"]]",
    "[3[4]]",
    "[a]",
    "[*]",
    "nul",
    "tru",
    "fals",
    "True",
    "nulll",
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "+Inf",
    "+1",
    "++1",
    "-01",
    "01",
    "-012",
    "1.",
    ".5",
    "-.5",
    "2.e3",
    "0.e1",
    "0.3e",
    "0.3e+",
    "1e",
    "1e+",
    "1eE2",
    "1.0e-",
    "0x1",
    "0x42",
    "1_000",
    "1 000.0",
    "1+2",
    "- 1",
    "-1x",
    "1a",
    "\u{ff11}",
    "'single'",
    "\"unclosed",
    r#""\x00""#,
    r#""\a""#,
    r#""\uqqqq""#,
    r#""\u00A""#,
    r#""\u""#,
    r#""\uD834\u""#,
    r#""\"#,
    r#""\{}""#,
    "\"\n\"",
    "\"\t\"",
    "\"\0\"",
    r#"{"x": 1,}"#,
    r#"{"x", null}"#,
    r#"{"x"::1}"#,
    r#"{x:1}"#,
    r#"{'x':1}"#,
    r#"{1:1}"#,
    r#"{"a":1 "b":2}"#,
    r#"{"a" 1}"#,
    r#"{"a":}"#,
    r#"{"a"}"#,
    r#"{"id":0,,}"#,
    r#"{null:null}"#,
    "/* c */ 1",
    "\u{a0}1",
];

/// Whole bodies that are none: they may not be framed by an object of ours.
const NO_BODY: [&[u8]; 22] = [
    b"",
    b" ",
    b"\n\n",
    b"null",
    b"1",
    b"\"a\"",
    b"[]",
    b"[{}]",
    b"{",
    b"}",
    b"{}{}",
    b"{} x",
    b"{}]",
    b"{\"a\":1",
    b"<.>",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\0}\0",
    b"\0",
    b"{}\0",
    b"{\"a\":\"\xff\"}",
    b"{\"\xc0\xaf\":1}",
    b"{\"a\":\"\xed\xa0\x80\"}",
];

/// Values on which readers differ: taken or refused, but never a fault of ours.
const EITHER: [&str; 16] = [
    "1e9999",
    "-1e9999",
    "1e-9999",
    "0.4e006699999999999999999999999999999999999",
    "-1.5e+9999",
    "100000000000000000000",
    r#""\uD800""#,
    r#""\uDADA""#,
    r#""\uD888\u1234""#,
    r#""\uD800\n""#,
    r#""\uDd1ea""#,
    r#""\uD800\uD800\n""#,
    r#""\udc00\ud800""#,
    r#""\uDFAA""#,
    r#"{"\ud800":1}"#,
    "\"\u{fffe}\"",
];

#[test]
fn b01_what_is_json_goes_on_byte_for_byte() {
    let (mock, gateway) = stand();
    for value in YES {
        let body = with_field(&format!("\"x\": {value}"));
        let answer = post(&gateway, &body);
        assert_eq!(answer.status, 200, "{value}: {}", answer.text());
        assert_eq!(mock.last_request().expect("a request").body, body, "{value}");
    }
}

#[test]
fn b01_what_is_no_json_is_400_with_its_place_and_goes_nowhere() {
    let (mock, gateway) = stand();
    let framed = NO.iter().map(|value| with_field(&format!("\"x\": {value}")));
    for body in framed.chain(NO_BODY.iter().map(|body| body.to_vec())) {
        let error = post(&gateway, &body).error(400);
        let message = error["message"].as_str().expect("a message");
        let shown = String::from_utf8_lossy(&body);
        assert!(message.contains("line ") && message.contains("column "), "{shown:?}: {message}");
        assert_eq!(error["type"], "invalid_request_error", "{shown:?}");
    }
    assert_eq!(mock.stats().requests, 0, "{:?}", mock.requests());
}

#[test]
fn b01_where_readers_differ_we_take_or_refuse_and_change_nothing() {
    let (mock, gateway) = stand();
    for value in EITHER {
        let body = with_field(&format!("\"x\": {value}"));
        let before = mock.stats().requests;
        let answer = post(&gateway, &body);
        println!("b01 {value}: {}", answer.status);
        match mock.stats().requests - before {
            0 => drop(answer.error(400)),
            1 => assert_eq!(mock.last_request().expect("a request").body, body, "{value}"),
            more => panic!("{value}: {more} requests"),
        }
    }
}

#[test]
fn b02_a_body_that_nests_without_end_is_400() {
    let (mock, gateway) = stand();
    const DEPTH: usize = 100_000;
    let deep = [
        format!("\"x\":{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        format!("\"x\":{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH)),
        format!("\"x\":{}", "[".repeat(DEPTH)),
        format!("\"x\":{}", "{\"a\":[".repeat(DEPTH / 2)),
        format!("\"tools\":{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        format!("\"stream_options\":{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH)),
        format!("\"metadata\":{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH)),
    ];
    for field in &deep {
        let error = post(&gateway, &with_field(field)).error(400);
        assert!(error["message"].as_str().is_some_and(|m| m.contains("deep")), "{error}");
    }
    let messages = format!("{{\"model\":\"m\",\"messages\":{}{}}}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    post(&gateway, messages.as_bytes()).error(400);
    assert_eq!(mock.stats().requests, 0);
    let fine = with_field(&format!("\"x\":{}{}", "[".repeat(100), "]".repeat(100)));
    assert_eq!(post(&gateway, &fine).status, 200);
}

#[test]
fn b04_numbers_go_on_as_they_were_written() {
    let (mock, gateway) = stand();
    let long = "9".repeat(400);
    let numbers = [
        "-0",
        "-0.0",
        "1e400",
        "1E+400",
        "0.1000000000000000055511151231257827",
        "1e-400",
        "18446744073709551616",
        "1.0",
        "1.50",
        "2e0",
        &long,
    ];
    for field in ["temperature", "max_tokens", "seed", "top_p", "logit_bias_of_mine"] {
        for number in numbers {
            let body = with_field(&format!("\"{field}\" :{number}"));
            let answer = post(&gateway, &body);
            assert_eq!(answer.status, 200, "{field} {number}: {}", answer.text());
            assert_eq!(mock.last_request().expect("a request").body, body, "{field} {number}");
        }
    }
}

#[test]
fn b04_numbers_that_are_none_are_400_and_the_field_is_named() {
    let (mock, gateway) = stand();
    for field in ["temperature", "max_tokens", "n", "top_p", "seed"] {
        for value in ["\"5\"", "true", "[1]", "{}", "\"NaN\""] {
            let error = post(&gateway, &with_field(&format!("\"{field}\":{value}"))).error(400);
            assert_eq!(error["param"], field, "{value}: {error}");
        }
        for value in ["NaN", "Infinity", "-Infinity", "+5", "0x10"] {
            post(&gateway, &with_field(&format!("\"{field}\":{value}"))).error(400);
        }
    }
    for (field, value) in
        [("stream", "1"), ("stream", "\"true\""), ("stream_options", "[]"), ("stream_options", "{\"include_usage\":1}")]
    {
        let error = post(&gateway, &with_field(&format!("\"{field}\":{value}"))).error(400);
        assert!(error["param"].as_str().is_some_and(|param| param.starts_with(field)), "{error}");
    }
    assert_eq!(mock.stats().requests, 0);
    let scrape = gateway.client().get("/metrics").text();
    assert!(!scrape.contains("NaN") && !scrape.contains("nan"), "{scrape}");
}

#[test]
fn b05_text_goes_on_as_it_was_written_and_bytes_that_are_none_are_400() {
    let (mock, gateway) = stand();
    for text in [r"\ud800", r"\udc00\ud800", r"\u0000", r"\u0001", r"a\u0000b", "😀", r"\ud83d\ude00", r"\u00e9"] {
        let body = format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"{text}"}}],"x":"{text}"}}"#);
        let answer = post(&gateway, body.as_bytes());
        assert_eq!(answer.status, 200, "{text}: {}", answer.text());
        assert_eq!(mock.last_request().expect("a request").text(), body);
    }
    let before = mock.stats().requests;
    for bytes in
        [b"\xff".as_slice(), b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80"]
    {
        let body = [br#"{"model":"gpt-4o","messages":[{"content":""#.as_slice(), bytes, br#""}]}"#].concat();
        let error = post(&gateway, &body).error(400);
        assert!(error["message"].as_str().is_some_and(|m| m.contains("UTF-8")), "{error}");
    }
    for model in [r"\ud800", r"gpt\udc00"] {
        let error = post(&gateway, format!(r#"{{"model":"{model}","messages":[]}}"#).as_bytes()).error(400);
        assert_eq!(error["param"], json!("model"));
    }
    assert_eq!(mock.stats().requests, before);
}
