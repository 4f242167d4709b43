//! Tests of the looks: a table, and the structural truth over random JSON.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Data, then the letters of what is seen: d done, e error, u usage, o usage only, c choices, f finish.
const CASES: &[(&str, &str)] = &[
    ("[DONE]", "d"),
    (" [DONE]", "d"),
    ("[DONE]\r", "d"),
    (r#""[DONE]""#, ""),
    ("", ""),
    (r#"{"choices":[{"delta":{"content":"[DONE]"}}]}"#, "c"),
    (r#"{"choices":[{"delta":{"content":"x"},"finish_reason":null}],"usage":null}"#, "c"),
    (r#"{"choices" : [ { } ] , "usage" : null }"#, "c"),
    (r#"{"choices":[]}"#, ""),
    (r#"{"choices":[ ]}"#, ""),
    (r#"{"choices":null}"#, ""),
    (r#"{"choices":[],"usage":{"prompt_tokens":1}}"#, "uo"),
    (r#"{"usage":{"prompt_tokens":1}}"#, "uo"),
    (r#"{"usage":{"prompt_tokens":1},"choices":[{"index":0}]}"#, "uc"),
    (r#"{"us\u0061ge":{"prompt_tokens":1},"choices":[]}"#, ""),
    (r#"{"choices":[{"usage":{"prompt_tokens":1}}]}"#, "uc"),
    (r#"{"choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":1}"}}]}"#, "c"),
    (r#"{"choices":[{"delta":{"content":"\"usage"}}],"usage":null}"#, "c"),
    (r#"{"choices":[{"delta":{"content":"usage"}}]}"#, "c"),
    (r#"{"usage":{},"choices":[]}"#, ""),
    (r#"{"usage":null,"usage":{"prompt_tokens":1}}"#, "uo"),
    (r#"{"error":{"message":"x"}}"#, "e"),
    (r#"{"error":"x"}"#, "e"),
    (r#"{"error":null,"choices":[{}]}"#, "c"),
    (r#"{"error": null ,"choices":[{}]}"#, "c"),
    (r#"{"choices":[{"error":{"message":"x"}}]}"#, "c"),
    (r#"{"choices":[{"delta":{"content":"error"}}]}"#, "c"),
    (r#"{"choices":[{"delta":{"content":"\"error"}}]}"#, "c"),
    (r#"{"choices":[{"finish_reason":"stop"}]}"#, "cf"),
    (r#"{"choices":[{"finish_reason":null},{"finish_reason":"length"}]}"#, "cf"),
    (r#"{"choices":[{"delta":{"finish_reason":"stop"}}]}"#, "c"),
    (r#"{"usage":{"prompt_tokens":1},"choices":[{}]"#, "c"),
];

fn letters(look: Look) -> String {
    let seen = [
        (look.done, 'd'),
        (look.error, 'e'),
        (look.usage.is_some(), 'u'),
        (look.usage_only, 'o'),
        (look.choices, 'c'),
        (look.finish, 'f'),
    ];
    seen.iter().filter(|(yes, _)| *yes).map(|(_, letter)| *letter).collect()
}

#[test]
fn usage_is_found_where_some_providers_put_it() {
    let told = |data: &str| look(data.as_bytes()).usage.map(|usage| (usage.prompt_tokens, usage.completion_tokens));
    let counts = r#"{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#;
    assert_eq!(
        told(&format!(r#"{{"choices":[{{"delta":{{}}}}],"x_theirs":{{"id":"a","usage":{counts}}}}}"#)),
        Some((3, 4))
    );
    assert_eq!(told(&format!(r#"{{"choices":[{{"delta":{{}},"usage":{counts}}}]}}"#)), Some((3, 4)));
    let both = format!(
        r#"{{"x_theirs":{{"usage":{counts}}},"choices":[],"usage":{{"prompt_tokens":1,"completion_tokens":1}}}}"#
    );
    assert_eq!(told(&both), Some((1, 1)), "the usual place counts");
    for text in [
        format!(r#"{{"choices":[{{"delta":{{"content":"x","usage":{counts}}}}}]}}"#),
        format!(r#"{{"theirs":{{"usage":{counts}}},"choices":[]}}"#),
        format!(r#"{{"x_theirs":[{{"usage":{counts}}}],"choices":"usage"}}"#),
    ] {
        assert_eq!(told(&text), None, "{text}");
    }
}

#[test]
fn sees_what_is_at_the_top_level() {
    for (data, want) in CASES {
        assert_eq!(letters(look_for_finish(data.as_bytes())), *want, "{data}");
        let seen = Look { choices: false, ..look(data.as_bytes()) };
        assert_eq!(letters(seen), want.replace(['c', 'f'], ""), "{data}");
    }
}

#[test]
fn collects_the_text_in_the_order_of_the_choices() {
    for (data, want) in [
        (r#"{"choices":[{"index":0,"delta":{"content":"a\n\u00e9"}}]}"#, "a\né"),
        (r#"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#, "ab"),
        (r#"{"choices":[{"delta":{"content":null}},{"delta":null},{}]}"#, ""),
        (r#"{"choices":[{"delta":{"role":"assistant","content":"x","tool_calls":[{"content":"no"}]}}]}"#, "x"),
        (r#"{"choices":[{"text":"legacy","index":0}]}"#, "legacy"),
        (r#"{"choices":[{"delta":{"content":"\ud83d\ude00 \ud83d"}}]}"#, "\u{1f600} \u{fffd}\u{fffd}\u{fffd}"),
        (r#"{"choices":[{"delta":{"content":["no text"]}}]}"#, ""),
        (r#"{"choices":[]}"#, ""),
        ("[DONE]", ""),
        ("{", ""),
    ] {
        let mut text = String::from("> ");
        text_of(data.as_bytes(), &mut text);
        assert_eq!(text, format!("> {want}"), "{data}");
    }
}

fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["usage", "error", "choices", "finish_reason", "prompt_tokens", "\"usage\":", "\\", "x"])
        .prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), (0_u64..9).prop_map(Value::from), words().prop_map(Value::from)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((words(), inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn usage_and_error_are_the_structural_truth(
        pairs in prop::collection::vec((words(), values()), 0..5),
        pretty: bool,
    ) {
        let value = Value::Object(pairs.into_iter().collect());
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let seen = look(text.as_bytes());
        let usage = value.get("usage").and_then(|usage| Usage::parse(usage.to_string().as_bytes()));
        prop_assert_eq!(seen.error, value.get("error").is_some_and(|error| !error.is_null()));
        prop_assert_eq!(seen.usage, usage);
        let empty = value.get("choices").and_then(Value::as_array).is_none_or(Vec::is_empty);
        prop_assert_eq!(seen.usage_only, usage.is_some() && empty);
        prop_assert!(!seen.done);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        look_for_finish(&bytes);
        text_of(&bytes, &mut String::new());
    }
}
