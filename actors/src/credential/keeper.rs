//! `CredentialKeeper`: the one who fetches tokens. One for the process, on no worker's thread, so that one fetch serves every
//! worker; whoever asks meanwhile waits for that same fetch.
//!
//! A fetch belongs to the keeper and not to who asked: a caller that leaves takes nothing away from the others.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use actix::prelude::*;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Credential, FetchError, State, Token};
use crate::upstream::UpstreamClient;

/// The longest a fetch may take: two rounds of the slowest token server, and less than callers have patience for.
pub const FETCH_DEADLINE: Duration = Duration::from_secs(20);

/// How long after a renewal ahead of time that failed the next may be tried; the token in use has minutes left.
const AGAIN: Duration = Duration::from_secs(10);

/// How often origins that have not been called for long are forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

// === Messages ===

/// A token is wanted: a fresh one at once, or else what the fetch brings that is under way or begins now.
#[derive(Message)]
#[rtype(result = "Result<Arc<Token>, FetchError>")]
pub struct Renew(pub Arc<Credential>);

// === The actor ===

/// Who waits for one fetch.
type Waiting = Vec<oneshot::Sender<Result<Arc<Token>, FetchError>>>;

/// The actor.
pub struct CredentialKeeper {
    client: Rc<UpstreamClient>,
    /// By the credential's address, which is its own while the fetch holds it.
    under_way: HashMap<*const Credential, Waiting>,
}

impl CredentialKeeper {
    /// A keeper that fetches with `client`; to be made on the thread that it lives on.
    pub fn new(client: UpstreamClient) -> Self {
        CredentialKeeper { client: Rc::new(client), under_way: HashMap::new() }
    }

    fn fetched(&mut self, credential: &Arc<Credential>, result: Result<Token, FetchError>, ctx: &mut Context<Self>) {
        let result = result.map(Arc::new);
        match &result {
            Ok(token) => {
                credential.put(Arc::clone(token));
                log::info!("credential fetched credential={:?}", credential.name());
            }
            Err(error) => {
                log::warn!("credential not fetched credential={:?} cause={:?}", credential.name(), error.to_string());
                let credential = Arc::clone(credential);
                ctx.run_later(AGAIN, move |_, _| credential.told.store(false, Relaxed));
            }
        }
        for waiting in self.under_way.remove(&Arc::as_ptr(credential)).into_iter().flatten() {
            // whoever has left does not want it any more
            let _ = waiting.send(result.clone());
        }
    }
}

impl Actor for CredentialKeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(HOUSEKEEPING, |keeper, _| keeper.client.sweep());
    }
}

impl Handler<Renew> for CredentialKeeper {
    type Result = ResponseFuture<Result<Arc<Token>, FetchError>>;

    fn handle(&mut self, Renew(credential): Renew, ctx: &mut Context<Self>) -> Self::Result {
        // one that came while this message was on its way
        let fresh = credential.latest().filter(|token| token.state(Instant::now()) == State::Fresh);
        if let Some(token) = fresh {
            // a call that read the cell just before it was filled may have been the one to tell
            credential.told.store(false, Relaxed);
            return Box::pin(std::future::ready(Ok(token)));
        }
        let (tell, told) = oneshot::channel();
        let waiting = self.under_way.entry(Arc::as_ptr(&credential)).or_default();
        waiting.push(tell);
        if waiting.len() == 1 {
            let client = Rc::clone(&self.client);
            let fetch = async move {
                let fetched = timeout(FETCH_DEADLINE, credential.source.fetch(&client)).await;
                let late = |_| Err(FetchError(format!("no token within {} seconds", FETCH_DEADLINE.as_secs())));
                (fetched.unwrap_or_else(late), credential)
            };
            ctx.spawn(fetch.into_actor(self).map(|(result, credential), keeper, ctx| {
                keeper.fetched(&credential, result, ctx);
            }));
        }
        let gone = |_| Err(FetchError("the gateway is stopping".to_owned()));
        Box::pin(async move { told.await.unwrap_or_else(gone) })
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
