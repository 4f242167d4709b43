//! What a caller asked for stands in the response, also in one that is written by us.

use serde_json::{Value, json};

use super::{Scene, response};

/// Members that shape an answer, and labels.
fn asked() -> Value {
    json!({
        "instructions": "Be brief.\n\"Säg\"",
        "max_output_tokens": 64,
        "metadata": {"ticket": "T-1"},
        "parallel_tool_calls": false,
        "reasoning": {"effort": "low", "summary": "auto"},
        "temperature": 0.5,
        "text": {"format": {"type": "json_schema", "name": "city", "schema": {"type": "object"}, "strict": true}},
        "tool_choice": {"type": "function", "name": "look"},
        "tools": [{"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}, "strict": true}],
        "user": "u-17",
    })
}

fn with(model: &str, stream: bool, more: Value) -> Value {
    let mut body = json!({"model": model, "stream": stream, "input": "hi"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

#[test]
fn a_response_repeats_what_was_asked() {
    let scene = Scene::with(", drop_params: true", "");
    for group in ["c", "a"] {
        for stream in [false, true] {
            let body = with(&format!("{group}/mock:chunks=2"), stream, asked()).to_string();
            // a number that is not what a writer of numbers would write
            let body = body.replace("\"temperature\":0.5,", "\"temperature\":0.50,");
            let answer = scene.client().request("POST", "/v1/responses", body.as_bytes()).whole();
            assert_eq!(answer.text().matches("\"temperature\":0.50,").count(), if stream { 3 } else { 1 }, "{group}");
            let mut told = vec![response(&answer, stream)];
            if stream {
                let events = answer.events().json();
                told.extend(
                    events.iter().filter(|event| event["type"] == "response.created").map(|e| e["response"].clone()),
                );
                assert_eq!(told.len(), 2);
            }
            let notes = answer.header("x-millrace-params").unwrap_or_default().to_owned();
            let dropped = notes.split("; ").find_map(|part| part.strip_prefix("dropped=")).unwrap_or_default();
            let labels = ["metadata", "user"];
            for told in &told {
                for (name, value) in asked().as_object().expect("an object") {
                    let lost = dropped.split(',').any(|param| param == name) && !labels.contains(&&**name);
                    assert_eq!(&told[name] == value, !lost, "{group} {name}: {} not {value}, {notes}", told[name]);
                }
            }
            match group {
                "c" => assert_eq!(dropped, ""),
                _ => assert!(dropped.contains("reasoning"), "the model does not think: {notes}"),
            }
        }
    }
}

#[test]
fn what_the_provider_was_not_told_is_not_repeated_but_for_labels() {
    let scene = Scene::with(", drop_params: true, additional_drop_params: [top_p]", "");
    let more =
        json!({"max_tool_calls": 3, "top_p": 0.5, "store": true, "truncation": "auto", "safety_identifier": "s"});
    let answer = scene.post(&with("a/mock:chunks=2", false, more));
    let told = response(&answer, false);
    let nothing = [&told["max_tool_calls"], &told["tools"], &told["temperature"]];
    assert_eq!(nothing, [&Value::Null, &json!([]), &Value::Null], "{told}");
    assert_eq!((&told["store"], &told["truncation"]), (&json!(false), &json!("disabled")), "{told}");
    assert_eq!(told["safety_identifier"], "s", "{told}");
}

#[test]
fn what_the_operator_sets_is_repeated() {
    let scene = Scene::with(", temperature: 0.25", "");
    let told = scene.response("a/mock:chunks=2", false);
    assert_eq!(told["temperature"], 0.25, "{told}");
}
