//! Nodes as JSON: for `extra_body`, callback parameters, and the free part of `model_info`.

use serde_json::{Map, Number, Value};

use super::model::JsonParams;
use super::node::{Kind, Meaning, Node};
use super::reader::Reader;

/// The value as JSON, with `os.environ/NAME` looked up wherever it stands.
pub(super) fn value(reader: &mut Reader<'_>, node: &Node, path: &str) -> Value {
    match &node.kind {
        Kind::Map(_) => Value::Object(object(reader, node, path)),
        Kind::List(items) => Value::Array(items.iter().map(|item| value(reader, item, path)).collect()),
        Kind::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => Value::Null,
            Meaning::Flag(flag) => Value::Bool(flag),
            Meaning::Number => number(&scalar.text),
            Meaning::Text => {
                let text = reader.scalar(node, path, "a text");
                text.map_or(Value::Null, |text| Value::String(text.value.to_string()))
            }
        },
    }
}

fn object(reader: &mut Reader<'_>, node: &Node, path: &str) -> Map<String, Value> {
    let entries = node.entries().iter();
    entries.map(|(key, node)| (key.text.clone(), value(reader, node, &format!("{path}.{}", key.text)))).collect()
}

/// A mapping as JSON; anything else is a complaint.
pub(super) fn params(reader: &mut Reader<'_>, node: &Node, path: &str) -> JsonParams {
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong_type(node, path, "a mapping");
        return JsonParams::default();
    }
    JsonParams(object(reader, node, path))
}

/// JSON's own reading of the digits where they are JSON, so that `1.10` and 2^63 stay what they are.
fn number(text: &str) -> Value {
    let exact = serde_json::from_str::<Number>(text).ok();
    let number = exact.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    number.map_or(Value::Null, Value::Number)
}

/// The node that a JSON pointer names, or the last one on the way to it.
pub(super) fn locate<'n>(node: &'n Node, pointer: &str) -> &'n Node {
    let mut here = node;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let next = match &here.kind {
            Kind::Map(_) => here.get(&token),
            Kind::List(items) => token.parse::<usize>().ok().and_then(|index| items.get(index)),
            Kind::Scalar(_) => None,
        };
        match next {
            Some(next) => here = next,
            None => return here,
        }
    }
    here
}
