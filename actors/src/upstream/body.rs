//! The request body on its way into awc: the parts as they are, never joined, in slices.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

/// Most bytes awc is given at once. It copies them behind its write buffer, so this bounds that buffer: a 20 MB body
/// given whole would sit in memory twice.
const SLICE: usize = 64 * 1024;

/// A body of known length in parts.
pub(super) struct Parts {
    parts: VecDeque<Bytes>,
    length: u64,
}

impl Parts {
    pub(super) fn new(parts: &[Bytes]) -> Self {
        let parts: VecDeque<_> = parts.iter().filter(|part| !part.is_empty()).cloned().collect();
        let length = parts.iter().map(|part| part.len() as u64).sum();
        Self { parts, length }
    }
}

impl MessageBody for Parts {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let parts = &mut self.get_mut().parts;
        let Some(first) = parts.front_mut() else { return Poll::Ready(None) };
        let slice = first.split_to(first.len().min(SLICE));
        if first.is_empty() {
            parts.pop_front();
        }
        Poll::Ready(Some(Ok(slice)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_rt::test]
    async fn parts_are_sliced_not_joined() {
        let big = Bytes::from(vec![7; SLICE + 1]);
        let mut body = Parts::new(&[Bytes::from_static(b"ab"), Bytes::new(), big.clone()]);
        assert_eq!(body.size(), BodySize::Sized(SLICE as u64 + 3));
        let mut slices = Vec::new();
        while let Some(Ok(slice)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            slices.push(slice);
        }
        assert_eq!(slices.iter().map(Bytes::len).collect::<Vec<_>>(), [2, SLICE, 1]);
        assert_eq!(slices[1].as_ptr(), big.as_ptr());
    }
}
