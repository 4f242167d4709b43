//! The stages between a scanned request and its plan: budget, then pre-call hooks.

use millrace_actors::capabilities::Hooks;
use millrace_actors::exchange::Exchange;
use millrace_actors::fault::Fault;
use millrace_actors::wire::endpoint::Way;
use millrace_actors::wire::envelope::{Endpoint, Envelope, Rejected, ScanRules};

/// What no caller may send: fields that would choose the upstream or its key.
pub const RULES: ScanRules = ScanRules::STRICT;

/// All stages in order. Access, expiry and rate limits will stand before the budget and are never skipped; a model that
/// is free skips the budget and nothing else (COMPAT 1.8).
pub async fn before_call(exchange: &mut Exchange, endpoint: Endpoint) -> Result<(), Fault> {
    seen_by_all(exchange)?;
    budget(exchange).await;
    pre_call(exchange, endpoint).await
}

/// Hooks that see answers cannot see one that passes as it comes. Where there are any, and the answer is text, nothing passes:
/// they could be gone round.
pub fn seen_by_all(exchange: &Exchange) -> Result<(), Fault> {
    let text = exchange.asked.endpoint.facts().writes && exchange.way() == Way::Bytes;
    if !text || !exchange.hooked(Hooks::POST_CALL | Hooks::STREAM | Hooks::STREAM_CHUNK) {
        return Ok(());
    }
    let message = "Callbacks of this gateway look at answers, and this answer would pass unread: a stream of a \
                   transcription, or a pass-through. Ask for a whole answer, or use a resource of the gateway's.";
    Err(Fault::BadRequest { message: message.into(), param: None })
}

/// The budget stage: skipped when all that may serve the model is explicitly priced at zero. There is one key and it has
/// no budget, so a stage that is not skipped has nothing to refuse yet; the record and the metric say which it was.
async fn budget(exchange: &mut Exchange) {
    let desk = exchange.desk().clone();
    let generation = exchange.routing.generation;
    exchange.progress.zero_cost = desk.zero_cost(&exchange.asked.model, generation).await;
}

/// `pre_call` hooks, in order; each sees what the one before it left. A changed body is scanned by the same rules as the
/// caller's: a callback must not smuggle in what a caller may not send.
async fn pre_call(exchange: &mut Exchange, endpoint: Endpoint) -> Result<(), Fault> {
    if !exchange.hooked(Hooks::PRE_CALL) {
        return Ok(());
    }
    let callbacks = exchange.callbacks.clone();
    for callback in callbacks.with(Hooks::PRE_CALL) {
        let facts = exchange.facts();
        if let Some(body) = callback.pre_call(&facts).await.map_err(Fault::Refused)? {
            let scanned = Envelope::scan(body, endpoint, &RULES).map_err(|rejected| {
                log::error!("callback left a bad body kind={} cause={rejected}", callback.kind());
                Fault::Internal
            })?;
            exchange.asked.envelope = match endpoint {
                // the path tells it, which no callback changes
                Endpoint::Generate => scanned.streamed(exchange.asked.envelope.stream()),
                _ => scanned,
            };
        }
    }
    Ok(())
}

/// A scan's complaint as a 400.
pub fn rejected(rejected: Rejected) -> Fault {
    Fault::BadRequest { message: rejected.message, param: rejected.param }
}
