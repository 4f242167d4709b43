//! The items of an answer. Whole answers and streams are both written from these, so that they say the same.

use crate::mock::{
    behaviour::Behaviour,
    choices::Stop,
    content::{argument_pieces, pieces, thought_pieces},
    job::{Job, NUMBER_MARK},
    pictured::pictures,
};

/// What sealed thought looks like: long, and with every character that base64 has besides letters.
const SEALED: &str = "gAAAAABmock+sealed/thought+that/must+come+back/unchanged==";

/// One item.
pub struct Item {
    /// Its id.
    pub id: String,
    /// The item as it begins, without its braces.
    begun: String,
    /// The item as it ends, without its braces and its status.
    ended: String,
    /// What is said of its state; thought has none.
    status: bool,
    /// Its one part or text, and its pieces.
    pub inner: Inner,
}

/// What grows within an item.
pub enum Inner {
    /// A part of a message.
    Text(Vec<String>),
    /// A part in which the model declines.
    Refusal(Vec<String>),
    /// A part of a summary of thought.
    Summary(Vec<String>),
    /// A call's arguments, behind the tool's name.
    Arguments(String, Vec<String>),
    /// Nothing: it comes whole.
    Nothing,
}

impl Item {
    /// As it begins.
    pub fn begun(&self) -> String {
        let status = if self.status { ",\"status\":\"in_progress\"" } else { "" };
        format!("{{{}{status}}}", self.begun)
    }

    /// As it ends.
    pub fn ended(&self) -> String {
        let status = if self.status { ",\"status\":\"completed\"" } else { "" };
        format!("{{{}{status}}}", self.ended)
    }
}

impl Inner {
    /// The pieces.
    pub fn pieces(&self) -> &[String] {
        match self {
            Inner::Text(pieces) | Inner::Refusal(pieces) | Inner::Summary(pieces) => pieces,
            Inner::Arguments(_, pieces) => pieces,
            Inner::Nothing => &[],
        }
    }

    /// The part with a text in it; of arguments there is none.
    pub fn part(&self, text: &str) -> String {
        match self {
            Inner::Refusal(_) => format!("{{\"type\":\"refusal\",\"refusal\":\"{text}\"}}"),
            Inner::Summary(_) => format!("{{\"type\":\"summary_text\",\"text\":\"{text}\"}}"),
            _ => format!("{{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"{text}\"}}"),
        }
    }
}

/// The items of an answer: thought, sealed thought, text, pictures, calls.
pub fn items(job: &Job<'_>) -> Vec<Item> {
    let behaviour = job.behaviour;
    let mut items = Vec::new();
    if behaviour.thinking > 0 {
        items.push(reasoning("rs_w", Inner::Summary(thought_pieces(behaviour))));
    }
    items.extend((0..behaviour.redacted).map(|i| reasoning(&format!("rs_{i}"), Inner::Nothing)));
    if behaviour.tool_calls == 0 || behaviour.text_too {
        items.push(message(behaviour, pieces(behaviour, job.text())));
    }
    items.extend(pictures(behaviour).iter().enumerate().map(|(n, data)| picture(n, data)));
    items.extend((0..behaviour.tool_calls).map(|i| call(behaviour, i)));
    if behaviour.extra {
        let id = format!("xm_{NUMBER_MARK}");
        let whole = format!("\"id\":\"{id}\",\"type\":\"x_mock_item\",\"x\":\"ab\"");
        items.push(Item { id, begun: whole.clone(), ended: whole, status: false, inner: Inner::Nothing });
    }
    items
}

/// The completion tokens of all items: one per piece.
pub fn tokens(items: &[Item]) -> u64 {
    items.iter().map(|item| item.inner.pieces().len() as u64).sum()
}

fn reasoning(prefix: &str, inner: Inner) -> Item {
    let id = format!("{prefix}_{NUMBER_MARK}");
    let head = format!("\"id\":\"{id}\",\"type\":\"reasoning\"");
    let summary = match &inner {
        Inner::Summary(pieces) => inner.part(&pieces.concat()),
        _ => String::new(),
    };
    Item {
        begun: format!("{head},\"summary\":[]"),
        ended: format!("{head},\"encrypted_content\":\"{prefix}{SEALED}\",\"summary\":[{summary}]"),
        status: false,
        inner,
        id,
    }
}

fn message(behaviour: &Behaviour, pieces: Vec<String>) -> Item {
    let id = format!("msg_{NUMBER_MARK}");
    let text = pieces.concat();
    let inner = if behaviour.stop == Stop::Refusal { Inner::Refusal(pieces) } else { Inner::Text(pieces) };
    let item =
        |content: &str| format!("\"id\":\"{id}\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[{content}]");
    Item { begun: item(""), ended: item(&inner.part(&text)), status: true, inner, id }
}

fn picture(n: usize, data: &str) -> Item {
    let id = format!("ig_{n}_{NUMBER_MARK}");
    let begun = format!("\"id\":\"{id}\",\"type\":\"image_generation_call\"");
    let ended = format!("{begun},\"output_format\":\"png\",\"result\":\"{data}\"");
    Item { begun, ended, status: true, inner: Inner::Nothing, id }
}

fn call(behaviour: &Behaviour, i: u32) -> Item {
    let id = format!("fc_{i}_{NUMBER_MARK}");
    let pieces = argument_pieces(behaviour);
    let item = |arguments: &str| {
        format!(
            "\"id\":\"{id}\",\"type\":\"function_call\",\"call_id\":\"call_{i}_{NUMBER_MARK}\",\"name\":\"tool_{i}\",\
             \"arguments\":\"{arguments}\""
        )
    };
    let (begun, ended) = (item(""), item(&pieces.concat()));
    Item { begun, ended, status: true, inner: Inner::Arguments(format!("tool_{i}"), pieces), id }
}
