//! Tokens reckoned here, where the provider told none or told nonsense: spend must never be nothing in silence. An estimate,
//! and marked as one.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use crate::exchange::Exchange;
use crate::ports::Counted;
use crate::record::Outcome;
use crate::wire::usage::{BYTES_PER_TOKEN, Usage};

/// How long a count may take, its wait in the queue included. After that, or when the process ends, the tokens are reckoned from the text's length.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a usage will do.
pub(crate) fn will_do(usage: Option<&Usage>) -> bool {
    usage.is_some_and(|usage| !usage.suspect && usage.adds_up())
}

/// The tokens of the request: counted, or else reckoned from its length.
pub(crate) async fn asked(exchange: &Exchange) -> u64 {
    if let Some(upload) = exchange.asked.upload.as_ref().filter(|_| exchange.asked.through.is_some()) {
        // it went on as it came and cannot be read again; what names no model is a file, and no prompt
        let is_prompt = !exchange.progress.upstream_model.is_empty();
        return if is_prompt { Usage::estimate(upload.passed(), 0).prompt_tokens } else { 0 };
    }
    count(exchange, Counted::Request, exchange.asked.envelope.body().clone()).await
}

/// The usage of a whole answer.
pub(crate) async fn whole(exchange: &Exchange, answer: &Bytes, told: Option<Usage>) -> Usage {
    let prompt_tokens = asked(exchange).await;
    let completion_tokens = match exchange.asked.endpoint.facts().writes {
        true => count(exchange, Counted::Answer, answer.clone()).await,
        false => 0,
    };
    estimate(prompt_tokens, completion_tokens, told)
}

/// Whether a stream that has come to `outcome` must be counted: something was delivered, and its usage is not known.
pub(crate) fn is_needed(exchange: &Exchange, outcome: Outcome) -> bool {
    let delivered = exchange.progress.events > 0 || outcome == Outcome::Ok;
    delivered && !will_do(exchange.progress.usage.as_ref())
}

/// The usage of a stream: reckoned from its first events, since the rest was not kept.
pub(crate) async fn stream(exchange: &mut Exchange) -> Usage {
    let written = std::mem::take(&mut exchange.progress.written).into_sample();
    let prompt_tokens = asked(exchange).await;
    let completion_tokens = match written {
        Some((sample, scale)) => count(exchange, Counted::Events(scale), sample.into()).await,
        None => exchange.progress.events,
    };
    estimate(prompt_tokens, completion_tokens, exchange.progress.usage)
}

fn estimate(prompt_tokens: u64, completion_tokens: u64, told: Option<Usage>) -> Usage {
    let total_tokens = prompt_tokens.saturating_add(completion_tokens);
    let suspect = told.is_some() && !will_do(told.as_ref());
    Usage { prompt_tokens, completion_tokens, total_tokens, estimated: true, suspect, ..Usage::default() }
}

async fn count(exchange: &Exchange, what: Counted, body: Bytes) -> u64 {
    let by_length = match what {
        Counted::Request => Usage::estimate(body.len() as u64, 0).prompt_tokens,
        Counted::Answer => Usage::estimate_whole(0, &body).completion_tokens,
        // providers send about one token an event
        Counted::Events(_) => exchange.progress.events,
    };
    if exchange.progress.zero_cost {
        // what costs nothing need not be known to the token, nor waited for
        return by_length;
    }
    let desk = exchange.desk();
    let counting = desk.tokens.count(what, &exchange.progress.upstream_model, body);
    let counted = tokio::select! {
        biased;
        // a process that ends waits for no count, and an exchange that waited for one would not be settled
        () = desk.wait_cut() => None,
        counted = timeout(PATIENCE, counting) => counted.ok().flatten(),
    };
    match counted {
        Some(tokens) => tokens,
        None => {
            log::debug!(
                "tokens reckoned by length call_id={} bytes_per_token={BYTES_PER_TOKEN}",
                exchange.asked.call_id
            );
            by_length
        }
    }
}
