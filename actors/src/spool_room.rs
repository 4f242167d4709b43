//! The room for uploads that must be read before they are sent: how much of it is taken by all of them together.
//!
//! Each is within `max_request_size_mb` and their number within `max_in_flight`, which together is more than most disks have.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The room. One for the process: it outlives reloads, as what lies in it does.
#[derive(Debug, Default)]
pub struct SpoolRoom {
    folder: PathBuf,
    taken: AtomicU64,
    refused: AtomicU64,
}

impl SpoolRoom {
    /// Room in a folder.
    pub fn new(folder: PathBuf) -> Arc<Self> {
        Arc::new(SpoolRoom { folder, ..SpoolRoom::default() })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes taken now, and how many uploads found no room since the start.
    pub fn numbers(&self) -> [u64; 2] {
        [self.taken.load(Relaxed), self.refused.load(Relaxed)]
    }

    /// An upload found no room.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Relaxed);
    }
}

/// One upload's share, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    room: Arc<SpoolRoom>,
    bytes: u64,
}

impl Share {
    /// Nothing yet.
    pub fn of(room: &Arc<SpoolRoom>) -> Self {
        Share { room: Arc::clone(room), bytes: 0 }
    }

    /// Takes more, within `limit` for all together; `Err` tells whether this one alone is too much.
    pub fn grow(&mut self, more: u64, limit: u64) -> Result<(), bool> {
        // added first and looked at after, so that two workers cannot both take the last of it
        let before = self.room.taken.fetch_add(more, Relaxed);
        if before.saturating_add(more) > limit {
            self.room.taken.fetch_sub(more, Relaxed);
            return Err(self.bytes + more > limit);
        }
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_bounded_together_and_given_back() {
        let room = SpoolRoom::new(PathBuf::new());
        let (mut one, mut other) = (Share::of(&room), Share::of(&room));
        assert_eq!(one.grow(60, 100), Ok(()));
        assert_eq!(other.grow(50, 100), Err(false), "there will be room");
        assert_eq!(other.grow(40, 100), Ok(()));
        assert_eq!(one.grow(50, 100), Err(true), "there never will");
        assert_eq!(room.numbers(), [100, 0]);
        drop(one);
        assert_eq!(other.grow(60, 100), Ok(()));
        drop(other);
        room.refuse();
        assert_eq!(room.numbers(), [0, 1]);
    }
}
