//! Named events, taken apart for the tests.

use serde_json::Value;

/// One event of an LF stream with one `data` line an event.
#[derive(Debug)]
pub struct Named {
    pub name: String,
    pub data: String,
}

impl Named {
    /// The data as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }
}

/// The events of a stream. Panics at an event without a name.
pub fn named(text: &str) -> Vec<Named> {
    let events = text.split("\n\n").filter(|event| !event.is_empty());
    let one = |event: &str| {
        let (name, data) = event.split_once('\n').unwrap_or((event, ""));
        let name = name.strip_prefix("event: ").unwrap_or_else(|| panic!("no name: {event}")).to_owned();
        Named { name, data: data.strip_prefix("data: ").unwrap_or_default().to_owned() }
    };
    events.map(one).collect()
}
