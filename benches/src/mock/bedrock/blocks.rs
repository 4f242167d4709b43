//! The content of an answer as Converse's blocks. Whole answers and streams are both written from these.

use crate::mock::{
    behaviour::Behaviour,
    content::{argument_pieces, argument_text, pieces, thought_pieces},
};

/// One block.
pub struct Block {
    /// The block as a whole answer has it.
    pub whole: String,
    /// How a stream begins it, where it does.
    pub start: Option<String>,
    /// Its deltas, each with the completion tokens it is worth.
    pub deltas: Vec<(String, u64)>,
}

/// What the signature of thought looks like.
const SIGNATURE: &str = "EqoBCkgIARABGAIiQL+bedrock/signature/of/thought+that/must+come/back==";

/// What redacted thought looks like: base64, as all bytes in JSON of this API.
const REDACTED: &str = "cmVkYWN0ZWQgdGhvdWdodCBvZiB0aGUgbW9jaw";

/// The blocks: thought, redacted thought, text, tool calls, one of a kind that nobody knows.
pub fn blocks(behaviour: &Behaviour, asked_text: Option<&str>) -> Vec<Block> {
    let mut blocks = Vec::new();
    if behaviour.thinking > 0 {
        blocks.push(thought(&thought_pieces(behaviour)));
    }
    blocks.extend((0..behaviour.redacted).map(redacted));
    if behaviour.tool_calls == 0 || behaviour.text_too {
        blocks.push(text(&pieces(behaviour, asked_text)));
    }
    blocks.extend((0..behaviour.tool_calls).map(|i| tool_use(behaviour, i)));
    if behaviour.extra {
        let deltas = vec![("{\"xMock\":{\"x\":\"a\"}}".to_owned(), 0)];
        blocks.push(Block { whole: "{\"xMock\":{\"x\":\"a\"}}".to_owned(), start: None, deltas });
    }
    blocks
}

/// The completion tokens of all blocks: one per piece.
pub fn tokens(blocks: &[Block]) -> u64 {
    blocks.iter().flat_map(|block| &block.deltas).map(|(_, tokens)| tokens).sum()
}

fn text(pieces: &[String]) -> Block {
    Block {
        whole: format!("{{\"text\":\"{}\"}}", pieces.concat()),
        start: None,
        deltas: pieces.iter().map(|piece| (format!("{{\"text\":\"{piece}\"}}"), 1)).collect(),
    }
}

fn thought(pieces: &[String]) -> Block {
    let delta = |piece: &String| (format!("{{\"reasoningContent\":{{\"text\":\"{piece}\"}}}}"), 1);
    let signature = (format!("{{\"reasoningContent\":{{\"signature\":\"{SIGNATURE}\"}}}}"), 0);
    let thought = pieces.concat();
    Block {
        whole: format!(
            "{{\"reasoningContent\":{{\"reasoningText\":{{\"text\":\"{thought}\",\"signature\":\"{SIGNATURE}\"}}}}}}"
        ),
        start: None,
        deltas: pieces.iter().map(delta).chain([signature]).collect(),
    }
}

fn redacted(i: u32) -> Block {
    let block = format!("{{\"reasoningContent\":{{\"redactedContent\":\"{REDACTED}{i}=\"}}}}");
    Block { whole: block.clone(), start: None, deltas: vec![(block, 0)] }
}

/// A tool call. Its first delta is empty, as the provider's may be.
fn tool_use(behaviour: &Behaviour, i: u32) -> Block {
    let head = format!("\"toolUseId\":\"tooluse_mock{i}\",\"name\":\"tool_{i}\"");
    let delta = |piece: &str| format!("{{\"toolUse\":{{\"input\":\"{piece}\"}}}}");
    let input = argument_text(behaviour);
    Block {
        whole: format!("{{\"toolUse\":{{{head},\"input\":{}}}}}", if input.is_empty() { "{}" } else { input }),
        start: Some(format!("{{\"toolUse\":{{{head}}}}}")),
        deltas: std::iter::once((delta(""), 0))
            .chain(argument_pieces(behaviour).iter().map(|piece| (delta(piece), 1)))
            .collect(),
    }
}
