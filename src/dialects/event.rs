//! The events of an answer, whatever dialect it came in.
//!
//! Order within one answer: [`Event::Start`], then content, then a [`Event::Finish`] for each choice, [`Event::Usage`] at any
//! time (cumulative: the last wins), and [`Event::End`]. A decoder keeps the provider's order of content; an encoder must
//! take any.

use millrace_actors::fault::Fault;
use millrace_actors::wire::usage::Usage;
use serde_json::Value;

use super::request::Source;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The answer begins.
    Start(Start),
    /// Text that is shown.
    Text {
        /// Which of `n` answers.
        choice: u32,
        /// More of it.
        text: String,
    },
    /// The model declines, in words (OpenAI's `refusal`).
    Refusal {
        /// Which of `n` answers.
        choice: u32,
        /// More of it.
        text: String,
    },
    /// Thought in readable words (Anthropic's `thinking`, OpenAI-compatible servers' `reasoning_content`).
    Reasoning {
        /// Which of `n` answers.
        choice: u32,
        /// More of it.
        text: String,
    },
    /// The provider's signature of the thought just told, which ends that block of thought. Must come back unchanged in the
    /// next turn.
    Signature {
        /// Which of `n` answers.
        choice: u32,
        /// The signature, whole.
        signature: String,
    },
    /// A block of thought that only the provider can read (Anthropic's `redacted_thinking`).
    Redacted {
        /// Which of `n` answers.
        choice: u32,
        /// The provider's bytes, as it wrote them.
        data: String,
    },
    /// A tool call begins.
    ToolCall {
        /// Which of `n` answers.
        choice: u32,
        /// Which call of that answer, counted from 0.
        call: u32,
        /// Its id; decoders make one up where the dialect has none.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of a call's arguments: a piece of JSON text.
    Arguments {
        /// Which of `n` answers.
        choice: u32,
        /// Which call of that answer.
        call: u32,
        /// The piece. All pieces of a call joined are one JSON object; none at all means `{}`.
        json: String,
    },
    /// A call of a custom tool begins: one that is given a text.
    CustomCall {
        /// Which of `n` answers.
        choice: u32,
        /// Which call of that answer, counted together with those of functions.
        call: u32,
        /// Its id.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of what a custom tool is given.
    Input {
        /// Which of `n` answers.
        choice: u32,
        /// Which call of that answer.
        call: u32,
        /// The piece.
        text: String,
    },
    /// A custom tool was given all of it. What is not told so ends with its choice at the latest.
    InputEnd {
        /// Which of `n` answers.
        choice: u32,
        /// Which call of that answer.
        call: u32,
    },
    /// A picture that the model made, whole.
    Image {
        /// Which of `n` answers.
        choice: u32,
        /// The picture.
        image: Image,
    },
    /// Sound that the model made: more of it, or of its transcript.
    Audio {
        /// Which of `n` answers.
        choice: u32,
        /// The piece.
        audio: Audio,
    },
    /// Something of the provider's own that no other protocol has a form for, such as a search that it ran: told so that it
    /// can be noted.
    Own {
        /// The provider's word for it.
        kind: String,
    },
    /// Where a claim in the text comes from.
    Citation {
        /// Which of `n` answers.
        choice: u32,
        /// The source.
        citation: Citation,
    },
    /// Log probabilities, in OpenAI's form (`{"content": [...], "refusal": [...]}`).
    Logprobs {
        /// Which of `n` answers.
        choice: u32,
        /// The object.
        value: Value,
    },
    /// A choice is over.
    Finish {
        /// Which of `n` answers.
        choice: u32,
        /// Why.
        reason: Reason,
        /// The stop sequence that was met, where the dialect tells.
        stop_sequence: Option<String>,
    },
    /// Tokens, cumulative, in the one convention of [`Usage`]: prompt tokens include what was read from and written to a
    /// cache, completion tokens include thought.
    Usage(Usage),
    /// The answer is complete.
    End,
}

impl Event {
    /// What no reader of a provider's may leave as it is: a call's result comes back under its id, so one is drawn where the
    /// provider left it out; an empty id of an answer is none.
    ///
    /// # Errors
    /// It is a call of nothing.
    pub fn sound(mut self) -> Result<Self, Fault> {
        match &mut self {
            Event::Start(start) => start.id = start.id.take().filter(|id| !id.is_empty()),
            Event::ToolCall { name, .. } | Event::CustomCall { name, .. } if name.is_empty() => {
                return Err(Fault::InvalidAnswer { cause: "a tool call without a name".into() });
            }
            Event::ToolCall { id, .. } | Event::CustomCall { id, .. } if id.is_empty() => {
                *id = format!("call_{}", uuid::Uuid::new_v4().simple());
            }
            _ => {}
        }
        Ok(self)
    }
}

/// The kind of an [`Event::Own`] that is a part of the answer itself: a file that is neither picture nor sound, or not told to be.
pub const FILE: &str = "file";

/// What an answer says of itself at its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The provider's name of the model.
    pub model: Option<String>,
    /// Unix seconds.
    pub created: Option<u64>,
    /// `service_tier`, as told.
    pub service_tier: Option<String>,
    /// `system_fingerprint`, as told.
    pub system_fingerprint: Option<String>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is: its bytes in base64, or an address.
    pub source: Source,
}

/// A piece of sound. What a piece does not tell is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audio {
    /// The provider's id of the sound, by which OpenAI's callers speak of it in later turns.
    pub id: Option<String>,
    /// `audio/wav` ...; `None` where the provider does not tell.
    pub media_type: Option<String>,
    /// Bytes in base64, as they came; pieces are encoded each for itself.
    pub data: String,
    /// More of what is said in it.
    pub transcript: String,
    /// Until when the provider knows the id, Unix seconds.
    pub expires_at: Option<u64>,
}

/// A source of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Citation {
    /// Address of a web source.
    pub url: Option<String>,
    /// Its title, or the document's.
    pub title: Option<String>,
    /// What it says there.
    pub cited_text: Option<String>,
    /// How many of the characters told last it stands behind; `None` where its provider does not say, so that it stands
    /// behind all that was told.
    pub behind: Option<u64>,
    /// The provider's own object, whole.
    pub native: Value,
}

/// Why a choice is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was complete.
    Stop,
    /// A stop sequence was met.
    StopSequence,
    /// The limit of tokens was reached.
    Length,
    /// Tools are to be called.
    ToolCalls,
    /// The provider's filter cut it.
    ContentFilter,
    /// The model declined (Anthropic's `refusal`).
    Refusal,
    /// A long turn paused and may be resumed (Anthropic's `pause_turn`).
    Pause,
    /// A word that no dialect of ours knows.
    Other(String),
}
