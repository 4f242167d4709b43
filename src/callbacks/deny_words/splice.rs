//! Changes to some strings of a JSON text that leave every other byte as it is.

use std::ops::Range;

use bytes::Bytes;
use millrace_actors::wire::scan;

/// Changes, each a place and what stands there instead.
#[derive(Default)]
pub(super) struct Splices(Vec<(Range<usize>, String)>);

impl Splices {
    /// The string at `at` becomes `text`.
    pub(super) fn string(&mut self, at: Range<usize>, text: &str) {
        self.0.push((at, scan::quoted(text)));
    }

    /// The value at `at` becomes `json`.
    pub(super) fn raw(&mut self, at: Range<usize>, json: String) {
        self.0.push((at, json));
    }

    /// `json` with the changes made; `None` if there are none.
    pub(super) fn apply(mut self, json: &str) -> Option<Bytes> {
        if self.0.is_empty() {
            return None;
        }
        self.0.sort_by_key(|(at, _)| at.start);
        let mut out = String::with_capacity(json.len() + self.0.iter().map(|(_, with)| with.len()).sum::<usize>());
        let mut done = 0;
        for (at, with) in self.0 {
            out.push_str(&json[done..at.start]);
            out.push_str(&with);
            done = at.end;
        }
        out.push_str(&json[done..]);
        Some(out.into())
    }
}
