//! The content of an answer as Google's parts. Whole answers and streams are both written from these, so that they say the
//! same.

use crate::mock::{
    content::{argument_text, pieces, thought_pieces},
    job::{Job, NUMBER_MARK},
    pictured::{pictures, sound_pieces},
};

/// A part in pieces: a stream has each in a response of its own, a whole answer one part of all.
pub struct Part {
    /// What stands behind the text: that it is thought.
    mark: &'static str,
    /// Pieces of text; of a call the one part whole.
    pieces: Vec<String>,
    /// It is one whole, and no text.
    call: bool,
}

/// What the signature of thought looks like: base64, with every character that it has besides letters.
pub const SIGNATURE: &str = "CiQBmock+signature/of/thought+bytes+that+must+come+back/unchangedw==";

/// The parts of an answer: thought, text, calls. Where it thinks, the first call is signed.
pub fn parts(job: &Job<'_>) -> Vec<Part> {
    let behaviour = job.behaviour;
    let mut parts = Vec::new();
    if behaviour.thinking > 0 {
        parts.push(Part { mark: ",\"thought\":true", pieces: thought_pieces(behaviour), call: false });
    }
    if (behaviour.tool_calls == 0 && behaviour.sound == 0) || behaviour.text_too {
        parts.push(Part { mark: "", pieces: pieces(behaviour, job.text()), call: false });
    }
    let blob = |kind: &str, data: &str| format!("{{\"inlineData\":{{\"mimeType\":\"{kind}\",\"data\":\"{data}\"}}}}");
    let pictures = pictures(behaviour);
    parts.extend(pictures.iter().map(|data| Part { mark: "", pieces: vec![blob("image/png", data)], call: true }));
    // in a whole answer too: pieces of sound are parts of their own
    let sound = sound_pieces(behaviour);
    let samples =
        |data: &String| Part { mark: "", pieces: vec![blob("audio/L16;codec=pcm;rate=24000", data)], call: true };
    parts.extend(sound.iter().map(samples));
    parts.extend((0..behaviour.tool_calls).map(|i| call(job, i)));
    parts
}

/// The completion tokens of all parts: one per piece of text, and one per call.
pub fn tokens(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.pieces.len() as u64).sum()
}

impl Part {
    /// As responses of a stream have it.
    pub fn streamed(&self) -> Vec<String> {
        self.pieces.iter().map(|piece| self.with(piece)).collect()
    }

    /// As a whole answer has it.
    pub fn whole(&self) -> String {
        self.with(&self.pieces.concat())
    }

    fn with(&self, piece: &str) -> String {
        if self.call { piece.to_owned() } else { format!("{{\"text\":\"{piece}\"{}}}", self.mark) }
    }
}

fn call(job: &Job<'_>, i: u32) -> Part {
    let args = match argument_text(job.behaviour) {
        "" => String::new(),
        text => format!(",\"args\":{text}"),
    };
    let signature = match job.behaviour.thinking > 0 && i == 0 {
        true => format!(",\"thoughtSignature\":\"{SIGNATURE}\""),
        false => String::new(),
    };
    let call = format!("{{\"id\":\"gem{i}{NUMBER_MARK}\",\"name\":\"tool_{i}\"{args}}}");
    Part { mark: "", pieces: vec![format!("{{\"functionCall\":{call}{signature}}}")], call: true }
}
