//! Log probabilities: Google's `LogprobsResult`, and OpenAI's form, which is the model's.

use serde_json::{Map, Value, json};

/// Out of Google's.
pub fn read(value: &Value) -> Value {
    let chosen = value["chosenCandidates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let top = value["topCandidates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tokens = chosen.iter().enumerate().map(|(n, token)| {
        let others = top.get(n).and_then(|top| top["candidates"].as_array()).into_iter().flatten();
        let mut token = token_of(token);
        token.insert("top_logprobs".into(), others.map(|other| Value::Object(token_of(other))).collect());
        Value::Object(token)
    });
    json!({ "content": tokens.collect::<Vec<_>>(), "refusal": null })
}

fn token_of(token: &Value) -> Map<String, Value> {
    let text = token["token"].as_str().unwrap_or_default();
    let members = [
        ("token", text.into()),
        ("logprob", token["logProbability"].clone()),
        ("bytes", text.bytes().map(Value::from).collect()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Into Google's. A token's number is not told by others.
pub fn write(value: &Value) -> Value {
    let token = |token: &Value| json!({"token": token["token"], "logProbability": token["logprob"]});
    let content = value["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let chosen: Vec<Value> = content.iter().map(token).collect();
    let top = content.iter().map(|of| {
        let others = of["top_logprobs"].as_array().map(Vec::as_slice).unwrap_or_default();
        json!({"candidates": others.iter().map(token).collect::<Vec<_>>()})
    });
    json!({"chosenCandidates": chosen, "topCandidates": top.collect::<Vec<_>>()})
}
