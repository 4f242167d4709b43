//! `callbacks`, `success_callback`, `failure_callback` and `callback_settings`.

use serde_json::Value;

use super::context::Context;
use crate::config::finding::{Finding, nearest};
use crate::config::json;
use crate::config::keys::{CALLBACKS_ELSEWHERE, GUARD_CALLBACKS};
use crate::config::model::{CallbackEntry, CallbackEvents, JsonParams, Place};
use crate::config::node::{Kind, Node};
use crate::config::reader::{Reader, Section};

/// The kinds of callbacks that are built in.
pub const BUILT_IN_CALLBACKS: &[&str] = &["jsonl", "webhook", "deny_words", "headers", "noop"];

/// The callbacks, in the order of their first mention.
pub(super) fn read(
    reader: &mut Reader<'_>,
    litellm: Option<&Section<'_>>,
    top: &Section<'_>,
    context: &Context<'_>,
) -> Vec<CallbackEntry> {
    let settings = top.get("callback_settings");
    if let Some(node) = settings.filter(|node| !matches!(node.kind, Kind::Map(_))) {
        reader.wrong_type(node, "callback_settings", "a mapping of callbacks to their parameters");
    }
    let mut entries: Vec<CallbackEntry> = Vec::new();
    let lists = [
        ("callbacks", CallbackEvents::All),
        ("success_callback", CallbackEvents::Success),
        ("failure_callback", CallbackEvents::Failure),
    ];
    let mut mentioned = Vec::new();
    for (list, events) in lists {
        let Some(section) = litellm else { break };
        let path = section.path(list);
        let mut here: Vec<String> = Vec::new();
        for (name, node) in reader.names(section, list) {
            if here.contains(&name) {
                let message = format!("`{name}` stands in `{path}` twice");
                reader.error(
                    "MR1062",
                    (node, &path),
                    &message,
                    "remove one, or give one its own name in callback_settings",
                );
                continue;
            }
            here.push(name.clone());
            mentioned.push(name.clone());
            if let Some(known) = entries.iter_mut().find(|entry| entry.name == name) {
                known.events = CallbackEvents::All;
                continue;
            }
            let own = settings.and_then(|settings| settings.get(&name)).filter(|own| !own.is_null());
            entries.extend(
                entry(reader, (&name, node, &path), own, context).map(|entry| CallbackEntry { events, ..entry }),
            );
        }
    }
    for (key, _) in settings.map(Node::entries).unwrap_or_default() {
        if !mentioned.contains(&key.text) {
            unused(reader, key, &mentioned);
        }
    }
    entries
}

/// Settings of a callback that no list names.
fn unused(reader: &mut Reader<'_>, key: &crate::config::node::Key, mentioned: &[String]) {
    let path = format!("callback_settings.{}", key.text);
    if CALLBACKS_ELSEWHERE.contains(&key.text.as_str()) {
        let message = format!("`{path}` is not supported yet and has no effect");
        reader.found.push(Finding::notice("MR1301", key.at, &message, "").key(&path));
        return;
    }
    let message = format!("`{path}` sets up a callback that no list names");
    let help = match nearest(&key.text, mentioned.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add `{}` to litellm_settings.callbacks, or remove it here", key.text),
    };
    reader.found.push(Finding::error("MR1060", key.at, &message, &help).key(&path));
}

fn entry(
    reader: &mut Reader<'_>,
    (name, node, list): (&str, &Node, &str),
    own: Option<&Node>,
    context: &Context<'_>,
) -> Option<CallbackEntry> {
    let path = format!("callback_settings.{name}");
    let named_kind = own.and_then(|own| own.get("callback")).filter(|kind| !kind.is_null());
    let (kind, kind_node, kind_path) = match named_kind {
        Some(node) => {
            let path = format!("{path}.callback");
            (reader.text_node(node, &path)?.value.to_string(), node, path)
        }
        None => (name.to_owned(), node, list.to_owned()),
    };
    if !BUILT_IN_CALLBACKS.contains(&kind.as_str()) {
        not_built_in(reader, &kind, kind_node, &kind_path);
        return None;
    }
    let mut params = own.map(|own| json::params(reader, own, &path)).unwrap_or_default();
    params.0.shift_remove("callback");
    let value = Value::Object(params.0);
    if let Err(problems) = (context.validator)(&kind, &value) {
        for problem in problems {
            let place = own.map_or(node, |own| json::locate(own, &problem.pointer));
            let key = format!("{path}{}", problem.pointer.replace('/', "."));
            let message = format!("`{key}`: {}", problem.message);
            reader.error("MR1061", (place, &key), &message, &format!("see the parameters of the callback `{kind}`"));
        }
    }
    let Value::Object(params) = value else { return None };
    let file = context.files.get(node.at.file).cloned().unwrap_or_default();
    Some(CallbackEntry {
        name: name.to_owned(),
        kind,
        events: CallbackEvents::All,
        params: JsonParams(params),
        place: Place { file, line: node.at.line, column: node.at.column },
    })
}

/// A callback of LiteLLM's that only logs is noted; one that may refuse or change requests is refused.
fn not_built_in(reader: &mut Reader<'_>, kind: &str, node: &Node, path: &str) {
    if kind == "prometheus" {
        let message = "the callback `prometheus` needs no entry: `/metrics` is always there, behind the master key";
        reader.notice("MR1301", (node, path), message, "");
        return;
    }
    if CALLBACKS_ELSEWHERE.contains(&kind) {
        let message = format!("the callback `{kind}` is not supported yet and has no effect");
        reader.notice("MR1301", (node, path), &message, "");
        return;
    }
    if GUARD_CALLBACKS.contains(&kind) || kind.contains('.') {
        let why = "without it, what it would refuse or change goes through";
        reader.unguarded(path, kind, why, node.at);
        return;
    }
    let known = BUILT_IN_CALLBACKS.iter().chain(CALLBACKS_ELSEWHERE).chain(GUARD_CALLBACKS).copied();
    let built_in = BUILT_IN_CALLBACKS.join(", ");
    let help = match nearest(kind, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("built in are {built_in}; `callback_settings: {{NAME: {{callback: KIND}}}}` gives a name a kind")
        }
    };
    reader.error("MR1060", (node, path), &format!("there is no callback `{kind}`"), &help);
}
