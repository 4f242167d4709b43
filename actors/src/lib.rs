//! The cast of Millrace: the actors of the gateway, and the vocabulary they share.
//!
//! A request reaches a [`RequestHandler`](request_handler), one per exchange, on the worker's own thread. It owns the
//! exchange until there is an answer, calls upstream, and sends what comes in batches to a [`StreamRelay`](stream_relay),
//! one per stream, which turns it into the client's bytes and settles the exchange. The one
//! [`CallbackRegistry`](callback_registry) and the one [`CostCache`](cost_cache) own what may change while traffic flows,
//! and push a numbered snapshot of it to every worker's [`Desk`](desk). Nothing on the path asks an actor and waits, but
//! for the first zero-cost question of a model in a price generation, and for a token that is to be fetched: the one
//! [`CredentialKeeper`](credential::keeper) does that, once for all who wait.
//!
//! ```text
//!             HTTP handler ── exchange, plan ──> RequestHandler ── Chunks, End ──> StreamRelay
//!                  ^                                 │    ^                             │
//!                  │ reply (oneshot)                 │    │ credit                      │ bytes
//!                  └─────────────────────────────────┘    └──────── Outlet <────────────┘ ──> response body
//!
//!   admin ── Upsert, Remove, Reload ──> CallbackRegistry ── CapabilitySnapshot ──> every worker's Desk
//!   admin ── Reprice ─────────────────> CostCache ───────── Routing ─────────────> every worker's Desk
//!                                           ^ ZeroCost, once per model and generation ──┘
//!   a call without a fresh token ── Renew ──> CredentialKeeper ── Token ──> the deployment's Credential, for every worker
//! ```

pub mod account;
mod answered;
mod attempts;
mod call;
pub mod callback_registry;
pub mod capabilities;
mod carry;
pub mod cost_cache;
pub mod credential;
pub mod deployment;
pub mod desk;
pub mod exchange;
pub mod fault;
pub mod health;
mod hold;
pub mod hooks;
pub mod in_flight;
mod job;
pub mod mailbox;
pub mod meter;
pub mod outlet;
pub mod plan;
pub mod ports;
pub mod prices;
mod pump;
pub mod record;
pub mod relay;
pub mod reply;
pub mod request_handler;
pub mod routing;
pub mod secret;
pub mod shape;
pub mod spool_room;
pub mod stream_relay;
mod tally;
mod tap;
pub mod told;
mod unusable;
pub mod upload;
pub mod upstream;
pub mod watch;
pub mod wire;
mod within;
pub mod workers;
