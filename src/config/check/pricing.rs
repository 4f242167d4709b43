//! Prices in `litellm_params` and `model_info`, kept digit by digit.

use crate::config::keys::is_price;
use crate::config::node::{Kind, Node};
use crate::config::prices::{PriceFields, PriceText};
use crate::config::reader::{Reader, Section};

/// Every price; `litellm_params` wins over `model_info`, as in LiteLLM.
pub(super) fn read(reader: &mut Reader<'_>, params: &Section<'_>, info: Option<&Section<'_>>) -> PriceFields {
    let mut prices = PriceFields::default();
    for section in info.into_iter().chain([params]) {
        for (key, node) in section.node.entries() {
            if is_price(&key.text) {
                collect(reader, node, (&key.text, &section.path(&key.text)), &mut prices);
            }
        }
    }
    prices
}

/// Walks into mappings and lists; `names` is the key within the prices, and the path for messages.
fn collect(reader: &mut Reader<'_>, node: &Node, names: (&str, &str), prices: &mut PriceFields) {
    let (name, path) = names;
    match &node.kind {
        Kind::Map(entries) => {
            for (key, node) in entries {
                let key = &key.text;
                collect(reader, node, (&format!("{name}.{key}"), &format!("{path}.{key}")), prices);
            }
        }
        Kind::List(items) => {
            for (index, node) in items.iter().enumerate() {
                collect(reader, node, (&format!("{name}.{index}"), &format!("{path}.{index}")), prices);
            }
        }
        Kind::Scalar(_) if node.is_null() => {}
        Kind::Scalar(_) => {
            let Some(text) = reader.scalar(node, path, "a price") else { return };
            match PriceText::parse(text.value.trim()) {
                Ok(price) => {
                    prices.0.insert(name.to_owned(), price);
                }
                Err(problem) => {
                    let message = format!("`{path}` is no price: {problem}");
                    let help = "write dollars as a decimal number, such as 0.00000015 or 1.5e-07";
                    reader.error("MR1037", (node, path), &message, help);
                }
            }
        }
    }
}
