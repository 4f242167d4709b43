//! A price map in LiteLLM's form (`model_prices_and_context_window.json`): an object of models, each an object of some
//! of 250 fields. Numbers are taken as text; an entry with a bad price is left out whole and told, since half a price
//! would bill wrongly without a word.

use std::borrow::Cow;
use std::fmt;

use millrace_actors::prices::PriceSource;
use millrace_actors::wire::cost::{PriceKey, RatesBuilder, is_price_name};
use millrace_actors::wire::money::whole_number;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::entry::{About, Loaded, entry};
use super::fault::{Fault, PriceFileError};

/// The map's first entry explains the fields with made-up values; it is not a model.
const TEMPLATE: &str = "sample_spec";
/// Prices that change with the prompt's length, written as a list of ranges instead of as suffixes.
const RANGES: &str = "tiered_pricing";

/// Reads a price map. Fields that are neither prices nor limits are passed over.
///
/// # Errors
/// The text is no JSON object. Bad entries and fields are faults in the answer.
pub fn litellm(text: &str) -> Result<Loaded, PriceFileError> {
    let Members(models) = serde_json::from_str(text)?;
    let mut loaded = Loaded::default();
    for (name, value) in &models {
        if name == TEMPLATE {
            continue;
        }
        if let Err(fault) = take(name, value.get(), &mut loaded) {
            loaded.faults.push(fault);
        }
    }
    Ok(loaded)
}

fn take(name: &str, text: &str, loaded: &mut Loaded) -> Result<(), Fault> {
    let not_a_model = |_| Fault::new(&[name], text, "not an object of prices and limits; the model is left unpriced");
    let Members(fields) = serde_json::from_str(text).map_err(not_a_model)?;
    let mut rates = RatesBuilder::default();
    let mut provider = Cow::Borrowed("");
    let mut mode = Cow::Borrowed("");
    let (mut max_input_tokens, mut max_output_tokens, mut per_query) = (None, None, false);
    for (field, value) in &fields {
        let value = value.get();
        match field.as_ref() {
            _ if value == "null" => {}
            "litellm_provider" => provider = string(value).unwrap_or_default(),
            "mode" => mode = string(value).unwrap_or_default(),
            "max_input_tokens" => max_input_tokens = limit(&[name, field], value, loaded),
            "max_output_tokens" => max_output_tokens = limit(&[name, field], value, loaded),
            "web_search_billing_unit" => per_query = string(value).is_some_and(|unit| unit == "per_query"),
            RANGES => put_ranges(&mut rates, name, value)?,
            _ => put(&mut rates, field, value).map_err(|problem| unpriced(&[name, field], value, problem))?,
        }
    }
    if loaded.table.get(name).is_some() {
        loaded.faults.push(Fault::new(&[name], "", "the model is listed twice; the later entry counts"));
    }
    let about = About { provider: &provider, mode: &mode, max_input_tokens, max_output_tokens, per_query };
    loaded.table.insert(name, entry(rates, &about, PriceSource::File));
    Ok(())
}

fn unpriced(path: &[&str], value: &str, problem: impl fmt::Display) -> Fault {
    Fault::new(path, value, format!("{problem}; the model is left unpriced"))
}

/// A limit that cannot be read is told but does not cost the model its price.
fn limit(path: &[&str], value: &str, loaded: &mut Loaded) -> Option<u64> {
    let count = scalar(value).and_then(|text| whole_number(&text));
    if count.is_none() {
        loaded.faults.push(Fault::new(path, value, "not a whole number of tokens; the limit is passed over"));
    }
    count
}

fn put(rates: &mut RatesBuilder, field: &str, value: &str) -> Result<(), String> {
    match (scalar(value), PriceKey::from_litellm(field)) {
        (Some(text), _) => rates.put(field, &text).map_err(|error| error.to_string()),
        (None, Some(_)) => Err("not a number; write US dollars per unit, for example 2.5e-06".to_owned()),
        (None, None) => {
            if !is_price_name(field) {
                return Ok(());
            }
            // Prices by size or by kind. Those of a search are metered, by their path; the others not, but not free either.
            let members = serde_json::from_str(value).map(|Members(members)| members).unwrap_or_default();
            let told = || members.iter().filter(|(_, value)| value.get() != "null");
            let paths = || told().map(|(name, value)| (format!("{field}.{name}"), value.get()));
            if members.is_empty() || paths().any(|(path, _)| PriceKey::from_litellm(&path).is_none()) {
                leaves(value).iter().for_each(|text| rates.put_unmetered(field, text));
                return Ok(());
            }
            paths().try_for_each(|(path, value)| put(rates, &path, value))
        }
    }
}

/// A list of `{range: [from, to], <price fields>}`. The request's range is that of its prompt, for all its tokens, so
/// a range is the same as a price above its lower end. Ranges of anything but tokens (search results) are not metered.
fn put_ranges(rates: &mut RatesBuilder, name: &str, value: &str) -> Result<(), Fault> {
    let bad = |problem: &str| unpriced(&[name, RANGES], value, problem);
    let ranges: Vec<Members<'_>> = serde_json::from_str(value).map_err(|_| bad("not a list of ranges with prices"))?;
    for (index, Members(fields)) in ranges.iter().enumerate() {
        let Some((_, bounds)) = fields.iter().find(|(field, _)| field == "range") else {
            leaves(value).iter().for_each(|text| rates.put_unmetered(RANGES, text));
            continue;
        };
        let from = leaves(bounds.get()).first().and_then(|text| whole_number(text));
        let above =
            from.and_then(|from| u32::try_from(from).ok()).ok_or_else(|| bad("a range starts at no token count"))?;
        for (field, value) in fields.iter().filter(|(field, _)| field != "range") {
            let index = index.to_string();
            put_above(rates, field, value.get(), above)
                .map_err(|problem| unpriced(&[name, RANGES, &index, field], value.get(), problem))?;
        }
    }
    Ok(())
}

fn put_above(rates: &mut RatesBuilder, field: &str, value: &str, above: u32) -> Result<(), String> {
    match PriceKey::from_litellm(field) {
        Some(key) if key.above == 0 => {
            let text = scalar(value).ok_or("not a number; write US dollars per unit, for example 2.5e-06")?;
            let rate = text.parse().map_err(|error| format!("{error}"))?;
            rates.put_key(PriceKey { above, ..key }, rate).map_err(|error| error.to_string())
        }
        _ => put(rates, field, value),
    }
}

/// The text of a number, or of a string, which may hold one.
fn scalar(value: &str) -> Option<Cow<'_, str>> {
    match value.bytes().next()? {
        b'"' => string(value),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(value)),
        _ => None,
    }
}

fn string(value: &str) -> Option<Cow<'_, str>> {
    match serde_json::from_str::<&str>(value) {
        Ok(plain) => Some(Cow::Borrowed(plain)),
        // With an escape in it, it cannot be borrowed.
        Err(_) => serde_json::from_str::<String>(value).ok().map(Cow::Owned),
    }
}

/// Every number and string within a list or an object, in order; nothing of a text that is neither. The depth is
/// bounded by the JSON parser, which has read the whole text before.
fn leaves(value: &str) -> Vec<Cow<'_, str>> {
    if let Some(text) = scalar(value) {
        return vec![text];
    }
    if let Ok(Members(fields)) = serde_json::from_str(value) {
        return fields.into_iter().flat_map(|(_, value)| leaves(value.get())).collect();
    }
    let items: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
    items.into_iter().flat_map(|item| leaves(item.get())).collect()
}

/// An object as its members in order, values unread. Not a map, so that a name that comes twice is seen and told.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(|Members(members)| Self(members))
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            members.push((name.0, map.next_value()?));
        }
        Ok(Members(members))
    }
}

/// A member's name, borrowed where it has no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
