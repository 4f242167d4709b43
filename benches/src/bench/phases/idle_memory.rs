//! Memory at rest: no request is sent. From the second round on, at rest means after the loads of the first.

use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::{Pace, Read};
use crate::bench::sizes::Sizes;

/// Memory of the target at rest.
#[derive(Debug)]
pub struct IdleMemory;

impl Phase for IdleMemory {
    fn name(&self) -> &'static str {
        "idle-memory"
    }

    fn about(&self) -> &'static str {
        "memory of the target at rest"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        let ask = Ask { model: mock_model("chunks=1"), prompt_bytes: 0, stream: false };
        Plan { warmup: 0, requests: 0, concurrency: 1, pace: Pace::Closed, ..Plan::field(sizes, ask, Read::Whole) }
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        vec![Figure::new("rss_mb", own.before_mb())]
    }
}
