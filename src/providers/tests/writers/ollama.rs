//! Ollama's own chat.

use serde_json::{Value, json};

use super::Written;
use crate::providers::tests::said::{Gist, Part, Said};

/// Ollama's: a line for each piece, and the last with what it took.
pub fn ollama(said: &Said) -> Written {
    let mut said = said.in_words();
    for part in &mut said.parts {
        if let Part::Text { sources, .. } = part {
            sources.clear();
        }
    }
    said.in_order(true);
    let mut lines: Vec<(Value, Vec<Value>)> =
        said.parts.iter().flat_map(|part| messages(part, said.probable)).collect();
    let (mut whole, mut calls, mut probabilities) = (json!({"role": "assistant", "content": ""}), vec![], vec![]);
    for (message, told) in &lines {
        for name in ["content", "thinking"] {
            if let Some(text) = message[name].as_str().filter(|text| !text.is_empty()) {
                whole[name] = format!("{}{text}", whole[name].as_str().unwrap_or_default()).into();
            }
        }
        calls.extend(message["tool_calls"].as_array().into_iter().flatten().cloned());
        probabilities.extend(told.iter().cloned());
    }
    if !calls.is_empty() {
        whole["tool_calls"] = calls.into();
    }
    let (word, reason) = said.ending(["length", "stop", "stop"]);
    let line = |(message, probabilities): (Value, Vec<Value>), last: bool| {
        let mut line = json!({"model": "m", "created_at": "2026-11-04T08:52:19.1Z", "message": message, "done": last});
        if !probabilities.is_empty() {
            line["logprobs"] = probabilities.into();
        }
        if last {
            line["done_reason"] = word.into();
            line["prompt_eval_count"] = said.tokens[0].into();
            line["eval_count"] = said.tokens[1].into();
        }
        line
    };
    let last = lines.pop_if(|_| said.at_once).unwrap_or_else(|| (json!({"role": "assistant", "content": ""}), vec![]));
    let mut stream: String = lines.into_iter().map(|told| format!("{}\n", line(told, false))).collect();
    stream.push_str(&format!("{}\n", line(last, true)));
    Written {
        stream,
        whole: line((whole, probabilities), true),
        meant: Gist::meant(&said, reason, [said.tokens[0], said.tokens[1], 0]),
    }
}

/// The messages of a part's lines, each with its probabilities.
fn messages(part: &Part, probable: bool) -> Vec<(Value, Vec<Value>)> {
    let message = |name: &str, value: Value| {
        let mut message = json!({"role": "assistant", "content": ""});
        message[name] = value;
        message
    };
    match part {
        Part::Thought { pieces, .. } => {
            pieces.iter().map(|piece| (message("thinking", piece.as_str().into()), vec![])).collect()
        }
        Part::Text { pieces, .. } => {
            let told =
                |piece: &str| json!({"token": piece, "logprob": -0.5, "bytes": piece.as_bytes(), "top_logprobs": []});
            let line = |piece: &String| {
                (message("content", piece.as_str().into()), if probable { vec![told(piece)] } else { vec![] })
            };
            pieces.iter().map(line).collect()
        }
        Part::Call { id, name, arguments, .. } => {
            let call = json!({"id": id, "function": {"name": name, "arguments": arguments}});
            vec![(message("tool_calls", json!([call])), vec![])]
        }
        _ => unreachable!("no form for it"),
    }
}
