//! Where `os.environ/NAME` comes from.

use std::collections::{BTreeMap, HashMap};

use millrace_actors::secret::Secret;

/// What marks a value as the name of a variable.
const PREFIX: &str = "os.environ/";

/// A source of environment variables.
pub trait Env {
    /// The value of `name`, if it is set and is Unicode.
    fn var(&self, name: &str) -> Option<String>;
}

/// The environment of this process, only ever read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Env for HashMap<String, String> {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

impl Env for BTreeMap<String, String> {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

/// The variables of one resolution: `environment_variables:` first, then the environment.
///
/// LiteLLM writes the block into its own environment. Here it stays a map: changing a process's environment while
/// other threads read it is unsafe, and child processes would inherit the secrets.
pub(super) struct Vars<'e> {
    env: &'e dyn Env,
    block: HashMap<String, Secret>,
}

impl<'e> Vars<'e> {
    pub(super) fn new(env: &'e dyn Env) -> Self {
        Self { env, block: HashMap::new() }
    }

    pub(super) fn set(&mut self, name: &str, value: Secret) {
        self.block.insert(name.to_owned(), value);
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        match self.block.get(name) {
            Some(value) => Some(value.expose().to_owned()),
            None => self.env.var(name),
        }
    }

    /// The first of `names` that is set to something.
    pub(super) fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.get(name).filter(|value| !value.trim().is_empty()))
    }
}

/// The variable's name, if `text` is a reference.
pub(super) fn reference(text: &str) -> Option<&str> {
    text.strip_prefix(PREFIX)
}
