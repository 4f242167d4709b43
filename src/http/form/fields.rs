//! The fields of a form: parts of text, which become a JSON object and are checked as one.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::wire::envelope::{Endpoint, Envelope};
use millrace_actors::wire::form::part::Head;
use millrace_actors::wire::scan;
use serde_json::Value;

use super::super::stages;
use super::complaint::bad;

/// Bytes of all fields together: a prompt for the transcription, at most.
const MOST: usize = 256 << 10;

/// The fields so far. Each is looked at once, when it is over; all of them together only where they are asked for.
pub struct Fields {
    endpoint: Endpoint,
    all: Vec<(String, String)>,
    /// What the files are called.
    files: Vec<String>,
    /// The one that is being read.
    open: Option<(String, Vec<u8>)>,
    size: usize,
}

impl Fields {
    /// None yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Fields { endpoint, all: Vec::new(), files: Vec::new(), open: None, size: 0 }
    }

    /// A field begins, and the one before it is over. A name may be refused by itself, before its value is read.
    pub fn begins(&mut self, head: Head) -> Result<(), Fault> {
        self.ends()?;
        self.counts(head.name.len())?;
        let is_list = head.name.ends_with("[]");
        let twice =
            |(known, _): &(String, String)| member(known) == member(&head.name) && !(is_list && known.ends_with("[]"));
        if self.all.iter().any(twice) || self.files.iter().any(|known| member(known) == member(&head.name)) {
            return Err(given_twice(&head.name));
        }
        self.scan(&head.name, "null")?;
        self.open = Some((head.name, Vec::new()));
        Ok(())
    }

    /// A file begins, and the field before it is over. There are readers that take a file for a field, so it is not called
    /// as one.
    pub fn file(&mut self, head: &Head) -> Result<(), Fault> {
        self.ends()?;
        self.counts(head.name.len())?;
        if self.all.iter().any(|(known, _)| member(known) == member(&head.name)) {
            return Err(given_twice(&head.name));
        }
        // an object is none of what is read here
        self.scan(&head.name, "{}")?;
        self.files.push(head.name.clone());
        Ok(())
    }

    /// Bytes of it.
    pub fn takes(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.counts(bytes.len())?;
        if let Some((_, content)) = &mut self.open {
            content.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// It is over. Whatever is wrong with a field is told here, by the rules of any other body.
    pub fn ends(&mut self) -> Result<(), Fault> {
        let Some((name, content)) = self.open.take() else { return Ok(()) };
        let text = String::from_utf8(content)
            .map_err(|_| bad(format!("The field '{name}' is not UTF-8. Send text, or name the file."), Some(&name)))?;
        let field = (name, text);
        self.scanned(object(std::slice::from_ref(&field))?)?;
        self.all.push(field);
        Ok(())
    }

    /// What this one says.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// All of them, scanned.
    pub fn envelope(&self) -> Result<Envelope, Fault> {
        self.scanned(object(&self.all)?)
    }

    /// Whether a body may have a member of this name, and this value.
    fn scan(&self, name: &str, value: &str) -> Result<(), Fault> {
        self.scanned(format!("{{{}:{value}}}", scan::quoted(member(name))).into()).map(drop)
    }

    fn scanned(&self, object: Bytes) -> Result<Envelope, Fault> {
        Envelope::scan(object, self.endpoint, &stages::RULES).map_err(stages::rejected)
    }

    fn counts(&mut self, bytes: usize) -> Result<(), Fault> {
        self.size += bytes;
        if self.size > MOST { Err(Fault::FieldsTooLarge { limit: MOST }) } else { Ok(()) }
    }
}

/// A field's name as a member's: a list's parts are called `name[]`.
fn member(name: &str) -> &str {
    name.strip_suffix("[]").unwrap_or(name)
}

fn given_twice(name: &str) -> Fault {
    let name = member(name);
    bad(format!("The field '{name}' is given twice. Give it once."), Some(name))
}

/// The fields as a JSON object. A name that ends in `[]` is a list.
fn object(fields: &[(String, String)]) -> Result<Bytes, Fault> {
    let mut members: Vec<(&str, String)> = Vec::with_capacity(fields.len());
    for (name, text) in fields {
        match name.strip_suffix("[]") {
            None => members.push((name, value(name, text)?)),
            Some(list) => {
                let item = scan::quoted(text);
                match members.iter_mut().find(|(known, value)| *known == list && value.starts_with('[')) {
                    Some((_, value)) => value.insert_str(value.len() - 1, &format!(",{item}")),
                    None => members.push((list, format!("[{item}]"))),
                }
            }
        }
    }
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", scan::quoted(name))).collect();
    Ok(format!("{{{}}}", members.join(",")).into())
}

/// A field's text as the JSON value it stands for.
fn value(name: &str, text: &str) -> Result<String, Fault> {
    let is = |fits: fn(&Value) -> bool| serde_json::from_str::<Value>(text.trim()).is_ok_and(|value| fits(&value));
    match name {
        "stream" if is(Value::is_boolean) => Ok(text.trim().to_owned()),
        "stream" => Err(bad("The field 'stream' must be true or false.".into(), Some(name))),
        "temperature" if is(Value::is_number) => Ok(text.trim().to_owned()),
        "temperature" => Err(bad("The field 'temperature' must be a number.".into(), Some(name))),
        _ => Ok(scan::quoted(text)),
    }
}
