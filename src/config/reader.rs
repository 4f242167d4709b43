//! Typed reading of nodes. Every method complains where something is wrong and goes on, so that one run finds all.

use std::time::Duration;

use zeroize::Zeroizing;

use super::finding::{Finding, credential_at, nearest, suggest};
use super::keys::{Key, Spec, Ty, Unknown};
use super::node::{Kind, Meaning, Node, flag_of};
use super::vars::{Vars, reference};

/// What is needed to read any section.
pub(super) struct Reader<'a> {
    pub(super) vars: &'a Vars<'a>,
    pub(super) found: Vec<Finding>,
    /// `millrace.accept_unenforced`.
    pub(super) accepted: Vec<String>,
    /// `router_settings.ignore_invalid_deployments`.
    pub(super) leaves_out: bool,
}

/// A mapping that has rows in the table of keys.
#[derive(Clone, Copy)]
pub(super) struct Section<'n> {
    pub(super) node: &'n Node,
    pub(super) spec: &'static Spec,
    path: &'n str,
}

/// A scalar after `os.environ/` was looked up.
pub(super) struct Text<'n> {
    pub(super) value: Zeroizing<String>,
    pub(super) node: &'n Node,
    /// The variable it came from.
    pub(super) variable: Option<&'n str>,
}

impl<'n> Section<'n> {
    /// A mapping whose keys were checked already.
    pub(super) fn unchecked(node: &'n Node, spec: &'static Spec, path: &'n str) -> Self {
        Self { node, spec, path }
    }

    /// A value that was written, and is not null.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.node.get(name).filter(|node| !node.is_null())
    }

    /// The dotted path of a key in it.
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn ty(&self, name: &str) -> Ty {
        self.spec.find(name).map_or(Ty::Text, |key| key.ty)
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(vars: &'a Vars<'a>) -> Self {
        Self { vars, found: Vec::new(), accepted: Vec::new(), leaves_out: true }
    }

    pub(super) fn error(&mut self, code: &'static str, (node, key): (&Node, &str), message: &str, help: &str) {
        self.found.push(Finding::error(code, node.at, message, help).key(key));
    }

    pub(super) fn notice(&mut self, code: &'static str, (node, key): (&Node, &str), message: &str, help: &str) {
        self.found.push(Finding::notice(code, node.at, message, help).key(key));
    }

    /// A deployment that LiteLLM could serve and we cannot: left out, unless the operator wants all or nothing.
    pub(super) fn left_out(&mut self, (node, key): (&Node, &str), message: &str, help: &str) {
        match self.leaves_out {
            true => {
                let help = format!("this deployment is left out; {help}");
                self.notice("MR1032", (node, key), message, &help);
            }
            false => self.error("MR1032", (node, key), message, help),
        }
    }

    /// Opens a mapping and checks the names of its keys against the table.
    pub(super) fn section<'n>(&mut self, node: &'n Node, spec: &'static Spec, path: &'n str) -> Option<Section<'n>> {
        if node.is_null() {
            return None;
        }
        if !matches!(node.kind, Kind::Map(_)) {
            self.wrong_type(node, path, "a mapping of keys to values");
            return None;
        }
        let section = Section { node, spec, path };
        for (key, value) in node.entries() {
            self.name(&section, key, value);
        }
        Some(section)
    }

    fn name(&mut self, section: &Section<'_>, key: &super::node::Key, value: &Node) {
        let (name, spec) = (key.text.as_str(), section.spec);
        let path = section.path(name);
        if spec.find(name).is_some() || (spec.also)(name) {
            return;
        }
        if let Some(guard) = spec.guard(name) {
            if !value.is_off() {
                self.unguarded(&path, name, guard.why, key.at);
            }
            return;
        }
        if spec.not_yet.contains(&name) {
            let message = format!("`{path}` is not supported yet and has no effect");
            self.found.push(Finding::notice("MR1301", key.at, &message, "").key(&path));
            return;
        }
        self.unknown(section, name, &path, key.at);
    }

    /// A key that protects something and is not served: an error unless the operator accepts that by name.
    pub(super) fn unguarded(&mut self, path: &str, name: &str, why: &str, at: super::node::At) {
        if self.accepted.iter().any(|accepted| accepted == name || accepted == path) {
            let message = format!("`{path}` is not enforced, as accepted by millrace.accept_unenforced");
            self.found.push(Finding::notice("MR1305", at, &message, "").key(path));
            return;
        }
        let message = format!("`{path}` is not supported, and it protects something: {why}");
        let help =
            format!("remove it, or accept that it has no effect with `millrace: {{accept_unenforced: [{name}]}}`");
        self.found.push(Finding::error("MR1025", at, &message, &help).key(path));
    }

    fn unknown(&mut self, section: &Section<'_>, name: &str, path: &str, at: super::node::At) {
        let names = section.spec.names();
        let place = if section.path.is_empty() { "the top level" } else { section.path };
        let error = match section.spec.unknown {
            Unknown::Keep => return,
            Unknown::Refuse => true,
            Unknown::RefuseNear => nearest(name, names.iter().copied()).is_some(),
        };
        if error {
            // A key we know but do not serve is a better guess than none.
            let mut known = names;
            if nearest(name, known.iter().copied()).is_none() {
                let near = nearest(name, section.spec.not_yet.iter().copied());
                known = near.map_or(known, |near| vec![near]);
            }
            let message = format!("unknown key `{name}` in {place}");
            self.found.push(Finding::error("MR1022", at, &message, &suggest(name, &known)).key(path));
            return;
        }
        let message = format!("`{path}` is not known and has no effect");
        self.found.push(Finding::notice("MR1303", at, &message, "").key(path));
    }

    pub(super) fn wrong_type(&mut self, node: &Node, path: &str, wanted: &str) {
        let message = format!("`{path}` must be {wanted}, not {}", node.shape());
        self.error("MR1020", (node, path), &message, &format!("write {wanted}"));
    }

    /// A scalar, with `os.environ/NAME` looked up.
    pub(super) fn scalar<'n>(&mut self, node: &'n Node, path: &str, wanted: &str) -> Option<Text<'n>> {
        let Some(scalar) = node.scalar() else {
            self.wrong_type(node, path, wanted);
            return None;
        };
        let Some(name) = reference(&scalar.text) else {
            return Some(Text { value: scalar.text.clone(), node, variable: None });
        };
        match self.vars.get(name) {
            Some(value) => Some(Text { value: Zeroizing::new(value), node, variable: Some(name) }),
            None => {
                let message = format!("the environment variable `{name}` is not set");
                let help = format!("set {name}, add it to `environment_variables`, or remove `{path}`");
                self.error("MR1024", (node, path), &message, &help);
                None
            }
        }
    }

    /// A text that is not empty.
    pub(super) fn text<'n>(&mut self, section: &Section<'n>, name: &str) -> Option<Text<'n>> {
        let node = section.get(name)?;
        self.text_node(node, &section.path(name))
    }

    pub(super) fn text_node<'n>(&mut self, node: &'n Node, path: &str) -> Option<Text<'n>> {
        let text = self.scalar(node, path, "a text")?;
        let meaning = node.scalar().map(|scalar| scalar.meaning());
        if text.variable.is_none() && matches!(meaning, Some(Meaning::Flag(_) | Meaning::Number)) {
            let message = format!("`{path}` must be a text, not {}", node.shape());
            self.error("MR1020", (node, path), &message, "put it in quotes");
            return None;
        }
        if text.value.trim().is_empty() {
            let message = format!("`{path}` is empty");
            self.error("MR1021", (node, path), &message, "give it a value, or remove the key");
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&mut self, section: &Section<'_>, name: &str) -> Option<bool> {
        let (node, path) = (section.get(name)?, section.path(name));
        let text = self.scalar(node, &path, "true or false")?;
        match flag_of(text.value.trim()) {
            Some(flag) => Some(flag),
            None => {
                self.wrong_value(&text, &path, "true or false");
                None
            }
        }
    }

    /// A whole number within the bounds of the table.
    pub(super) fn count(&mut self, section: &Section<'_>, name: &str) -> Option<u64> {
        let (node, path) = (section.get(name)?, section.path(name));
        let text = self.scalar(node, &path, "a whole number")?;
        let (least, most) = if let Ty::Count(least, most) = section.ty(name) { (least, most) } else { (0, u64::MAX) };
        let number = whole(text.value.trim());
        match number.and_then(|number| u64::try_from(number).ok()) {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ if number.is_some() => {
                let bounds = if most == u64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
                self.out_of_range(node, &path, &bounds);
                None
            }
            _ => {
                self.wrong_value(&text, &path, "a whole number");
                None
            }
        }
    }

    pub(super) fn count_u32(&mut self, section: &Section<'_>, name: &str) -> Option<u32> {
        self.count(section, name).and_then(|count| u32::try_from(count).ok())
    }

    pub(super) fn count_usize(&mut self, section: &Section<'_>, name: &str) -> Option<usize> {
        self.count(section, name).and_then(|count| usize::try_from(count).ok())
    }

    /// A whole number that may be negative.
    pub(super) fn integer(&mut self, section: &Section<'_>, name: &str) -> Option<i64> {
        let (node, path) = (section.get(name)?, section.path(name));
        let text = self.scalar(node, &path, "a whole number")?;
        let number = whole(text.value.trim()).and_then(|number| i64::try_from(number).ok());
        if number.is_none() {
            self.wrong_value(&text, &path, "a whole number");
        }
        number
    }

    /// A finite number that is not negative.
    pub(super) fn number(&mut self, section: &Section<'_>, name: &str) -> Option<f64> {
        let (node, path) = (section.get(name)?, section.path(name));
        let text = self.scalar(node, &path, "a number")?;
        match text.value.trim().parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) if number >= 0.0 => Some(number),
            Some(_) => {
                let range = match section.ty(name) {
                    Ty::Seconds(least, most) => format!("{least} to {most} seconds"),
                    _ => "at least 0".to_owned(),
                };
                self.out_of_range(node, &path, &range);
                None
            }
            None => {
                self.wrong_value(&text, &path, "a number");
                None
            }
        }
    }

    /// Seconds within the bounds of the table.
    pub(super) fn seconds(&mut self, section: &Section<'_>, name: &str) -> Option<Duration> {
        let seconds = self.number(section, name)?;
        let Ty::Seconds(least, most) = section.ty(name) else { return None };
        if (least..=most).contains(&seconds) {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        let node = section.get(name)?;
        self.out_of_range(node, &section.path(name), &format!("{least} to {most} seconds"));
        None
    }

    /// A list of texts with their nodes; a single text stands for a list of one.
    pub(super) fn names<'n>(&mut self, section: &Section<'n>, name: &str) -> Vec<(String, &'n Node)> {
        let path = section.path(name);
        section.get(name).map(|node| self.names_node(node, &path)).unwrap_or_default()
    }

    pub(super) fn names_node<'n>(&mut self, node: &'n Node, path: &str) -> Vec<(String, &'n Node)> {
        let items: Vec<&Node> = match &node.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Map(_) => {
                self.wrong_type(node, path, "a list of names");
                return Vec::new();
            }
            Kind::Scalar(_) => vec![node],
        };
        let mut names = Vec::new();
        for item in items {
            if let Some(text) = self.text_node(item, path) {
                names.push((text.value.to_string(), item));
            }
        }
        names
    }

    /// One of the table's choices.
    pub(super) fn choice<'n>(&mut self, section: &Section<'n>, name: &str) -> Option<(&'static str, &'n Node)> {
        let text = self.text(section, name)?;
        let Some(Key { ty: Ty::Choice(choices), .. }) = section.spec.find(name) else { return None };
        if let Some(choice) = choices.iter().find(|choice| **choice == text.value.as_str()) {
            return Some((choice, text.node));
        }
        let (path, written) = (section.path(name), quoted(&text));
        let message = format!("`{path}` cannot be {written}");
        self.error("MR1026", (text.node, &path), &message, &suggest(&text.value, choices));
        None
    }

    /// A value of the right shape that does not read as what is wanted.
    pub(super) fn wrong_value(&mut self, text: &Text<'_>, path: &str, wanted: &str) {
        let message = format!("`{path}` must be {wanted}, not {}", quoted(text));
        self.error("MR1020", (text.node, path), &message, &format!("write {wanted}"));
    }

    fn out_of_range(&mut self, node: &Node, path: &str, bounds: &str) {
        let message = format!("`{path}` is out of range");
        self.error("MR1021", (node, path), &message, &format!("it may be {bounds}"));
    }

    /// A key that has to be there.
    pub(super) fn required(&mut self, section: &Section<'_>, name: &str) {
        if section.get(name).is_none() {
            let path = section.path(name);
            let doc = section.spec.find(name).map_or("", |key| key.doc);
            let message = format!("`{path}` is missing");
            self.error("MR1023", (section.node, &path), &message, &format!("add `{name}:`. {doc}"));
        }
    }
}

/// The text for a message, unless it came from a variable or looks like a credential.
pub(super) fn quoted(text: &Text<'_>) -> String {
    let value = text.value.as_str();
    match text.variable {
        Some(variable) => format!("what the variable {variable} holds"),
        None if value.chars().count() > 40 || looks_secret(value) => "this text".to_owned(),
        None => format!("`{value}`"),
    }
}

fn looks_secret(value: &str) -> bool {
    credential_at(value).is_some() || value.contains('@') || value.contains("://")
}

/// A whole number, also as `5.0`, which is what some tools write.
fn whole(text: &str) -> Option<i128> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse().ok()
}
