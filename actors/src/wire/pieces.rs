//! A rewritten request body as slices of the caller's own bytes and small parts of ours: the messages aren't copied, and a
//! retry shares all of it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

/// A body in parts, in order. Cloning it copies no bytes.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    parts: Arc<[Bytes]>,
    len: u64,
}

impl Pieces {
    /// The body's length in bytes, for its `content-length`.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// No byte at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The parts, none of them empty.
    pub fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    /// The body in one piece: a copy, unless it's one part anyway.
    pub fn to_bytes(&self) -> Bytes {
        if let [only] = &*self.parts {
            return only.clone();
        }
        let mut whole = BytesMut::with_capacity(usize::try_from(self.len).unwrap_or_default());
        for part in &*self.parts {
            whole.extend_from_slice(part);
        }
        whole.freeze()
    }
}

impl FromIterator<Bytes> for Pieces {
    fn from_iter<I: IntoIterator<Item = Bytes>>(parts: I) -> Self {
        let parts: Vec<Bytes> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let len = parts.iter().map(|part| part.len() as u64).sum();
        Self { parts: parts.into(), len }
    }
}

impl From<Bytes> for Pieces {
    fn from(whole: Bytes) -> Self {
        std::iter::once(whole).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_what_it_was_made_of() {
        let parts = ["ab", "", "c"].map(|part| Bytes::from_static(part.as_bytes()));
        let pieces: Pieces = parts.into_iter().collect();
        assert_eq!((pieces.len(), pieces.parts().len()), (3, 2));
        assert_eq!(pieces.to_bytes(), "abc");
        assert!(Pieces::default().is_empty());
    }

    #[test]
    fn one_part_is_shared() {
        let whole = Bytes::from(vec![b'x'; 100]);
        assert_eq!(Pieces::from(whole.clone()).to_bytes().as_ptr(), whole.as_ptr());
    }
}
