//! What a stream wrote, kept small: for an estimate, should nobody tell its tokens. Whether somebody will is not known before
//! its end, and a client may leave at any time, so this is noted of every stream: a sum, and a copy of its first events.

use crate::ports::Scale;

/// Bytes of events that are copied: some twenty events of a token each, from which the rest is reckoned.
const SAMPLE: usize = 4 << 10;

/// What was written so far.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Bytes of events with words in them.
    bytes: u64,
    /// Those events.
    events: u64,
    /// The first of them, whole, one after the other; or the beginning of the first, where that is too long.
    sample: Vec<u8>,
    /// How many these are.
    sampled: u64,
    /// There is no room for more.
    full: bool,
}

impl Written {
    /// Another event with words.
    #[inline]
    pub fn note(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        self.events += 1;
        if !self.full {
            self.keep(data);
        }
    }

    #[cold]
    fn keep(&mut self, data: &[u8]) {
        let first = self.sample.is_empty();
        if first {
            self.sample.reserve_exact(SAMPLE);
        }
        self.full = self.sample.len() + data.len() > SAMPLE;
        if first || !self.full {
            self.sample.extend_from_slice(&data[..data.len().min(SAMPLE)]);
            self.sampled += 1;
        }
    }

    /// The events that were kept, and how to reckon all from them; nothing where there were none.
    pub fn into_sample(self) -> Option<(Vec<u8>, Scale)> {
        let scale = Scale { bytes: self.bytes, events: self.events, sampled: self.sampled };
        (self.events > 0).then_some((self.sample, scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_kept_and_the_rest_counted() {
        assert!(Written::default().into_sample().is_none());
        let mut written = Written::default();
        let event = [b'x'; 1000];
        (0..100).for_each(|_| written.note(&event));
        let (sample, scale) = written.into_sample().unwrap();
        assert_eq!((sample.len(), sample.capacity()), (4000, SAMPLE), "bounded");
        assert_eq!(scale, Scale { bytes: 100_000, events: 100, sampled: 4 });
        let mut huge = Written::default();
        huge.note(&vec![b'x'; 1 << 20]);
        assert_eq!(huge.into_sample().map(|(sample, _)| sample.len()), Some(SAMPLE));
    }
}
