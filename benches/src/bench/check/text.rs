//! The text of an answer, compared with the provider's own while it comes. The same for every protocol.

use super::{Expect, Fault};

/// The text so far.
#[derive(Debug)]
pub struct Text<'e> {
    expect: &'e Expect,
    chunks: usize,
    /// The text so far, by chunk, where someone wants it.
    pub kept: Option<Vec<String>>,
}

impl<'e> Text<'e> {
    /// No text yet.
    pub fn new(expect: &'e Expect) -> Self {
        Self { expect, chunks: 0, kept: None }
    }

    /// Chunks with text so far.
    pub fn chunks(&self) -> usize {
        self.chunks
    }

    /// One piece of text.
    ///
    /// # Errors
    /// It is not the provider's.
    pub fn add(&mut self, text: &str) -> Result<(), Fault> {
        let at = self.chunks;
        self.chunks += 1;
        if let Some(content) = &self.expect.content {
            // One more than the provider sends is a wrong count, found at the end.
            if content.get(at).is_some_and(|expected| expected != text) {
                return Err(Fault::Content { at });
            }
        }
        if let Some(kept) = &mut self.kept {
            kept.push(text.to_owned());
        }
        Ok(())
    }

    /// No more text will come.
    ///
    /// # Errors
    /// There was too little or too much of it.
    pub fn end(&self) -> Result<(), Fault> {
        match &self.expect.content {
            Some(content) if content.len() != self.chunks => {
                Err(Fault::ChunkCount { expected: content.len(), got: self.chunks })
            }
            None if self.chunks == 0 => Err(Fault::Shape("no content")),
            _ => Ok(()),
        }
    }
}
