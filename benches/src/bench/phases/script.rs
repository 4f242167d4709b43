//! The pull request's own phases: whole answers, streams to the first token, streams to the end.

use super::{Figure, Measured, Phase, Plan};
use crate::bench::http::request::Ask;
use crate::bench::load::{Pace, Read};
use crate::bench::sizes::Sizes;
use crate::bench::stats::script_percentile;

/// The model of the script's requests.
pub const MODEL: &str = "perf-test-model";

/// Whole answers, from the gateway and from the provider itself.
#[derive(Debug)]
pub struct NonStream;

/// Streams, to their first token.
#[derive(Debug)]
pub struct FirstToken;

/// Streams, to their end.
#[derive(Debug)]
pub struct FullStream;

impl Phase for NonStream {
    fn name(&self) -> &'static str {
        "script-whole"
    }

    fn about(&self) -> &'static str {
        "the script's whole answers, from the provider itself and through each target"
    }

    fn wants_direct(&self) -> bool {
        true
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        Plan {
            ask: Ask { model: MODEL.to_owned(), prompt_bytes: 0, stream: false },
            read: Read::Whole,
            warmup: sizes.warmup,
            requests: sizes.requests,
            concurrency: sizes.concurrency,
            pace: Pace::Closed,
        }
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        figures(own)
    }
}

impl Phase for FirstToken {
    fn name(&self) -> &'static str {
        "script-ttft"
    }

    fn about(&self) -> &'static str {
        "the script's streams up to the first token, then left (--ttft-drain: read on)"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        stream_plan(sizes, Read::FirstToken { drain: sizes.ttft_drain })
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        figures(own)
    }
}

impl Phase for FullStream {
    fn name(&self) -> &'static str {
        "script-full"
    }

    fn about(&self) -> &'static str {
        "the script's streams up to the end"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        stream_plan(sizes, Read::Full)
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        figures(own)
    }
}

fn stream_plan(sizes: &Sizes, read: Read) -> Plan {
    Plan {
        ask: Ask { model: MODEL.to_owned(), prompt_bytes: 0, stream: true },
        read,
        warmup: sizes.stream_warmup,
        requests: sizes.stream_requests,
        concurrency: sizes.stream_concurrency,
        pace: Pace::Closed,
    }
}

/// Milliseconds and the script's percentiles, so that the table and the row never disagree.
fn figures(own: &Measured) -> Vec<Figure> {
    let sorted = own.load.latency.sorted_ms();
    vec![
        Figure::new("p50_ms", script_percentile(&sorted, 50)),
        Figure::new("p95_ms", script_percentile(&sorted, 95)),
        Figure::new("p99_ms", script_percentile(&sorted, 99)),
        Figure::new("rps", own.load.rps()),
        Figure::new("cpu_us_per_request", own.cpu_us_per_request()),
        Figure::new("peak_mb", own.peak_mb()),
    ]
}
