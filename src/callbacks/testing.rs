//! What the tests of several callbacks share.

use std::sync::Arc;

use bytes::Bytes;
use millrace_actors::ports::CallFacts;
use millrace_actors::record::{LogRecord, Outcome};

/// An exchange with this body.
pub(super) fn facts(body: &[u8]) -> CallFacts {
    CallFacts {
        protocol: Default::default(),
        call_id: Arc::from("call-1"),
        route: "/v1/chat/completions",
        model: Arc::from("gpt"),
        stream: false,
        caller: Arc::from("admin"),
        body: Bytes::copy_from_slice(body),
    }
}

/// A record with this id.
pub(super) fn record(id: &str) -> Arc<LogRecord> {
    Arc::new(LogRecord {
        params: Default::default(),
        id: id.into(),
        request_id: format!("req-{id}").into(),
        call_type: "acompletion",
        operation: "chat",
        route: "/v1/chat/completions",
        stream: false,
        status: "success",
        outcome: Outcome::Ok,
        response_status: 200,
        model: "gpt".into(),
        model_group: "gpt".into(),
        model_id: "d1".into(),
        upstream_model: "gpt-5".into(),
        custom_llm_provider: "openai",
        api_base: "https://api.example.com/v1".into(),
        user_api_key_alias: "admin".into(),
        start_time: 1.0,
        completion_start_time: None,
        end_time: 2.0,
        response_time: 1.0,
        overhead_time: 0.0,
        prompt_tokens: 1,
        completion_tokens: 2,
        total_tokens: 3,
        cached_tokens: 0,
        reasoning_tokens: 0,
        estimated: false,
        response_cost: None,
        usage_details: Default::default(),
        unreckoned_prices: Vec::new(),
        zero_cost: false,
        attempts: 1,
        attempted_retries: 0,
        attempted_fallbacks: 0,
        stream_events: 0,
        callbacks_generation: 1,
        routing_generation: 1,
        error_class: None,
        error_message: None,
    })
}

/// A failure with this message.
pub(super) fn failure(message: &str) -> Arc<LogRecord> {
    let mut failed = LogRecord::clone(&record("failed"));
    failed.status = "failure";
    failed.outcome = Outcome::UpstreamError;
    failed.error_class = Some("provider");
    failed.error_message = Some(message.to_owned());
    Arc::new(failed)
}
