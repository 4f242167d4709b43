//! What can go wrong in an exchange, whose fault it is, and the one table from cause to answer.
//!
//! The table stands here and not in the service's `http/error.rs`, because the relay needs it too: a stream that breaks
//! after its head went out ends in an error *event* with the same type, code and message. `http/error.rs` only renders.

mod shape;

pub(crate) use self::shape::kind_of_status;
pub use self::shape::{Shape, shown};
use crate::record::Outcome;
use crate::wire::answer::UpstreamError;

/// Whose fault a [`Fault`] was; a label in logs and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The request was wrong or not allowed.
    Caller,
    /// The provider, or the way to it.
    Upstream,
    /// Millrace itself, or its operator's configuration.
    Gateway,
}

/// One cause. Variants carry what a message needs and nothing secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The body or a parameter is wrong. `param` is OpenAI's field of that name.
    BadRequest {
        /// What is wrong, where, and what to do.
        message: String,
        /// The offending top-level field.
        param: Option<String>,
    },
    /// No credential in any of the headers we read.
    NoKey,
    /// A credential that is not the master key.
    BadKey,
    /// No model group, alias or wildcard serves this name.
    ModelNotFound {
        /// As the caller wrote it.
        model: String,
    },
    /// All deployments of its group were left out when the configuration was read.
    LeftOut {
        /// As the caller wrote it.
        model: String,
    },
    /// The path is not one of ours.
    NoRoute {
        /// Method and path, as asked.
        what: String,
    },
    /// The path is ours, the method is not.
    Method {
        /// The method that was used.
        method: String,
        /// The methods that would do.
        allowed: &'static str,
    },
    /// The request body is larger than `max_request_size_mb`.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The fields of a form, beside its files, are more than they can need to be.
    FieldsTooLarge {
        /// The limit in bytes, for all of them.
        limit: usize,
    },
    /// The request body stopped arriving.
    SlowBody,
    /// The body's media type is not JSON.
    MediaType {
        /// The header by which the caller declared what it is.
        got: String,
    },
    /// A callback refused the exchange.
    Refused(Refusal),
    /// The provider answered with an error of its own.
    Provider {
        /// The provider's HTTP status, or the one its error code stands for.
        status: u16,
        /// Its error, with our credential struck out.
        error: UpstreamError,
        /// `retry-after` in seconds, clamped.
        retry_after: Option<u32>,
    },
    /// The provider rejected the deployment's credential. Its body is withheld: providers echo keys.
    Credentials {
        /// 401 or 403.
        status: u16,
        /// The deployment's id.
        deployment: String,
    },
    /// The deployment's credential must be fetched, and could not be.
    UpstreamAuth {
        /// The deployment's id.
        deployment: String,
        /// Which credential, nothing secret of it.
        credential: String,
        /// Why there is none.
        cause: String,
    },
    /// No connection to the provider, or it closed before answering.
    Connect {
        /// The cause in words, naming the host and never the key.
        cause: String,
    },
    /// No answer, first token or next bytes in time.
    Timeout {
        /// `credential`, `upload`, `head`, `first_token`, `idle` or `total`.
        phase: &'static str,
    },
    /// The answer ended before its end.
    Truncated,
    /// The provider's answer is not what its API promises: garbage, HTML, a redirect, an oversize body.
    InvalidAnswer {
        /// What was wrong with it.
        cause: String,
    },
    /// Every deployment that could serve is cooling down.
    AllCooling {
        /// The model group.
        group: String,
        /// Seconds until the first is tried again.
        retry_after: u32,
    },
    /// The gateway is stopping and this stream outlived the grace.
    ShuttingDown,
    /// A bound on exchanges in flight was reached.
    Overloaded,
    /// Uploads that must be read first have no room on the disk for this one.
    SpoolFull {
        /// `upload_spool_bytes`; nothing where the disk itself is full.
        limit: Option<u64>,
        /// It would find none if it were the only one.
        alone: bool,
    },
    /// An admin request that lost a race or named what is not there.
    Admin {
        /// 404, 409, 412, 422, 500, 503 or 504.
        status: u16,
        /// What to do about it.
        message: String,
    },
    /// A defect of ours. The cause is in the log under the request id.
    Internal,
}

/// A callback's no.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The callback's name.
    pub by: String,
    /// What the caller is told; holds nothing of the refused text.
    pub message: String,
    /// OpenAI error code, such as `content_policy_violation`.
    pub code: String,
}

/// Provider codes that mean "no money": a retry is a second bill or a second no (FAULTS U21).
const MONEY_CODES: [&str; 4] =
    ["insufficient_quota", "credit_balance_exhausted", "enforced_spend_limit_reached", "billing_hard_limit_reached"];

impl Fault {
    /// Whether another attempt may help, given that nothing was sent to the caller yet.
    pub fn retryable(&self) -> bool {
        match self {
            Fault::Provider { status, error, .. } => {
                // 424: something that the provider itself depends on failed
                !self.is_money(error) && (matches!(status, 408 | 409 | 424 | 429) || *status >= 500)
            }
            Fault::UpstreamAuth { .. } | Fault::Connect { .. } | Fault::Truncated | Fault::InvalidAnswer { .. } => true,
            Fault::Timeout { phase } => *phase != "total",
            _ => false,
        }
    }

    /// Whether the model group's fallbacks may be tried: all that is retryable, and what is wrong with this one
    /// deployment or provider rather than with the request.
    pub fn may_fall_back(&self) -> bool {
        self.retryable()
            || matches!(self, Fault::Credentials { .. } | Fault::AllCooling { .. } | Fault::LeftOut { .. })
            || matches!(self, Fault::Provider { status, error, .. } if *status == 402 || *status == 404 || self.is_money(error))
    }

    /// Whether the fault speaks against the deployment's health (COMPAT 4.10: 401, 402, 404, 408, 429, 5xx; and, where
    /// LiteLLM does not, 424 and connection faults: a host that is down is the plainest reason to leave it out).
    pub fn unhealthy(&self) -> bool {
        match self {
            Fault::Provider { status, .. } => matches!(status, 401 | 402 | 404 | 408 | 424 | 429) || *status >= 500,
            Fault::Credentials { .. }
            | Fault::UpstreamAuth { .. }
            | Fault::Connect { .. }
            | Fault::Truncated
            | Fault::InvalidAnswer { .. } => true,
            Fault::Timeout { phase } => *phase != "total",
            _ => false,
        }
    }

    /// Whose fault it was. Matched without an "everything else", so a new cause must say; [`Fault::outcome`] and
    /// [`Fault::shape`] go by it.
    pub fn blame(&self) -> Blame {
        match self {
            Fault::BadRequest { .. }
            | Fault::NoKey
            | Fault::BadKey
            | Fault::ModelNotFound { .. }
            | Fault::LeftOut { .. }
            | Fault::NoRoute { .. }
            | Fault::Method { .. }
            | Fault::TooLarge { .. }
            | Fault::FieldsTooLarge { .. }
            | Fault::SlowBody
            | Fault::MediaType { .. }
            | Fault::Refused(_)
            | Fault::Admin { .. } => Blame::Caller,
            Fault::Provider { .. }
            | Fault::Credentials { .. }
            | Fault::UpstreamAuth { .. }
            | Fault::Connect { .. }
            | Fault::Timeout { .. }
            | Fault::Truncated
            | Fault::InvalidAnswer { .. }
            | Fault::AllCooling { .. } => Blame::Upstream,
            Fault::ShuttingDown | Fault::Overloaded | Fault::SpoolFull { .. } | Fault::Internal => Blame::Gateway,
        }
    }

    /// How an exchange that this ended has ended.
    pub fn outcome(&self) -> Outcome {
        match (self, self.blame()) {
            (Fault::Truncated, _) => Outcome::Truncated,
            (Fault::Timeout { .. }, _) => Outcome::Timeout,
            (_, Blame::Caller) => Outcome::Blocked,
            (_, Blame::Upstream) => Outcome::UpstreamError,
            (_, Blame::Gateway) => Outcome::InternalError,
        }
    }

    /// A short name, bounded in number: metric label and `error_class` of the log record.
    pub fn class(&self) -> &'static str {
        match self {
            Fault::BadRequest { .. } | Fault::MediaType { .. } => "bad_request",
            Fault::NoKey | Fault::BadKey => "auth",
            Fault::ModelNotFound { .. } | Fault::LeftOut { .. } => "model_not_found",
            Fault::NoRoute { .. } | Fault::Method { .. } => "route",
            Fault::TooLarge { .. } | Fault::FieldsTooLarge { .. } | Fault::SlowBody => "body",
            Fault::Refused(_) => "refused",
            Fault::Provider { .. } => "provider",
            Fault::Credentials { .. } => "credentials",
            Fault::UpstreamAuth { .. } => "upstream_auth",
            Fault::Connect { .. } => "connect",
            Fault::Timeout { .. } => "timeout",
            Fault::Truncated => "truncated",
            Fault::InvalidAnswer { .. } => "invalid_answer",
            Fault::AllCooling { .. } => "all_cooling",
            Fault::ShuttingDown => "shutting_down",
            Fault::Overloaded | Fault::SpoolFull { .. } => "overloaded",
            Fault::Admin { .. } => "admin",
            Fault::Internal => "internal",
        }
    }

    /// `retry-after` of the provider, if it gave one.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Fault::Provider { retry_after, .. } => *retry_after,
            Fault::AllCooling { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    fn is_money(&self, error: &UpstreamError) -> bool {
        let hit = |s: &Option<String>| s.as_deref().is_some_and(|s| MONEY_CODES.contains(&s));
        hit(&error.code) || hit(&error.kind)
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
