//! Rules over the lines of a file. Each returns what it found, with line numbers from 1.

/// The most lines a file may have.
const LONGEST: usize = 500;

/// A file opens with what it is for.
pub fn opening(text: &str) -> Vec<String> {
    match text.strip_prefix("//! ") {
        Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => vec![],
        _ => vec!["does not open with `//! ` and what it is for".to_owned()],
    }
}

/// A file is short.
pub fn length(text: &str) -> Vec<String> {
    let count = text.lines().count();
    if count > LONGEST { vec![format!("{count} lines")] } else { vec![] }
}

/// No line ends in white space, and the last one ends.
pub fn trailing(text: &str) -> Vec<String> {
    let mut found =
        numbered(text, |line| line.ends_with([' ', '\t', '\r']).then(|| "white space at the end".to_owned()));
    if !text.is_empty() && !text.ends_with('\n') {
        found.push("the last line has no end".to_owned());
    }
    found
}

/// No note that something is still to be done.
pub fn notes(text: &str) -> Vec<String> {
    // written in two halves, so that this file is clean too
    const WORDS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("HA", "CK"), concat!("XX", "X")];
    numbered(text, |line| {
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.find(|word| WORDS.contains(word)).map(|word| format!("says {word}"))
    })
}

/// No path of one machine, and none of `hosts`.
pub fn of_this_machine(text: &str, hosts: &[String]) -> Vec<String> {
    const PATHS: [&str; 4] =
        [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/tmp", "/mr")];
    numbered(text, |line| {
        let host = hosts.iter().map(String::as_str).find(|host| line.contains(host));
        host.or_else(|| PATHS.into_iter().find(|path| has_path(line, path))).map(|what| format!("names {what}"))
    })
}

/// Homes of nobody, for examples.
const NOBODY: [&str; 2] = ["me/", "user/"];

/// `path` stands in `line` as the beginning of an absolute path, not within a longer one or a URL.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let nobody = NOBODY.iter().any(|name| line[at + path.len()..].starts_with(name));
        !nobody && before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-' | '/' | '}' | '~' | '$'))
    })
}

/// Every package of a lock file comes from one registry or from here: no repository, and no second registry.
pub fn foreign_sources(lock: &str) -> Vec<String> {
    let source = |line: &'_ str| Some(line.strip_prefix("source = \"")?.trim_end_matches('"').to_owned());
    let first = lock.lines().find_map(source).unwrap_or_default();
    numbered(lock, |line| {
        let source = source(line)?;
        (source != first || !source.starts_with("registry+")).then(|| format!("comes from {source}"))
    })
}

/// The hosts of all URLs in a text.
pub fn hosts(text: &str) -> Vec<String> {
    let hosts = text.split("://").skip(1).filter_map(|rest| rest.split(['/', '"', ':', '\n']).next());
    hosts.map(|host| host.rsplit('@').next().unwrap_or(host).to_owned()).collect()
}

fn numbered(text: &str, rule: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let found = text.split_inclusive('\n').enumerate();
    found
        .filter_map(|(n, line)| rule(line.strip_suffix('\n').unwrap_or(line)).map(|what| format!("{}: {what}", n + 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_can_fail() {
        assert_eq!(opening("//! What for.\n"), [""; 0]);
        for bad in ["", "// What\n", "/// What\n", "//!\n", "//!  \n", "use x;\n//! late\n"] {
            assert_eq!(opening(bad).len(), 1, "{bad:?}");
        }
        assert_eq!(length(&"x\n".repeat(500)).len(), 0);
        assert_eq!(length(&"x\n".repeat(501)), ["501 lines"]);
        assert_eq!(trailing("a\nb\n"), [""; 0]);
        assert_eq!(trailing("a \nb\t\nc\r\nd").len(), 4);
        assert_eq!(notes("all is done, todos too\n"), [""; 0]);
        assert_eq!(notes(concat!("// TO", "DO: later\nfine\n// FIX", "ME\n")).len(), 2);
        let source = |from: &str| format!("source = \"{from}\"\n");
        assert_eq!(foreign_sources(&source("registry+https://one.example/index").repeat(2)), [""; 0]);
        assert_eq!(foreign_sources(&source("git+https://one.example/repository")).len(), 1);
        let two = ["one", "two"].map(|name| source(&format!("registry+https://{name}.example/index"))).concat();
        assert_eq!(foreign_sources(&two).len(), 1);
    }

    #[test]
    fn a_machines_paths_and_hosts_are_found() {
        let hosts = vec!["mirror.example".to_owned()];
        for bad in [
            concat!("see /ro", "ot/x"),
            concat!("\"/ho", "me/someone/x\""),
            concat!("/wo", "rk/shared"),
            "https://mirror.example/x",
        ] {
            assert_eq!(of_this_machine(bad, &hosts).len(), 1, "{bad}");
        }
        for good in
            ["https://example.com/a/page", "a/b", "$HOME/x", "/var/lib/millrace", "~/x", concat!("/ho", "me/me/x")]
        {
            assert_eq!(of_this_machine(good, &hosts), [""; 0], "{good}");
        }
        let config = "[registries.a]\nindex = \"sparse+https://user@mirror.example:443/index/\"\n";
        assert_eq!(super::hosts(config), ["mirror.example"]);
    }
}
