//! Files: reading them, following `include`, and putting them together.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use zeroize::Zeroizing;

use super::finding::Finding;
use super::node::{At, Kind, Node, SourceFile};
use super::parse::parse;
use super::vars::{Env, reference};

/// Largest file, bytes. LiteLLM's longest published examples have some 30 kB.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Most files in one configuration.
const MAX_FILES: usize = 64;

/// All files of a configuration, put together.
pub(super) struct Sources {
    pub(super) root: Node,
    pub(super) files: Vec<SourceFile>,
    pub(super) found: Vec<Finding>,
}

/// Reads `path` and everything it includes. `env` may name what is included; `environment_variables` may not, since it may
/// itself stand in what is included.
pub(super) fn read_all(path: &Path, env: &dyn Env) -> Sources {
    let mut reading = Reading::with(env);
    let start = At { file: 0, line: 0, column: 0, width: 1 };
    let root = reading.file(path, start);
    reading.finish(root)
}

/// Takes `text` as if it stood in a file `path`.
pub(super) fn from_text(path: &Path, text: &str, env: &dyn Env) -> Sources {
    let mut reading = Reading::with(env);
    let root = reading.text(path, Zeroizing::new(text.to_owned()));
    reading.finish(root)
}

struct Reading<'e> {
    env: &'e dyn Env,
    files: Vec<SourceFile>,
    /// The files being read, outermost first: an include of one of them is a cycle.
    open: Vec<PathBuf>,
    found: Vec<Finding>,
}

impl<'e> Reading<'e> {
    fn with(env: &'e dyn Env) -> Self {
        Reading { env, files: Vec::new(), open: Vec::new(), found: Vec::new() }
    }

    fn finish(self, root: Option<Node>) -> Sources {
        let root = root.unwrap_or_else(|| Node::map(Vec::new(), At::default()));
        Sources { root, files: self.files, found: self.found }
    }

    fn file(&mut self, path: &Path, at: At) -> Option<Node> {
        let known = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.open.contains(&known) {
            let message = format!("`{}` includes itself, directly or through others", path.display());
            self.found.push(Finding::error("MR1010", at, &message, "remove this include").key("include"));
            return None;
        }
        if self.files.len() >= MAX_FILES {
            let message = format!("more than {MAX_FILES} files are included");
            self.found.push(Finding::error("MR1010", at, &message, "put some of them together").key("include"));
            return None;
        }
        let text = match read(path) {
            Ok(text) => text,
            Err(problem) => {
                // The main file has no line to show, but its name belongs to the place.
                if self.files.is_empty() {
                    self.files.push(SourceFile { path: path.to_owned(), text: Zeroizing::default() });
                }
                let message = format!("cannot read `{}`: {}", path.display(), problem.what);
                let finding = Finding::error(problem.code, at, &message, problem.help);
                self.found.push(if self.open.is_empty() { finding } else { finding.key("include") });
                return None;
            }
        };
        self.open.push(known);
        let node = self.text(path, text);
        self.open.pop();
        node
    }

    fn text(&mut self, path: &Path, text: Zeroizing<String>) -> Option<Node> {
        let file = self.files.len();
        let parsed = parse(&text, file, &mut self.found);
        self.files.push(SourceFile { path: path.to_owned(), text });
        let mut root = match parsed {
            Ok(root) => root,
            Err(finding) => {
                self.found.push(finding);
                return None;
            }
        };
        let Kind::Map(entries) = &mut root.kind else {
            let help = "begin with a section, such as `model_list:`";
            let message = format!("the file holds {}, where sections are expected", root.shape());
            self.found.push(Finding::error("MR1020", root.at, &message, help));
            return None;
        };
        let at = entries.iter().position(|(key, _)| key.text == "include");
        let includes = at.map(|at| entries.remove(at).1);
        if let Some(includes) = includes {
            self.include(&mut root, &includes, path);
        }
        Some(root)
    }

    fn include(&mut self, root: &mut Node, includes: &Node, path: &Path) {
        let paths = match &includes.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Scalar(_) if includes.is_null() => Vec::new(),
            _ => vec![includes],
        };
        for item in paths {
            let Some(scalar) = item.scalar().filter(|scalar| !scalar.text.is_empty()) else {
                let message = format!("`include` takes the names of files, not {}", item.shape());
                let finding = Finding::error("MR1020", item.at, &message, "write `include: [models.yaml]`");
                self.found.push(finding.key("include"));
                continue;
            };
            let Some(name) = self.name(item, scalar.text.as_str()) else { continue };
            let target = path.parent().unwrap_or(Path::new("")).join(name);
            if let Some(node) = self.file(&tidy(&target), item.at) {
                self.merge(root, node, "");
            }
        }
    }

    /// The name of an included file, which a variable may hold.
    fn name(&mut self, item: &Node, written: &str) -> Option<String> {
        let Some(variable) = reference(written) else { return Some(written.to_owned()) };
        let value = self.env.var(variable).filter(|value| !value.is_empty());
        if value.is_none() {
            let message = format!("the environment variable `{variable}` is not set");
            let help = "set it, or name the file; `environment_variables` is read later";
            self.found.push(Finding::error("MR1024", item.at, &message, help).key("include"));
        }
        value
    }

    /// Lists are appended, mappings merged key by key; one value written in two files is refused, because which of
    /// them wins in LiteLLM depends on their types.
    fn merge(&mut self, into: &mut Node, from: Node, prefix: &str) {
        let Kind::Map(entries) = &mut into.kind else { return };
        let Kind::Map(added) = from.kind else { return };
        for (key, node) in added {
            let path = if prefix.is_empty() { key.text.clone() } else { format!("{prefix}.{}", key.text) };
            let Some((first, present)) = entries.iter_mut().find(|(present, _)| present.text == key.text) else {
                entries.push((key, node));
                continue;
            };
            if present.is_null() {
                *present = node;
                continue;
            }
            match (&mut present.kind, node.kind) {
                (Kind::List(items), Kind::List(more)) => items.extend(more),
                (Kind::Map(_), more @ Kind::Map(_)) => self.merge(present, Node { kind: more, at: node.at }, &path),
                (_, Kind::Scalar(scalar)) if scalar.text.is_empty() && scalar.plain => {}
                _ => {
                    let file = self.files.get(first.at.file).map(|file| file.path.display().to_string());
                    let file = file.unwrap_or_default();
                    let message = format!("`{path}` is also set in {file}, line {}", first.at.line);
                    self.found.push(Finding::error("MR1011", key.at, &message, "keep one of the two").key(&path));
                }
            }
        }
    }
}

/// Why a file could not be read.
struct Problem {
    code: &'static str,
    what: String,
    help: &'static str,
}

fn read(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let problem = |what: String, help| Problem { code: "MR1001", what, help };
    let plain = |error: std::io::Error| problem(error.to_string(), "check the name and who may read it");
    let meta = std::fs::metadata(path).map_err(plain)?;
    if !meta.is_file() {
        // Opening a pipe would wait for a writer for ever.
        return Err(problem("it is not a regular file".to_owned(), "give the name of a YAML file"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path).map_err(plain)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(plain)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(Problem {
            code: "MR1006",
            what: "it is larger than 1 MiB".to_owned(),
            help: "split it with `include`",
        });
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            let what = format!("line {line} is not UTF-8");
            Err(Problem { code: "MR1009", what, help: "save the file as UTF-8" })
        }
    }
}

/// `a/./b` as `a/b`. A `..` stays: folding it would be wrong behind a symbolic link.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}
