//! A complaint while it is being made: its place is still a number of a file, and its line is not yet masked.

use super::keys;
use super::model::Place;
use super::node::{At, SourceFile};
use super::report::{Complaint, Severity};

/// A complaint in the making.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    code: &'static str,
    severity: Severity,
    key: String,
    message: String,
    help: String,
    at: At,
}

impl Finding {
    pub(super) fn error(code: &'static str, at: At, message: &str, help: &str) -> Self {
        let (message, help) = (message.to_owned(), help.to_owned());
        Self { code, severity: Severity::Error, key: String::new(), message, help, at }
    }

    pub(super) fn notice(code: &'static str, at: At, message: &str, help: &str) -> Self {
        Self { severity: Severity::Notice, ..Self::error(code, at, message, help) }
    }

    /// Says which key it is about, as a dotted path.
    pub(super) fn key(mut self, key: &str) -> Self {
        self.key = key.to_owned();
        self
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Puts the file's name and the masked line to it.
    pub(super) fn finish(self, files: &[SourceFile]) -> Complaint {
        let At { file, line, column, width } = self.at;
        let source = files.get(file);
        let index = usize::try_from(line).unwrap_or(0).checked_sub(1);
        let text = source.zip(index).and_then(|(source, index)| source.text.lines().nth(index));
        Complaint {
            code: self.code,
            severity: self.severity,
            message: self.message,
            help: self.help,
            place: Place { file: source.map(|source| source.path.clone()).unwrap_or_default(), line, column },
            width,
            line: text.map(|text| masked(text, &self.key)),
            key: self.key,
        }
    }

    /// What findings are sorted by, so that they read from top to bottom.
    pub(super) fn order(&self) -> (usize, u32, u32, &'static str) {
        (self.at.file, self.at.line, self.at.column, self.code)
    }
}

/// The line with everything that may be a secret replaced by `***`.
///
/// An allow-list: a value is shown only behind a key that the table knows and that holds no secret. A mistyped
/// `api_kye: sk-...` is therefore masked, which a list of secret keys would miss. Lines without a key (list items, the
/// inside of a long text) are shown only where the complaint's own key is one of the few that never hold secrets.
fn masked(line: &str, key: &str) -> String {
    let mut line: String = line.chars().take(200).collect();
    if let Some(at) = line.find("://").filter(|at| line[*at..].contains('@')) {
        // A user and password within an address, whatever the key.
        line = mask_from(&line, at + 3);
    }
    if let Some(at) = credential_at(&line) {
        // A key behind the wrong name, such as `timeout: sk-...`.
        line = mask_from(&line, at);
    }
    let open = keys::never_secret(key);
    let mut rest = 0;
    let mut any_key = false;
    while let Some(colon) = line[rest..].find(':').map(|found| rest + found) {
        let after = line[colon + 1..].chars().next();
        rest = colon + 1;
        if !after.is_none_or(char::is_whitespace) {
            continue;
        }
        any_key = true;
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '*' | '/');
        let before = line[..colon].trim_end_matches(['"', '\'']);
        let name = before.rsplit(|c: char| !is_name(c)).next().unwrap_or_default();
        if !(open || keys::shown(name)) {
            // Where the complaint is about a secret, what stands here may be a part of it, and no key at all.
            let inside = keys::secret(key) && !key.ends_with(name);
            return mask_from(&line, if inside { line.len() - line.trim_start().len() } else { colon + 1 });
        }
    }
    let text = line.trim_start_matches([' ', '-', '\t']);
    if any_key || open || text.is_empty() {
        return line;
    }
    mask_from(&line, line.len() - text.len())
}

/// Where something begins that looks like a credential, wherever it stands: `sk-` at the start of a word, or `Bearer`.
pub(super) fn credential_at(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let starts_word = |at: &usize| !lower[..*at].ends_with(|c: char| c.is_alphanumeric());
    ["sk-", "bearer "].iter().find_map(|mark| lower.match_indices(mark).map(|(at, _)| at).find(starts_word))
}

fn mask_from(line: &str, at: usize) -> String {
    let (head, tail) = line.split_at(at);
    if tail.trim().is_empty() || tail.trim_start().starts_with('#') {
        return line.to_owned();
    }
    format!("{head}{}***", if head.ends_with(':') { " " } else { "" })
}

/// The nearest of `known`, if it is near enough to be what was meant.
pub(super) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // No key is longer, and the distance takes time and memory by the length of both.
    if written.len() > 64 {
        return None;
    }
    let written = written.to_lowercase();
    // One letter in three may differ: names of one or two letters are all near each other.
    let limit = (written.chars().count() / 3).min(3);
    let distance = |name: &'k str| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name);
    known.into_iter().map(distance).filter(|(far, _)| *far <= limit).min_by_key(|(far, _)| *far).map(|(_, name)| name)
}

/// "did you mean `x`?", or what else may be written.
pub(super) fn suggest(written: &str, known: &[&str]) -> String {
    match nearest(written, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "nothing is known by this name; remove it".to_owned(),
        None if known.len() > 12 => format!("known are: {} ...", known[..12].join(", ")),
        None => format!("known are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{masked, nearest};

    #[test]
    fn values_behind_unknown_or_secret_keys_are_masked() {
        let shown = |line: &str| masked(line, "litellm_params.api_kye");
        assert_eq!(shown("    api_kye: sk-canary"), "    api_kye: ***");
        assert_eq!(shown("    api_key: sk-canary"), "    api_key: ***");
        assert_eq!(shown("  - {model: gpt-4o, api_key: sk-canary}"), "  - {model: gpt-4o, api_key: ***");
        assert_eq!(shown("    num_retries: five"), "    num_retries: five");
        assert_eq!(shown("    - sk-canary"), "    - ***");
        assert_eq!(shown("    sk-canary"), "    ***");
        assert_eq!(shown("    \"api_key\": \"sk-canary\""), "    \"api_key\": ***");
        assert_eq!(shown("    api_base: http://user:canary@h/v1"), "    api_base: http://***");
        assert_eq!(shown("    api_base: http://h/v1 # key: sk-canary"), "    api_base: http://h/v1 # key: ***");
    }

    #[test]
    fn fallback_lines_are_shown_whole() {
        let line = "    - gpt-4o: [nowhere]";
        assert_eq!(masked(line, "router_settings.fallbacks.gpt-4o"), line);
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["api_key", "api_base", "num_retries"];
        assert_eq!(nearest("api_kye", known), Some("api_key"));
        assert_eq!(nearest("NUM_RETRIES", known), Some("num_retries"));
        assert_eq!(nearest("colour", known), None);
    }
}
