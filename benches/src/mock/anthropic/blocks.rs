//! The content of an answer as Anthropic's blocks. Whole answers and streams are both written from these, so that they say
//! the same.

use crate::mock::{
    behaviour::Behaviour,
    content::{argument_pieces, argument_text, pieces, thought_pieces},
    job::{Job, NUMBER_MARK},
};

/// One block.
pub struct Block {
    /// The block as a whole answer has it.
    pub whole: String,
    /// The block as a stream begins it.
    pub start: String,
    /// Its deltas, each with the completion tokens it is worth.
    pub deltas: Vec<(String, u64)>,
}

/// What the signature of thought looks like: long, and with every character that base64 has besides letters.
const SIGNATURE: &str = "EqoBCkgIARABGAIiQL+mock/signature/of/thought+bytes+that+must+come+back/unchanged==";

/// What redacted thought looks like.
const REDACTED: &str = "EmwKAhgBEgy+mock/redacted/thought+that/only/the/provider+reads==";

/// The blocks of an answer: thought, redacted thought, text, tool calls.
pub fn blocks(job: &Job<'_>) -> Vec<Block> {
    let behaviour = job.behaviour;
    let mut blocks = Vec::new();
    if behaviour.thinking > 0 {
        blocks.push(thinking(behaviour));
    }
    blocks.extend((0..behaviour.redacted).map(redacted));
    if behaviour.tool_calls == 0 || behaviour.text_too {
        blocks.push(text(&pieces(behaviour, job.text())));
    }
    blocks.extend((0..behaviour.tool_calls).map(|i| tool_use(behaviour, i)));
    if behaviour.extra {
        blocks.push(unknown());
    }
    blocks
}

/// The completion tokens of all blocks: one per piece.
pub fn tokens(blocks: &[Block]) -> u64 {
    blocks.iter().flat_map(|block| &block.deltas).map(|(_, tokens)| tokens).sum()
}

fn thinking(behaviour: &Behaviour) -> Block {
    let pieces = thought_pieces(behaviour);
    let delta = |piece: &String| (format!("{{\"type\":\"thinking_delta\",\"thinking\":\"{piece}\"}}"), 1);
    let signature = (format!("{{\"type\":\"signature_delta\",\"signature\":\"{SIGNATURE}\"}}"), 0);
    let thought = pieces.concat();
    Block {
        whole: format!("{{\"type\":\"thinking\",\"thinking\":\"{thought}\",\"signature\":\"{SIGNATURE}\"}}"),
        start: "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}".to_owned(),
        deltas: pieces.iter().map(delta).chain([signature]).collect(),
    }
}

fn redacted(i: u32) -> Block {
    let block = format!("{{\"type\":\"redacted_thinking\",\"data\":\"{i}{REDACTED}\"}}");
    Block { whole: block.clone(), start: block, deltas: Vec::new() }
}

fn text(pieces: &[String]) -> Block {
    let delta = |piece: &String| (format!("{{\"type\":\"text_delta\",\"text\":\"{piece}\"}}"), 1);
    Block {
        whole: format!("{{\"type\":\"text\",\"text\":\"{}\"}}", pieces.concat()),
        start: "{\"type\":\"text\",\"text\":\"\"}".to_owned(),
        deltas: pieces.iter().map(delta).collect(),
    }
}

/// A tool call. Its first delta is empty, as the provider's is; of a call without arguments nothing follows.
fn tool_use(behaviour: &Behaviour, i: u32) -> Block {
    let block = |input: &str| {
        format!("{{\"type\":\"tool_use\",\"id\":\"toolu_{i}_{NUMBER_MARK}\",\"name\":\"tool_{i}\",\"input\":{input}}}")
    };
    let delta = |piece: &str| format!("{{\"type\":\"input_json_delta\",\"partial_json\":\"{piece}\"}}");
    let input = argument_text(behaviour);
    Block {
        whole: block(if input.is_empty() { "{}" } else { input }),
        start: block("{}"),
        deltas: std::iter::once((delta(""), 0))
            .chain(argument_pieces(behaviour).iter().map(|piece| (delta(piece), 1)))
            .collect(),
    }
}

/// A kind of block that no client knows yet, with a kind of delta that none knows.
fn unknown() -> Block {
    Block {
        whole: "{\"type\":\"x_mock_block\",\"x\":\"ab\"}".to_owned(),
        start: "{\"type\":\"x_mock_block\",\"x\":\"\"}".to_owned(),
        deltas: ["a", "b"].map(|x| (format!("{{\"type\":\"x_mock_delta\",\"x\":\"{x}\"}}"), 0)).into(),
    }
}
