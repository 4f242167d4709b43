//! Where an upload lies that must be read before it is sent: in memory up to a bound, past it in a file without a name in
//! `data_dir`, which is gone with its last reader, a crash included. Without a `data_dir` nothing is written anywhere, and it
//! lies in memory within `max_request_size_mb`. All files together are within `upload_spool_bytes`.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{iter, try_unfold};
use millrace_actors::fault::Fault;
use millrace_actors::spool_room::{Share, SpoolRoom};
use millrace_actors::upload::{Coming, Upload};
use tokio::task::spawn_blocking;

/// Bytes in one piece, and in one read or write of the file.
const PIECE: usize = 64 << 10;

/// The room for files, and how much of it all of them may take, bytes.
pub type Room<'a> = (&'a Arc<SpoolRoom>, u64);

/// A file, and what it takes of the room.
struct Aside {
    file: Arc<File>,
    share: Share,
}

/// What is being read.
pub struct Spool<'a> {
    /// What is not in a piece of its own yet: a caller that sends a byte at a time is not kept in a list.
    open: BytesMut,
    pieces: Vec<Bytes>,
    aside: Option<Aside>,
    length: usize,
    most: usize,
    room: Option<Room<'a>>,
}

impl<'a> Spool<'a> {
    /// An empty one, that holds `most` bytes in memory and the rest where there is room.
    pub fn new(most: usize, room: Option<Room<'a>>) -> Self {
        Spool { open: BytesMut::new(), pieces: Vec::new(), aside: None, length: 0, most, room }
    }

    /// More of it.
    ///
    /// # Errors
    /// There is no room, or it could not be written; the log says why.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.length += bytes.len();
        self.open.extend_from_slice(bytes);
        if self.open.len() >= PIECE {
            self.close_piece().await?;
        }
        Ok(())
    }

    async fn close_piece(&mut self) -> Result<(), Fault> {
        self.pieces.push(self.open.split().freeze());
        let Some((room, limit)) = self.room.filter(|_| self.aside.is_some() || self.length > self.most) else {
            return Ok(());
        };
        let pieces = std::mem::take(&mut self.pieces);
        let more = pieces.iter().map(|piece| piece.len() as u64).sum();
        let aside = match &mut self.aside {
            Some(aside) => aside,
            None => {
                let folder = room.folder().to_owned();
                let file = blocking(move || tempfile::tempfile_in(folder)).await.map_err(failed)?;
                self.aside.insert(Aside { file: Arc::new(file), share: Share::of(room) })
            }
        };
        let grown = aside.share.grow(more, limit).map_err(|alone| Fault::SpoolFull { limit: Some(limit), alone });
        let written = match grown {
            Ok(()) => write(Arc::clone(&aside.file), pieces).await.map_err(failed),
            Err(full) => Err(full),
        };
        written.inspect_err(|fault| {
            if matches!(fault, Fault::SpoolFull { .. }) {
                room.refuse();
            }
        })
    }

    /// All of it, to be sent.
    pub fn upload(self) -> Upload {
        let Spool { open, pieces, aside, length, .. } = self;
        let rest = open.freeze();
        let in_file = length - rest.len();
        match aside {
            None => Upload::whole(move || memory(&pieces, &rest), length as u64),
            Some(aside) => {
                let open = move || {
                    let ahead = reading(Arc::clone(&aside.file), in_file as u64);
                    ahead.chain(memory(&[], &rest)).boxed_local()
                };
                Upload::whole(open, length as u64)
            }
        }
    }
}

fn memory(pieces: &[Bytes], rest: &Bytes) -> Coming {
    let all: Vec<Bytes> = pieces.iter().chain([rest]).cloned().collect();
    iter(all.into_iter().map(Ok)).boxed_local()
}

/// The first `length` bytes of a file. Read at places: two readings have no place in common.
fn reading(file: Arc<File>, length: u64) -> Coming {
    try_unfold(0, move |at| {
        let file = Arc::clone(&file);
        async move {
            if at == length {
                return Ok(None);
            }
            let size = PIECE.min(usize::try_from(length - at).unwrap_or(PIECE));
            let read = move || {
                let mut piece = vec![0; size];
                file.read_exact_at(&mut piece, at).map(|()| Bytes::from(piece))
            };
            let piece = blocking(read).await.map_err(failed)?;
            let next = at + piece.len() as u64;
            Ok(Some((piece, next)))
        }
    })
    .boxed_local()
}

async fn write(file: Arc<File>, pieces: Vec<Bytes>) -> io::Result<()> {
    blocking(move || pieces.iter().try_for_each(|piece| (&*file).write_all(piece))).await
}

/// Runs what waits for the disk beside the worker's thread, which must not.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|why| Err(io::Error::other(why)))
}

fn failed(cause: io::Error) -> Fault {
    log::error!("upload cannot be spooled in data_dir cause={cause}");
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::SpoolFull { limit: None, alone: false },
        _ => Fault::Internal,
    }
}
