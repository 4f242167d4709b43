//! The actix App: one function, used by `serve` and by the tests alike.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use millrace_actors::capabilities::CapabilitySnapshot;
use millrace_actors::desk::{Desk, DeskParts};
use millrace_actors::routing::Routing;
use millrace_actors::upstream::{UpstreamClient, UpstreamSettings};

use crate::auth::Keys;
use crate::http;
use crate::state::State;

/// What every worker's App is made from. Cheap to clone: the factory runs once per worker.
#[derive(Clone)]
pub struct AppParts {
    /// The process's state.
    pub state: Arc<State>,
    /// Who may call.
    pub keys: Arc<Keys>,
    /// Limits and trust of the upstream side.
    pub upstream: UpstreamSettings,
    /// The snapshots to begin with; what changed since arrives when the worker has subscribed.
    pub first: FirstSnapshots,
}

/// The snapshots a worker begins with.
#[derive(Clone)]
pub struct FirstSnapshots {
    /// Callbacks, generation 1.
    pub callbacks: Arc<CapabilitySnapshot>,
    /// Routes and prices, generation 1.
    pub routing: Arc<Routing>,
}

/// The App of one worker: its desk is made here, on the worker's own thread.
pub fn app(
    parts: AppParts,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let AppParts { state, keys, upstream, first } = parts;
    let desk = Desk::open(DeskParts {
        upstream: UpstreamClient::new(upstream),
        meter: state.metrics.clone(),
        tokens: state.tokens.clone(),
        in_flight: Arc::clone(&state.in_flight),
        shutdown: Arc::clone(&state.shutdown),
        callbacks: first.callbacks,
        routing: first.routing,
        registry: state.registry.clone(),
        cost_cache: state.cost_cache.clone(),
        credentials: state.credentials.clone(),
    });
    App::new()
        .app_data(desk)
        .app_data(state)
        .app_data(keys)
        .configure(http::routes)
        .default_service(web::to(http::no_route))
        // outermost: it sees every answer, and every panic below
        .wrap(from_fn(http::guard::guard))
}
