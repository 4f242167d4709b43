//! A corpus of JSON in the manner of JSONTestSuite: what must be taken (`y`), refused (`n`), or merely survived (`i`).
//!
//! Each is tried as the value of an unknown field of a body, where the scan only skips over it; whole bodies follow.

use bytes::Bytes;

use super::{Endpoint, Envelope, Rejected, ScanRules};

/// Values.
const VALUES: &[(char, &[u8])] = &[
    ('y', b"[]"),
    ('y', b"[ ]"),
    ('y', b"[[]]"),
    ('y', b"[[] , [[]]]"),
    ('y', b"[\"\"]"),
    ('y', b"[null, 1, \"1\", {}]"),
    ('y', b"[1\n]"),
    ('y', b"[\t1\r\n]"),
    ('y', b"[false,true,null]"),
    ('y', b"{}"),
    ('y', b"{\"\":0}"),
    ('y', b"{\"a\":[]}"),
    ('y', b"{\"a\":\"b\",\"c\":\"d\"}"),
    ('y', b"{\n\"a\": \"b\"\n}"),
    ('y', b"{\"a\":{\"a\":{\"a\":{}}}}"),
    ('y', b"{\"title\":\"\\u041f\\u043e\"}"),
    ('y', b"{\"foo\\u0000bar\": 42}"),
    ('y', b"0"),
    ('y', b"-0"),
    ('y', b"-0.0"),
    ('y', b"123"),
    ('y', b"-123"),
    ('y', b"123.456789"),
    ('y', b"0e1"),
    ('y', b"0e+1"),
    ('y', b"0E-1"),
    ('y', b"1e2"),
    ('y', b"1E22"),
    ('y', b"1E+2"),
    ('y', b"1e-2"),
    ('y', b"123e65"),
    ('y', b"20e1"),
    ('y', b"-0.000000000000000000000000000000000000000000000000000000000000000000000000000001"),
    ('y', b"true"),
    ('y', b"false"),
    ('y', b"null"),
    ('y', b"\"asd\""),
    ('y', b"\" \""),
    ('y', b"\"\\u0060\\u012a\\u12AB\""),
    ('y', b"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    ('y', b"\"\\\\u0000\""),
    ('y', b"\"\\\\n\""),
    ('y', b"\"\\u0000\""),
    ('y', b"\"\\u0012\""),
    ('y', b"\"\\uFFFF\""),
    ('y', b"\"\\uD801\\udc37\""),
    ('y', b"\"\\ud83d\\ude39\\ud83d\\udc8d\""),
    ('y', b"\"\\uDBFF\\uDFFE\""),
    ('y', b"\"\\u0022\""),
    ('y', b"\"\\u200B\\u2064\\uFEFF\""),
    ('y', b"\"a/*b*/c/*d//e\""),
    ('y', b"\"\x7f\""),
    ('y', "\"\u{2028}\u{2029}\u{a0}\"".as_bytes()),
    ('y', "\"\u{80}\u{10ffff}\"".as_bytes()),
    ('y', "\"\u{20ac}\u{1d11e}\u{fffe}\u{feff}\"".as_bytes()),
    // Half surrogate pairs are valid JSON; they pass as the bytes they are.
    ('y', b"\"\\ud800\""),
    ('y', b"\"\\uDADA\""),
    ('y', b"\"\\uD888\\u1234\""),
    ('y', b"\"\\uD800\\uD800\\n\""),
    ('y', b"\"\\udc00abc\""),
    ('y', b"[\"\\uDd1ea\"]"),
    // Numbers pass as the digits they are, whatever a float could hold.
    ('y', b"0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999"),
    ('y', b"1.5e+9999"),
    ('y', b"-1e+9999"),
    ('y', b"123.456e-789"),
    ('y', b"-123123123123123123123123123123"),
    ('y', b"100000000000000000000"),
    ('n', b""),
    ('n', b"[1 true]"),
    ('n', b"[a\xe5]"),
    ('n', b"[\"\": 1]"),
    ('n', b"[\"\"],"),
    ('n', b"[,1]"),
    ('n', b"[1,,2]"),
    ('n', b"[\"x\",,]"),
    ('n', b"[\"x\"]]"),
    ('n', b"[\"\",]"),
    ('n', b"[\"x\""),
    ('n', b"[3[4]]"),
    ('n', b"[1:2]"),
    ('n', b"[,]"),
    ('n', b"[-]"),
    ('n', b"[ , \"\"]"),
    ('n', b"[\"a\",\n4\n,1,"),
    ('n', b"[1,]"),
    ('n', b"[\"\x0ba\"\\f]"),
    ('n', b"[*]"),
    ('n', b"[fals]"),
    ('n', b"[nul]"),
    ('n', b"[tru]"),
    ('n', b"[True]"),
    ('n', b"NULL"),
    ('n', b"undefined"),
    ('n', b"123\x00"),
    ('n', b"++1234"),
    ('n', b"+1"),
    ('n', b"+Inf"),
    ('n', b"-01"),
    ('n', b"-1.0."),
    ('n', b"-2."),
    ('n', b"-NaN"),
    ('n', b".-1"),
    ('n', b".2e-3"),
    ('n', b"0.1.2"),
    ('n', b"0.3e"),
    ('n', b"0.3e+"),
    ('n', b"0.e1"),
    ('n', b"0e"),
    ('n', b"0E+"),
    ('n', b"012"),
    ('n', b"1 000.0"),
    ('n', b"1eE2"),
    ('n', b"1.0e-"),
    ('n', b"2.e3"),
    ('n', b"9.e+"),
    ('n', b"Inf"),
    ('n', b"NaN"),
    ('n', b"Infinity"),
    ('n', b"-Infinity"),
    ('n', "\u{ff11}".as_bytes()),
    ('n', b"1+2"),
    ('n', b"0x1"),
    ('n', b"0x42"),
    ('n', b"1.2a-3"),
    ('n', b"1.8011670033376514H-308"),
    ('n', b"- 1"),
    ('n', b"-foo"),
    ('n', b"123\xe5"),
    ('n', b"{[: \"x\"}"),
    ('n', b"{\"x\", null}"),
    ('n', b"{\"x\"::\"b\"}"),
    ('n', b"{\"a\":\"a\" 123}"),
    ('n', b"{key: 'value'}"),
    ('n', b"{\"a\" b}"),
    ('n', b"{:\"b\"}"),
    ('n', b"{\"a\":"),
    ('n', b"{\"a\""),
    ('n', b"{1:1}"),
    ('n', b"{9999E9999:1}"),
    ('n', b"{\"id\":0,,,,,}"),
    ('n', b"{'a':0}"),
    ('n', b"{\"id\":0,}"),
    ('n', b"{\"a\":\"b\"}/**/"),
    ('n', b"{\"a\":\"b\"}#"),
    ('n', b"{a: \"b\"}"),
    ('n', b"{\"a\":\"a"),
    ('n', b"{\"\xb9\":\"0\"}"),
    ('n', b"\"\\uD800\\\""),
    ('n', b"\"\\uD800\\u\""),
    ('n', b"\"\\uD800\\u1x\""),
    ('n', b"\"\xe9\""),
    ('n', b"\"\xed\xa0\x80\""),
    ('n', b"\"\xc0\xaf\""),
    ('n', b"\"\xf4\xbf\xbf\xbf\""),
    ('n', b"\"\xff\""),
    ('n', b"\"\\x00\""),
    ('n', b"\"\\\\\\\""),
    ('n', b"\"\\\t\""),
    ('n', "\"\\\u{1f300}\"".as_bytes()),
    ('n', b"\"\\\""),
    ('n', b"\"\\u00A\""),
    ('n', b"\"\\uqqqq\""),
    ('n', b"\"\\a\""),
    ('n', b"\"new\nline\""),
    ('n', b"\"\t\""),
    ('n', b"\"\x00\""),
    ('n', b"\"\x1f\""),
    ('n', b"'single'"),
    ('n', b"\"x"),
    ('n', b"\\u0020\"asd\""),
    ('n', b"<null>"),
    ('n', b"[\x0c]"),
    ('n', "[\u{2060}]".as_bytes()),
    ('n', "[\u{a0}]".as_bytes()),
    ('n', b"// c\n1"),
    ('n', b"1 /* c */"),
    ('i', b"{\"\\uDFAA\":0}"),
    ('i', b"{\"a\":{\"\\ud800\":0}}"),
];

/// Whole bodies.
const BODIES: &[(char, &[u8])] = &[
    ('y', b" \t\r\n{\"messages\":[]} \t\r\n"),
    ('y', b"{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800 \\u0000\"}]}"),
    ('y', b"{\"messages\":[],\"a\":1,\"b\":{\"a\":1,\"a\":2}}"),
    ('n', b""),
    ('n', b" \n"),
    ('n', b"null"),
    ('n', b"1"),
    ('n', b"\"messages\""),
    ('n', b"[{\"messages\":[]}]"),
    ('n', b"{\"messages\":[]"),
    ('n', b"{\"messages\":[]}}"),
    ('n', b"{\"messages\":[]}x"),
    ('n', b"{\"messages\":[]}{\"messages\":[]}"),
    ('n', b"{\"messages\":[]},"),
    ('n', b"{\"messages\":[],}"),
    ('n', b"{,\"messages\":[]}"),
    ('n', b"{\"messages\":[]\x00}"),
    ('n', b"{\"messages\":[]}\x00"),
    ('n', b"\xef\xbb\xbf{\"messages\":[]}"),
    ('n', b"\xff\xfe{\x00}\x00"),
    ('n', b"\x00{\x00}"),
    ('n', b"{messages:[]}"),
    ('n', b"{\"messages\":[],\"messages\":[]}"),
    ('n', b"{\"messages\":[],\"mess\\u0061ges\":[]}"),
    ('n', b"{\"messages\":[],\"\\ud800\":[]}"),
    ('n', b"{\"a\":\"\xff\",\"messages\":[]}"),
    ('n', b"{\"messages\":[]}\xff"),
];

fn scan(body: &[u8]) -> Result<Envelope, Rejected> {
    Envelope::scan(Bytes::copy_from_slice(body), Endpoint::Chat, &ScanRules::default())
}

fn check(kind: char, body: &[u8]) {
    let shown = String::from_utf8_lossy(body).into_owned();
    match (kind, scan(body)) {
        ('y', Err(why)) => panic!("refused: {shown}: {why}"),
        ('n', Ok(_)) => panic!("taken: {shown}"),
        // The refusal says where, and ends as a sentence does.
        ('n', Err(why)) => {
            let (line, column) = why.at.unwrap();
            assert!(why.message.contains(&format!("(line {line}, column {column}).")), "{shown}: {why}");
            assert!(line >= 1 && line <= 1 + shown.matches('\n').count(), "{shown}: {why}");
        }
        _ => {}
    }
}

#[test]
fn values_are_judged_as_json_is_defined() {
    for (kind, value) in VALUES {
        for (before, after) in [
            (&b"{\"messages\":[],\"x\":"[..], &b"}"[..]),
            (b"{\"x\": ", b" ,\"messages\":[]}"),
            (b"{\"messages\":[{\"content\":", b"}]}"),
        ] {
            check(*kind, &[before, value, after].concat());
        }
    }
}

#[test]
fn bodies_are_one_object_of_known_shape() {
    for (kind, body) in BODIES {
        check(*kind, body);
    }
}

#[test]
fn every_prefix_of_a_body_is_refused() {
    let body = br#"{"model":"m","messages":[{"content":"\u00e9 \"x\" [}"}],"n":1.5e3,"stream":true}"#;
    for end in 0..body.len() {
        check('n', &body[..end]);
    }
    check('y', body);
}

#[test]
fn a_hundred_thousand_levels_are_refused_without_a_crash() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        for field in ["messages", "x", "metadata"] {
            let deep = open.repeat(100_000) + "1" + &close.repeat(100_000);
            let body = format!("{{\"{field}\":{deep}}}");
            let why = scan(body.as_bytes()).unwrap_err();
            assert!(why.message.contains("128 levels"), "{why}");
            // And unclosed.
            assert!(scan(format!("{{\"{field}\":{}", open.repeat(100_000)).as_bytes()).is_err());
        }
    }
}

#[test]
fn the_limit_of_depth_is_exact() {
    for field in ["messages", "x"] {
        let body =
            |levels: usize| format!("{{\"messages\":[],\"y{field}\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(scan(body(127).as_bytes()).is_ok());
        assert!(scan(body(128).as_bytes()).is_err());
    }
    let brackets = "[{\\\"".repeat(1000);
    assert!(scan(format!("{{\"messages\":[\"{brackets}\"]}}").as_bytes()).is_ok());
}
