//! Whole answers to a short prompt: the least a gateway can do for a request.

use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::Read;
use crate::bench::sizes::Sizes;

/// Whole answers to a short prompt.
#[derive(Debug)]
pub struct Whole;

impl Phase for Whole {
    fn name(&self) -> &'static str {
        "whole"
    }

    fn about(&self) -> &'static str {
        "whole answers to a short prompt"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        Plan::field(sizes, Ask { model: mock_model("chunks=20"), prompt_bytes: 0, stream: false }, Read::Whole)
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        own.common()
    }
}
