//! A file that is appended to and rotated by size: `x.jsonl`, `x.jsonl.1`, `x.jsonl.2` and so on, the highest the oldest.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Records tell who asked what model when: nobody but the service's own user may read them.
const MODE: u32 = 0o600;

/// The file.
pub(super) struct RotatingFile {
    path: PathBuf,
    max_bytes: u64,
    keep: u32,
    open: Option<Open>,
    /// The last write failed and may have left half a line.
    torn: bool,
}

struct Open {
    file: File,
    /// Device and inode: which file it is, whatever its name is now.
    id: (u64, u64),
    /// A pipe or a device (`/dev/stdout`) has no size and is never rotated.
    regular: bool,
    length: u64,
}

impl RotatingFile {
    /// Opens nothing yet. `keep` rotated files stay; with 0 a full file is deleted.
    pub(super) fn new(path: PathBuf, max_bytes: u64, keep: u32) -> Self {
        RotatingFile { path, max_bytes, keep, open: None, torn: false }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it to append, creating it if need be.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let file = OpenOptions::new().append(true).create(true).mode(MODE).open(&self.path)?;
        let meta = file.metadata()?;
        let id = (meta.dev(), meta.ino());
        self.open = Some(Open { file, id, regular: meta.is_file(), length: meta.len() });
        Ok(())
    }

    /// Appends whole lines, in one write where the system allows it. On an error some of them may have been written; the
    /// file is opened anew at the next call, so a disk that was full or a directory that was gone needs no restart.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let done = self.try_append(lines);
        if done.is_err() {
            self.open = None;
        }
        done
    }

    fn try_append(&mut self, lines: &[u8]) -> io::Result<()> {
        // someone else may have moved it: a tool that rotates logs, or another callback on the same path
        if self.open.as_ref().is_some_and(|open| open.regular && !same(&self.path, open.id)) {
            self.open = None;
        }
        if self.open.is_none() {
            self.open()?;
        }
        if self
            .open
            .as_ref()
            .is_some_and(|o| o.regular && o.length > 0 && o.length + lines.len() as u64 > self.max_bytes)
        {
            self.rotate()?;
            self.open()?;
        }
        let torn = self.torn;
        let Some(open) = &mut self.open else { return Ok(()) };
        self.torn = true;
        if torn && open.length > 0 {
            // half a line stays behind, but the next record begins on a line of its own
            open.file.write_all(b"\n")?;
            open.length += 1;
        }
        open.file.write_all(lines)?;
        open.length += lines.len() as u64;
        self.torn = false;
        Ok(())
    }

    /// Each file takes the next number; the last one goes.
    fn rotate(&mut self) -> io::Result<()> {
        self.open = None;
        self.torn = false;
        if self.keep == 0 {
            return fs::remove_file(&self.path);
        }
        for n in (1..self.keep).rev() {
            if let Err(error) = fs::rename(self.numbered(n), self.numbered(n + 1))
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
        }
        fs::rename(&self.path, self.numbered(1))
    }

    fn numbered(&self, n: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{n}"));
        name.into()
    }
}

fn same(path: &Path, id: (u64, u64)) -> bool {
    fs::metadata(path).is_ok_and(|meta| (meta.dev(), meta.ino()) == id)
}

#[cfg(test)]
impl RotatingFile {
    /// As after a write that failed half-way.
    pub(super) fn tear(&mut self) {
        (self.open, self.torn) = (None, true);
    }
}
