//! Latency added at one connection: a quantile through the target minus the same quantile of the provider itself.

use super::figure::quantile_over;
use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::{Pace, Read};
use crate::bench::sizes::Sizes;

/// Latency added at one connection, whole answers.
#[derive(Debug)]
pub struct Added;

impl Phase for Added {
    fn name(&self) -> &'static str {
        "added"
    }

    fn about(&self) -> &'static str {
        "latency added at one connection, whole answers"
    }

    fn wants_direct(&self) -> bool {
        true
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        let ask = Ask { model: mock_model("chunks=20"), prompt_bytes: 0, stream: false };
        Plan { concurrency: 1, pace: Pace::Closed, ..Plan::field(sizes, ask, Read::Whole) }
    }

    fn figures(&self, own: &Measured, direct: Option<&Measured>) -> Vec<Figure> {
        let direct = direct.map(|direct| &direct.load.latency);
        vec![
            Figure::new("added_p50_us", quantile_over(&own.load.latency, direct, 0.5)),
            Figure::new("added_p99_us", quantile_over(&own.load.latency, direct, 0.99)),
            Figure::new("p50_us", own.load.latency.quantile_us(0.5)),
            Figure::new("p99_us", own.load.latency.quantile_us(0.99)),
        ]
    }
}

/// Time to the first token added at one connection.
#[derive(Debug)]
pub struct AddedFirstToken;

impl Phase for AddedFirstToken {
    fn name(&self) -> &'static str {
        "added-ttft"
    }

    fn about(&self) -> &'static str {
        "time to the first token added at one connection"
    }

    fn wants_direct(&self) -> bool {
        true
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        let ask = Ask { model: mock_model("chunks=20"), prompt_bytes: 0, stream: true };
        let plan = Plan::field(sizes, ask, Read::FirstToken { drain: true });
        Plan { concurrency: 1, pace: Pace::Closed, ..plan }
    }

    fn figures(&self, own: &Measured, direct: Option<&Measured>) -> Vec<Figure> {
        let direct = direct.map(|direct| &direct.load.first_token);
        vec![
            Figure::new("added_ttft_p50_us", quantile_over(&own.load.first_token, direct, 0.5)),
            Figure::new("added_ttft_p99_us", quantile_over(&own.load.first_token, direct, 0.99)),
            Figure::new("ttft_p50_us", own.load.first_token.quantile_us(0.5)),
            Figure::new("ttft_p99_us", own.load.first_token.quantile_us(0.99)),
        ]
    }
}
