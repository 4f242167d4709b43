//! What a provider can do to the gateway (FAULTS, rows U), and how the gateway chooses, retries and falls back.
//!
//! Every test ends in [`rig::Rig::finish`], which checks what holds for all rows: one record per exchange (I3), nothing in
//! flight (I5), no credential anywhere (I9).

mod bodies;
mod connect;
mod cuts;
mod errors;
mod fallbacks;
mod framing;
mod heads;
mod left_out;
mod retries;
mod rig;
mod routing;
mod setup;
mod stale;
mod timeouts;
