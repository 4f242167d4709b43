//! Exceptions must say why: a list of them is read here as any other text.

use super::exceptions;

#[test]
fn every_exception_has_its_reason() {
    let lists = [exceptions::LOG_LINES, exceptions::PROVIDERS_IN_THE_CAST, exceptions::MACHINE, exceptions::LONG];
    let reasons = lists.into_iter().flatten().chain(exceptions::TIMES);
    let reasons = reasons.map(|(_, reason)| *reason).chain(exceptions::EDGES.iter().map(|(.., reason)| *reason));
    for reason in reasons {
        assert!(reason.split(' ').count() >= 4, "{reason:?} is no reason");
    }
}

#[test]
fn an_exception_is_taken_once_and_must_be_needed() {
    let found = || vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(super::less(found(), &[("a", "")]), ["b"]);
    assert_eq!(super::less(found(), &[("a", ""), ("b", ""), ("c", "")]), ["no longer needed, take it off the list: c"]);
}
