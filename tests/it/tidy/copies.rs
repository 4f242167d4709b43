//! Whether files are copies of each other, line by line.

use std::collections::BTreeSet;

use super::tree::Source;

/// The most that two files may share, in parts of a hundred of the shorter one.
const SHARE: usize = 5;

/// The shortest line that says something: braces, `use` and signatures of a trait are alike in any two files.
const SHORTEST: usize = 20;

/// Pairs of files that share too much.
pub fn shared(files: &[&Source]) -> Vec<String> {
    let mut found = vec![];
    for (n, one) in files.iter().enumerate() {
        for other in &files[n + 1..] {
            let (a, b) = (telling(&one.text), telling(&other.text));
            let common = a.intersection(&b).count();
            let shorter = a.len().min(b.len()).max(1);
            if common * 100 > shorter * SHARE {
                found.push(format!("{} and {}: {common} of {shorter} lines", one.path, other.path));
            }
        }
    }
    found
}

/// The lines that say something, tests left out.
fn telling(text: &str) -> BTreeSet<&str> {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    let lines = text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
    lines.filter(|line| !["use ", "//", "fn ", "impl ", "#["].iter().any(|start| line.starts_with(start))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_found() {
        let line = |n: usize| format!("    let value_number_{n} = compute({n});\n");
        let file = |path: &str, from: usize| Source::new(path, &(from..from + 100).map(line).collect::<String>());
        let (a, b, c) = (file("a", 0), file("b", 95), file("c", 94));
        assert_eq!(shared(&[&a, &b]), [""; 0], "five of a hundred");
        assert_eq!(shared(&[&a, &c]).len(), 1, "six of a hundred");
        assert_eq!(shared(&[&a, &b, &c]).len(), 2);
    }
}
