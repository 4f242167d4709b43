//! Pictures of the model's (`ImageBlock`, `ImageBlockStart`, `ImageBlockDelta`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millrace_actors::fault::Fault;
use serde::Deserialize;

use super::answer::invalid;
use crate::dialects::event::{Event, Image};
use crate::dialects::request::Source;

/// Most bytes of one picture in a stream, where it may come in pieces.
const MOST: usize = 32 << 20;

/// A picture, or of one in a stream its beginning or a piece.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Told {
    format: Option<String>,
    source: Option<Place>,
}

/// One that lies elsewhere has no bytes, and nobody but its owner could fetch it.
#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    bytes: Option<String>,
}

/// A picture as far as it has come.
#[derive(Debug, Default)]
pub struct Picture {
    format: Option<String>,
    bytes: Vec<u8>,
}

impl Picture {
    /// More of it.
    ///
    /// # Errors
    /// It is no base64, or too much.
    pub fn add(&mut self, told: Told) -> Result<(), Fault> {
        self.format = told.format.or(self.format.take());
        if let Some(piece) = told.source.and_then(|source| source.bytes) {
            let piece = STANDARD.decode(piece).map_err(|why| invalid(format!("a picture is no base64: {why}")))?;
            if self.bytes.len() + piece.len() > MOST {
                return Err(invalid("a picture is longer than 32 MiB"));
            }
            self.bytes.extend(piece);
        }
        Ok(())
    }

    /// What is told of it.
    pub fn event(self) -> Event {
        if self.bytes.is_empty() {
            return Event::Own { kind: "image".to_owned() };
        }
        let media_type = format!("image/{}", self.format.as_deref().unwrap_or("png"));
        let source = Source::Base64 { media_type, data: STANDARD.encode(self.bytes) };
        Event::Image { choice: 0, image: Image { source } }
    }
}
