//! The body of an answer before it is framed as HTTP.

const JSON: &str = "application/json";

/// A body before it is framed.
pub struct Body {
    /// The status of the answer.
    pub status: u16,
    /// Its content-type.
    pub content_type: &'static str,
    /// Its pieces: events of a stream, or one piece.
    pub parts: Vec<Vec<u8>>,
    /// Whether it is a stream.
    pub stream: bool,
}

impl Body {
    /// A JSON body.
    pub fn json(status: u16, text: String) -> Self {
        Self { status, content_type: JSON, parts: vec![text.into_bytes()], stream: false }
    }

    /// Any other body.
    pub fn other(status: u16, content_type: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, parts: vec![bytes.into()], stream: false }
    }
}
