//! What an owner of a snapshot has published, the workers that it pushes to, and the wait for their acknowledgements.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::MessageResponse;
use actix::prelude::*;
use futures_util::future::join_all;
use parking_lot::Mutex;

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

/// What an owner has published, and to whom. It outlives its owner: whoever takes the place of one that ended goes on from
/// here. `M` is the push; a worker's reply to it is its acknowledgement.
pub struct Published<S, M>(Arc<Mutex<Told<S, M>>>)
where
    M: Message<Result = ()> + Send + Clone + From<Arc<S>> + 'static;

struct Told<S, M>
where
    M: Message<Result = ()> + Send + Clone + From<Arc<S>> + 'static,
{
    current: Arc<S>,
    workers: Vec<Recipient<M>>,
}

impl<S, M> Clone for Published<S, M>
where
    M: Message<Result = ()> + Send + Clone + From<Arc<S>> + 'static,
{
    fn clone(&self) -> Self {
        Published(Arc::clone(&self.0))
    }
}

impl<S, M> Published<S, M>
where
    M: Message<Result = ()> + Send + Clone + From<Arc<S>> + 'static,
{
    /// What there is to begin with, told to nobody yet.
    pub fn new(first: Arc<S>) -> Self {
        Published(Arc::new(Mutex::new(Told { current: first, workers: Vec::new() })))
    }

    /// What is current.
    pub fn current(&self) -> Arc<S> {
        Arc::clone(&self.0.lock().current)
    }

    /// Adds a worker and tells it what is current: it may have been built while a change was under way.
    pub fn subscribe(&self, worker: Recipient<M>) -> impl Future<Output = ()> + use<S, M> {
        let mut told = self.0.lock();
        let heard = worker.send(M::from(Arc::clone(&told.current))).timeout(ACK_DEADLINE);
        told.workers.push(worker);
        async move {
            let _ = heard.await;
        }
    }

    /// Makes a snapshot the current one and tells every worker; resolves when all have acknowledged or the deadline has
    /// passed.
    pub fn publish(&self, generation: u64, snapshot: Arc<S>) -> impl Future<Output = Pushed> + use<S, M> {
        // not within the lock: with the last of its handles a snapshot ends, and what ends with it is not ours
        let before = std::mem::replace(&mut self.0.lock().current, snapshot);
        drop(before);
        self.push(generation)
    }

    /// Tells every worker what is current.
    pub fn push(&self, generation: u64) -> impl Future<Output = Pushed> + use<S, M> {
        let mut told = self.0.lock();
        told.workers.retain(Recipient::connected);
        let workers = told.workers.len();
        let message = M::from(Arc::clone(&told.current));
        let acks = join_all(told.workers.iter().map(|worker| worker.send(message.clone()).timeout(ACK_DEADLINE)));
        async move {
            // a worker that has stopped meanwhile needs no snapshot: only a timeout counts as missing
            let missing = acks.await.iter().filter(|ack| matches!(ack, Err(MailboxError::Timeout))).count();
            Pushed { generation, workers, missing }
        }
    }
}
