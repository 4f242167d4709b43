//! Reads and writes behaviours as `key=value,key=value`, and prints the grammar for `--help`.

use super::{
    behaviour::Behaviour,
    fault::Fault,
    keys::{KEYS, Key},
    value::Value,
};
use std::{
    fmt::{self, Write},
    str::FromStr,
};

impl Behaviour {
    /// Changes what the spec names and leaves the rest. A word without `=` is a switch (`bom`), a fault (`stall:3`) or
    /// a status (`429`).
    ///
    /// # Errors
    /// The offending part and the forms that would have been right; `self` may then have been changed in part.
    pub fn apply(&mut self, spec: &str) -> Result<(), GrammarError> {
        for part in spec.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            self.apply_part(part).map_err(|reason| GrammarError { part: part.to_owned(), reason })?;
        }
        Ok(())
    }

    fn apply_part(&mut self, part: &str) -> Result<(), String> {
        let Some((name, value)) = part.split_once('=') else {
            return match KEYS.iter().find(|key| key.name == part && key.switch) {
                Some(key) => (key.set)(self, "true"),
                None => Fault::read(part).map(|fault| self.fault = fault),
            };
        };
        let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| unknown_key(name))?;
        (key.set)(self, value)
    }

    /// The keys whose value is not the default, in the order of the help.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Key, String)> {
        let plain = Self::default();
        KEYS.iter().map(|key| (key, (key.get)(self))).filter(move |(key, value)| *value != (key.get)(&plain))
    }
}

fn unknown_key(name: &str) -> String {
    let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    format!("`{name}` is no key: {}", names.join(", "))
}

impl FromStr for Behaviour {
    type Err = GrammarError;

    fn from_str(spec: &str) -> Result<Self, GrammarError> {
        let mut behaviour = Self::default();
        behaviour.apply(spec)?;
        Ok(behaviour)
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.changed().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}={value}", key.name)?;
        }
        Ok(())
    }
}

/// A behaviour that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("behaviour `{part}`: {reason}")]
pub struct GrammarError {
    /// The part between two commas that is wrong.
    pub part: String,
    /// Why, and what would be right.
    pub reason: String,
}

/// The whole grammar as text, for `--help`.
pub fn help() -> String {
    let mut out = String::from(
        "Behaviours are written key=value,key=value. A later source overrides an earlier one, key by key:\n\
         \u{20} 1. the flags (or the next step of --script)\n\
         \u{20} 2. the model name: mock-FAULT, mock:SPEC or mock-fault:SPEC, also after a prefix as in openai/mock:SPEC\n\
         \u{20} 3. the request header x-mock: SPEC\n\
         A word alone is a switch (bom), a fault (stall:3) or a status (429). %XX stands for any byte of a text.\n\
         read-rate, deaf and early act before the body is read, so the model name cannot ask for them.\n\n\
         Keys (value by default):\n",
    );
    let plain = Behaviour::default();
    for key in KEYS {
        let _ = writeln!(out, "  {}={}\n      {} ({})", key.name, (key.forms)(), key.help, (key.get)(&plain));
    }
    out
}
