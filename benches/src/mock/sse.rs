//! Frames events as `text/event-stream`, in every way that format allows and a few it does not.

use super::{
    behaviour::Behaviour,
    choices::{Done, Eol},
    fault::FaultKind,
    writer::Event,
};

/// The bytes of each event, with all its line ends.
pub fn frame(behaviour: &Behaviour, events: &[Event]) -> Vec<Vec<u8>> {
    let mut ends = LineEnds { eol: behaviour.eol, turn: 0 };
    let mut framed: Vec<Vec<u8>> =
        events.iter().enumerate().map(|(i, one)| event(behaviour, i, one, &mut ends)).collect();
    if let Some(first) = framed.first_mut().filter(|_| behaviour.bom) {
        first.splice(..0, *b"\xEF\xBB\xBF");
    }
    if behaviour.done == Done::Junk {
        framed.push(b"\x00\xFF{junk after the end\r\n: \xC3\x28\n".to_vec());
    }
    if let Some(last) = framed.last_mut().filter(|_| behaviour.fault.kind == FaultKind::Unterminated) {
        while last.ends_with(b"\n") || last.ends_with(b"\r") {
            last.pop();
        }
    }
    framed
}

/// A comment as a keep-alive.
pub const COMMENT: &[u8] = b": keep-alive\n\n";

fn event(behaviour: &Behaviour, i: usize, event: &Event, ends: &mut LineEnds) -> Vec<u8> {
    let data = &event.data;
    let mut out = Vec::with_capacity(data.len() + 64);
    let mut line = |text: &str| {
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(ends.next());
    };
    if behaviour.comments {
        line(": a comment");
        line(":");
    }
    let name = event.name.filter(|_| !behaviour.nameless).or(behaviour.fields.then_some("message"));
    if let Some(name) = name {
        line(&format!("event: {name}"));
    }
    if behaviour.fields {
        line(&format!("id: {i}"));
        line("retry: 3000");
    }
    if behaviour.unknown_fields {
        line("x-mock: unknown");
        line("datas: no data");
        line("data");
    }
    let name = if behaviour.no_space { "data:" } else { "data: " };
    match data.split_once(",\"").filter(|_| behaviour.multiline) {
        None => line(&format!("{name}{data}")),
        Some((first, rest)) => {
            line(&format!("{name}{first},"));
            line(&format!("{name}\"{rest}"));
        }
    }
    line("");
    out
}

/// Hands out line ends; in a mixed stream another one each time.
struct LineEnds {
    eol: Eol,
    turn: usize,
}

impl LineEnds {
    /// Never a CR and then an LF: together they would be one line end, and the blank line would be lost.
    fn next(&mut self) -> &'static [u8] {
        self.turn += 1;
        match self.eol {
            Eol::Lf => b"\n",
            Eol::CrLf => b"\r\n",
            Eol::Cr => b"\r",
            Eol::Mixed => [b"\r" as &[u8], b"\r\n", b"\n"][self.turn % 3],
        }
    }
}
