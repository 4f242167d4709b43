//! What the ways of reading a form have in common.

use millrace_actors::fault::Fault;
use millrace_actors::upload::Upload;
use millrace_actors::wire::envelope::Envelope;
use millrace_actors::wire::form::scanner::{Item, Scanner};

use super::super::incoming::Incoming;
use super::complaint::broken;
use super::fields::Fields;

/// A form, as far as it must be known before it is sent.
pub struct Form {
    /// Its fields.
    pub envelope: Envelope,
    /// What separates its parts.
    pub boundary: String,
    /// From the first file to the end.
    pub upload: Upload,
}

/// What a form is read with.
pub struct Reading {
    /// Where it comes from.
    pub body: Incoming,
    /// What takes it apart.
    pub scanner: Scanner,
    /// The fields so far.
    pub fields: Fields,
    /// What separates its parts.
    pub boundary: String,
    /// Bytes kept in memory.
    pub kept: usize,
}

impl Reading {
    /// What is next in the form; nothing at its end.
    pub async fn next(&mut self) -> Result<Option<Item>, Fault> {
        loop {
            if let Some(item) = self.scanner.item().map_err(broken)? {
                return Ok(Some(item));
            }
            match self.body.next().await? {
                Some(bytes) => self.scanner.feed(&bytes),
                None => return self.scanner.finish().map(|()| None).map_err(broken),
            }
        }
    }
}
