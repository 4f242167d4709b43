//! The protocols that callers speak: what the cast must know of each to end a stream, frame an event and tell a fault.
//! What a request or an answer says in them is the service's business (`dialects`).

use bytes::{BufMut, BytesMut};

/// A caller's protocol, or a provider's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// OpenAI's chat completions and embeddings. Events have no names; `[DONE]` ends a stream.
    #[default]
    Chat,
    /// OpenAI's text completions: a prompt goes on. Framed as chat completions are.
    Text,
    /// Anthropic's messages. Each event is named after its `type`; `message_stop` ends a stream.
    Messages,
    /// Google's generateContent. Events have no names, and none ends a stream: a body that ends after something was
    /// finished is whole.
    GenerateContent,
    /// OpenAI's responses. Each event is named after its `type`; the one that tells the end (`response.completed` and its
    /// like) is a stream's last.
    Responses,
    /// A provider's own, which no caller speaks: its dialect alone knows what it says, and when a stream is over.
    Own,
}

/// Names of members of a request that are wanted for its answer.
#[derive(Clone, Copy, Debug)]
pub struct Repeats {
    /// What shapes the answer: not where it had to be left out of what the provider got.
    pub parameters: &'static [&'static str],
    /// What labels it for the caller, who reads it back whatever the provider got.
    pub labels: &'static [&'static str],
}

/// OpenAI's description, `ResponseProperties` and `ModelResponseProperties`. Not `truncation`, `store`, `background` and
/// `previous_response_id`: where an answer is written by us these are the provider's, who has none of it.
const RESPONSE_REPEATS: Repeats = Repeats {
    parameters: &[
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "parallel_tool_calls",
        "reasoning",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
    ],
    labels: &["metadata", "prompt_cache_key", "safety_identifier", "user"],
};

/// The terminal event of OpenAI's streams.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

impl Protocol {
    /// Whether an event with this name and data is the last of a stream.
    pub fn ends(self, name: Option<&[u8]>, data: &[u8]) -> bool {
        match self {
            Protocol::Chat | Protocol::Text => data.len() < 32 && data.trim_ascii() == b"[DONE]",
            Protocol::Messages => super::messages::kind(name, data).as_deref() == Some("message_stop"),
            Protocol::Responses => super::responses::is_last(name, data),
            Protocol::GenerateContent | Protocol::Own => false,
        }
    }

    /// Members of a request that an answer in this protocol repeats, or is shaped by.
    pub fn repeats(self) -> Repeats {
        let (parameters, labels): (&'static [_], &'static [_]) = match self {
            Protocol::Responses => return RESPONSE_REPEATS,
            // whether thought is to be told is for us, and holds whatever the provider was told; so is which tools are given
            // a text
            Protocol::Text => {
                let labels = &["reasoning_effort", "thinking", "include_reasoning", "reasoning"];
                (&["prompt", "echo", "logprobs"], labels)
            }
            Protocol::Chat => (&[], &["reasoning_effort", "thinking", "include_reasoning", "reasoning", "tools"]),
            Protocol::Messages => (&[], &["thinking"]),
            Protocol::GenerateContent => (&[], &["generationConfig", "generation_config"]),
            Protocol::Own => (&[], &[]),
        };
        Repeats { parameters, labels }
    }

    /// Writes one event: `event: ` where the protocol names its events, `data: ` with what `write` writes, a blank line.
    /// Every line of multi-line data gets a field of its own, so that the client's reader joins the same text (FAULTS S6).
    pub fn frame(self, out: &mut BytesMut, name: Option<&[u8]>, write: impl FnOnce(&mut BytesMut)) {
        if let (Protocol::Messages | Protocol::Responses, Some(name)) = (self, name) {
            out.put_slice(b"event: ");
            out.put_slice(name);
            out.put_u8(b'\n');
        }
        frame(out, write);
    }
}

/// One event without a name.
pub fn frame(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut)) {
    out.put_slice(b"data: ");
    let start = out.len();
    write(out);
    if memchr::memchr2(b'\n', b'\r', &out[start..]).is_some() {
        let data = out.split_off(start);
        for (n, line) in data.as_ref().split(|b| matches!(b, b'\n' | b'\r')).enumerate() {
            if n > 0 {
                out.put_slice(b"\ndata: ");
            }
            out.put_slice(line);
        }
    }
    out.put_slice(b"\n\n");
}
