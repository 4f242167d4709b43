//! Memory under many slow streams, all open at the same time: two seconds each, so that the last begins before the first ends.

use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::{Pace, Read};
use crate::bench::sizes::Sizes;

/// Memory under many slow streams at a time (--memory-streams).
#[derive(Debug)]
pub struct StreamsMemory;

impl Phase for StreamsMemory {
    fn name(&self) -> &'static str {
        "streams-memory"
    }

    fn about(&self) -> &'static str {
        "memory under many slow streams at a time (--memory-streams)"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        let streams = sizes.memory_streams;
        Plan {
            ask: Ask { model: mock_model("chunks=20,gap=100ms"), prompt_bytes: 0, stream: true },
            read: Read::Full,
            warmup: 0,
            requests: streams as u64,
            concurrency: streams,
            pace: Pace::Closed,
        }
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        let each = |growth: f64| growth * 1024.0 / own.concurrency.max(1) as f64;
        vec![
            Figure::new("kb_per_stream", own.growth_mb().map(each)),
            Figure::new("peak_mb", own.peak_mb()),
            Figure::new("ttft_p99_us", own.load.first_token.quantile_us(0.99)),
        ]
    }
}
