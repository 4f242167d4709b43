//! The rest of a form on its way upstream, from its first file on. It passes as it came, under the caller's own boundary: so
//! its length is known from the caller's, and providers that take no chunked body are served. Each piece is read before it
//! goes: a field that is not allowed breaks the upload off, wherever it stands, and so does a form that does not end.

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::try_unfold;
use millrace_actors::fault::Fault;
use millrace_actors::upload::Upload;
use millrace_actors::wire::form::opening;
use millrace_actors::wire::form::part::Head;
use millrace_actors::wire::form::scanner::Item;

use super::complaint::{bad, broken};
use super::reading::{Form, Reading};

/// What is left of a form.
struct Tail {
    reading: Reading,
    /// What goes before it: the head of the file, and what has come behind that, unread.
    opening: Option<Bytes>,
    untold: Option<Bytes>,
    /// Bytes of it as the caller sends it that have not gone by.
    left: Option<u64>,
    /// A field is being read, and not a file.
    in_field: bool,
}

/// Sends the rest of a form, of whose first file the head has been read.
pub fn send(reading: Reading, head: &Head) -> Result<Form, Fault> {
    let (envelope, boundary, bound) = (reading.fields.envelope()?, reading.boundary.clone(), reading.kept);
    let opening = opening(head, &boundary);
    let untold = Bytes::copy_from_slice(reading.scanner.untold());
    let told = (reading.body.taken() - untold.len()) as u64;
    let left = reading.body.announced.map(|announced| announced.saturating_sub(told));
    let length = left.map(|left| left + opening.len() as u64);
    let untold = (!untold.is_empty()).then_some(untold);
    let tail = Tail { reading, opening: Some(opening), untold, left, in_field: false };
    let coming = try_unfold(tail, |mut tail| async move { Ok(tail.next().await?.map(|bytes| (bytes, tail))) });
    Ok(Form { envelope, boundary, upload: Upload::live(coming.boxed_local(), length, bound) })
}

impl Tail {
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if let Some(opening) = self.opening.take() {
            return Ok(Some(opening));
        }
        let (piece, fed) = match self.untold.take() {
            Some(untold) => (Some(untold), true),
            None => (self.reading.body.next().await?, false),
        };
        let Some(piece) = piece else {
            return self.reading.scanner.finish().map(|()| None).map_err(broken);
        };
        if !fed {
            self.reading.scanner.feed(&piece);
        }
        while let Some(item) = self.reading.scanner.item().map_err(broken)? {
            self.look(item)?;
        }
        self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
        if self.left == Some(0) {
            // the last of it makes the provider's request a whole one, so it must be one
            self.reading.scanner.finish().map_err(broken)?;
        }
        Ok(Some(piece))
    }

    fn look(&mut self, item: Item) -> Result<(), Fault> {
        let fields = &mut self.reading.fields;
        match item {
            Item::Part(head) if !head.plain => {
                let message = format!(
                    "The head of the part '{}' says more than its name, filename and type, or in another order. Behind \
                     the first file parts pass as they are: send `content-disposition: form-data; name=...; filename=...` \
                     and `content-type`, and no other lines.",
                    head.name
                );
                Err(bad(message, Some(&head.name)))
            }
            Item::Part(head) => {
                self.in_field = !head.file;
                if head.file { fields.file(&head) } else { fields.begins(head) }
            }
            Item::Content(bytes) if self.in_field => fields.takes(&bytes),
            Item::Content(_) => Ok(()),
            Item::End => fields.ends(),
        }
    }
}
