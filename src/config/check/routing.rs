//! `router_settings`, and what `litellm_settings` says about the same things.

use std::collections::HashMap;

use super::references::{Names, Written, loop_from};
use crate::config::finding::Finding;
use crate::config::keys::ALIAS;
use crate::config::model::{Alias, Fallback, RouterSettings};
use crate::config::node::{Kind, Node};
use crate::config::reader::{Reader, Section};

/// Fallbacks as written.
struct WrittenFallback {
    from: Written,
    targets: Vec<Written>,
}

/// The router's settings; every name in them leads somewhere, or was complained about.
pub(super) fn read(
    reader: &mut Reader<'_>,
    router: Option<&Section<'_>>,
    litellm: Option<&Section<'_>>,
    mut names: Names<'_>,
) -> RouterSettings {
    let mut settings = RouterSettings::default();
    // LiteLLM's own order: what stands in router_settings wins.
    if let Some(litellm) = litellm {
        shared(reader, litellm, &mut settings);
        settings.timeout = reader.seconds(litellm, "request_timeout");
    }
    if let Some(router) = router {
        shared(reader, router, &mut settings);
        own(reader, router, &mut settings);
        twice(reader, router, litellm);
    }
    aliases(reader, router, &mut names, &mut settings);
    fallbacks(reader, router, litellm, (&names, &mut settings));
    settings
}

/// Keys that both sections have.
fn shared(reader: &mut Reader<'_>, section: &Section<'_>, settings: &mut RouterSettings) {
    if let Some(count) = reader.count_u32(section, "num_retries") {
        settings.num_retries = count;
    }
    if let Some(time) = reader.seconds(section, "cooldown_time") {
        settings.cooldown_time = time;
    }
    settings.allowed_fails = reader.count_u32(section, "allowed_fails").or(settings.allowed_fails);
}

fn own(reader: &mut Reader<'_>, router: &Section<'_>, settings: &mut RouterSettings) {
    settings.timeout = reader.seconds(router, "timeout").or(settings.timeout);
    settings.stream_timeout = reader.seconds(router, "stream_timeout");
    if let Some(time) = reader.seconds(router, "retry_after") {
        settings.retry_after = time;
    }
    if let Some(count) = reader.count_u32(router, "max_fallbacks") {
        settings.max_fallbacks = count;
    }
    if let Some(flag) = reader.flag(router, "disable_cooldowns") {
        settings.disable_cooldowns = flag;
    }
    if let Some((strategy, node)) = reader.choice(router, "routing_strategy")
        && strategy != "simple-shuffle"
    {
        let path = router.path("routing_strategy");
        let message = format!("`{path}: {strategy}` is not supported yet; simple-shuffle is used");
        reader.notice("MR1301", (node, &path), &message, "");
    }
}

/// Says which of two values wins.
fn twice(reader: &mut Reader<'_>, router: &Section<'_>, litellm: Option<&Section<'_>>) {
    let Some(litellm) = litellm else { return };
    for name in ["num_retries", "cooldown_time", "allowed_fails", "fallbacks", "default_fallbacks"] {
        if let (Some(node), true) = (litellm.get(name), router.get(name).is_some()) {
            let path = litellm.path(name);
            let message = format!("`{path}` has no effect, since `{}` is set as well", router.path(name));
            reader.notice("MR1306", (node, &path), &message, "");
        }
    }
}

fn aliases(
    reader: &mut Reader<'_>,
    router: Option<&Section<'_>>,
    names: &mut Names<'_>,
    settings: &mut RouterSettings,
) {
    let Some((router, node)) = router.and_then(|router| Some((router, router.get("model_group_alias")?))) else {
        return;
    };
    let path = router.path("model_group_alias");
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong_type(node, &path, "a mapping of names to model groups");
        return;
    }
    let mut targets = Vec::new();
    for (key, value) in node.entries() {
        let path = format!("{path}.{}", key.text);
        let Some((target, hidden)) = alias(reader, value, &path) else { continue };
        if names.is_group(&key.text) {
            let message = format!("`{}` is both an alias and a model_name", key.text);
            let help = "rename one of the two: which one answers would be a matter of luck";
            reader.found.push(Finding::error("MR1043", key.at, &message, help).key(&path));
            continue;
        }
        if key.text.contains('*') || key.text.is_empty() {
            let help = "write each name out; a pattern can stand as a model_name";
            let finding = Finding::error("MR1030", key.at, "an alias must be a name without `*`", help);
            reader.found.push(finding.key(&path));
            continue;
        }
        names.add_alias(&key.text, &target);
        targets.push((key, Written { name: target.clone(), at: value.at, path }));
        settings.aliases.push(Alias { name: key.text.clone(), target, hidden });
    }
    let edges: HashMap<&str, Vec<&str>> =
        settings.aliases.iter().map(|alias| (alias.name.as_str(), vec![alias.target.as_str()])).collect();
    for (key, written) in &targets {
        if let Some(way) = loop_from(&key.text, &edges) {
            let message = format!("this alias leads back to itself: {}", way.join(" -> "));
            let help = "let one of them name a model_list entry";
            reader.found.push(Finding::error("MR1041", key.at, &message, help).key(&written.path));
        } else {
            names.require(reader, written);
        }
    }
}

fn alias(reader: &mut Reader<'_>, value: &Node, path: &str) -> Option<(String, bool)> {
    if !matches!(value.kind, Kind::Map(_)) {
        return reader.text_node(value, path).map(|text| (text.value.to_string(), false));
    }
    let section = reader.section(value, &ALIAS, path)?;
    reader.required(&section, "model");
    let hidden = reader.flag(&section, "hidden").unwrap_or(false);
    reader.text(&section, "model").map(|text| (text.value.to_string(), hidden))
}

fn fallbacks(
    reader: &mut Reader<'_>,
    router: Option<&Section<'_>>,
    litellm: Option<&Section<'_>>,
    (names, settings): (&Names<'_>, &mut RouterSettings),
) {
    let holder = |name: &str| router.filter(|section| section.get(name).is_some()).or(litellm);
    let mut written = Vec::new();
    if let Some((section, node)) = holder("fallbacks").and_then(|section| Some((section, section.get("fallbacks")?))) {
        written = lists(reader, node, &section.path("fallbacks"));
    }
    if let Some(section) = holder("default_fallbacks") {
        let path = section.path("default_fallbacks");
        for (name, node) in reader.names(section, "default_fallbacks") {
            names.require(reader, &Written { name: name.clone(), at: node.at, path: path.clone() });
            settings.default_fallbacks.push(name);
        }
    }
    for fallback in &written {
        if fallback.from.name != "*" {
            names.require(reader, &fallback.from);
        }
        for target in &fallback.targets {
            names.require(reader, target);
        }
    }
    refuse_selves(reader, names, &written);
    for fallback in written {
        let targets: Vec<String> = fallback.targets.into_iter().map(|target| target.name).collect();
        if fallback.from.name == "*" && !names.is_group("*") {
            settings.default_fallbacks.extend(targets);
        } else {
            settings.fallbacks.push(Fallback { model: fallback.from.name, targets });
        }
    }
}

/// A group cannot stand in for itself. Groups may for each other: none is tried twice (`Routing::fallbacks_of`).
fn refuse_selves(reader: &mut Reader<'_>, names: &Names<'_>, written: &[WrittenFallback]) {
    for WrittenFallback { from, targets } in written {
        let group = names.group_of(&from.name);
        if targets.iter().any(|target| names.group_of(&target.name) == group) {
            let message = format!("this group is its own fallback: {group} -> {group}");
            let help = "remove it from its list: no group is tried twice for one request";
            reader.found.push(Finding::error("MR1042", from.at, &message, help).key(&from.path));
        }
    }
}

/// `[{"a": ["b", "c"]}]`.
fn lists(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<WrittenFallback> {
    let Kind::List(items) = &node.kind else {
        let message = format!("`{path}` must be a list of mappings, not {}", node.shape());
        reader.error("MR1020", (node, path), &message, "write `[{\"a\": [\"b\", \"c\"]}]`");
        return Vec::new();
    };
    let mut written: Vec<WrittenFallback> = Vec::new();
    for item in items {
        if !matches!(item.kind, Kind::Map(_)) {
            let message = format!("an entry of `{path}` must be a mapping, not {}", item.shape());
            reader.error("MR1020", (item, path), &message, "write `{\"a\": [\"b\", \"c\"]}`");
        }
        for (key, value) in item.entries() {
            let path = format!("{path}.{}", key.text);
            if let Some(first) = written.iter().find(|fallback| fallback.from.name == key.text) {
                let message = format!("`{}` has fallbacks on line {} already", key.text, first.from.at.line);
                let finding = Finding::error("MR1003", key.at, &message, "put both lists together");
                reader.found.push(finding.key(&path));
                continue;
            }
            let targets = reader.names_node(value, &path).into_iter();
            let targets = targets.map(|(name, node)| Written { name, at: node.at, path: path.clone() }).collect();
            let from = Written { name: key.text.clone(), at: key.at, path };
            written.push(WrittenFallback { from, targets });
        }
    }
    written
}
