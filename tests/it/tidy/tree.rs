//! What there is to look at: the Rust files of all crates, and what git has.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// A file, its path relative to the root of the repository.
#[derive(Clone)]
pub struct Source {
    pub path: String,
    pub text: String,
    /// Compiled for tests alone, or a bench: by its folder, or as the declaration of its module says.
    pub test: bool,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let test = ["tests/", "actors/benches/", "fuzz/", "benches/benches/", "benches/tests/"];
        let test = test.iter().any(|folder| path.starts_with(folder));
        Source { path: path.to_owned(), text: text.to_owned(), test }
    }
}

/// Folders with Rust of ours, and nothing built.
const FOLDERS: [&str; 9] = [
    "src",
    "tests",
    "actors/src",
    "actors/benches",
    "fuzz/fuzz_targets",
    "fuzz/src",
    "benches/src",
    "benches/benches",
    "benches/tests",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of every crate, in order of path.
pub fn rust_sources() -> Vec<Source> {
    static READ: LazyLock<Vec<Source>> = LazyLock::new(read_sources);
    READ.clone()
}

fn read_sources() -> Vec<Source> {
    let mut paths = Vec::new();
    FOLDERS.iter().for_each(|folder| walk(&root().join(folder), &mut paths));
    paths.sort();
    let mut sources: Vec<_> = paths.iter().filter_map(|path| read(path)).collect();
    let tests: Vec<_> = sources.iter().flat_map(super::code::test_modules).collect();
    for source in &mut sources {
        let module = source.path.trim_end_matches(".rs");
        source.test |= tests.iter().any(|test| module == test || module.starts_with(&format!("{test}/")));
    }
    assert!(sources.len() > 100, "the folders have moved: only {} files", sources.len());
    sources
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => walk(&path, out),
            false if path.extension().is_some_and(|end| end == "rs") => out.push(path),
            false => {}
        }
    }
}

fn read(path: &Path) -> Option<Source> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(Source::new(&path.strip_prefix(root()).unwrap_or(path).to_string_lossy(), &text))
}

/// Every text file that git has; nothing where there is no git.
pub fn committed() -> Option<Vec<Source>> {
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-files", "-z"]).output().ok()?;
    if !listed.status.success() {
        return None;
    }
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let files = names.split('\0').filter(|name| !name.is_empty()).filter_map(|name| read(&root().join(name)));
    Some(files.collect())
}

/// What must not be committed: where this copy lies, this machine's name, and the hosts that Cargo is told to fetch from
/// here. Read at run time, so that this file names none of them.
pub fn own_hosts() -> Vec<String> {
    let mut hosts = vec![root().to_string_lossy().into_owned()];
    hosts.extend(std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned()));
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    for folder in [std::env::var_os("CARGO_HOME").map(PathBuf::from), home].into_iter().flatten() {
        let text = std::fs::read_to_string(folder.join("config.toml")).unwrap_or_default();
        hosts.extend(super::lines::hosts(&text));
    }
    // the lock file names the registry that everyone has; Cargo writes it, and it is no machine's own
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    // a short name is a word of the language sooner than a machine's
    hosts.retain(|host| host.len() > 5 && host != "localhost" && !lock.contains(host.as_str()));
    hosts
}
