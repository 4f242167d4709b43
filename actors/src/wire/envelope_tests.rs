//! Tests of the envelope: what is read, what is refused and how, and that a rewrite changes what it should and no more.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn scan(body: impl Into<String>) -> Result<Envelope, Rejected> {
    scan_for(body, Endpoint::Chat)
}

fn scan_for(body: impl Into<String>, endpoint: Endpoint) -> Result<Envelope, Rejected> {
    Envelope::scan(Bytes::from(body.into()), endpoint, &ScanRules::default())
}

#[test]
fn reads_what_routing_needs() {
    let body = r#" {"model":"a\u00e9","messages" : [ {"role":"user"} ],"stream":true,"top_k":1.50,
        "stream_options":{"include_usage":true,"x":1},"us\u0065r":"u"} "#;
    let envelope = scan(body).unwrap();
    assert_eq!((envelope.model(), envelope.stream(), envelope.include_usage()), (Some("aé"), true, true));
    assert_eq!(envelope.field("messages"), Some(&br#"[ {"role":"user"} ]"#[..]));
    assert_eq!(envelope.field("user"), Some(&br#""u""#[..]));
    assert_eq!(envelope.field("top_k"), Some(&b"1.50"[..]));
    assert_eq!(envelope.field("role"), None);
    let names: Vec<&str> = envelope.fields().map(|(name, _)| name).collect();
    assert_eq!(names, ["model", "messages", "stream", "top_k", "stream_options", "user"]);
    assert_eq!(envelope.body(), body);
}

#[test]
fn what_is_absent_or_null_is_not_asked_for() {
    for body in [
        r#"{"messages":[]}"#,
        r#"{"messages":[],"model":null,"stream":null,"stream_options":null,"max_tokens":null}"#,
        r#"{"messages":[],"stream":false,"stream_options":{"include_usage":null}}"#,
        r#"{"messages":[],"stream_options":{}}"#,
    ] {
        let envelope = scan(body).unwrap();
        assert_eq!((envelope.model(), envelope.stream(), envelope.include_usage()), (None, false, false), "{body}");
    }
}

#[test]
fn each_endpoint_needs_its_own_field() {
    for (endpoint, name, good, bad) in [
        (Endpoint::Chat, "messages", &["[]", "[{}]"][..], &["null", "\"x\"", "{}", "1", "true"][..]),
        (Endpoint::Completions, "prompt", &["[]", "\"x\"", "[1,2]"], &["null", "{}", "1", "false"]),
        (Endpoint::Embeddings, "input", &["[\"a\"]", "\"x\""], &["null", "{}", "1"]),
    ] {
        let why = scan_for("{\"model\":\"m\"}", endpoint).unwrap_err();
        assert_eq!(why.param.as_deref(), Some(name));
        for value in good {
            assert!(scan_for(format!("{{\"{name}\":{value}}}"), endpoint).is_ok(), "{name} {value}");
        }
        for value in bad {
            let why = scan_for(format!("{{\"{name}\":{value}}}"), endpoint).unwrap_err();
            assert_eq!(why.param.as_deref(), Some(name), "{value}");
        }
    }
}

#[test]
fn refuses_wrong_shapes_and_names_the_field() {
    for (member, param) in [
        (r#""model":1"#, "model"),
        (r#""model":["a"]"#, "model"),
        (r#""model":{}"#, "model"),
        (r#""model":"\ud800""#, "model"),
        (r#""stream":"true""#, "stream"),
        (r#""stream":1"#, "stream"),
        (r#""stream_options":true"#, "stream_options"),
        (r#""stream_options":[]"#, "stream_options"),
        (r#""stream_options":{"include_usage":1}"#, "stream_options.include_usage"),
        (r#""stream_options":{"include_usage":true,"include_us\u0061ge":false}"#, "stream_options.include_usage"),
        (r#""max_tokens":"5""#, "max_tokens"),
        (r#""max_completion_tokens":[]"#, "max_completion_tokens"),
        (r#""n":{}"#, "n"),
        (r#""tools":{}"#, "tools"),
        (r#""tools":"[]""#, "tools"),
        (r#""temperature":true"#, "temperature"),
        (r#""model":"a","model":"b""#, "model"),
        (r#""model":"a","mod\u0065l":"b""#, "model"),
        (r#""x":1,"\u0078":2"#, "x"),
        (r#""":1,"":2"#, ""),
    ] {
        let why = scan(format!(r#"{{"messages":[],{member}}}"#)).unwrap_err();
        assert_eq!(why.param.as_deref(), Some(param), "{member}: {why}");
        assert!(why.at.is_some(), "{member}");
    }
}

#[test]
fn refusals_say_where_and_what_to_do() {
    for (body, want) in [
        ("{\"messages\":[],\n  \"n\":\"1\"}", "The field 'n' must be a number or null (line 2, column 7)."),
        ("{\"messages\":[],\n\"a\":1,\n\"a\":2}", "The field 'a' is given twice. Give it once (line 3, column 5)."),
        (
            "{\"messages\":[]",
            "The body is not valid JSON: EOF while parsing an object (line 1, column 14). Send one JSON object.",
        ),
        ("[]", "The body must be a JSON object. Send {\"model\": ..., ...} (line 1, column 1)."),
        ("", "The body is empty. Send a JSON object: {\"model\": ..., ...} (line 1, column 1)."),
        ("{\"model\":\"m\"}", "The field 'messages' is missing. It must be an array of messages"),
    ] {
        assert_eq!(scan(body).unwrap_err().to_string(), want);
    }
    let why =
        Envelope::scan(Bytes::from_static(b"{\n\"a\":\"\xff\"}"), Endpoint::Chat, &ScanRules::default()).unwrap_err();
    assert_eq!(why.to_string(), "The body is not UTF-8. Send JSON in UTF-8 (line 2, column 6).");
}

#[test]
fn the_number_of_fields_is_bounded() {
    let body = |count: usize| {
        let fields: Vec<String> = (0..count).map(|index| format!("\"f{index}\":1")).collect();
        format!("{{\"messages\":[],{}}}", fields.join(","))
    };
    assert!(scan(body(MAX_FIELDS - 1)).is_ok());
    assert!(scan(body(MAX_FIELDS)).is_err());
}

fn rewritten(body: &str, edits: &Edits<'_>) -> String {
    let pieces = scan(body).unwrap().rewrite(edits);
    assert_eq!(pieces.len(), pieces.to_bytes().len() as u64);
    String::from_utf8(pieces.to_bytes().to_vec()).unwrap()
}

#[test]
fn rewrites_in_place() {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let plain = Edits { model: "up/m\"x", ..Edits::default() };
    let usage = Edits { model: "a", stream_usage: true, ..Edits::default() };
    let options = [set("stream_options", r#"{"y":1}"#)];
    for (body, edits, want) in [
        (r#"{ "model" : "a" , "messages":[ ] }"#, plain, r#"{ "model" : "up/m\"x" , "messages":[ ] }"#),
        (r#"{"messages":[]}"#, plain, r#"{"messages":[],"model":"up/m\"x"}"#),
        (r#"{"mod\u0065l":"a","messages":[]}"#, plain, r#"{"mod\u0065l":"up/m\"x","messages":[]}"#),
        (
            r#"{"model":"a","messages":[]}"#,
            usage,
            r#"{"model":"a","messages":[],"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"a","stream_options":null,"messages":[]}"#,
            usage,
            r#"{"model":"a","stream_options":{"include_usage":true},"messages":[]}"#,
        ),
        (
            r#"{"model":"a","stream_options":{ },"messages":[]}"#,
            usage,
            r#"{"model":"a","stream_options":{"include_usage":true},"messages":[]}"#,
        ),
        (
            r#"{"model":"a","stream_options":{ "x":[1]},"messages":[]}"#,
            usage,
            r#"{"model":"a","stream_options":{"include_usage":true, "x":[1]},"messages":[]}"#,
        ),
        (
            r#"{"model":"a","stream_options":{"x":1, "include_usage" : false},"messages":[]}"#,
            usage,
            r#"{"model":"a","stream_options":{"x":1, "include_usage" : true},"messages":[]}"#,
        ),
        (
            r#"{"model":"a","stream_options":{"x":1},"messages":[]}"#,
            Edits { set: &options, ..usage },
            r#"{"model":"a","stream_options":{"include_usage":true,"y":1},"messages":[]}"#,
        ),
        (
            r#"{"model":"a","stream_options":{"x":1},"messages":[]}"#,
            Edits { drop: &["stream_options"], ..usage },
            r#"{"model":"a","stream_options":{"include_usage":true},"messages":[]}"#,
        ),
    ] {
        assert_eq!(rewritten(body, &edits), want, "{body} {edits:?}");
    }
}

#[test]
fn fields_are_left_out_and_set() {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let usage = Edits { model: "a", stream_usage: true, ..Edits::default() };
    let (extra, twice, messages) =
        ([set("x", "[1, 2]"), set("y", "0")], [set("x", "1"), set("x", "2")], [set("user", "7")]);
    for (body, edits, want) in [
        (
            r#"{"user":"u","model":"a","messages":[]}"#,
            Edits { drop: &["user", "none"], ..usage },
            r#"{"model":"a","messages":[],"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"a","messages":[], "user":"u" }"#,
            Edits { drop: &["user"], ..usage },
            r#"{"model":"a","messages":[],"stream_options":{"include_usage":true} }"#,
        ),
        (
            r#"{"messages":[]}"#,
            Edits { drop: &["messages"], ..usage },
            r#"{"model":"a","stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"a","messages":[],"y":9}"#,
            Edits { model: "a", set: &extra, ..Edits::default() },
            r#"{"model":"a","messages":[],"y":0,"x":[1, 2]}"#,
        ),
        (
            r#"{"model":"a","messages":[]}"#,
            Edits { model: "a", set: &twice, ..Edits::default() },
            r#"{"model":"a","messages":[],"x":2}"#,
        ),
        (
            r#"{"model":"a","user":1,"messages":[]}"#,
            Edits { model: "a", drop: &["user"], set: &messages, ..Edits::default() },
            r#"{"model":"a","user":7,"messages":[]}"#,
        ),
    ] {
        assert_eq!(rewritten(body, &edits), want, "{body} {edits:?}");
    }
}

#[test]
fn the_messages_are_not_copied() {
    let envelope = scan(format!(r#"{{"model":"a","messages":["{}"]}}"#, "x".repeat(1000))).unwrap();
    let within = envelope.body().as_ptr_range();
    let pieces = envelope.rewrite(&Edits { model: "b", stream_usage: true, ..Edits::default() });
    let ours: usize = pieces.parts().iter().filter(|part| !within.contains(&part.as_ptr())).map(Bytes::len).sum();
    assert!(ours < 100, "{ours}");
    let same = envelope.rewrite(&Edits { model: "a", ..Edits::default() });
    assert_eq!((same.parts().len(), same.parts()[0].as_ptr()), (1, envelope.body().as_ptr()));
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["model", "stream_options", "user", "a", "b", "\u{e9}\"", "metadata"])
        .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        Just(json!([{"b": [1]}, "}"]))
    ]
}

/// What the edits mean, on parsed JSON.
fn edited(mut object: Map<String, Value>, edits: &Edits<'_>) -> Value {
    object.retain(|name, _| !edits.drop.contains(&name.as_str()));
    for (name, value) in edits.set {
        object.insert(name.clone(), serde_json::from_str(value).unwrap());
    }
    if !edits.model.is_empty() {
        object.insert("model".to_owned(), edits.model.into());
    }
    if edits.stream_usage {
        let options = object.entry("stream_options").or_insert(Value::Null);
        if !options.is_object() {
            *options = json!({});
        }
        options["include_usage"] = true.into();
    }
    Value::Object(object)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_rewrite_means_what_its_edits_say(
        members in prop::collection::vec((name(), value()), 0..6),
        options in prop::option::of(prop::collection::vec((name(), value()), 0..3)),
        drop in prop::collection::vec(name(), 0..3),
        set in prop::collection::vec((name(), value()), 0..3),
        (model, stream_usage, pretty) in (".{0,5}", any::<bool>(), any::<bool>()),
    ) {
        let mut object: Map<String, Value> = members.into_iter().collect();
        object.insert("messages".to_owned(), json!([{"content": "x"}]));
        object.insert("model".to_owned(), "m".into());
        object.remove("stream_options");
        if let Some(options) = options {
            object.insert("stream_options".to_owned(), Value::Object(options.into_iter().collect()));
        }
        let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) }.unwrap();
        let drop: Vec<&str> = drop.iter().map(String::as_str).collect();
        let set: Vec<(String, String)> = set.into_iter().map(|(name, value)| (name, value.to_string())).collect();
        let edits = Edits { model: &model, stream_usage, drop: &drop, set: &set };
        let out = rewritten(&text, &edits);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), edited(object, &edits));
        // No key stands twice, which a parse into a map wouldn't tell.
        let members = scan::members(&out).unwrap();
        let twice = |at: usize| members[..at].iter().any(|earlier| earlier.key == members[at].key);
        prop_assert!(!(0..members.len()).any(twice), "{}", out);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Envelope::scan(Bytes::from(bytes), Endpoint::Chat, &ScanRules::default());
    }
}
