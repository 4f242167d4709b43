//! Callbacks that the admin surface was asked to keep: a file in the data folder, applied over the configuration's list at
//! start and on reload. The configuration file itself is the operator's, comments and all; we never write to it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use millrace_actors::ports::CallbackSpec;
use serde::{Deserialize, Serialize};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// It cannot be read or written.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        cause: io::Error,
    },
    /// It is not what we wrote.
    #[error("{}: not a file of kept callbacks ({cause}); mend it, or remove it to go by the configuration alone", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: serde_json::Error,
    },
    /// There is nowhere to write.
    #[error("nothing can be kept: set millrace.data_dir in the configuration to a folder of ours")]
    NoDataDir,
}

/// The file: a callback by name, or `null` for one that was removed.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Overlay(BTreeMap<String, Option<Kept>>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    callback: String,
    params: serde_json::Value,
}

/// The configuration's list with the kept changes made.
pub fn apply(path: Option<&Path>, mut specs: Vec<CallbackSpec>) -> Result<Vec<CallbackSpec>, OverlayError> {
    let Some(path) = path else { return Ok(specs) };
    for (name, kept) in read(path)?.0 {
        let place = specs.iter().position(|spec| spec.name == name);
        match (place, kept) {
            (Some(n), None) => drop(specs.remove(n)),
            (None, None) => {}
            (place, Some(kept)) => {
                let spec = CallbackSpec { name, kind: kept.callback, params: kept.params };
                match place {
                    Some(n) => specs[n] = spec,
                    None => specs.push(spec),
                }
            }
        }
    }
    Ok(specs)
}

/// Keeps one change: the spec of a callback, or that it is gone. Written aside and renamed, so that a crash leaves the old
/// file or the new one; 0600, since parameters may hold secrets. Read, change, write: only the keeper may, one at a time.
pub fn keep(path: Option<&Path>, name: &str, spec: Option<&CallbackSpec>) -> Result<(), OverlayError> {
    let path = path.ok_or(OverlayError::NoDataDir)?;
    let mut overlay = read(path)?;
    let kept = spec.map(|spec| Kept { callback: spec.kind.clone(), params: spec.params.clone() });
    overlay.0.insert(name.to_owned(), kept);
    let text = serde_json::to_vec_pretty(&overlay).map_err(|cause| malformed(path, cause))?;
    write_private(path, &text).map_err(|cause| OverlayError::Io { path: path.to_owned(), cause })
}

/// Writes a file that only we may read, whole or not at all.
pub fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let aside = path.with_extension("new");
    // a leftover of a crash may have other rights: the mode counts only for a file that is created
    let _ = fs::remove_file(&aside);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    // the file's bytes are safe, its name is not yet: that is in the folder
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

fn read(path: &Path) -> Result<Overlay, OverlayError> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|cause| malformed(path, cause)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Overlay::default()),
        Err(cause) => Err(OverlayError::Io { path: path.to_owned(), cause }),
    }
}

fn malformed(path: &Path, cause: serde_json::Error) -> OverlayError {
    OverlayError::Malformed { path: path.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, kind: &str) -> CallbackSpec {
        CallbackSpec { name: name.into(), kind: kind.into(), params: serde_json::json!({ "a": 1 }) }
    }

    #[test]
    fn kept_changes_stand_over_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/callbacks.json");
        let configured = vec![spec("a", "noop"), spec("b", "noop")];
        assert_eq!(apply(Some(&path), configured.clone()).unwrap(), configured, "no file, no change");
        keep(Some(&path), "a", None).unwrap();
        keep(Some(&path), "b", Some(&spec("b", "headers"))).unwrap();
        keep(Some(&path), "c", Some(&spec("c", "noop"))).unwrap();
        assert_eq!(apply(Some(&path), configured.clone()).unwrap(), [spec("b", "headers"), spec("c", "noop")]);
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "[]").unwrap();
        assert!(matches!(apply(Some(&path), configured), Err(OverlayError::Malformed { .. })));
        assert!(matches!(keep(None, "a", None), Err(OverlayError::NoDataDir)));
    }
}
