//! A burst: 20 chunks at once. It shows whether a gateway works by the wake-up or by the token.

use super::{Figure, Measured, Phase, Plan, mock_model};
use crate::bench::http::request::Ask;
use crate::bench::load::Read;
use crate::bench::sizes::Sizes;

/// Streams of 20 chunks that come all at once.
#[derive(Debug)]
pub struct Burst;

impl Phase for Burst {
    fn name(&self) -> &'static str {
        "burst"
    }

    fn about(&self) -> &'static str {
        "streams of 20 chunks that come all at once"
    }

    fn wants_direct(&self) -> bool {
        false
    }

    fn plan(&self, sizes: &Sizes) -> Plan {
        Plan::field(sizes, Ask { model: mock_model("chunks=20"), prompt_bytes: 0, stream: true }, Read::Full)
    }

    fn figures(&self, own: &Measured, _direct: Option<&Measured>) -> Vec<Figure> {
        let mut figures = own.common();
        figures.insert(1, Figure::new("cpu_us_per_chunk", own.cpu_us_per_chunk()));
        figures
    }
}
