//! The events of a stream, written: each with its type and the next number.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::Frame;

/// Numbers events as they are written.
#[derive(Debug, Default)]
pub struct Frames {
    next: u64,
    buffer: Vec<u8>,
}

/// Where in the answer an event belongs.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The item's id.
    pub item: &'a str,
    /// Which item.
    pub output: usize,
    /// The name of the number of its part, and the number; nothing for events of an item as a whole.
    pub part: Option<(&'static str, usize)>,
}

impl Frames {
    /// An event with these members behind its type and number, each a name and JSON.
    pub fn write(&mut self, kind: &'static str, members: &[(&str, &dyn erased::Json)], out: &mut Vec<Frame>) {
        self.buffer.clear();
        self.buffer.extend_from_slice(format!("{{\"type\":\"{kind}\",\"sequence_number\":{}", self.next).as_bytes());
        for (name, value) in members {
            self.buffer.extend_from_slice(format!(",\"{name}\":").as_bytes());
            value.put(&mut self.buffer);
        }
        self.buffer.push(b'}');
        self.next += 1;
        out.push(Frame { name: Some(kind), data: Bytes::copy_from_slice(&self.buffer) });
    }

    /// The same for an event of a part or item.
    pub fn write_at(
        &mut self,
        kind: &'static str,
        at: At<'_>,
        members: &[(&str, &dyn erased::Json)],
        out: &mut Vec<Frame>,
    ) {
        let mut all: Vec<(&str, &dyn erased::Json)> = vec![("item_id", &at.item), ("output_index", &at.output)];
        let number = at.part.map(|(_, number)| number).unwrap_or_default();
        if let Some((name, _)) = at.part {
            all.push((name, &number));
        }
        all.extend_from_slice(members);
        self.write(kind, &all, out);
    }

    /// An item as it begins or ends.
    pub fn item(&mut self, kind: &'static str, output: usize, item: &Value, out: &mut Vec<Frame>) {
        self.write(kind, &[("output_index", &output), ("item", item)], out);
    }
}

/// Values of several types in one list.
pub mod erased {
    use super::Serialize;

    /// A value that can be written as JSON.
    pub trait Json {
        /// Appends it.
        fn put(&self, out: &mut Vec<u8>);
    }

    impl<T: Serialize> Json for T {
        fn put(&self, out: &mut Vec<u8>) {
            // writing into memory does not fail, and every map here has texts for keys
            let _ = serde_json::to_writer(out, self);
        }
    }
}

/// The events of a picture between its item's beginning and end.
pub fn pictured(frames: &mut Frames, at: At<'_>, out: &mut Vec<Frame>) {
    frames.write_at("response.image_generation_call.in_progress", at, &[], out);
    frames.write_at("response.image_generation_call.generating", at, &[], out);
    frames.write_at("response.image_generation_call.completed", at, &[], out);
}

/// A part of a message, with no more in it than its kind at its beginning.
pub fn text_part(text: &str, annotations: &[Value], logprobs: &[Value]) -> Value {
    json!({"type": "output_text", "text": text, "annotations": annotations, "logprobs": logprobs})
}

/// A part in which the model declines.
pub fn refusal_part(text: &str) -> Value {
    json!({"type": "refusal", "refusal": text})
}

/// A part of a summary of thought.
pub fn summary_part(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}
