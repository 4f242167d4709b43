//! Events put into blocks one after another, as this API has them: the caller's stream and whole answer are both written
//! from the steps that come of it.
//!
//! Other dialects may go back and forth between calls of tools. A block that waits for an earlier one to end keeps its
//! pieces until then; what is kept is part of the answer, and no more than that.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::sources;
use crate::dialects::event::Event;

/// One step.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// A block begins.
    Open(Opened),
    /// More of the open block.
    Piece(Piece),
    /// The open block is over.
    Close,
}

/// How a block begins.
#[derive(Debug, PartialEq)]
pub enum Opened {
    Text,
    Thinking,
    Redacted(String),
    Call { id: String, name: String },
}

/// More of a block.
#[derive(Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Thinking(String),
    Signature(String),
    Json(String),
    Citation(Value),
}

/// The state of one answer.
#[derive(Debug, Default)]
pub struct Sequence {
    live: Option<Block>,
    waiting: VecDeque<(Opened, Block, Vec<Piece>)>,
    /// How many have left the queue, and where in it each waiting call stands, counted from its first ever.
    left: usize,
    calls: HashMap<u32, usize>,
}

/// What is known of a block that is live or waits.
#[derive(Debug)]
struct Block {
    kind: Kind,
    /// Nothing more belongs to it.
    over: bool,
    json: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Text here too, but not to be run together with what was said before.
    Refusal,
    Thinking,
    Redacted,
    Call(u32),
}

impl Sequence {
    /// One event of content; others, and those of further choices, which this API has not, are passed over.
    pub fn event(&mut self, event: Event, out: &mut impl FnMut(Step)) {
        match event {
            Event::Text { choice: 0, text } => {
                self.add(Kind::Text, || Opened::Text, Some(Piece::Text(text)), out);
            }
            // sound itself has no place here; what is said in it has
            Event::Audio { choice: 0, audio } if !audio.transcript.is_empty() => {
                self.add(Kind::Text, || Opened::Text, Some(Piece::Text(audio.transcript)), out);
            }
            Event::Refusal { choice: 0, text } => {
                self.add(Kind::Refusal, || Opened::Text, Some(Piece::Text(text)), out);
            }
            Event::Reasoning { choice: 0, text } => {
                self.add(Kind::Thinking, || Opened::Thinking, Some(Piece::Thinking(text)), out);
            }
            Event::Signature { choice: 0, signature } => {
                self.add(Kind::Thinking, || Opened::Thinking, Some(Piece::Signature(signature)), out);
            }
            Event::Redacted { choice: 0, data } => self.add(Kind::Redacted, || Opened::Redacted(data), None, out),
            Event::ToolCall { choice: 0, call, id, name } => {
                self.add(Kind::Call(call), || Opened::Call { id, name }, None, out);
            }
            Event::Arguments { choice: 0, call, json } => self.arguments(call, json, out),
            Event::Citation { choice: 0, citation } => {
                if let Some(native) = sources::native(citation) {
                    self.add(Kind::Text, || Opened::Text, Some(Piece::Citation(native)), out);
                }
            }
            _ => {}
        }
    }

    /// Nothing more comes: what waits is written, and the last block closed.
    pub fn finish(&mut self, out: &mut impl FnMut(Step)) {
        while self.live.is_some() || !self.waiting.is_empty() {
            self.close(out);
            self.next(out);
        }
    }

    /// Adds to the last block if it is of that kind and not over, else begins one: at once, or when its turn comes.
    fn add(&mut self, kind: Kind, open: impl FnOnce() -> Opened, piece: Option<Piece>, out: &mut impl FnMut(Step)) {
        let over = matches!(piece, Some(Piece::Signature(_))) || kind == Kind::Redacted;
        let fits = |block: &Block| block.kind == kind && !block.over;
        if let Some((_, block, pieces)) = self.waiting.back_mut().filter(|(_, block, _)| fits(block)) {
            block.over = over;
            pieces.extend(piece);
            return;
        }
        let block = Block { kind, over, json: Progress::default() };
        if self.waiting.is_empty() {
            if let Some(live) = self.live.as_mut().filter(|live| fits(live)) {
                live.over = over;
                return piece.into_iter().map(Step::Piece).for_each(out);
            }
            if self.live.as_ref().is_none_or(Block::may_close) {
                self.close(out);
                self.live = Some(block);
                out(Step::Open(open()));
                return piece.into_iter().map(Step::Piece).for_each(out);
            }
        }
        if let Kind::Call(call) = kind {
            self.calls.insert(call, self.left + self.waiting.len());
        }
        self.waiting.push_back((open(), block, piece.into_iter().collect()));
    }

    /// Arguments of a call that was never begun, or that is closed since its object was complete, have no place.
    fn arguments(&mut self, call: u32, json: String, out: &mut impl FnMut(Step)) {
        if let Some(live) = self.live.as_mut().filter(|live| live.kind == Kind::Call(call)) {
            live.json.feed(&json);
            out(Step::Piece(Piece::Json(json)));
        } else if let Some((_, block, pieces)) =
            self.calls.get(&call).and_then(|at| self.waiting.get_mut(at.checked_sub(self.left)?))
        {
            block.json.feed(&json);
            pieces.push(Piece::Json(json));
        }
        while !self.waiting.is_empty() && self.live.as_ref().is_none_or(Block::may_close) {
            self.close(out);
            self.next(out);
        }
    }

    fn close(&mut self, out: &mut impl FnMut(Step)) {
        if self.live.take().is_some() {
            out(Step::Close);
        }
    }

    fn next(&mut self, out: &mut impl FnMut(Step)) {
        let Some((opened, block, pieces)) = self.waiting.pop_front() else { return };
        self.left += 1;
        if let Kind::Call(call) = block.kind {
            self.calls.remove(&call);
        }
        self.live = Some(block);
        out(Step::Open(opened));
        pieces.into_iter().map(Step::Piece).for_each(out);
    }
}

impl Block {
    /// All but calls end where another kind begins; a call when its object is complete.
    fn may_close(&self) -> bool {
        !matches!(self.kind, Kind::Call(_)) || self.json.complete()
    }
}

/// How far a JSON text that comes in pieces has got.
#[derive(Debug, Default)]
struct Progress {
    begun: bool,
    depth: u64,
    text: bool,
    escaped: bool,
}

impl Progress {
    fn feed(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.text => self.escaped = true,
                b'"' => self.text = !self.text,
                _ if self.text => {}
                b'{' | b'[' => {
                    self.begun = true;
                    self.depth += 1;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn complete(&self) -> bool {
        self.begun && self.depth == 0 && !self.text
    }
}
