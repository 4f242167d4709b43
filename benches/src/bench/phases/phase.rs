//! What a workload is, and the load it asks for.

use super::figure::{Figure, Measured};
use crate::bench::http::request::Ask;
use crate::bench::load::{Pace, Read};
use crate::bench::sizes::Sizes;

/// Warm-up of the field's load phases: one request for so many measured ones.
const WARMUP_SHARE: u64 = 10;

/// The load of one phase, before it is addressed to a target.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is asked.
    pub ask: Ask,
    /// How far answers are read.
    pub read: Read,
    /// Requests before the measured ones.
    pub warmup: u64,
    /// Measured requests.
    pub requests: u64,
    /// Requests in flight.
    pub concurrency: usize,
    /// When they are sent.
    pub pace: Pace,
}

impl Plan {
    /// A load of the field's size; open loop if one was asked for.
    pub fn field(sizes: &Sizes, ask: Ask, read: Read) -> Self {
        let warmup = sizes.field_requests.div_ceil(WARMUP_SHARE);
        let (requests, pace) = match sizes.open_loop {
            Some((rate, seconds)) => ((rate * seconds).ceil() as u64, Pace::Open { rate }),
            None => (sizes.field_requests, Pace::Closed),
        };
        Self { ask, read, warmup, requests, concurrency: sizes.field_concurrency, pace }
    }
}

/// A workload.
pub trait Phase: std::fmt::Debug + Sync {
    /// Its name on the command line and in the output.
    fn name(&self) -> &'static str;
    /// What it measures, in one line.
    fn about(&self) -> &'static str;
    /// Whether the provider itself is measured as well, to be compared with.
    fn wants_direct(&self) -> bool;
    /// The load.
    fn plan(&self, sizes: &Sizes) -> Plan;
    /// The figures, from what was measured on the target and, in the same round, on the provider itself.
    fn figures(&self, own: &Measured, direct: Option<&Measured>) -> Vec<Figure>;
}

/// A model name from which the mock provider reads what it is to do.
pub(super) fn mock_model(behaviour: &str) -> String {
    format!("mock:{behaviour}")
}
