//! Tests of the matcher.

use super::*;

const PLAIN: Manner = Manner { case_sensitive: false, whole_words: false, hold_back_chars: 256 };
const WHOLE: Manner = Manner { whole_words: true, ..PLAIN };

fn matcher(words: &[&str], patterns: &[&str], manner: Manner) -> Matcher {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    Matcher::new(&owned(words), &owned(patterns), manner).unwrap()
}

fn mask(m: &Matcher, text: &str) -> String {
    m.masked(text, "#").unwrap_or_else(|| text.to_owned())
}

#[test]
fn words_are_found_in_any_case_and_the_longest_wins() {
    let m = matcher(&["bad", "badly", "ÜBEL"], &[], PLAIN);
    assert_eq!(mask(&m, "Bad badly BADx übel Übel fine"), "# # #x # # fine");
    let m = matcher(&["Bad", "Übel"], &[], Manner { case_sensitive: true, ..PLAIN });
    assert_eq!(mask(&m, "Bad bad Übel übel"), "# bad # übel");
}

#[test]
fn a_whole_word_stands_alone() {
    let m = matcher(&["bad", "foo", "foo bar", "über", "$1"], &[], WHOLE);
    assert_eq!(mask(&m, "bad, badly; a_bad bad"), "#, badly; a_bad #");
    assert_eq!(mask(&m, "foo barn foo bar"), "# barn #");
    assert_eq!(mask(&m, "über überaus Über"), "# überaus #");
    assert_eq!(mask(&m, "cost$1 and $1 and $12"), "cost# and # and $12");
    assert_eq!(mask(&m, "äbad badä"), "äbad badä");
}

#[test]
fn patterns_and_words_together_take_the_leftmost() {
    let m = matcher(&["1234"], &[r"\d{2,3}", "(?i)key-[a-z]+"], PLAIN);
    assert_eq!(mask(&m, "a12b1234 KEY-abc."), "a#b# #.");
}

#[test]
fn the_window_is_the_longest_match() {
    assert_eq!(matcher(&["abc", "übel"], &[], PLAIN).window(), 4);
    assert_eq!(matcher(&["abc", "übel"], &[], WHOLE).window(), 5);
    assert_eq!(matcher(&["abc"], &["[0-9]{10}"], PLAIN).window(), 10);
    assert_eq!(matcher(&["abc"], &[r"[0-9]{10}\b"], PLAIN).window(), 11);
    assert_eq!(matcher(&["abc"], &["x+"], Manner { hold_back_chars: 64, ..PLAIN }).window(), 64);
}

#[test]
fn what_cannot_be_used_is_named() {
    let list = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let patterns = list(&["ok", "(", r"a*", r"\w{1000}{1000}", r"(a)\1"]);
    let errors = Matcher::new(&list(&["", "fine", " "]), &patterns, PLAIN).unwrap_err();
    let at: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(at, ["/words/0", "/words/2", "/patterns/1", "/patterns/2", "/patterns/3", "/patterns/4"]);
    assert!(errors[4].message.contains("compiles to more than"), "{}", errors[4].message);
}

#[test]
fn many_matches_of_one_do_not_make_the_others_search_again() {
    // quadratic would be 10^10 steps here
    let m = matcher(&["b"], &["c[0-9]+x", "d[0-9]+y"], PLAIN);
    let text = "b".repeat(300_000);
    assert_eq!(m.search(&text, 0).count(), 300_000);
}
