//! How a mock server is started.

use super::{behaviour::Behaviour, choices::ScriptEnd};
use std::net::{Ipv4Addr, SocketAddr};

/// How a mock server is started.
#[derive(Clone, Debug)]
pub struct MockConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that answer.
    pub workers: usize,
    /// What to do with a request, unless the script, the model name or the header say otherwise.
    pub behaviour: Behaviour,
    /// The n-th API request (POST) gets the n-th of these, in place of `behaviour`.
    pub script: Vec<Behaviour>,
    /// What follows after the script's last step.
    pub script_end: ScriptEnd,
    /// Recorded requests that are kept; 0 records none.
    pub record: usize,
    /// The models that `/v1/models` lists; any model can be asked.
    pub models: Vec<String>,
    /// Put behind the model's name in answers, as `-2024-08-06`.
    pub model_suffix: String,
    /// Largest request body in bytes; a larger one is answered 413.
    pub max_body: usize,
}

impl Default for MockConfig {
    /// What tests want: a free port on loopback, one thread, the last 1,024 requests recorded.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            workers: 1,
            behaviour: Behaviour::default(),
            script: Vec::new(),
            script_end: ScriptEnd::default(),
            record: 1024,
            models: vec!["mock".to_owned()],
            model_suffix: String::new(),
            max_body: 256 << 20,
        }
    }
}

impl MockConfig {
    /// The default with another behaviour.
    pub fn with(behaviour: Behaviour) -> Self {
        Self { behaviour, ..Self::default() }
    }

    /// The default with a script.
    pub fn scripted(script: impl IntoIterator<Item = Behaviour>) -> Self {
        Self { script: script.into_iter().collect(), ..Self::default() }
    }
}
