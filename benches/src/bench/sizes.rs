//! How large the loads are: the numbers of the command line that the phases go by.

/// The sizes of all loads.
#[derive(Debug, Clone, PartialEq)]
pub struct Sizes {
    /// Whole answers in the script's phase.
    pub requests: u64,
    /// How many of them are in flight.
    pub concurrency: usize,
    /// Whole answers before the measured ones.
    pub warmup: u64,
    /// Streams in each of the script's stream phases.
    pub stream_requests: u64,
    /// How many of them are open at a time.
    pub stream_concurrency: usize,
    /// Streams before the measured ones.
    pub stream_warmup: u64,
    /// Whether streams whose first token is measured are read on.
    pub ttft_drain: bool,
    /// Requests of the field's load phases.
    pub field_requests: u64,
    /// How many of them are in flight.
    pub field_concurrency: usize,
    /// Streams at a time in the phase streams-memory.
    pub memory_streams: usize,
    /// Requests a second and seconds of the open loop.
    pub open_loop: Option<(f64, f64)>,
}

impl Default for Sizes {
    /// The defaults of the command line.
    fn default() -> Self {
        Self {
            requests: 500,
            concurrency: 100,
            warmup: 100,
            stream_requests: 200,
            stream_concurrency: 20,
            stream_warmup: 20,
            ttft_drain: false,
            field_requests: 4000,
            field_concurrency: 16,
            memory_streams: 500,
            open_loop: None,
        }
    }
}
