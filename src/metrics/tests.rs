//! The meter as a scraper sees it: what goes in through `Meter` comes out in the text.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use millrace_actors::account::{Admitted, Progress};
use millrace_actors::capabilities::CapabilitySnapshot;
use millrace_actors::health::CooldownPolicy;
use millrace_actors::in_flight::InFlightCount;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Kept, SinkHealth, Translate};
use millrace_actors::prices::{PriceTable, Pricing};
use millrace_actors::routing::{Group, PathSettings, Routing};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::Origin;
use millrace_actors::wire::cost::Cost;
use millrace_actors::wire::envelope::{Endpoint, Envelope};
use millrace_actors::wire::money::Picodollars;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::usage::Usage;

use super::*;

mod counting;
mod exposition;
mod load;

use exposition::{Scrape, parse};

struct Mute;

impl Dialect for Mute {
    fn name(&self) -> &'static str {
        "mute"
    }
    fn protocol(&self, _: Endpoint) -> Protocol {
        Protocol::Chat
    }
    fn encode(&self, _: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        Err(Fault::Internal)
    }
    fn split(&self, _: Endpoint, _: &Bytes) -> Result<Vec<Frame>, Fault> {
        Err(Fault::Internal)
    }
    fn collect(&self, _: Endpoint, _: &[Kept]) -> Result<Bytes, Fault> {
        Err(Fault::Internal)
    }
    fn translator(&self, _: Protocol, _: AnswerFacts) -> Box<dyn Translate> {
        unreachable!("no stream is opened here")
    }
    fn translate(&self, _: Protocol, _: AnswerFacts, _: &Bytes, _: &mut Notes) -> Result<Bytes, Fault> {
        Err(Fault::Internal)
    }
}

fn deployment(id: &str, group: &str) -> Arc<Deployment> {
    Arc::new(Deployment {
        pass_through: false,
        place: 0,
        id: id.into(),
        group: group.into(),
        dialect: Arc::new(Mute),
        provider: "openai",
        upstream_model: "m".into(),
        origin: Origin::parse("http://127.0.0.1:1").unwrap(),
        base_path: String::new(),
        query: String::new(),
        api_base: "http://127.0.0.1:1".into(),
        api_key: Some(Secret::new("sk-canary-metrics".into())),
        credential: None,
        headers: Vec::new(),
        default_params: Vec::new(),
        shown: Default::default(),
        extra_body: Vec::new(),
        drop: Vec::new(),
        drop_params: false,
        timeout: None,
        stream_timeout: None,
        max_retries: None,
        weight: 0.0,
        order: 0,
        cooldown: CooldownPolicy { allowed_fails: 0, cooldown: Duration::from_secs(600), disabled: false },
        pricing: Pricing::default(),
        price_override: None,
        base_model: None,
        info: serde_json::Map::new(),
        health: Arc::default(),
    })
}

fn routing(deployments: &[Arc<Deployment>]) -> Arc<Routing> {
    let group = |d: &Arc<Deployment>| Arc::new(Group { name: Arc::clone(&d.group), deployments: vec![Arc::clone(d)] });
    let (wild, exact): (Vec<_>, Vec<_>) = deployments.iter().map(group).partition(|g| g.name.contains('*'));
    Arc::new(Routing {
        generation: 7,
        groups: exact.into_iter().map(|g| (g.name.to_string(), g)).collect(),
        wildcards: wild,
        aliases: Default::default(),
        fallbacks: Default::default(),
        default_fallbacks: Vec::new(),
        max_fallbacks: 5,
        prices: Arc::new(PriceTable::default()),
        path: PathSettings {
            num_retries: 0,
            retry_after: Duration::ZERO,
            total_timeout: Duration::ZERO,
            first_token_timeout: Duration::ZERO,
            idle_timeout: Duration::ZERO,
            write_idle_timeout: Duration::ZERO,
            body_idle_timeout: Duration::ZERO,
            heartbeat: None,
            max_event_bytes: 0,
            credit_bytes: 0,
            upload_replay_bytes: 0,
            spool: None,
            upload_spool_bytes: 0,
            max_request_bytes: 0,
            max_response_bytes: 0,
            always_include_stream_usage: None,
        },
    })
}

fn live(deployments: &[Arc<Deployment>]) -> LiveSources {
    LiveSources {
        in_flight: 3,
        callbacks: Arc::new(CapabilitySnapshot::fold(11, Vec::new())),
        routing: routing(deployments),
        sinks: Vec::new(),
    }
}

/// An exchange to settle; the fields that matter here.
struct Case {
    asked: Admitted,
    progress: Progress,
    usage: Usage,
    cost: Option<Cost>,
    fault: Option<Fault>,
    outcome: Outcome,
    routing: Arc<Routing>,
    total: Duration,
    overhead: Duration,
}

impl Case {
    fn ok(route: &'static str, model: &str, deployment: Option<&Arc<Deployment>>) -> Self {
        let body = format!(r#"{{"model":"{model}","messages":[],"stream":true}}"#);
        let started = Instant::now();
        let asked = Admitted {
            call_id: "c".into(),
            request_id: "r".into(),
            route,
            protocol: Protocol::Chat,
            endpoint: Endpoint::Chat,
            headers: Vec::new(),
            caller: "master".into(),
            envelope: Envelope::scan(body.into(), Endpoint::Chat, &Default::default()).unwrap(),
            boundary: None,
            upload: None,
            through: None,
            model: model.into(),
            started,
            permit: Arc::new(InFlightCount::bounded(u64::MAX)).enter().unwrap(),
        };
        let progress = Progress {
            deployment: deployment.cloned(),
            first_event: Some(started + Duration::from_millis(30)),
            ..Progress::default()
        };
        let usage = Usage {
            prompt_tokens: 100,
            completion_tokens: 20,
            total_tokens: 120,
            cached_tokens: 40,
            reasoning_tokens: 5,
            ..Usage::default()
        };
        Case {
            asked,
            progress,
            usage,
            cost: Some(Cost { total: Picodollars::from_pico(22_500_001), ..Cost::default() }),
            fault: None,
            outcome: Outcome::Ok,
            routing: routing(&[]),
            total: Duration::from_millis(80),
            overhead: Duration::from_micros(120),
        }
    }

    fn settle(&self, metrics: &Metrics) {
        metrics.settled(&Settled {
            asked: &self.asked,
            progress: &self.progress,
            routing: &self.routing,
            outcome: self.outcome,
            fault: self.fault.as_ref(),
            usage: &self.usage,
            cost: self.cost.as_ref(),
            total: self.total,
            overhead: self.overhead,
        });
    }
}

fn scrape(metrics: &Metrics, live: &LiveSources) -> Scrape {
    parse(&metrics.render(live)).unwrap()
}
