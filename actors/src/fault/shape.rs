//! What a caller sees of a fault: the one table from cause to status, type, code and message (COMPAT 3.8, 3.9).

use super::{Blame, Fault};

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

impl Fault {
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
