//! Thought that is told twice: in words, and in blocks that have the order and the signatures.

use serde_json::{Value, json};

/// The blocks of a whole answer, with what its words hold beyond them: servers that sign some thought list no other as a block.
/// Where the words are not those of the blocks, they are a second telling of the same, and the blocks count.
pub fn completed(words: &str, blocks: Vec<Value>) -> Vec<Value> {
    let (mut rest, mut all) = (words, Vec::new());
    for block in &blocks {
        let said = block["thinking"].as_str().unwrap_or_default();
        let Some((before, behind)) = rest.split_once(said).filter(|_| !said.is_empty()) else {
            if said.is_empty() {
                all.push(block.clone());
                continue;
            }
            return blocks;
        };
        all.extend(unsigned(before));
        all.push(block.clone());
        rest = behind;
    }
    all.extend(unsigned(rest));
    all
}

/// Space between blocks is no thought.
fn unsigned(words: &str) -> Option<Value> {
    (!words.trim().is_empty()).then(|| json!({ "thinking": words }))
}

/// An element of OpenRouter's `reasoning_details` as a block.
pub fn detail(mut detail: Value) -> Option<Value> {
    let kind = detail["type"].as_str()?.to_owned();
    Some(match kind.as_str() {
        "reasoning.encrypted" => json!({"data": detail["data"].take()}),
        "reasoning.summary" => json!({"thinking": detail["summary"].take()}),
        _ => json!({"thinking": detail["text"].take(), "signature": detail["signature"].take()}),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_stand_in_no_block_are_thought_too() {
        let [a, b, sealed] = [
            json!({"thinking": "a", "signature": "s"}),
            json!({"thinking": "b", "signature": "t"}),
            json!({"data": "x"}),
        ];
        let plain = |words: &str| json!({ "thinking": words });
        for (words, want) in [
            ("ab", vec![a.clone(), sealed.clone(), b.clone()]),
            ("a\nb", vec![a.clone(), sealed.clone(), b.clone()]),
            ("", vec![a.clone(), sealed.clone(), b.clone()]),
            ("in short", vec![a.clone(), sealed.clone(), b.clone()]),
            ("1a2b3", vec![plain("1"), a.clone(), sealed.clone(), plain("2"), b.clone(), plain("3")]),
        ] {
            assert_eq!(completed(words, vec![a.clone(), sealed.clone(), b.clone()]), want, "{words}");
        }
    }
}
