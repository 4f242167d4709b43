//! Bedrock's Converse.

use serde_json::{Value, json};

use super::{Written, event, halves};
use crate::providers::tests::said::{Gist, Part, Said};

/// Bedrock's: each part a block.
pub fn bedrock(said: &Said) -> Written {
    let said = Said { probable: false, ..said.clone() };
    let (mut stream, mut blocks) = (String::new(), vec![]);
    event(&mut stream, "messageStart", &json!({"role": "assistant"}));
    for (n, part) in said.parts.iter().enumerate() {
        let (start, deltas, block) = block(part);
        if let Some(start) = start {
            event(&mut stream, "contentBlockStart", &json!({"contentBlockIndex": n, "start": start}));
        }
        for delta in deltas {
            event(&mut stream, "contentBlockDelta", &json!({"contentBlockIndex": n, "delta": delta}));
        }
        event(&mut stream, "contentBlockStop", &json!({"contentBlockIndex": n}));
        blocks.push(block);
    }
    let (word, reason) = said.ending(["max_tokens", "tool_use", "end_turn"]);
    event(&mut stream, "messageStop", &json!({"stopReason": word}));
    let [prompt, completion, cached] = said.tokens;
    let usage = json!({"inputTokens": prompt, "outputTokens": completion, "totalTokens": prompt + completion + cached,
        "cacheReadInputTokens": cached});
    event(&mut stream, "metadata", &json!({"usage": usage, "metrics": {"latencyMs": 1}}));
    let whole = json!({"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": word,
        "usage": usage, "metrics": {"latencyMs": 1}});
    Written { stream, whole, meant: Gist::meant(&said, reason, [prompt + cached, completion, cached]) }
}

/// How a block begins, its deltas, and the block of a whole answer.
fn block(part: &Part) -> (Option<Value>, Vec<Value>, Value) {
    match part {
        Part::Thought { pieces, signature } => {
            let thought = |member: &str, text: &str| json!({"reasoningContent": {member: text}});
            let texts = pieces.iter().map(|piece| thought("text", piece));
            let signed =
                signature.iter().flat_map(|text| [&text[..1], &text[1..]].map(|piece| thought("signature", piece)));
            let mut text = json!({"text": pieces.concat()});
            if let Some(signature) = signature {
                text["signature"] = signature.as_str().into();
            }
            (None, texts.chain(signed).collect(), json!({"reasoningContent": {"reasoningText": text}}))
        }
        Part::Redacted(data) => {
            let block = json!({"reasoningContent": {"redactedContent": data}});
            (None, vec![block.clone()], block)
        }
        Part::Text { pieces, sources } => {
            let sources: Vec<Value> = sources
                .iter()
                .map(|title| {
                    json!({"title": title,
                "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}})
                })
                .collect();
            let texts = pieces.iter().map(|piece| json!({"text": piece}));
            let deltas = texts.chain(sources.iter().map(|source| json!({"citation": source}))).collect();
            let block = match &sources[..] {
                [] => json!({"text": pieces.concat()}),
                _ => json!({"citationsContent": {"content": [{"text": pieces.concat()}], "citations": sources}}),
            };
            (None, deltas, block)
        }
        Part::Call { id, name, arguments, cut } => {
            let text = arguments.to_string();
            let deltas = halves(&text, *cut).map(|piece| json!({"toolUse": {"input": piece}}));
            let call = json!({"toolUseId": id, "name": name});
            let mut whole = call.clone();
            whole["input"] = arguments.clone();
            (Some(json!({"toolUse": call})), deltas.into(), json!({"toolUse": whole}))
        }
        Part::Picture => {
            let source = json!({"bytes": "AA=="});
            let start = json!({"image": {"format": "jpeg"}});
            let block = json!({"image": {"format": "jpeg", "source": source}});
            (Some(start), vec![json!({"image": {"source": source}})], block)
        }
    }
}
