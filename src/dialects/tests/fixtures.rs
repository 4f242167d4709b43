//! Fixtures found and read, goldens compared.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialects/fixtures")
}

/// A fixture.
pub struct Fixture {
    /// Without its folder, kind and ending: `text` of `stream-text.sse`.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// The fixtures of a kind (`request`, `whole`, `stream`) in a folder, by name.
pub fn of(folder: &str, kind: &str) -> Vec<Fixture> {
    let dir = root().join(folder);
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut found: Vec<Fixture> = entries
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem()?.to_str()?.strip_prefix(kind)?.strip_prefix('-')?.to_owned();
            Some(Fixture { name, text: std::fs::read_to_string(&path).unwrap() })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!found.is_empty(), "no {kind} in {}", dir.display());
    found
}

/// Compares all at once, so that one run shows all that differs.
#[derive(Default)]
pub struct Goldens(Vec<String>);

impl Goldens {
    /// `text` is what the golden file says.
    pub fn is(&mut self, file: &str, text: &str) {
        let path = root().join("golden/across").join(file);
        if std::env::var_os("MILLRACE_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        if let Some(line) = (text != known).then(|| text.lines().zip(known.lines()).position(|(a, b)| a != b)) {
            let line = line.unwrap_or_else(|| text.lines().count().min(known.lines().count()));
            let (is, was) = (text.lines().nth(line), known.lines().nth(line));
            self.0.push(format!("{file}:{}: {:?} was {:?}", line + 1, is.unwrap_or(""), was.unwrap_or("")));
        }
    }

    /// Says what differed.
    #[track_caller]
    pub fn done(self) {
        assert!(self.0.is_empty(), "look at these; if they are right, MILLRACE_BLESS=1:\n{}", self.0.join("\n"));
    }
}
