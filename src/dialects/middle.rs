//! What an operator says in the middle of a conversation, for providers whose system text stands before all of it.
//!
//! It stays where it was said, as a text of the user's that is marked as the system's. To put it in front was tried and
//! refused: it would speak before what it answers, and change the beginning of the prompt from turn to turn, for which every
//! cache of it is lost.

use crate::dialects::{Did, Notes};

/// What is noted of it.
const WHY: &str = "in its place as a user's text between <system> and </system>: instructions stand before all here";

/// Marks what one message of the system's says: its first text opens, its last one closes. `rewrite` is given each part,
/// and what to make of the part's text.
pub fn mark<T>(parts: &mut [T], notes: &mut Notes, rewrite: impl Fn(&mut T, &dyn Fn(&str) -> String)) {
    let Some(last) = parts.len().checked_sub(1) else { return };
    notes.add("messages.system", Did::Renamed, WHY);
    for (n, part) in parts.iter_mut().enumerate() {
        let (open, close) = (if n == 0 { "<system>\n" } else { "" }, if n == last { "\n</system>" } else { "" });
        rewrite(part, &|text| format!("{open}{text}{close}"));
    }
}

/// Puts results of tools before everything else that the user says in the same turn: the APIs want them right behind the
/// calls. `is_result`: what belongs to a result counts as one.
pub fn results_first<T>(parts: &mut Vec<T>, notes: &mut Notes, is_result: impl Fn(&T) -> bool) {
    let flags: Vec<bool> = parts.iter().map(&is_result).collect();
    let last = flags.iter().rposition(|result| *result).unwrap_or_default();
    if flags.iter().take(last).all(|result| *result) {
        return;
    }
    notes.add("messages.content", Did::Renamed, "results of tools stand before what else the user says with them");
    let (mut results, others): (Vec<T>, Vec<T>) = std::mem::take(parts).into_iter().partition(is_result);
    results.extend(others);
    *parts = results;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(notes: &Notes) -> usize {
        notes.iter().count()
    }

    #[test]
    fn the_first_text_opens_and_the_last_closes() {
        let mut notes = Notes::default();
        let mut one = vec!["a".to_owned()];
        mark(&mut one, &mut notes, |text, wrap| *text = wrap(text));
        assert_eq!(one, ["<system>\na\n</system>"]);
        let mut three = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        mark(&mut three, &mut notes, |text, wrap| *text = wrap(text));
        assert_eq!(three, ["<system>\na", "b", "c\n</system>"]);
        mark(&mut Vec::<String>::new(), &mut Notes::default(), |_, _| {});
    }

    #[test]
    fn results_come_first_and_are_noted_only_if_they_moved() {
        let is_result = |part: &i32| *part < 10;
        for (given, want, moved) in [
            (vec![], vec![], 0),
            (vec![1, 2, 30], vec![1, 2, 30], 0),
            (vec![30, 40], vec![30, 40], 0),
            (vec![30, 1, 40, 2, 50], vec![1, 2, 30, 40, 50], 1),
        ] {
            let (mut parts, mut notes) = (given, Notes::default());
            results_first(&mut parts, &mut notes, is_result);
            assert_eq!((parts, noted(&notes)), (want, moved));
        }
    }
}
