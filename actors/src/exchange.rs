//! One request and its answer, from accept to settle.
//!
//! However it ends (answered, refused, cancelled, broken, panicked), it settles exactly once (invariant I3): [`settle`]
//! takes it by value, and its `Drop` settles what nobody settled.
//!
//! [`settle`]: Exchange::settle

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::account::{Admitted, Progress, Settled};
use crate::capabilities::{CapabilitySnapshot, Hooks};
use crate::deployment::Deployment;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::ports::{AnswerFacts, CallFacts, Dialect, Vectors};
use crate::prices::{PriceQuery, Pricing};
use crate::record::{LogRecord, MESSAGE_BYTES, Outcome, UsageDetails, kept, kept_name};
use crate::routing::Routing;
use crate::wire::cost::Cost;
use crate::wire::endpoint::Endpoint;
use crate::wire::endpoint::{AnswerKind, Way};
use crate::wire::protocol::Repeats;
use crate::wire::usage::Usage;

/// One exchange; in a box, since it is handed on from future to future a dozen times and has a kilobyte.
pub struct Exchange {
    /// What was asked.
    pub asked: Admitted,
    /// The callbacks it runs with, to its end.
    pub callbacks: Arc<CapabilitySnapshot>,
    /// The routes and prices it runs with, to its end.
    pub routing: Arc<Routing>,
    /// What has happened to it.
    pub progress: Progress,
    desk: Rc<Desk>,
    /// A deployment is being called, or its stream has not ended.
    calling: bool,
    /// The last [`Exchange::cost`].
    priced: Cell<Option<(Usage, Option<Cost>)>>,
    /// Its model has no price at all: what cannot be reckoned need not be looked for.
    unpriced: Cell<bool>,
    settled: bool,
    ended: Option<Instant>,
}

impl Exchange {
    /// Admits a request on this worker, under the snapshots of this moment.
    pub fn admit(asked: Admitted, desk: &Rc<Desk>) -> Box<Self> {
        Box::new(Exchange {
            asked,
            callbacks: desk.callbacks(),
            routing: desk.routing(),
            progress: Progress::default(),
            desk: Rc::clone(desk),
            calling: false,
            priced: Cell::new(None),
            unpriced: Cell::new(false),
            settled: false,
            ended: None,
        })
    }

    /// The worker's desk.
    pub fn desk(&self) -> &Rc<Desk> {
        &self.desk
    }

    /// Whether any callback has one of `hooks`.
    #[inline]
    pub fn hooked(&self, hooks: Hooks) -> bool {
        self.callbacks.hooks.any(hooks)
    }

    /// How its answer goes to the caller.
    pub fn way(&self) -> Way {
        self.asked.endpoint.way(self.asked.envelope.stream())
    }

    /// Whether what its answer is (`content-type`) is for the provider to say.
    pub fn own_kind(&self) -> bool {
        self.way() == Way::Bytes || self.asked.endpoint.facts().answer == AnswerKind::TextOrBytes
    }

    /// Whether bodies and streams must be written anew between the caller and `dialect`.
    pub fn translated_by(&self, dialect: &dyn Dialect) -> bool {
        dialect.protocol(self.asked.endpoint) != self.asked.protocol && self.asked.endpoint.facts().translated
    }

    /// What callbacks may know of it.
    pub fn facts(&self) -> CallFacts {
        CallFacts {
            protocol: self.asked.protocol,
            call_id: Arc::clone(&self.asked.call_id),
            route: self.asked.route,
            model: Arc::clone(&self.asked.model),
            stream: self.asked.envelope.stream(),
            caller: Arc::clone(&self.asked.caller),
            body: self.asked.envelope.body().clone(),
        }
    }

    /// The model name the client shall read: what it asked for, or the fallback group that served (COMPAT 3.5).
    pub fn shown_model(&self) -> &str {
        match &self.progress.serving {
            Some(name) if self.progress.fallbacks > 0 => name,
            _ => &self.asked.model,
        }
    }

    /// What a writer of its answer must know, where it is written anew.
    pub fn answer_facts(&self) -> AnswerFacts {
        let path = &self.routing.path;
        AnswerFacts {
            model: self.shown_model().to_owned(),
            id: self.asked.call_id.to_string(),
            created: unix(SystemTime::now()) as u64,
            show_usage: self.asked.envelope.include_usage() || path.always_include_stream_usage == Some(true),
            asked: self.repeated(),
            vectors: (self.asked.endpoint == Endpoint::Embeddings).then(|| Vectors {
                base64: self.asked.envelope.field("encoding_format") == Some(b"\"base64\""),
                tokens: None,
            }),
        }
    }

    /// Members of the request for its answer: the caller's, or what the deployment's entry sets where it gave none. What
    /// the provider was not told is not repeated as if it had been.
    fn repeated(&self) -> Vec<(&'static str, Bytes)> {
        let set = |name: &str| {
            let (_, raw) = self.progress.deployment.as_ref()?.default_params.iter().find(|(known, _)| known == name)?;
            Some(Bytes::copy_from_slice(raw.as_bytes()))
        };
        let Repeats { parameters, labels } = self.asked.protocol.repeats();
        let told = |name: &&&'static str| !self.progress.notes.dropped().any(|note| note.param == **name);
        let names = parameters.iter().filter(told).chain(labels);
        names.filter_map(|name| Some((*name, self.asked.envelope.raw(name).or_else(|| set(name))?))).collect()
    }

    /// The price of `usage` at the deployment that answered. The answer's headers and the record ask for the same.
    pub fn cost(&self, usage: &Usage) -> Option<Cost> {
        match self.priced.get() {
            Some((known, cost)) if known == *usage => cost,
            _ => {
                let cost = self.reckon(usage);
                self.priced.set(Some((*usage, cost)));
                cost
            }
        }
    }

    fn reckon(&self, usage: &Usage) -> Option<Cost> {
        let deployment = self.progress.deployment.as_ref()?;
        let pricing = self.pricing(deployment);
        self.unpriced.set(pricing.rates.is_none());
        // the provider knows better than a table, but not better than the operator
        let stated = usage.stated_cost.filter(|_| deployment.dialect.states_cost() && !pricing.source.is_operators());
        if let Some(stated) = stated {
            return Some(Cost::stated(stated));
        }
        let billed = self.asked.endpoint.facts().billed;
        pricing.rates?.cost_beside_tokens(billed, usage, &self.progress.extras)
    }

    fn pricing(&self, deployment: &Deployment) -> Pricing {
        match self.asked.through {
            None => deployment.pricing_for(&self.routing.prices, &self.progress.upstream_model),
            // whatever the deployment is for, this was another model, or none
            Some(_) => self.routing.prices.pricing(&PriceQuery {
                price_override: None,
                base_model: None,
                response_model: None,
                model: &self.progress.upstream_model,
                provider: deployment.provider,
            }),
        }
    }

    /// The prices that an answered exchange's model has, where they do not tell what it cost: never billed 0 in silence.
    fn unreckoned(&self, settled: &Settled<'_>) -> Vec<String> {
        let deployment = self.progress.deployment.as_ref().filter(|_| settled.cost.is_none() && !self.unpriced.get());
        let answered = deployment.filter(|_| settled.outcome.is_success());
        let rates = answered.and_then(|deployment| self.pricing(deployment).rates);
        rates.map(|rates| rates.names()).unwrap_or_default()
    }

    /// From accept until now, and the gateway's own share of it.
    pub fn clock(&self) -> (Duration, Duration) {
        let until = self.ended.unwrap_or_else(Instant::now);
        let total = until.saturating_duration_since(self.asked.started);
        let lasting = self.progress.waiting.map_or(Duration::ZERO, |since| until.saturating_duration_since(since));
        (total, total.saturating_sub(self.progress.waited + lasting))
    }

    /// What was waited for is here, or will not come: so much of the time was `own` work all the same.
    pub fn waited_until(&mut self, ended: Instant, own: Duration) {
        if let Some(since) = self.progress.waiting.take() {
            self.progress.waited += ended.saturating_duration_since(since).saturating_sub(own);
        }
    }

    /// It is over, but for what is still to be reckoned: that takes none of its time.
    pub fn ended(&mut self) {
        self.ended = Some(Instant::now());
    }

    /// A call of `progress.deployment` begins.
    pub fn call_began(&mut self) {
        self.calling = true;
    }

    /// It has come to this: `ok`, `client_cancelled` or a [`Fault::class`]. Whoever notices first is heard, so each call is
    /// counted once; what nobody noticed is counted when the exchange settles, as what that settles as.
    pub fn call_ended(&mut self, outcome: &'static str) {
        if std::mem::take(&mut self.calling)
            && let Some(deployment) = &self.progress.deployment
        {
            self.desk.meter.attempt(deployment, outcome);
        }
    }

    /// Asks the `failure` hooks; the last one that answers wins.
    pub fn failure(&self, fault: Fault) -> Fault {
        if !self.hooked(Hooks::FAILURE) {
            return fault;
        }
        let facts = self.facts();
        let hooks = self.callbacks.with(Hooks::FAILURE).iter();
        hooks.fold(fault, |fault, callback| callback.failure(&facts, &fault).unwrap_or(fault))
    }

    /// The end. Takes the exchange, so it cannot happen twice.
    pub fn settle(mut self: Box<Self>, outcome: Outcome, fault: Option<&Fault>) {
        self.close(outcome, fault);
    }

    fn close(&mut self, outcome: Outcome, fault: Option<&Fault>) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        self.call_ended(fault.map_or(outcome.name(), Fault::class));
        let usage = self.final_usage(outcome);
        let cost = self.cost(&usage);
        let (total, overhead) = self.clock();
        let settled = Settled {
            asked: &self.asked,
            progress: &self.progress,
            routing: &self.routing,
            outcome,
            fault,
            usage: &usage,
            cost: cost.as_ref(),
            total,
            overhead,
        };
        self.desk.meter.settled(&settled);
        let hook = if outcome.is_success() { Hooks::LOG_SUCCESS } else { Hooks::LOG_FAILURE };
        if self.hooked(hook) {
            let record = Arc::new(self.record(&settled));
            for callback in self.callbacks.with(hook) {
                // a callback's panic must cost neither the answer, which may not be out yet, nor the next callback its
                // record; and within a drop that a panic caused, a second one would end the process
                let told = catch_unwind(AssertUnwindSafe(|| match outcome.is_success() {
                    true => callback.log_success(&record),
                    false => callback.log_failure(&record),
                }));
                if told.is_err() {
                    log::error!("callback panicked kind={} call_id={}", callback.kind(), self.asked.call_id);
                }
            }
        }
    }

    /// What the provider reported; or, where it delivered something and reported nothing, an estimate that says so.
    fn final_usage(&self, outcome: Outcome) -> Usage {
        match &self.progress.usage {
            Some(usage) => *usage,
            None if self.progress.events > 0 || outcome == Outcome::Ok => {
                Usage::estimate(self.asked.envelope.body().len() as u64, self.progress.events)
            }
            None => Usage::default(),
        }
    }

    /// The one place where a record is made, and so where what others chose is bounded: both ids already were, a deployment's
    /// names come from the configuration.
    fn record(&self, settled: &Settled<'_>) -> LogRecord {
        let deployment = self.progress.deployment.as_deref();
        let now = unix(SystemTime::now());
        let start = now - settled.total.as_secs_f64();
        LogRecord {
            id: Arc::clone(&self.asked.call_id),
            request_id: Arc::clone(&self.asked.request_id),
            call_type: self.asked.endpoint.facts().call_type,
            operation: self.asked.endpoint.facts().operation,
            route: self.asked.route,
            stream: self.asked.envelope.stream(),
            status: if settled.outcome.is_success() { "success" } else { "failure" },
            outcome: settled.outcome,
            response_status: match settled.fault {
                Some(fault) => fault.shape().status,
                None if settled.outcome == Outcome::ClientCancelled => 499,
                None => 200,
            },
            model: kept_name(&self.asked.model),
            model_group: self.progress.serving.as_ref().map(kept_name).unwrap_or_default(),
            model_id: deployment.map(|d| Arc::clone(&d.id)).unwrap_or_default(),
            upstream_model: kept_name(&self.progress.upstream_model),
            custom_llm_provider: deployment.map(|d| d.provider).unwrap_or_default(),
            api_base: deployment.map(|d| Arc::clone(&d.api_base)).unwrap_or_default(),
            user_api_key_alias: Arc::clone(&self.asked.caller),
            start_time: start,
            completion_start_time: self
                .progress
                .first_event
                .map(|at| start + at.saturating_duration_since(self.asked.started).as_secs_f64()),
            end_time: now,
            response_time: settled.total.as_secs_f64(),
            overhead_time: settled.overhead.as_secs_f64(),
            prompt_tokens: settled.usage.prompt_tokens,
            completion_tokens: settled.usage.completion_tokens,
            total_tokens: settled.usage.total_tokens,
            cached_tokens: settled.usage.cached_tokens,
            reasoning_tokens: settled.usage.reasoning_tokens,
            usage_details: UsageDetails::of(settled.usage),
            estimated: settled.usage.estimated,
            response_cost: settled.cost.map(|c| c.total.to_string()),
            unreckoned_prices: self.unreckoned(settled),
            zero_cost: self.progress.zero_cost,
            attempts: self.progress.attempts,
            attempted_retries: self.progress.retries,
            attempted_fallbacks: self.progress.fallbacks,
            stream_events: self.progress.events,
            callbacks_generation: self.callbacks.generation,
            routing_generation: self.routing.generation,
            params: self.progress.notes.clone(),
            error_class: settled.fault.map(Fault::class),
            error_message: settled.fault.map(|f| kept(&f.shape().message, MESSAGE_BYTES)),
        }
    }
}

impl Drop for Exchange {
    /// Only reached unsettled when something of ours failed: a panic, or a path that forgot. It must still be counted.
    fn drop(&mut self) {
        self.close(Outcome::InternalError, Some(&Fault::Internal));
    }
}

fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map(|d| d.as_secs_f64()).unwrap_or_default()
}
