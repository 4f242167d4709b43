//! The text of one channel of a stream (one choice's content, one tool call's arguments) on its way past a matcher.
//!
//! Held back is what may still turn out to be the beginning of a match: at the end of what came, the longest match less
//! one character (and one more, where a match depends on what comes after it). So no part of a match ever goes out.

use super::matcher::Matcher;

/// A match of an open-ended pattern is held whole up to so many bytes, so that all of it is masked. Bounded, since
/// memory is (I4), and since it is searched again with each event.
const MAX_OPEN_MATCH: usize = 8 << 10;

/// What is done with a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The exchange ends.
    Refuse,
    /// This stands in its place.
    Mask(String),
}

/// Something was denied.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Denied;

/// The state of one channel.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// A little of what went out, for what a match may depend on before it; then what is held.
    text: String,
    /// Where in `text` the search goes on.
    search: usize,
    /// Where in `text` what is held begins.
    held: usize,
    /// Where in `text` the last match ended.
    after_match: usize,
}

impl Window {
    /// Takes text in; what may go out now is appended to `out`.
    pub(super) fn feed(
        &mut self,
        text: &str,
        (matcher, action): (&Matcher, &Action),
        out: &mut String,
    ) -> Result<(), Denied> {
        self.text.push_str(text);
        let decided = back(&self.text, matcher.window() - 1);
        self.settle(decided, false, (matcher, action), out)?;
        self.forget();
        Ok(())
    }

    /// The channel is at its end: all that is held goes out.
    ///
    /// Should text come nevertheless (some providers repeat `finish_reason` on every event), it is searched together
    /// with the last of what went out, so that no match gets through whole.
    pub(super) fn finish(&mut self, (matcher, action): (&Matcher, &Action), out: &mut String) -> Result<(), Denied> {
        self.settle(self.text.len(), true, (matcher, action), out)?;
        self.search = back(&self.text, matcher.window() - 1).max(self.after_match);
        self.forget();
        Ok(())
    }

    /// Deals with the matches that begin before `decided`, and lets go what stands before it.
    fn settle(
        &mut self,
        decided: usize,
        at_end: bool,
        (matcher, action): (&Matcher, &Action),
        out: &mut String,
    ) -> Result<(), Denied> {
        let Window { text, search, held, after_match } = self;
        let mut decided = decided;
        for hit in matcher.search(text, *search) {
            if hit.start >= decided {
                break;
            }
            let Action::Mask(mask) = action else { return Err(Denied) };
            let may_grow = !at_end && matcher.open_ended() && hit.end == text.len();
            if may_grow && hit.len() < MAX_OPEN_MATCH {
                decided = hit.start;
                break;
            }
            out.push_str(text.get(*held..hit.start).unwrap_or_default());
            if hit.end > *held {
                out.push_str(mask);
            }
            *held = hit.end.max(*held);
            (*search, *after_match) = (hit.end, hit.end);
        }
        out.push_str(text.get(*held..decided).unwrap_or_default());
        *held = decided.max(*held);
        *search = decided.max(*search);
        Ok(())
    }

    /// Drops what went out, but for the character before the search: a match may depend on it.
    fn forget(&mut self) {
        let upto = self.search.min(self.held);
        let gone = self.text[..upto].char_indices().next_back().map_or(0, |(at, _)| at);
        self.text.drain(..gone);
        self.search -= gone;
        self.held -= gone;
        self.after_match = self.after_match.saturating_sub(gone);
    }
}

/// Where the last `chars` characters of `text` begin.
fn back(text: &str, chars: usize) -> usize {
    match chars {
        0 => text.len(),
        _ => text.char_indices().rev().nth(chars - 1).map_or(0, |(at, _)| at),
    }
}

#[cfg(test)]
mod tests {
    use super::super::matcher::{Manner, Matcher};
    use super::*;

    fn rules(words: &[&str], patterns: &[&str]) -> (Matcher, Action) {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let manner = Manner { case_sensitive: false, whole_words: false, hold_back_chars: 16 };
        (Matcher::new(&owned(words), &owned(patterns), manner).unwrap(), Action::Mask("#".into()))
    }

    fn fed(window: &mut Window, text: &str, (matcher, action): &(Matcher, Action)) -> String {
        let mut out = String::new();
        window.feed(text, (matcher, action), &mut out).unwrap();
        out
    }

    fn finished(window: &mut Window, (matcher, action): &(Matcher, Action)) -> String {
        let mut out = String::new();
        window.finish((matcher, action), &mut out).unwrap();
        out
    }

    #[test]
    fn the_longest_match_less_one_is_held() {
        let rules = rules(&["abcd"], &[]);
        let mut window = Window::default();
        assert_eq!(fed(&mut window, "xyzabc", &rules), "xyz");
        assert_eq!(fed(&mut window, "d", &rules), "#");
        assert_eq!(fed(&mut window, "äöüß", &rules), "ä");
        assert_eq!(finished(&mut window, &rules), "öüß");
    }

    #[test]
    fn text_after_the_end_completes_no_match() {
        let rules = rules(&["abcd"], &[]);
        let mut window = Window::default();
        assert_eq!(fed(&mut window, "xab", &rules), "");
        assert_eq!(finished(&mut window, &rules), "xab");
        assert_eq!(fed(&mut window, "cdyyyy", &rules), "#y");
        assert_eq!(finished(&mut window, &rules), "yyy");
    }

    #[test]
    fn an_open_ended_match_is_masked_whole_beyond_the_window() {
        let rules = rules(&[], &["k-[a-z]+"]);
        let mut window = Window::default();
        let mut out = fed(&mut window, "so k-", &rules);
        for _ in 0..100 {
            out += &fed(&mut window, "abcdefg", &rules);
        }
        out += &fed(&mut window, " end", &rules);
        out += &finished(&mut window, &rules);
        assert_eq!(out, "so # end");
    }

    #[test]
    fn an_anchor_means_the_beginning_of_the_text_and_not_of_a_chunk() {
        let rules = rules(&[], &["^ab", "yz$"]);
        let mut window = Window::default();
        let mut out = String::new();
        for piece in ["a", "b ", "ab yz ", "ab y", "z"] {
            out += &fed(&mut window, piece, &rules);
        }
        out += &finished(&mut window, &rules);
        assert_eq!(out, "# ab yz ab #");
    }
}
