//! Large bodies, as of a prompt full of images: how many times over a gateway holds one.

use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::{Pace, Read};
use crate::bench::sizes::Sizes;

/// Bytes of the prompt.
const BODY_BYTES: usize = 20_000_000;
/// Requests, one after the other.
const REQUESTS: u64 = 5;

/// Growth of memory under bodies of 20 MB.
#[derive(Debug)]
pub struct LargeBody;

impl Phase for LargeBody {
    fn name(&self) -> &'static str {
        "large-body"
    }

    fn about(&self) -> &'static str {
        "growth of memory under bodies of 20 MB"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        let ask = Ask { model: mock_model("chunks=1"), prompt_bytes: BODY_BYTES, stream: false };
        let plan = Plan::field(sizes, ask, Read::Whole);
        Plan { warmup: 0, requests: REQUESTS, concurrency: 1, pace: Pace::Closed, ..plan }
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        vec![
            Figure::new("growth_mb", own.growth_mb()),
            Figure::new("peak_mb", own.peak_mb()),
            Figure::new("p50_us", own.load.latency.quantile_us(0.5)),
            Figure::new("cpu_us_per_request", own.cpu_us_per_request()),
        ]
    }
}
