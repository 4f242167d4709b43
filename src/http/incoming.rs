//! A request body as it comes, bounded in size and in pauses: for what is sent on before it is all here.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::web::Payload;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::try_unfold;
use millrace_actors::fault::Fault;
use millrace_actors::upload::Coming;
use tokio::time::{sleep, timeout};

/// How long a caller that has left is waited for to be noticed as such. Whoever serves the connection ends the exchange at
/// once; only where nobody does is the body's end an error.
const LEAVING: Duration = Duration::from_secs(1);

/// The body of one request.
pub struct Incoming {
    payload: Payload,
    /// Its length, where the caller told it.
    pub announced: Option<u64>,
    limit: usize,
    left: usize,
    idle: Duration,
}

impl Incoming {
    /// The body of a request, at most `limit` bytes of it, without a pause longer than `idle`.
    ///
    /// # Errors
    /// It says itself that it is longer.
    pub fn new(request: &HttpRequest, payload: Payload, limit: usize, idle: Duration) -> Result<Self, Fault> {
        let told = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let chunked = request.headers().contains_key(TRANSFER_ENCODING);
        // neither: there is no body (RFC 9112, 6.3)
        let announced = if chunked { None } else { Some(told.unwrap_or_default()) };
        match announced {
            Some(length) if length > limit as u64 => Err(Fault::TooLarge { limit }),
            _ => Ok(Incoming { payload, announced, limit, left: limit, idle }),
        }
    }

    /// The next of it.
    ///
    /// # Errors
    /// It is too long, stalls, or broke off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let piece = timeout(self.idle, self.payload.next()).await.map_err(|_| Fault::SlowBody)?;
        match piece {
            None => Ok(None),
            Some(Ok(bytes)) => {
                let left = self.left.checked_sub(bytes.len());
                self.left = left.ok_or(Fault::TooLarge { limit: self.limit })?;
                Ok(Some(bytes))
            }
            Some(Err(why)) => {
                if matches!(why, PayloadError::Incomplete(_)) {
                    sleep(LEAVING).await;
                }
                let message =
                    format!("The request body could not be read: {why}. Send it whole, with a true content-length.");
                Err(Fault::BadRequest { message, param: None })
            }
        }
    }

    /// What has been read of it.
    pub fn taken(&self) -> usize {
        self.limit - self.left
    }

    /// The rest of it, behind what has been read.
    pub fn rest(self, read: Bytes) -> Coming {
        let ahead = (!read.is_empty()).then_some(read);
        try_unfold((ahead, self), |(mut ahead, mut body)| async move {
            let next = match ahead.take() {
                Some(read) => Some(read),
                None => body.next().await?,
            };
            Ok(next.map(|bytes| (bytes, (None, body))))
        })
        .boxed_local()
    }
}
