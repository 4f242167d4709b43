//! The workers that an owner of a snapshot pushes to, and the wait for their acknowledgements.

use std::future::Future;
use std::time::Duration;

use actix::dev::MessageResponse;
use actix::prelude::*;
use futures_util::future::join_all;

/// How long a worker may take to acknowledge a push. A worker that takes longer is stuck in something that blocks; it
/// still gets the snapshot when it comes round, since its mailbox keeps it.
const ACK_DEADLINE: Duration = Duration::from_secs(5);

/// How a push went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, MessageResponse)]
pub struct Pushed {
    /// The generation that was pushed.
    pub generation: u64,
    /// Workers told.
    pub workers: usize,
    /// Of these, the ones that had not acknowledged in time.
    pub missing: usize,
}

/// The list. `M` is the push; a worker's reply to it is its acknowledgement.
pub struct Workers<M>(Vec<Recipient<M>>)
where
    M: Message<Result = ()> + Send + Clone + 'static;

impl<M> Default for Workers<M>
where
    M: Message<Result = ()> + Send + Clone + 'static,
{
    fn default() -> Self {
        Workers(Vec::new())
    }
}

impl<M> Workers<M>
where
    M: Message<Result = ()> + Send + Clone + 'static,
{
    /// Adds a worker and tells it what is current: it may have been built while a change was under way.
    pub fn add(&mut self, worker: Recipient<M>, current: M) -> impl Future<Output = ()> + use<M> {
        let told = worker.send(current).timeout(ACK_DEADLINE);
        self.0.push(worker);
        async move {
            let _ = told.await;
        }
    }

    /// Tells every worker; resolves when all have acknowledged or the deadline has passed.
    pub fn push(&mut self, generation: u64, message: &M) -> impl Future<Output = Pushed> + use<M> {
        self.0.retain(Recipient::connected);
        let workers = self.0.len();
        let acks = join_all(self.0.iter().map(|worker| worker.send(message.clone()).timeout(ACK_DEADLINE)));
        async move {
            // a worker that has stopped meanwhile needs no snapshot: only a timeout counts as missing
            let missing = acks.await.iter().filter(|ack| matches!(ack, Err(MailboxError::Timeout))).count();
            Pushed { generation, workers, missing }
        }
    }
}
