//! What is denied, compiled: words as an Aho-Corasick automaton, patterns as regular expressions. Both run in time linear
//! in the text, whatever they are (FAULTS K6).

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, Input, MatchKind};
use millrace_actors::ports::ParamError;
use regex::{Regex, RegexBuilder};

/// Words at most, their bytes together at most, and patterns at most.
const MAX_WORDS: usize = 100_000;
const MAX_WORD_BYTES: usize = 4 << 20;
const MAX_PATTERNS: usize = 64;
/// Most memory of one compiled pattern, and of what it caches while it runs.
const PATTERN_BYTES: usize = 1 << 20;
/// The longest word that is looked for, in characters: it is held back in every stream.
const MAX_WORD_CHARS: usize = 1024;

/// How to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// `A` is not `a`.
    pub(super) case_sensitive: bool,
    /// A word within a word does not count.
    pub(super) whole_words: bool,
    /// Characters that a stream holds back for a pattern without a longest match.
    pub(super) hold_back_chars: usize,
}

/// Everything that is denied.
#[derive(Debug)]
pub(super) struct Matcher {
    words: Option<AhoCorasick>,
    whole_words: bool,
    patterns: Vec<Regex>,
    window: usize,
    open_ended: bool,
}

impl Matcher {
    /// Compiles `words` and `patterns`; the complaints point to `/words/n` and `/patterns/n`.
    pub(super) fn new(words: &[String], patterns: &[String], manner: Manner) -> Result<Matcher, Vec<ParamError>> {
        let mut errors = Vec::new();
        let mut complain = |pointer: String, message: String| errors.push(ParamError { pointer, message });
        if words.len() > MAX_WORDS || words.iter().map(String::len).sum::<usize>() > MAX_WORD_BYTES {
            complain("/words".into(), format!("give at most {MAX_WORDS} words of {MAX_WORD_BYTES} bytes together"));
            return Err(errors);
        }
        if patterns.len() > MAX_PATTERNS {
            complain("/patterns".into(), format!("{} are too many: give at most {MAX_PATTERNS}", patterns.len()));
        }
        let (mut plain, mut compiled, mut window) = (Vec::new(), Vec::new(), 0);
        let (mut looks_after, mut open_ended) = (manner.whole_words, false);
        for (n, word) in words.iter().enumerate() {
            let chars = word.chars().count();
            match () {
                () if word.trim().is_empty() => complain(format!("/words/{n}"), "is empty: it would match all".into()),
                () if chars > MAX_WORD_CHARS => {
                    complain(format!("/words/{n}"), format!("has {chars} characters: give at most {MAX_WORD_CHARS}"));
                }
                () if word.is_ascii() || manner.case_sensitive => plain.push(word),
                // the automaton knows only the case of ASCII
                () => match compile(&word_pattern(word, manner.whole_words)) {
                    Ok(regex) => compiled.push(regex),
                    Err(error) => complain(format!("/words/{n}"), error),
                },
            }
            window = window.max(chars);
        }
        for (n, pattern) in patterns.iter().take(MAX_PATTERNS).enumerate() {
            match checked(pattern, manner.hold_back_chars) {
                Ok(checked) => {
                    compiled.push(checked.regex);
                    window = window.max(checked.longest);
                    looks_after |= checked.looks_after;
                    open_ended |= checked.open_ended;
                }
                Err(error) => complain(format!("/patterns/{n}"), error),
            }
        }
        let words = automaton(&plain, manner).map_err(|error| complain("/words".into(), error)).ok().flatten();
        if errors.is_empty() {
            let window = window + usize::from(looks_after);
            Ok(Matcher { words, whole_words: manner.whole_words, patterns: compiled, window, open_ended })
        } else {
            Err(errors)
        }
    }

    /// Characters, at least 1: whether a match begins at a place, and which, is known once so many from there on are. The
    /// longest match, and one more where a match depends on the character after it.
    pub(super) fn window(&self) -> usize {
        self.window.max(1)
    }

    /// Whether some pattern's match may be longer than the window.
    pub(super) fn open_ended(&self) -> bool {
        self.open_ended
    }

    /// A search of `text` from byte `from` on. What stands before is looked at only to see whether a word begins there.
    pub(super) fn search<'m, 't>(&'m self, text: &'t str, from: usize) -> Search<'m, 't> {
        let slots = usize::from(self.words.is_some()) + self.patterns.len();
        Search { matcher: self, text, from, next: vec![Slot::Unknown; slots] }
    }

    /// Whether anything in `text` is denied.
    pub(super) fn denies(&self, text: &str) -> bool {
        self.search(text, 0).next().is_some()
    }

    /// `text` with every match replaced; `None` if there is none.
    pub(super) fn masked(&self, text: &str, mask: &str) -> Option<String> {
        let mut search = self.search(text, 0);
        let mut hit = search.next()?;
        let (mut out, mut done) = (String::with_capacity(text.len()), 0);
        loop {
            out.push_str(&text[done..hit.start]);
            out.push_str(mask);
            done = hit.end;
            match search.next() {
                Some(next) => hit = next,
                None => break,
            }
        }
        out.push_str(&text[done..]);
        Some(out)
    }

    fn word_at(&self, automaton: &AhoCorasick, text: &str, from: usize) -> Option<Range<usize>> {
        if !self.whole_words {
            return automaton.find(Input::new(text).range(from..)).map(|m| m.range());
        }
        // The longest word may be part of another one where a shorter word is whole, so all are looked at. They come in
        // the order of their ends: one that starts before the best so far cannot come after the best's start + window.
        let mut best: Option<Range<usize>> = None;
        for found in automaton.find_overlapping_iter(Input::new(text).range(from..)) {
            if best.as_ref().is_some_and(|best| found.end() > best.start + self.window * 4) {
                break;
            }
            let better = best
                .as_ref()
                .is_none_or(|b| found.start() < b.start || (found.start() == b.start && found.end() > b.end));
            if better && stands_alone(text, &found.range()) {
                best = Some(found.range());
            }
        }
        best
    }
}

/// Goes from match to match: the leftmost, and of several that start there the longest.
pub(super) struct Search<'m, 't> {
    matcher: &'m Matcher,
    text: &'t str,
    from: usize,
    /// The next match of the words, then of each pattern. Kept, or many matches of one would make all others search the
    /// rest of the text again and again.
    next: Vec<Slot>,
}

#[derive(Clone, Debug)]
enum Slot {
    Unknown,
    At(Range<usize>),
    None,
}

impl Iterator for Search<'_, '_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let Search { matcher, text, from, next } = self;
        let words = matcher.words.as_ref();
        let mut best: Option<Range<usize>> = None;
        for (n, slot) in next.iter_mut().enumerate() {
            let stale = match slot {
                Slot::Unknown => true,
                Slot::At(at) => at.start < *from,
                Slot::None => false,
            };
            if stale {
                let found = match words {
                    Some(automaton) if n == 0 => matcher.word_at(automaton, text, *from),
                    _ => {
                        let pattern = &matcher.patterns[n - usize::from(words.is_some())];
                        pattern.find_at(text, *from).map(|m| m.range())
                    }
                };
                *slot = found.map_or(Slot::None, Slot::At);
            }
            if let Slot::At(at) = slot
                && best.as_ref().is_none_or(|b| at.start < b.start || (at.start == b.start && at.end > b.end))
            {
                best = Some(at.clone());
            }
        }
        self.from = best.as_ref()?.end;
        best
    }
}

fn automaton(words: &[&String], manner: Manner) -> Result<Option<AhoCorasick>, String> {
    if words.is_empty() {
        return Ok(None);
    }
    let kind = if manner.whole_words { MatchKind::Standard } else { MatchKind::LeftmostLongest };
    let mut builder = AhoCorasickBuilder::new();
    builder.match_kind(kind).ascii_case_insensitive(!manner.case_sensitive);
    builder.build(words).map(Some).map_err(|error| error.to_string())
}

fn word_pattern(word: &str, whole: bool) -> String {
    let edge = |c: Option<char>| if whole && c.is_some_and(is_word) { r"\b" } else { "" };
    let (first, last) = (word.chars().next(), word.chars().next_back());
    format!("(?i){}{}{}", edge(first), regex::escape(word), edge(last))
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("compiles to more than {limit} bytes: use smaller repetitions")
        }
        other => format!("{other}; the syntax is that of the regex crate, without back-references and look-around"),
    })
}

/// A pattern that can be used.
struct Checked {
    regex: Regex,
    /// Characters of its longest match, or what is held back in its place.
    longest: usize,
    /// It asks what comes after a match.
    looks_after: bool,
    /// It may match more than is held back.
    open_ended: bool,
}

fn checked(pattern: &str, hold_back: usize) -> Result<Checked, String> {
    let regex = compile(pattern)?;
    let shape = regex_syntax::parse(pattern).map_err(|error| error.to_string())?;
    if shape.properties().minimum_len().is_none_or(|least| least == 0) {
        return Err("can match nothing at all, and so would match everywhere; or can never match".to_owned());
    }
    // in bytes, so at least as many as its characters
    let bound = shape.properties().maximum_len().filter(|longest| *longest <= hold_back);
    Ok(Checked {
        regex,
        longest: bound.unwrap_or(hold_back),
        looks_after: !shape.properties().look_set().is_empty(),
        open_ended: bound.is_none(),
    })
}

/// No letter or digit touches the match where it itself begins or ends with one.
fn stands_alone(text: &str, at: &Range<usize>) -> bool {
    let word = &text[at.clone()];
    let glued = |inner: Option<char>, outer: Option<char>| inner.is_some_and(is_word) && outer.is_some_and(is_word);
    !glued(word.chars().next(), text[..at.start].chars().next_back())
        && !glued(word.chars().next_back(), text[at.end..].chars().next())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
#[path = "matcher_tests.rs"]
mod tests;
