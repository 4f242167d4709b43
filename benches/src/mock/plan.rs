//! A behaviour with its answers prepared: the same question under the same behaviour is answered from memory.

use super::{
    asked::Asked,
    behaviour::Behaviour,
    choices::{ModelField, Stop},
    fault::FaultKind,
    grammar::GrammarError,
    job::{Endpoint, Job},
    prepare::prepare,
    wire::{End, Wire},
};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Prepared answers kept per behaviour. A benchmark asks a handful of questions; more are not worth the memory.
const MAX_WIRES: usize = 8;
/// Answers above this are prepared anew each time instead of kept.
const MAX_WIRE_BYTES: usize = 256 << 10;
/// Behaviours kept per base behaviour; with the two above this bounds the memory at 512 MiB, and a usual answer of 6 kB
/// leaves it at a few.
const MAX_DERIVED: usize = 256;

/// A behaviour with its prepared answers, and the behaviours that model names and headers make of it.
pub struct Plan {
    /// The behaviour.
    pub behaviour: Behaviour,
    /// The names under which this behaviour is counted as a fault; empty if it is none.
    pub faults: Vec<String>,
    wires: Mutex<Vec<(Question, Arc<Wire>)>>,
    derived: Mutex<HashMap<String, Arc<Plan>>>,
}

/// Everything about a request that can change the answer.
#[derive(PartialEq, Eq)]
struct Question {
    endpoint: Endpoint,
    model: String,
    stream: bool,
    include_usage: bool,
    n: Option<u32>,
    base64: bool,
    dimensions: Option<u32>,
    inputs: u32,
    documents: u32,
    response_format: Option<String>,
    file: usize,
    body_len: usize,
}

impl Plan {
    /// A plan without any answer yet.
    pub fn new(behaviour: Behaviour) -> Self {
        let faults = faults_of(&behaviour);
        Self { behaviour, faults, wires: Mutex::default(), derived: Mutex::default() }
    }

    /// The plan that a spec makes of this one.
    ///
    /// # Errors
    /// The spec cannot be read.
    pub fn derive(self: &Arc<Self>, spec: &str) -> Result<Arc<Self>, GrammarError> {
        if let Some(plan) = self.derived.lock().get(spec) {
            return Ok(Arc::clone(plan));
        }
        let mut behaviour = self.behaviour.clone();
        behaviour.apply(spec)?;
        let plan = Arc::new(Self::new(behaviour));
        let mut derived = self.derived.lock();
        if derived.len() >= MAX_DERIVED {
            derived.clear();
        }
        derived.insert(spec.to_owned(), Arc::clone(&plan));
        Ok(plan)
    }

    /// The plan after the model name and the `x-mock` header have had their say.
    ///
    /// # Errors
    /// One of them has a spec that cannot be read.
    pub fn overridden(self: &Arc<Self>, model: Option<&str>, header: Option<&str>) -> Result<Arc<Self>, GrammarError> {
        // Model and header make one spec, so that only base behaviours have derived ones and memory stays bounded.
        let joined = |spec: &str| match header {
            Some(header) => self.derive(&format!("{spec},{header}")),
            None => self.derive(spec),
        };
        match (model.and_then(spec_in_model), header) {
            (Some(Spec::Strict(spec)), _) => joined(spec),
            (Some(Spec::Lenient(spec)), _) if self.derive(spec).is_ok() => joined(spec),
            (_, Some(header)) => self.derive(header),
            (_, None) => Ok(Arc::clone(self)),
        }
    }

    /// The answer to a job under this plan, from memory where possible.
    pub fn wire(&self, job: &Job<'_>) -> Arc<Wire> {
        if !self.keeps_answers() {
            return Arc::new(prepare(job));
        }
        let mut wires = self.wires.lock();
        if let Some((_, wire)) = wires.iter().find(|(question, _)| question.is(job)) {
            return Arc::clone(wire);
        }
        let wire = Arc::new(prepare(job));
        if wires.len() >= MAX_WIRES {
            wires.clear();
        }
        if wire.bytes.len() <= MAX_WIRE_BYTES && !matches!(wire.end, End::Flood(_)) {
            wires.push((Question::of(job), Arc::clone(&wire)));
        }
        wire
    }

    /// Whether answers hang on nothing but the question: no caller's text, no caller's key, no clock.
    fn keeps_answers(&self) -> bool {
        let echoes_key = matches!(self.behaviour.fault.code(), Some(401 | 403));
        let dated = self.behaviour.retry_after.as_deref().is_some_and(|after| after.starts_with("date:"));
        let echoes_sequence = self.behaviour.stop == Stop::Sequence;
        !self.behaviour.echo_user && !echoes_key && !dated && !echoes_sequence
    }
}

impl Question {
    fn of(job: &Job<'_>) -> Self {
        let asked = job.asked;
        Self {
            endpoint: job.endpoint,
            model: model_of(job).to_owned(),
            stream: asked.stream,
            include_usage: asked.stream_options.include_usage,
            n: asked.n,
            base64: is_base64(asked),
            dimensions: asked.dimensions,
            inputs: asked.input.0,
            documents: asked.documents.0,
            response_format: asked.response_format.as_deref().map(str::to_owned),
            file: asked.file,
            body_len: body_len_of(job),
        }
    }

    /// Equal to `Self::of(job)`, but without allocating.
    fn is(&self, job: &Job<'_>) -> bool {
        let asked = job.asked;
        self.endpoint == job.endpoint
            && self.model == model_of(job)
            && self.stream == asked.stream
            && self.include_usage == asked.stream_options.include_usage
            && self.n == asked.n
            && self.base64 == is_base64(asked)
            && self.dimensions == asked.dimensions
            && self.inputs == asked.input.0
            && self.documents == asked.documents.0
            && self.response_format.as_deref() == asked.response_format.as_deref()
            && self.file == asked.file
            && self.body_len == body_len_of(job)
    }
}

fn model_of<'a>(job: &'a Job<'_>) -> &'a str {
    match job.behaviour.model {
        ModelField::Echo | ModelField::Dated => job.asked.model.as_deref().unwrap_or(""),
        ModelField::Other | ModelField::Absent => "",
    }
}

fn is_base64(asked: &Asked<'_>) -> bool {
    asked.encoding_format.as_deref() == Some("base64")
}

/// The body's length matters only where prompt tokens are counted from it.
fn body_len_of(job: &Job<'_>) -> usize {
    if job.behaviour.prompt_tokens.is_some() { 0 } else { job.body_len / 4 }
}

/// A spec found in a model name.
enum Spec<'a> {
    /// After `mock:` or `mock-fault:`: must be right.
    Strict(&'a str),
    /// After `mock-`: a model may well be called `mock-small`.
    Lenient(&'a str),
}

fn spec_in_model(model: &str) -> Option<Spec<'_>> {
    let start = if model.starts_with("mock") { 0 } else { memchr::memmem::find(model.as_bytes(), b"/mock")? + 1 };
    let rest = &model[start + 4..];
    if let Some(spec) = rest.strip_prefix(':').or_else(|| rest.strip_prefix("-fault:")) {
        return Some(Spec::Strict(spec));
    }
    let spec = rest.strip_prefix('-')?;
    let plain_word = !spec.contains([',', '=', ':']);
    Some(if plain_word { Spec::Lenient(spec) } else { Spec::Strict(spec) })
}

/// The names under which a behaviour counts: the fault's kind (`status-429` for statuses), and every key that breaks
/// something.
fn faults_of(behaviour: &Behaviour) -> Vec<String> {
    let name = |key: &str, value: String| match (key, behaviour.fault.kind) {
        ("fault", FaultKind::Status) => format!("status-{}", behaviour.fault.arg),
        ("fault", kind) => kind.word().to_owned(),
        _ => format!("{key}={value}"),
    };
    behaviour.changed().filter(|(key, _)| key.fault).map(|(key, value)| name(key.name, value)).collect()
}
