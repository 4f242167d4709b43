//! The model's own fields (`additionalModelRequestFields`): what the caller wrote there, with what we add.

use serde_json::{Map, Value};

use crate::dialects::BadRequest;
use crate::dialects::anthropic::bad;
use crate::dialects::request::Request;

/// Where they stand.
pub const FIELDS: &str = "additionalModelRequestFields";

/// Anthropic's betas among them: there is no such header here.
const BETAS: &str = "anthropic_beta";

/// What the caller wrote.
///
/// # Errors
/// It is no object.
pub fn of(request: &Request) -> Result<Map<String, Value>, BadRequest> {
    match request.rest.get(FIELDS) {
        Some(Value::Object(fields)) => Ok(fields.clone()),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err(bad(format!("/{FIELDS}"), "must be an object")),
    }
}

/// The object that stands under a name, to which something is added.
///
/// # Errors
/// The caller wrote something else there.
pub fn within<'f>(fields: &'f mut Map<String, Value>, name: &str) -> Result<&'f mut Map<String, Value>, BadRequest> {
    let value = fields.entry(name).or_insert_with(|| Map::new().into());
    value.as_object_mut().ok_or_else(|| bad(format!("/{FIELDS}/{name}"), "must be an object"))
}

/// Puts betas behind those that the caller wrote.
///
/// # Errors
/// The caller wrote something else than a list.
pub fn put_betas(fields: &mut Map<String, Value>, list: &[&str]) -> Result<(), BadRequest> {
    if list.is_empty() {
        return Ok(());
    }
    let betas = fields.entry(BETAS).or_insert_with(|| Value::Array(Vec::new()));
    let betas = betas.as_array_mut().ok_or_else(|| bad(format!("/{FIELDS}/{BETAS}"), "must be a list"))?;
    for beta in list {
        if !betas.iter().any(|known| known == beta) {
            betas.push((*beta).into());
        }
    }
    Ok(())
}
