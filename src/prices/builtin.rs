//! The table this program carries: `builtin.json`, one model a row, in the short spelling of prices.

use std::collections::BTreeMap;

use millrace_actors::prices::{PriceSource, PriceTable};
use millrace_actors::wire::cost::{PriceKey, RatesBuilder};
use millrace_actors::wire::money::Rate;
use serde::Deserialize;

use super::entry::{About, Loaded, entry};
use super::fault::{Fault, Faults, PriceFileError};

/// The table as it is kept in the source.
const TABLE: &str = include_str!("builtin.json");

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    models: Vec<Row<'a>>,
}

/// Name, provider, mode, most prompt tokens, most completion tokens, prices. Among these, `per` is none: it says what a
/// search's price is for, where that is a `query`.
#[derive(Deserialize)]
struct Row<'a>(&'a str, &'a str, &'a str, Option<u64>, Option<u64>, #[serde(borrow)] BTreeMap<&'a str, &'a str>);

/// Not a price, see [`Row`].
const PER: &str = "per";

/// Parses the table; done once, at start.
///
/// # Errors
/// None in a program that passed its tests: they read this table and find it without a fault.
pub fn builtin() -> Result<Loaded, PriceFileError> {
    parse(TABLE)
}

fn parse(text: &str) -> Result<Loaded, PriceFileError> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let mut loaded = Loaded::default();
    for row in &document.models {
        take(row, &mut loaded.table, &mut loaded.faults);
    }
    Ok(loaded)
}

fn take(
    Row(name, provider, mode, max_input, max_output, prices): &Row<'_>,
    table: &mut PriceTable,
    faults: &mut Faults,
) {
    let mut rates = RatesBuilder::default();
    for (key, text) in prices.iter().filter(|(key, _)| **key != PER) {
        if let Err(problem) = put(&mut rates, key, text) {
            return faults.push(Fault::new(&[name, key], text, problem));
        }
    }
    let per_query = prices.get(PER) == Some(&"query");
    let about = About { provider, mode, max_input_tokens: *max_input, max_output_tokens: *max_output, per_query };
    table.insert(*name, entry(rates, &about, PriceSource::Builtin));
}

fn put(rates: &mut RatesBuilder, key: &str, text: &str) -> Result<(), String> {
    let key: PriceKey = key.parse().map_err(|error| format!("{error}"))?;
    let rate: Rate = text.parse().map_err(|error| format!("{error}"))?;
    rates.put_key(key, rate).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_fault_and_every_row_is_a_different_model() {
        let document: Document<'_> = serde_json::from_str(TABLE).unwrap();
        let loaded = builtin().unwrap();
        assert_eq!(loaded.faults.kept(), []);
        assert_eq!(loaded.table.len(), document.models.len());
        assert!(loaded.table.len() >= 300);
    }

    #[test]
    fn every_model_of_the_table_can_be_billed() {
        for (name, price) in builtin().unwrap().table.iter() {
            assert!(price.rates.is_complete(), "{name} lacks a price");
            assert_eq!(price.source, PriceSource::Builtin, "{name}");
            assert!(!price.provider.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_bad_row_is_left_out_and_told() {
        let loaded = parse(
            r#"{"models":[["a/b","p","chat",1,null,{"input":"0","output":"x"}],["c","p","chat",1,2,{"inputt":"0"}],["d","p","chat",1,2,{}]]}"#,
        )
        .unwrap();
        let pointers: Vec<_> = loaded.faults.kept().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a~1b/output", "/c/inputt"]);
        assert_eq!(loaded.table.len(), 1);
    }
}
