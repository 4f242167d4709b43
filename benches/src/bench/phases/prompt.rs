//! A large prompt: what reading, holding and passing on a body costs. A quarter of the requests, each being larger.

use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::Read;
use crate::bench::sizes::Sizes;

/// Bytes of the prompt.
const PROMPT_BYTES: usize = 100_000;

/// Whole answers to a prompt of 100 kB.
#[derive(Debug)]
pub struct Prompt;

impl Phase for Prompt {
    fn name(&self) -> &'static str {
        "prompt"
    }

    fn about(&self) -> &'static str {
        "whole answers to a prompt of 100 kB"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        let ask = Ask { model: mock_model("chunks=20"), prompt_bytes: PROMPT_BYTES, stream: false };
        let plan = Plan::field(sizes, ask, Read::Whole);
        Plan { requests: plan.requests.div_ceil(4), ..plan }
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        own.common()
    }
}
