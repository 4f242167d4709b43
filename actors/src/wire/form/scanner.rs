//! Reads a form as it comes, whatever the cuts: parts, their bytes, the end. Holds no more than a head or a delimiter.
//!
//! Stricter than the RFC where readers differ (a delimiter is `CRLF--boundary` and then `CRLF` or `--`, nothing follows the
//! last one), so that who reads the same bytes behind us sees the same parts. Some take the boundary behind a bare line feed
//! for a delimiter, or right behind a head, where a part would be empty: to have that in a part is an error.

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use super::broken::Broken;
use super::part::Head;

/// Parts of a form: three times what OpenAI's API knows.
const MAX_PARTS: usize = 64;
/// The longest head of a part, and the most before the first part, bytes.
const MAX_HEAD: usize = 16 << 10;

const HOLDS_BOUNDARY: Broken = Broken("a part holds the form's boundary, or something follows a boundary in its line");

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
    /// In a part, of which something was told, or nothing yet.
    Content {
        begun: bool,
    },
    /// Behind the last delimiter.
    Over,
    Ended,
}

/// The reader of one form.
#[derive(Debug)]
pub struct Scanner {
    /// `--boundary`, without the line's end before it.
    dashed: Finder<'static>,
    /// What has come and is not told yet.
    buffer: BytesMut,
    at: At,
    parts: usize,
    /// Bytes of the part in hand, as its head tells them and as they were told here.
    length: Option<u64>,
    told: u64,
}

impl Scanner {
    /// A reader of a form with this boundary.
    pub fn new(boundary: &str) -> Self {
        let dashed = [b"--", boundary.as_bytes()].concat();
        // the first delimiter has no line before it, so it is given one
        Scanner {
            dashed: Finder::new(&dashed).into_owned(),
            buffer: BytesMut::from("\r\n"),
            at: At::Preamble,
            parts: 0,
            length: None,
            told: 0,
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
                At::Content { begun } => match self.content(begun)? {
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
        let dashed = |start: &usize| self.buffer[..*start].ends_with(b"\r\n");
        let Some(start) = self.dashed.find_iter(&self.buffer).find(dashed) else {
            return match self.buffer.len() > MAX_HEAD {
                true => Err(Broken("no part begins with the boundary that the content type names")),
                false => Ok(false),
            };
        };
        self.skip(start + self.dashed.needle().len());
        self.at = At::Delimited;
        Ok(true)
    }

    fn delimited(&mut self) -> Result<bool, Broken> {
        self.at = match self.buffer.get(..2) {
            None => return Ok(false),
            Some(b"\r\n") => At::Head,
            Some(b"--") => At::Over,
            Some(_) => return Err(HOLDS_BOUNDARY),
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
        (self.length, self.told) = (head.length, 0);
        self.at = At::Content { begun: false };
        Ok(Some(Item::Part(head)))
    }

    /// Bytes of a part, none of them where only its end is there. What may be the beginning of a delimiter waits.
    fn content(&mut self, begun: bool) -> Result<Option<Bytes>, Broken> {
        let length = self.dashed.needle().len();
        for start in self.dashed.find_iter(&self.buffer) {
            match &self.buffer[..start] {
                [.., b'\r', b'\n'] => {
                    let content = self.buffer.split_to(start - 2).freeze();
                    self.skip(length + 2);
                    self.at = At::Delimited;
                    return match self.length.is_none_or(|length| length == self.told + content.len() as u64) {
                        true => Ok(Some(content)),
                        false => Err(Broken("the content-length of a part is not its length")),
                    };
                }
                [.., b'\r' | b'\n'] => return Err(HOLDS_BOUNDARY),
                [] if !begun => return Err(HOLDS_BOUNDARY),
                _ => {}
            }
        }
        // all that begins sooner has been found, with the two bytes before it
        let sure = self.buffer.len().saturating_sub(length + 1);
        if sure == 0 {
            return Ok(None);
        }
        self.told += sure as u64;
        self.at = At::Content { begun: true };
        Ok(Some(self.buffer.split_to(sure).freeze()))
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
