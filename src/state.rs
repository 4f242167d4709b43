//! What the whole process holds, made once at boot and given to every worker's App.

use std::sync::Arc;

use actix_web::HttpRequest;
use millrace_actors::callback_registry::CallbackRegistry;
use millrace_actors::cost_cache::CostCache;
use millrace_actors::credential::keeper::CredentialKeeper;
use millrace_actors::desk::Shutdown;
use millrace_actors::in_flight::InFlightCount;
use millrace_actors::watch::Standing;

use crate::keeper::Keeper;
use crate::metrics::Metrics;
use crate::tokens::Counter;

/// The process's state.
pub struct State {
    /// Where everything is counted.
    pub metrics: Arc<Metrics>,
    /// The owner of callbacks.
    pub registry: Standing<CallbackRegistry>,
    /// The owner of routes and prices.
    pub cost_cache: Standing<CostCache>,
    /// Who fetches tokens.
    pub credentials: Standing<CredentialKeeper>,
    /// Who counts tokens that no provider counted.
    pub tokens: Arc<Counter>,
    /// Exchanges alive.
    pub in_flight: Arc<InFlightCount>,
    /// The end of the process.
    pub shutdown: Arc<Shutdown>,
    /// Who reloads, and changes callbacks.
    pub keeper: Keeper,
}

impl State {
    /// The state, if the App was built whole.
    pub fn find(request: &HttpRequest) -> Option<&Arc<State>> {
        request.app_data::<Arc<State>>()
    }
}
