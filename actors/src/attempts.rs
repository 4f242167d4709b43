//! The attempt loop: deployments in the plan's order, until one answers or none is left.
//!
//! A retry is allowed here and nowhere else, and only while the head is held (I1).

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout_at};

use crate::answered::{Answered, Called};
use crate::call;
use crate::capabilities::Hooks;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::hold::Hold;
use crate::plan::{Candidate, Plan};
use crate::upstream::UpstreamHeaders;

/// First back-off between retries of one deployment; doubles up to [`BACKOFF_MAX`] (COMPAT 4.9: 0.5 to 8 s).
const BACKOFF_MIN: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(8);

/// A provider's `retry-after` longer than this is not waited for: the caller is told instead, and may wait itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the loop, and beside it the `during_call` hooks.
pub(crate) async fn run(exchange: &mut Exchange, plan: &mut Plan, hold: &Hold) -> Result<Answered, Fault> {
    exchange.progress.prepared = exchange.asked.started.elapsed().saturating_sub(exchange.progress.body_read);
    let deadline = tokio::time::Instant::from_std(exchange.asked.started + exchange.routing.path.total_timeout);
    let tries = async {
        if !exchange.hooked(Hooks::DURING_CALL) {
            return tries(exchange, plan, hold).await;
        }
        let (facts, callbacks) = (exchange.facts(), exchange.callbacks.clone());
        let (passed, verdict) = oneshot::channel::<()>();
        let during = async {
            for callback in callbacks.with(Hooks::DURING_CALL) {
                callback.during_call(&facts).await.map_err(Fault::Refused)?;
            }
            drop(passed);
            Ok(())
        };
        let tries = async {
            let answered = tries(exchange, plan, hold).await?;
            // for the sake of heartbeats, which the wait for the verdict must not stop
            let _ = hold.over(exchange, pin!(verdict)).await;
            Ok(answered)
        };
        // a refusal drops the upstream call at once; an answer waits for the verdict
        tokio::try_join!(during, tries).map(|((), answered)| answered)
    };
    timeout_at(deadline, tries).await.unwrap_or(Err(Fault::Timeout { phase: "total" }))
}

async fn tries(exchange: &mut Exchange, plan: &mut Plan, hold: &Hold) -> Result<Answered, Fault> {
    loop {
        let fault = match group(exchange, plan, hold).await {
            Ok(answered) => return Ok(answered),
            Err(fault) => fault,
        };
        if hold.is_over() || !fault.may_fall_back() || is_spent(exchange) || !plan.fall_back() {
            return Err(fault);
        }
        exchange.progress.fallbacks += 1;
        log::info!("falling back call_id={} cause={}", exchange.asked.call_id, fault.class());
    }
}

/// The tries within one group.
async fn group(exchange: &mut Exchange, plan: &mut Plan, hold: &Hold) -> Result<Answered, Fault> {
    let mut candidate = plan.candidate()?;
    let retries = match exchange.asked.through {
        None => candidate.deployment.max_retries.unwrap_or(exchange.routing.path.num_retries),
        // who knows what it does at the provider: it is not done twice
        Some(_) => 0,
    };
    let mut n = 0;
    loop {
        let fault = match once(exchange, &candidate, hold).await {
            Ok(answered) => return Ok(answered),
            Err(fault) => fault,
        };
        if hold.is_over() || !fault.retryable() || n == retries {
            return Err(fault);
        }
        if is_spent(exchange) {
            return Err(once_only(fault, exchange));
        }
        let wait =
            if candidate.others { Some(Duration::ZERO) } else { backoff(n, &fault, exchange.routing.path.retry_after) };
        let Some(wait) = wait else { return Err(fault) };
        exchange.progress.waiting = Some(Instant::now());
        sleep(wait).await;
        exchange.waited_until(Instant::now(), Duration::ZERO);
        // what is left may all be cooling by now: then the first failure is the truer answer
        candidate = plan.candidate().map_err(|_| fault)?;
        n += 1;
        exchange.progress.retries += 1;
    }
}

/// Whether part of the request's body went to a deployment and is not here any more.
fn is_spent(exchange: &Exchange) -> bool {
    exchange.asked.upload.as_ref().is_some_and(|upload| !upload.is_sendable())
}

/// A fault after which another try would have been made, had the body been kept. What the provider said stays as it is.
fn once_only(fault: Fault, exchange: &Exchange) -> Fault {
    let call_id = &exchange.asked.call_id;
    log::info!("not tried again, the upload was not kept call_id={call_id} cause={}", fault.class());
    match fault {
        Fault::Connect { cause } => Fault::Connect {
            cause: format!(
                "{cause}; the upload was too large to be kept for another try (millrace.upload_replay_bytes)"
            ),
        },
        other => other,
    }
}

/// One try, noted wherever tries are noted.
async fn once(exchange: &mut Exchange, candidate: &Candidate, hold: &Hold) -> Result<Answered, Fault> {
    let deployment = &candidate.deployment;
    exchange.progress.attempts += 1;
    exchange.progress.deployment = Some(deployment.clone());
    exchange.progress.upstream_model = Arc::clone(&candidate.model);
    exchange.progress.serving = Some(candidate.group.clone());
    exchange.call_began();
    // the first one begins when the exchange is prepared, and then the clock was read
    let began = match exchange.progress.attempts {
        1 => exchange.asked.started + exchange.progress.body_read + exchange.progress.prepared,
        _ => Instant::now(),
    };
    exchange.progress.waiting = Some(began);
    exchange.progress.error_head = UpstreamHeaders::default();
    let called = call::call(exchange, candidate, hold, began).await;
    match called {
        Ok(Called { answered, own, ended }) => {
            exchange.waited_until(ended, own);
            // a stream that has begun has not succeeded yet: its relay says so at its end (FAULTS S10)
            if matches!(answered, Answered::Whole(_)) {
                exchange.call_ended("ok");
                deployment.health.succeeded();
            }
            Ok(answered)
        }
        Err(fault) => {
            exchange.waited_until(Instant::now(), Duration::ZERO);
            exchange.call_ended(fault.class());
            // a caller who asks for what is not there must not put a deployment to rest
            let counts = exchange.asked.through.is_none() && fault.unhealthy();
            let cooled = counts && deployment.health.failed(&deployment.cooldown, fault.retry_after());
            log::warn!(
                "attempt failed call_id={} deployment={} class={} cooled={cooled} cause={:?}",
                exchange.asked.call_id,
                deployment.id,
                fault.class(),
                deployment.redact(&fault.shape().message),
            );
            Err(fault)
        }
    }
}

/// How long to wait before the same deployment is asked again; `None`: longer than we have patience.
fn backoff(n: u32, fault: &Fault, least: Duration) -> Option<Duration> {
    if let Some(asked) = fault.retry_after() {
        let asked = Duration::from_secs(asked.into());
        return (asked <= PATIENCE).then(|| asked.max(least));
    }
    let ceiling = BACKOFF_MIN.saturating_mul(1 << n.min(8)).min(BACKOFF_MAX);
    // full jitter on the upper three quarters, so that callers that failed together do not come back together
    Some(ceiling.mul_f64(0.25 + 0.75 * fastrand::f64()).max(least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer::UpstreamError;

    #[test]
    fn back_off_grows_is_capped_and_heeds_the_provider() {
        let plain = Fault::Truncated;
        for n in 0..20 {
            let wait = backoff(n, &plain, Duration::ZERO).unwrap();
            assert!(wait >= BACKOFF_MIN / 4 && wait <= BACKOFF_MAX, "{n}: {wait:?}");
        }
        let asked = |s| Fault::Provider { status: 429, error: UpstreamError::default(), retry_after: Some(s) };
        assert_eq!(backoff(0, &asked(3), Duration::ZERO), Some(Duration::from_secs(3)));
        assert_eq!(backoff(0, &asked(3600), Duration::ZERO), None, "told to the caller instead");
        assert_eq!(backoff(0, &asked(0), Duration::from_secs(1)), Some(Duration::from_secs(1)));
    }
}
