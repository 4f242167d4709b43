//! Credentials that must be fetched, or are more than one header: a cell that every worker reads, and whoever fills it.
//!
//! A deployment with a plain key has none of this: its key stands among its headers. One whose credential is fetched holds a
//! [`Credential`], which it may share with others. While the [`Token`] in it is fresh, a call pays one read of the cell, and
//! no message; when its end draws near, one of the calls tells the [`CredentialKeeper`](keeper) and goes on with what there
//! is; only a call that finds none waits for the keeper, together with all that find none meanwhile.

pub mod keeper;
mod token;
mod wait;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use futures_util::future::LocalBoxFuture;

use crate::upstream::UpstreamClient;

pub use token::{Proof, SigningKeys, State, Token};
pub(crate) use wait::ready;

/// Where a token comes from. The service has one for each way of getting one.
pub trait TokenSource: Send + Sync + 'static {
    /// What messages call the credential: its kind and whom it is of, nothing secret of it.
    fn name(&self) -> &str;

    /// Gets a token, on the keeper's thread. Whoever asks waits no longer than [`keeper::FETCH_DEADLINE`].
    ///
    /// # Errors
    /// Why there is none, in words that hold nothing secret.
    fn fetch<'a>(&'a self, client: &'a UpstreamClient) -> LocalBoxFuture<'a, Result<Token, FetchError>>;
}

/// Why a token could not be had. The text is for operators and callers, and holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);

/// One credential: the token of this moment, and where the next comes from. Shared by all deployments that it is of, and
/// by all generations of them that were configured alike.
pub struct Credential {
    source: Box<dyn TokenSource>,
    current: ArcSwapOption<Token>,
    /// Whether the keeper knows that the next token is wanted, so that not every call of the last minutes tells it.
    told: AtomicBool,
}

impl Credential {
    /// A credential of which no token has been fetched yet.
    pub fn new(source: Box<dyn TokenSource>) -> Self {
        Credential { source, current: ArcSwapOption::empty(), told: AtomicBool::new(false) }
    }

    /// As [`TokenSource::name`].
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// The latest token, whether or not it has ended.
    pub fn latest(&self) -> Option<Arc<Token>> {
        self.current.load_full()
    }

    /// A token that may be used now, and whether the caller is the one to tell the keeper that it should be renewed.
    fn usable(&self, now: Instant) -> Option<(Arc<Token>, bool)> {
        let token = self.latest()?;
        match token.state(now) {
            State::Fresh => Some((token, false)),
            State::Due => Some((token, !self.told.swap(true, Relaxed))),
            State::Over => None,
        }
    }

    /// The provider would not take this token, whatever its end says: the next call asks for another. Not where it was new:
    /// then it is not the token that is wrong, and another would only be one more fetch.
    pub(crate) fn refused(&self, token: &Arc<Token>, now: Instant) {
        if token.is_new(now) {
            return;
        }
        // a token that has come meanwhile stays
        let known = self.current.load();
        if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, token)) {
            self.current.compare_and_swap(&known, None);
        }
    }

    /// A new token is here.
    fn put(&self, token: Arc<Token>) {
        self.current.store(Some(token));
        self.told.store(false, Relaxed);
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("name", &self.name()).finish_non_exhaustive()
    }
}
