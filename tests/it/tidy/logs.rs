//! The rule for log lines: lowercase, structured, without a full stop.

use proc_macro2::{TokenStream, TokenTree};

use super::code;
use super::tree::Source;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Log lines outside tests that break the rule.
pub fn log_lines(source: &Source) -> Vec<String> {
    if source.test || !source.text.contains("log::") {
        return vec![];
    }
    let mut found = vec![];
    calls(code::code(source), &mut found);
    found.iter().filter_map(|text| complaint(text).map(|why| format!("{why}: {text:?}"))).collect()
}

/// The formats of all `log::level!(...)` within.
fn calls(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (n, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let before = |k: usize| n.checked_sub(k).map(|n| tokens[n].to_string()).unwrap_or_default();
        let logs = before(1) == "!" && LEVELS.contains(&before(2).as_str()) && before(3) == ":" && before(5) == "log";
        if logs
            && let Some(TokenTree::Literal(format)) =
                group.stream().into_iter().find(|t| matches!(t, TokenTree::Literal(_)))
        {
            let text: Result<syn::LitStr, _> = syn::parse_str(&format.to_string());
            found.extend(text.map(|text| text.value()));
        }
        calls(group.stream(), found);
    }
}

fn complaint(format: &str) -> Option<&'static str> {
    if format.starts_with(|c: char| c.is_uppercase()) {
        return Some("begins with a capital");
    }
    if format.trim_end().ends_with(['.', '!']) {
        return Some("ends in a full stop");
    }
    if format.contains('\n') {
        return Some("has more than one line");
    }
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.ends_with('=') {
            return Some("a value without a key");
        }
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_rule_can_fail() {
        let found = |line: &str| {
            let text = format!("fn f() {{ if x {{ log::{line}; }} }}");
            log_lines(&Source::new("src/x.rs", &text))
        };
        for good in [
            "info!(\"draining in_flight={} grace={}\", a, b)",
            "warn!(target: x, \"stopped\")",
            "error!(\"a b={b} c={c:?}\")",
        ] {
            assert_eq!(found(good), [""; 0], "{good}");
        }
        for bad in [
            "info!(\"Draining\")",
            "warn!(\"stopped.\")",
            "error!(\"cannot open {}\", x)",
            "info!(\"a={} {b}\", x)",
            "info!(\"a\\nb\")",
        ] {
            assert_eq!(found(bad).len(), 1, "{bad}");
        }
    }
}
