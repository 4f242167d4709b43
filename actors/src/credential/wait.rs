//! The way from a deployment to the token of one call.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::time::{Instant as TokioInstant, timeout_at};

use super::Token;
use super::keeper::Renew;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::hold::Hold;
use crate::mailbox::tell;
use crate::plan::Candidate;

/// The deployment's token, if it has a credential of that kind: at once while there is one, after a fetch where there is
/// none. A stream's heartbeats go on meanwhile.
///
/// # Errors
/// [`Fault::UpstreamAuth`] when none can be had; a timeout when none is there by `deadline`.
pub(crate) async fn ready(
    exchange: &Exchange,
    candidate: &Candidate,
    hold: &Hold,
    deadline: TokioInstant,
) -> Result<Option<Arc<Token>>, Fault> {
    let Some(credential) = &candidate.deployment.credential else { return Ok(None) };
    let keeper = exchange.desk().credential_keeper();
    if let Some((token, tell_keeper)) = credential.usable(Instant::now()) {
        if tell_keeper {
            // bounded: once for each credential until its fetch has ended
            tell(&keeper, Renew(Arc::clone(credential)));
        }
        return Ok(Some(token));
    }
    let fault = |cause: String| Fault::UpstreamAuth {
        deployment: candidate.deployment.id.to_string(),
        credential: credential.name().to_owned(),
        cause,
    };
    let asked = timeout_at(deadline, keeper.send(Renew(Arc::clone(credential))));
    match hold.over(exchange, pin!(asked)).await {
        Ok(Ok(renewed)) => renewed.map(Some).map_err(|error| fault(error.to_string())),
        Ok(Err(closed)) => Err(fault(closed.to_string())),
        Err(_) => Err(Fault::Timeout { phase: "credential" }),
    }
}
