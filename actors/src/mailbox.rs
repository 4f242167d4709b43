//! The two ways one actor speaks to another, so that the rest of the code never meets actix's sharp edges.
//!
//! `do_send` ignores a mailbox's capacity and a cloned `Addr` has none (ARCHITECTURE.md, "Bounds are ours"), so it is
//! banned by `clippy.toml` everywhere but here, where each use names the bound that holds instead.

use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::prelude::*;

/// Why an [`ask`] got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The actor has ended, over this message or over one before it, and is made anew meanwhile.
    #[error("who answers for it ended by a defect and is made anew; look at what is in force, and try again")]
    Closed,
    /// No answer within the deadline.
    #[error("no answer within the deadline")]
    Timeout,
}

/// Tells an actor on this thread something and goes on. The caller must hold a bound of its own: credit for a relay.
#[allow(clippy::disallowed_methods)] // the one place: see the module docs
pub fn tell<A, M>(to: &Addr<A>, message: M)
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    to.do_send(message);
}

/// Asks an actor and waits, never longer than `deadline`.
pub async fn ask<A, M>(to: &Addr<A>, message: M, deadline: Duration) -> Result<M::Result, AskError>
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    match to.send(message).timeout(deadline).await {
        Ok(answer) => Ok(answer),
        Err(MailboxError::Closed) => Err(AskError::Closed),
        Err(MailboxError::Timeout) => Err(AskError::Timeout),
    }
}
