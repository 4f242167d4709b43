//! The table from cause to answer, and what follows from whose fault it was.

use super::*;

fn provider(status: u16, code: Option<&str>) -> Fault {
    let error = UpstreamError { message: "m".into(), code: code.map(Into::into), ..UpstreamError::default() };
    Fault::Provider { status, error, retry_after: None }
}

#[test]
fn only_what_a_retry_can_mend_is_retried() {
    for status in [408, 409, 429, 500, 502, 503, 504, 529] {
        assert!(provider(status, None).retryable(), "{status}");
    }
    for status in [400, 401, 403, 404, 413, 422] {
        assert!(!provider(status, None).retryable(), "{status}");
    }
    assert!(!provider(429, Some("insufficient_quota")).retryable());
    assert!(provider(429, Some("insufficient_quota")).shape().hopeless);
}

#[test]
fn a_providers_error_keeps_its_words() {
    let shape = provider(400, Some("context_length_exceeded")).shape();
    assert_eq!((shape.status, shape.code.as_str(), shape.message.as_str()), (400, "context_length_exceeded", "m"));
    assert_eq!(shape.param, None);
}

/// The parts of the table must agree with the match that leads to them.
#[test]
fn no_cause_but_our_own_answers_as_our_own_defect() {
    let text = String::new;
    let refusal = Refusal { by: text(), message: text(), code: text() };
    let faults = [
        Fault::BadRequest { message: text(), param: None },
        Fault::NoKey,
        Fault::BadKey,
        Fault::ModelNotFound { model: text() },
        Fault::NoRoute { what: text() },
        Fault::Method { method: text(), allowed: "GET" },
        Fault::TooLarge { limit: 1 },
        Fault::SlowBody,
        Fault::MediaType { got: text() },
        Fault::Refused(refusal),
        Fault::Admin { status: 409, message: text() },
        provider(400, None),
        Fault::Credentials { status: 401, deployment: text() },
        Fault::UpstreamAuth { deployment: text(), credential: text(), cause: text() },
        Fault::Connect { cause: text() },
        Fault::Timeout { phase: "idle" },
        Fault::Truncated,
        Fault::InvalidAnswer { cause: text() },
        Fault::AllCooling { group: text(), retry_after: 1 },
        Fault::ShuttingDown,
        Fault::Overloaded,
    ];
    for fault in faults {
        assert_ne!(fault.shape(), Fault::Internal.shape(), "{fault:?}");
    }
}

#[test]
fn an_end_goes_by_whose_fault_it_was_but_for_two_with_a_name_of_their_own() {
    let ends = [
        (Fault::NoKey, Outcome::Blocked),
        (Fault::Connect { cause: String::new() }, Outcome::UpstreamError),
        (Fault::ShuttingDown, Outcome::InternalError),
        (Fault::Truncated, Outcome::Truncated),
        (Fault::Timeout { phase: "total" }, Outcome::Timeout),
    ];
    for (fault, end) in ends {
        assert_eq!(fault.outcome(), end, "{fault:?}");
    }
}
