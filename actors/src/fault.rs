//! What can go wrong in an exchange, whose fault it is, and the one table from cause to answer.
//!
//! The table stands here and not in the service's `http/error.rs`, because the relay needs it too: a stream that breaks
//! after its head went out ends in an error *event* with the same type, code and message. `http/error.rs` only renders.

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

/// One row of the table: what a caller sees of a [`Fault`].
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// HTTP status, if the head is still ours to write.
    pub status: u16,
    /// `error.type`.
    pub kind: String,
    /// `error.code`: a string always, as LiteLLM's is (COMPAT 3.8).
    pub code: String,
    /// `error.param`.
    pub param: Option<String>,
    /// `error.message`.
    pub message: String,
    /// What the provider's error says besides its words, under its names for it.
    pub more: Option<Box<serde_json::Map<String, serde_json::Value>>>,
    /// Seconds for `retry-after`.
    pub retry_after: Option<u32>,
    /// `x-should-retry: false` where a retry cannot help.
    pub hopeless: bool,
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

    /// The table, in three parts, by whose fault it was. What a part does not know is a defect of ours, and answers as one.
    pub fn shape(&self) -> Shape {
        match self.blame() {
            Blame::Caller => self.callers_shape(),
            Blame::Upstream => self.upstreams_shape(),
            Blame::Gateway => self.own_shape(),
        }
    }

    fn own_shape(&self) -> Shape {
        match self {
            Fault::ShuttingDown => row(503, "server_error", "shutting_down", "The gateway is restarting; try again."),
            Fault::Overloaded => Shape {
                retry_after: Some(1),
                ..row(
                    503,
                    "server_error",
                    "overloaded",
                    "The gateway is at its limit of exchanges in flight; try again.",
                )
            },
            Fault::SpoolFull { limit: Some(limit), alone: true } => row(
                413,
                "invalid_request_error",
                "request_too_large",
                &format!(
                    "The form is larger than the {limit} bytes this gateway lays aside for forms that it must read first \
                     (millrace.upload_spool_bytes). Put `model` before the file: then it need not."
                ),
            ),
            Fault::SpoolFull { .. } => Shape {
                retry_after: Some(1),
                ..row(
                    503,
                    "server_error",
                    "overloaded",
                    "The gateway has no room left for forms that it must read first (millrace.upload_spool_bytes, or its \
                     disk); try again, or put `model` before the file: then it need not.",
                )
            },
            _ => row(
                500,
                "internal_server_error",
                "500",
                "The gateway failed to serve this request; the operator finds the cause in its log under this request id.",
            ),
        }
    }

    fn callers_shape(&self) -> Shape {
        match self {
            Fault::BadRequest { message, param } => {
                Shape { param: param.clone(), ..row(400, "invalid_request_error", "400", message) }
            }
            Fault::NoKey => row(
                401,
                "auth_error",
                "401",
                "Authentication Error, No api key passed in. Send `Authorization: Bearer <key>`.",
            ),
            Fault::BadKey => row(
                401,
                "auth_error",
                "invalid_api_key",
                "Authentication Error, the api key passed in is not valid here.",
            ),
            Fault::ModelNotFound { model } => Shape {
                param: Some("model".into()),
                ..row(
                    404,
                    "invalid_request_error",
                    "model_not_found",
                    &format!(
                        "Invalid model name passed in model={}. Call `/v1/models` to view available models for your key.",
                        shown(model)
                    ),
                )
            },
            Fault::LeftOut { model } => Shape {
                param: Some("model".into()),
                ..row(
                    404,
                    "invalid_request_error",
                    "model_not_found",
                    &format!(
                        "The model {} is configured and was left out: its provider is not supported by this gateway yet.",
                        shown(model)
                    ),
                )
            },
            Fault::NoRoute { what } => {
                row(404, "invalid_request_error", "not_found", &format!("Unknown route: {}", shown(what)))
            }
            Fault::Method { method, allowed } => row(
                405,
                "invalid_request_error",
                "method_not_allowed",
                &format!("Method {} is not allowed here; use {allowed}.", shown(method)),
            ),
            Fault::TooLarge { limit } => row(
                413,
                "invalid_request_error",
                "request_too_large",
                &format!(
                    "The request body is larger than the {limit} bytes this gateway accepts (general_settings.max_request_size_mb)."
                ),
            ),
            Fault::FieldsTooLarge { limit } => row(
                413,
                "invalid_request_error",
                "request_too_large",
                &format!("The form's fields are larger than the {limit} bytes this gateway accepts beside its files."),
            ),
            Fault::SlowBody => {
                row(408, "invalid_request_error", "request_timeout", "The request body stopped arriving.")
            }
            Fault::MediaType { got } => row(
                415,
                "invalid_request_error",
                "unsupported_media_type",
                &format!(
                    "A body of `{}` is not read; send JSON in UTF-8, not compressed, as `content-type: application/json`.",
                    shown(got)
                ),
            ),
            Fault::Refused(refusal) => {
                Shape { hopeless: true, ..row(400, "invalid_request_error", &refusal.code, &refusal.message) }
            }
            Fault::Admin { status, message } => row(*status, "invalid_request_error", &status.to_string(), message),
            _ => self.own_shape(),
        }
    }

    fn upstreams_shape(&self) -> Shape {
        match self {
            Fault::Provider { status, error, retry_after } => Shape {
                status: *status,
                kind: error.kind.clone().unwrap_or_else(|| kind_of_status(*status).into()),
                code: error.code.clone().unwrap_or_else(|| status.to_string()),
                param: error.param.clone(),
                message: error.message.clone(),
                more: error.more.clone(),
                retry_after: *retry_after,
                hopeless: self.is_money(error),
            },
            Fault::Credentials { status, deployment } => row(
                *status,
                kind_of_status(*status),
                &status.to_string(),
                &format!(
                    "The provider rejected the credentials of deployment {deployment}; the operator must mend its api_key."
                ),
            ),
            Fault::UpstreamAuth { deployment, credential, cause } => row(
                502,
                "upstream_auth",
                "502",
                &format!("No credential for deployment {deployment}: {credential}: {cause}"),
            ),
            Fault::Connect { cause } => {
                row(503, "api_connection_error", "503", &format!("No connection to the provider: {cause}"))
            }
            Fault::Timeout { phase } => {
                row(504, "timeout_error", "504", &format!("The provider did not answer in time ({phase} timeout)."))
            }
            Fault::Truncated => row(
                502,
                "upstream_stream_truncated",
                "502",
                "The provider's answer broke off before its end; what was received is incomplete.",
            ),
            Fault::InvalidAnswer { cause } => {
                row(502, "upstream_invalid_answer", "502", &format!("The provider's answer is not usable: {cause}"))
            }
            Fault::AllCooling { group, retry_after } => Shape {
                retry_after: Some(*retry_after),
                ..row(
                    429,
                    "all_deployments_in_cooldown",
                    "429",
                    &format!(
                        "No deployments available for model group {}: all are cooling down after failures. Try again in {retry_after} seconds.",
                        shown(group)
                    ),
                )
            },
            _ => self.own_shape(),
        }
    }
}

/// What a caller wrote, as far as a message repeats it: the rest it knows, and an answer isn't to be as long as a request.
pub fn shown(text: &str) -> &str {
    const LIMIT: usize = 256;
    text.char_indices().nth(LIMIT).map_or(text, |(end, _)| &text[..end])
}

fn row(status: u16, kind: &str, code: &str, message: &str) -> Shape {
    Shape {
        status,
        kind: kind.into(),
        code: code.into(),
        param: None,
        message: message.into(),
        more: None,
        retry_after: None,
        hopeless: false,
    }
}

/// OpenAI's and LiteLLM's `type` for a status whose body named none (COMPAT 3.9).
pub(crate) fn kind_of_status(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        429 => "throttling_error",
        400..=499 => "invalid_request_error",
        _ => "internal_server_error",
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
