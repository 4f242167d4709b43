//! The deadline of one call, and what a fault of the way to the provider is in the caller's table.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant as TokioInstant, timeout_at};

use crate::credential::Token;
use crate::fault::Fault;
use crate::upload::Upload;
use crate::upstream::{UpstreamFault, UpstreamHeaders};

/// Bytes taken from the socket per wake-up, at most.
pub(crate) const BATCH_BYTES: usize = 64 << 10;

/// The deadline of a call, what it is called in the fault, and what the call goes out with.
pub(crate) struct Within {
    pub deadline: TokioInstant,
    /// Whether it comes before the end of the exchange's own time.
    pub strikes: bool,
    pub phase: &'static str,
    pub token: Option<Arc<Token>>,
    /// What moves the deadline while it comes, and by how much its end is followed.
    pub upload: Option<(Upload, Duration)>,
    /// The head of an answer that is an error, once it is here.
    pub error_head: Cell<UpstreamHeaders>,
}

impl Within {
    /// Does work of the call within its deadline.
    ///
    /// # Errors
    /// Its own fault, in the caller's table; or the deadline passed.
    pub async fn limit<T>(&self, work: impl Future<Output = Result<T, UpstreamFault>>) -> Result<T, Fault> {
        if !self.strikes {
            return work.await.map_err(|f| fault_of(f, self.phase));
        }
        let deadline = match &self.upload {
            None => self.deadline,
            Some((upload, limit)) => self.deadline.max(TokioInstant::from_std(upload.moved() + *limit)),
        };
        match timeout_at(deadline, work).await {
            Ok(done) => done.map_err(|f| fault_of(f, self.phase)),
            Err(_) => Err(Fault::Timeout { phase: self.phase }),
        }
    }
}

/// A fault of the way to the provider, in the caller's table. `phase` is which deadline a missing head missed.
pub(crate) fn fault_of(fault: UpstreamFault, phase: &'static str) -> Fault {
    match fault {
        UpstreamFault::HeadTimeout => Fault::Timeout { phase },
        // a provider that is not there, and not one that is slow (FAULTS U2)
        UpstreamFault::Dns { .. }
        | UpstreamFault::Connect { .. }
        | UpstreamFault::ConnectTimeout { .. }
        | UpstreamFault::ClosedBeforeHead { .. } => Fault::Connect { cause: fault.to_string() },
        UpstreamFault::Truncated | UpstreamFault::Reset => Fault::Truncated,
        // its own failure has been asked for before
        UpstreamFault::BadRequest(_) | UpstreamFault::UploadBroken => {
            log::error!("upstream request cannot be built cause={fault}");
            Fault::Internal
        }
        UpstreamFault::Tls { .. }
        | UpstreamFault::BadHead(_)
        | UpstreamFault::BadBody(_)
        | UpstreamFault::TooLarge { .. }
        | UpstreamFault::Io(_) => Fault::InvalidAnswer { cause: fault.to_string() },
    }
}
