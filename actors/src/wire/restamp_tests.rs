//! Tests of the restamper: a table of what must and mustn't match, and properties over random JSON.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn stamp(stamper: &mut Restamper, data: &str) -> (String, bool) {
    let mut out = BytesMut::from("before ");
    let changed = stamper.restamp(data.as_bytes(), &mut out);
    let out = String::from_utf8(out.to_vec()).unwrap();
    (out.strip_prefix("before ").unwrap().to_owned(), changed)
}

/// Data, and what it becomes for the alias `me`; the same text where it stays.
const CASES: &[(&str, &str)] = &[
    (r#"{"model":"gpt","a":1}"#, r#"{"model":"me","a":1}"#),
    (r#"{"id":"x","model":"gpt"}"#, r#"{"id":"x","model":"me"}"#),
    ("{ \"model\"\t:\n\"gpt\" , \"a\":1 }", "{ \"model\"\t:\n\"me\" , \"a\":1 }"),
    (r#"{"model":"a\"b\\","c":2}"#, r#"{"model":"me","c":2}"#),
    (r#"{"m\u006fdel":"gpt"}"#, r#"{"m\u006fdel":"me"}"#),
    (r#"{"model":"a","model":"b"}"#, r#"{"model":"me","model":"me"}"#),
    (r#"{"model":"a","m\u006Fdel":"b"}"#, r#"{"model":"me","m\u006Fdel":"me"}"#),
    (r#"{"model":null,"a":1}"#, r#"{"model":null,"a":1}"#),
    (r#"{"model":null,"model":"x"}"#, r#"{"model":null,"model":"me"}"#),
    (r#"{"model":{"model":"x"}}"#, r#"{"model":{"model":"x"}}"#),
    (r#"{"a":{"model":"x"}}"#, r#"{"a":{"model":"x"}}"#),
    (r#"{"a":[{"model":"x"}],"b":"model"}"#, r#"{"a":[{"model":"x"}],"b":"model"}"#),
    (r#"{"a":"\"model\":\"x\"","model":"y"}"#, r#"{"a":"\"model\":\"x\"","model":"me"}"#),
    (r#"{"a":"model","model":"y"}"#, r#"{"a":"model","model":"me"}"#),
    (r#"{"Model":"x","model ":"y"}"#, r#"{"Model":"x","model ":"y"}"#),
    (r#"{"model":"","a":"\ud800"}"#, r#"{"model":"me","a":"\ud800"}"#),
    (r#"{"model":"me"}"#, r#"{"model":"me"}"#),
    ("{}", "{}"),
    ("[DONE]", "[DONE]"),
    ("", ""),
    (r#"["model","x"]"#, r#"["model","x"]"#),
    (r#"{"model":"x""#, r#"{"model":"x""#),
    (r#"{"model":"x"}}"#, r#"{"model":"x"}}"#),
    (r#"{"model":"x",}"#, r#"{"model":"x",}"#),
    (r#"{"model":'x'}"#, r#"{"model":'x'}"#),
];

#[test]
fn replaces_top_level_model_strings_only() {
    for (data, want) in CASES {
        assert_eq!(stamp(&mut Restamper::new("me"), data), ((*want).to_owned(), data != want), "{data}");
        let whole = restamp_whole(data.as_bytes(), "me").map(|out| out.to_vec());
        assert_eq!(whole, (data != want).then(|| want.as_bytes().to_vec()), "{data}");
    }
}

#[test]
fn what_was_remembered_changes_nothing() {
    for (first, _) in CASES {
        for (second, want) in CASES {
            let mut stamper = Restamper::new("me");
            stamp(&mut stamper, first);
            assert_eq!(stamp(&mut stamper, second).0, *want, "{first} then {second}");
        }
    }
}

#[test]
fn the_second_event_takes_the_short_way() {
    let mut stamper = Restamper::new("a \"quoted\" \u{1f600}");
    let event =
        |text: &str| format!(r#"{{"id":"c1","model":"gpt-4o","choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
    for text in ["", "hello", r#"a \"model\": b"#, r"\u0000", "\u{4e2d}"] {
        let (out, changed) = stamp(&mut stamper, &event(text));
        assert!(changed);
        let mut want: Value = serde_json::from_str(&event(text)).unwrap();
        want["model"] = json!("a \"quoted\" \u{1f600}");
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), want);
    }
    assert_eq!(stamper.prefix, br#"{"id":"c1","model":"gpt-4o""#);
}

/// Behind the remembered prefix nothing is validated: the rest comes out as broken as it went in.
#[test]
fn a_broken_rest_stays_as_it_came() {
    let mut stamper = Restamper::new("me");
    stamp(&mut stamper, r#"{"model":"x","a":1}"#);
    assert_eq!(stamp(&mut stamper, r#"{"model":"x","a":"#).0, r#"{"model":"me","a":"#);
}

/// Random JSON that likes the words that matter here.
pub(crate) fn json_values() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof![Just("model".to_owned()), Just("\"model\":\"x\"".to_owned()), Just("\\u006".to_owned()), ".{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![Just("model".to_owned()), Just("usage".to_owned()), Just("a".to_owned()), ".{0,4}"]
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((key(), json_values()), 0..6).prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    #[test]
    fn the_rest_of_the_event_stays(objects in prop::collection::vec(object(), 1..4), pretty: bool, alias in ".{0,8}") {
        let mut stamper = Restamper::new(&alias);
        for mut object in objects.iter().cycle().take(objects.len() * 2).cloned() {
            let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) }.unwrap();
            let (out, changed) = stamp(&mut stamper, &text);
            let model = object.get_mut("model").filter(|model| model.is_string());
            let differs = model.as_ref().is_some_and(|model| model.as_str() != Some(&alias));
            if let Some(model) = model {
                *model = Value::from(alias.as_str());
            }
            prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), Value::Object(object));
            prop_assert!(changed || !differs);
            prop_assert_eq!(changed, out != text);
        }
    }

    #[test]
    fn any_bytes_never_panic_and_stay_unless_json(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut out = BytesMut::new();
        let changed = Restamper::new("x").restamp(&bytes, &mut out);
        prop_assert!(changed || out == bytes);
    }
}
