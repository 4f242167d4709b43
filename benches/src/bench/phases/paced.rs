//! A paced stream, as a model gives it: each chunk is a wake-up of its own, so this is the price of one.

use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::{Pace, Read};
use crate::bench::sizes::Sizes;

/// Streams at a time.
const STREAMS: usize = 64;
/// Streams that each of the places has, one after the other: some 19,000 chunks in all.
const WAVES: u64 = 6;

/// 64 streams of 50 chunks, 5 ms apart.
#[derive(Debug)]
pub struct Paced;

impl Phase for Paced {
    fn name(&self) -> &'static str {
        "paced"
    }

    fn about(&self) -> &'static str {
        "64 streams of 50 chunks, 5 ms apart"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, _sizes: &Sizes) -> Plan {
        Plan {
            ask: Ask { model: mock_model("chunks=50,gap=5ms"), prompt_bytes: 0, stream: true },
            read: Read::Full,
            warmup: STREAMS as u64,
            requests: STREAMS as u64 * WAVES,
            concurrency: STREAMS,
            pace: Pace::Closed,
        }
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        vec![
            Figure::new("cpu_us_per_chunk", own.cpu_us_per_chunk()),
            Figure::new("cpu_us_per_request", own.cpu_us_per_request()),
            Figure::new("ttft_p50_us", own.load.first_token.quantile_us(0.5)),
            Figure::new("ttft_p99_us", own.load.first_token.quantile_us(0.99)),
            Figure::new("peak_mb", own.peak_mb()),
        ]
    }
}
