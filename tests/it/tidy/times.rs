//! The rule for time in tests: nothing sleeps until it passes, and no assertion is about how long something took. Where a test
//! needs a pause for what it tries, it stands among the exceptions.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use super::code;
use super::tree::Source;

/// Functions of tests that sleep, or assert an elapsed time.
pub fn in_tests(source: &Source) -> Vec<String> {
    if !["sleep", "elapsed"].iter().any(|word| source.text.contains(word)) {
        return vec![];
    }
    let all = |tokens: TokenStream| (count(tokens.clone(), "sleep"), asserted(tokens));
    let (sleeps, asserts) = all(code::parse(source).into_token_stream());
    let outside = if source.test { (0, 0) } else { all(code::code(source)) };
    let mut found = vec![];
    if sleeps > outside.0 {
        found.push("sleeps".to_owned());
    }
    if asserts > outside.1 {
        found.push("asserts a duration".to_owned());
    }
    found
}

/// How often `name` is called.
fn count(tokens: TokenStream, name: &str) -> usize {
    let mut found = 0;
    code::walk(tokens, &mut |_, token, after| {
        let called = matches!(after, Some(TokenTree::Group(_)));
        found += usize::from(called && matches!(token, TokenTree::Ident(ident) if ident == name));
    });
    found
}

/// Assertions about an elapsed time, but for those that end what hangs.
fn asserted(tokens: TokenStream) -> usize {
    let mut found = 0;
    let mut last = [String::new(), String::new()];
    code::walk(tokens, &mut |_, token, _| {
        if let TokenTree::Group(group) = token
            && last[1] == "!"
            && last[0].starts_with("assert")
        {
            let text = group.stream().to_string();
            found += usize::from(text.contains("elapsed") && !text.contains("LIVENESS"));
        }
        last.rotate_left(1);
        last[1] = token.to_string();
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_and_durations_are_found_in_tests_only() {
        let found = |path: &str, text: &str| in_tests(&Source::new(path, text)).len();
        let sleep = "fn f() { std::thread::sleep(x); }";
        let assert = "fn f() { assert!(began.elapsed() < x); }";
        for bad in [sleep, assert] {
            assert_eq!(found("tests/it/x.rs", bad), 1, "{bad}");
            assert_eq!(found("src/x.rs", bad), 0, "{bad}");
            assert_eq!(found("src/x.rs", &format!("#[cfg(test)]\nmod tests {{ {bad} }}")), 1, "{bad}");
        }
        assert_eq!(found("tests/it/x.rs", "fn f() { assert!(began.elapsed() < LIVENESS); }"), 0);
        assert_eq!(found("tests/it/x.rs", "/// sleep(1)\nfn f() { let sleep = \"sleep(1)\"; }"), 0);
    }
}
