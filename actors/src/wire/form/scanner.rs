//! Reads a form as it comes, whatever the cuts: parts, their bytes, the end. Holds no more than a head or a delimiter.
//!
//! Stricter than the RFC where readers differ (a delimiter is `CRLF--boundary` and then `CRLF` or `--`, nothing follows the
//! last one), so that who reads the same bytes behind us sees the same parts.

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use super::part::{Broken, Head};

/// Parts of a form: three times what OpenAI's API knows.
const MAX_PARTS: usize = 64;
/// The longest head of a part, and the most before the first part, bytes.
const MAX_HEAD: usize = 16 << 10;

/// What comes next in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A part begins, and the one before it is over.
    Part(Head),
    /// More bytes of it; never none.
    Content(Bytes),
    /// The form is over.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter.
    Delimited,
    Head,
    Content,
    /// Behind the last delimiter.
    Over,
    Ended,
}

/// The reader of one form.
#[derive(Debug)]
pub struct Scanner {
    delimiter: Finder<'static>,
    /// What has come and is not told yet.
    buffer: BytesMut,
    at: At,
    parts: usize,
}

impl Scanner {
    /// A reader of a form with this boundary.
    pub fn new(boundary: &str) -> Self {
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        // the first delimiter has no line before it, so it is given one
        Scanner {
            delimiter: Finder::new(&delimiter).into_owned(),
            buffer: BytesMut::from("\r\n"),
            at: At::Preamble,
            parts: 0,
        }
    }

    /// More of the form.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What is next in what has come; nothing, until more has.
    ///
    /// # Errors
    /// It is no form, or one that could be read in more ways than one.
    pub fn item(&mut self) -> Result<Option<Item>, Broken> {
        loop {
            let moved = match self.at {
                At::Preamble => self.preamble()?,
                At::Delimited => self.delimited()?,
                At::Head => return self.head(),
                At::Content => match self.content() {
                    Some(bytes) if bytes.is_empty() => true,
                    Some(bytes) => return Ok(Some(Item::Content(bytes))),
                    None => false,
                },
                At::Over => return self.over(),
                At::Ended => return self.over().map(|_| None),
            };
            if !moved {
                return Ok(None);
            }
        }
    }

    /// What has come and is not told yet: behind a part's head, the bytes that follow it as they came.
    pub fn untold(&self) -> &[u8] {
        &self.buffer
    }

    /// No more comes.
    ///
    /// # Errors
    /// The form was not over.
    pub fn finish(&self) -> Result<(), Broken> {
        match self.at {
            At::Ended => Ok(()),
            At::Preamble => Err(Broken("no part begins with the boundary that the content type names")),
            _ => Err(Broken("the form ends before its closing boundary")),
        }
    }

    fn preamble(&mut self) -> Result<bool, Broken> {
        let Some(start) = self.delimiter.find(&self.buffer) else {
            return match self.buffer.len() > MAX_HEAD {
                true => Err(Broken("no part begins with the boundary that the content type names")),
                false => Ok(false),
            };
        };
        self.skip(start + self.delimiter.needle().len());
        self.at = At::Delimited;
        Ok(true)
    }

    fn delimited(&mut self) -> Result<bool, Broken> {
        self.at = match self.buffer.get(..2) {
            None => return Ok(false),
            Some(b"\r\n") => At::Head,
            Some(b"--") => At::Over,
            Some(_) => {
                return Err(Broken("a part holds the form's boundary, or something follows a boundary in its line"));
            }
        };
        self.skip(2);
        Ok(true)
    }

    fn head(&mut self) -> Result<Option<Item>, Broken> {
        let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") else {
            return match self.buffer.len() > MAX_HEAD {
                true => Err(Broken("the head of a part is too long")),
                false => Ok(None),
            };
        };
        if end > MAX_HEAD {
            return Err(Broken("the head of a part is too long"));
        }
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(Broken("the form has more than 64 parts"));
        }
        let head = Head::parse(&self.buffer[..end + 2])?;
        self.skip(end + 4);
        self.at = At::Content;
        Ok(Some(Item::Part(head)))
    }

    /// Bytes of a part, none of them where only its end is there. What may be the beginning of a delimiter waits.
    fn content(&mut self) -> Option<Bytes> {
        if let Some(end) = self.delimiter.find(&self.buffer) {
            let content = self.buffer.split_to(end).freeze();
            self.skip(self.delimiter.needle().len());
            self.at = At::Delimited;
            return Some(content);
        }
        let tail = self.buffer.len().saturating_sub(self.delimiter.needle().len() - 1);
        let sure = tail + self.first_doubt(tail);
        (sure > 0).then(|| self.buffer.split_to(sure).freeze())
    }

    /// How far behind `tail` a delimiter may begin.
    fn first_doubt(&self, tail: usize) -> usize {
        let end = &self.buffer[tail..];
        let begins = |at: &usize| self.delimiter.needle().starts_with(&end[*at..]);
        memchr::memchr_iter(b'\r', end).find(begins).unwrap_or(end.len())
    }

    /// Nothing but a line's end may follow: more would be parts to some readers, and none to others.
    fn over(&mut self) -> Result<Option<Item>, Broken> {
        if !b"\r\n".starts_with(&self.buffer) {
            return Err(Broken("something follows the closing boundary"));
        }
        let told = self.at == At::Ended;
        self.at = At::Ended;
        Ok((!told).then_some(Item::End))
    }

    fn skip(&mut self, count: usize) {
        drop(self.buffer.split_to(count));
    }
}

#[cfg(test)]
#[path = "scanner_tests.rs"]
mod tests;
