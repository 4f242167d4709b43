//! What all connections of a server share: configuration, the script, counters.

use super::{behaviour::Behaviour, choices::ScriptEnd, config::MockConfig, plan::Plan, stats::Board};
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// What all connections of a server share.
pub struct Shared {
    /// How the server was started.
    pub config: MockConfig,
    /// Counters and recorded requests.
    pub board: Board,
    /// Unix seconds of the start, for `created`.
    pub created: u64,
    /// Whether new connections are left unread.
    pub mute: AtomicBool,
    base: Mutex<Base>,
    numbers: AtomicU64,
}

/// Where the base behaviour of the next request comes from.
struct Base {
    default: Arc<Plan>,
    script: VecDeque<Arc<Plan>>,
    last: Option<Arc<Plan>>,
}

impl Base {
    fn new(config: &MockConfig) -> Self {
        let script = config.script.iter().cloned().map(|step| Arc::new(Plan::new(step))).collect();
        Self { default: Arc::new(Plan::new(config.behaviour.clone())), script, last: None }
    }
}

impl Shared {
    /// The state of a server that has seen nothing.
    pub fn new(config: MockConfig) -> Self {
        let base = Mutex::new(Base::new(&config));
        let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let board = Board::new(config.record);
        Self { board, created, mute: AtomicBool::new(false), base, numbers: AtomicU64::new(0), config }
    }

    /// The plan of the next API request; takes a step of the script.
    pub fn next_plan(&self) -> Arc<Plan> {
        let mut base = self.base.lock();
        if let Some(step) = base.script.pop_front() {
            base.last = Some(Arc::clone(&step));
            return step;
        }
        match (self.config.script_end, &base.last) {
            (ScriptEnd::RepeatLast, Some(last)) => Arc::clone(last),
            _ => Arc::clone(&base.default),
        }
    }

    /// The plan of requests that take no step of the script.
    pub fn default_plan(&self) -> Arc<Plan> {
        Arc::clone(&self.base.lock().default)
    }

    /// Replaces the server's behaviour and ends the repetition of a script's last step; steps not yet played go first.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        let mut base = self.base.lock();
        base.default = Arc::new(Plan::new(behaviour));
        base.last = None;
    }

    /// Appends to the script.
    pub fn push_script(&self, steps: impl IntoIterator<Item = Behaviour>) {
        let steps: Vec<_> = steps.into_iter().map(|step| Arc::new(Plan::new(step))).collect();
        self.base.lock().script.extend(steps);
    }

    /// Steps of the script that are not played yet.
    pub fn script_left(&self) -> usize {
        self.base.lock().script.len()
    }

    /// Back to what the configuration says, with all counters at zero.
    pub fn reset(&self) {
        *self.base.lock() = Base::new(&self.config);
        self.mute.store(false, Ordering::Relaxed);
        self.board.reset();
    }

    /// A number that no other answer has.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }
}
