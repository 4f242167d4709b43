//! From what was written to what we run on, one file a section. Each complains through the reader and goes on.

mod aws_keys;
mod azure;
mod bedrock;
mod callbacks;
mod context;
mod endpoint;
mod headers;
mod models;
mod own;
mod pricing;
mod references;
mod routing;
mod sections;
mod vertex;

use super::keys::{GENERAL, LITELLM, MILLRACE, ROUTER, TOP};
use super::model::Config;
use super::node::{Kind, Node};
use super::reader::{Reader, Section};
use super::vars::Vars;
pub use callbacks::BUILT_IN_CALLBACKS;
pub(super) use context::Context;
pub use context::Validator;

/// Reads the whole tree. The result is only good if `reader` found no error.
pub(super) fn check(reader: &mut Reader<'_>, root: &Node, context: &Context<'_>) -> Config {
    let Some(top) = reader.section(root, &TOP, "") else { return Config::default() };
    let open = |reader: &mut Reader<'_>, name: &'static str, spec| {
        top.get(name).and_then(|node| reader.section(node, spec, name).map(|section| section.node))
    };
    // `accept_unenforced` is read before anything can complain about what it accepts.
    let own = open(reader, "millrace", &MILLRACE).map(|node| Section::unchecked(node, &MILLRACE, "millrace"));
    let millrace = sections::millrace(reader, own.as_ref(), context);
    reader.accepted.clone_from(&millrace.accept_unenforced);
    let router = open(reader, "router_settings", &ROUTER);
    let router = router.map(|node| Section::unchecked(node, &ROUTER, "router_settings"));
    let litellm = open(reader, "litellm_settings", &LITELLM);
    let litellm = litellm.map(|node| Section::unchecked(node, &LITELLM, "litellm_settings"));
    let general = open(reader, "general_settings", &GENERAL);
    let general = general.map(|node| Section::unchecked(node, &GENERAL, "general_settings"));

    reader.leaves_out =
        router.as_ref().and_then(|router| reader.flag(router, "ignore_invalid_deployments")).unwrap_or(true);
    let (models, left_out) = models::read(reader, &top, context);
    let names = references::Names::new(&models, &left_out);
    let router = routing::read(reader, router.as_ref(), litellm.as_ref(), names);
    let callbacks = callbacks::read(reader, litellm.as_ref(), &top, context);
    Config {
        models,
        left_out,
        callbacks,
        router,
        general: sections::general(reader, general.as_ref()),
        litellm: sections::litellm(reader, litellm.as_ref()),
        millrace,
        host_place: own.and_then(|own| Some(context.place(own.get("host")?.at))),
        notices: Vec::new(),
        files: context.files.clone(),
    }
}

/// Fills `vars` from `environment_variables`, whose own values may name variables of the environment.
pub(super) fn environment_block(root: &Node, vars: &mut Vars<'_>) -> Vec<super::finding::Finding> {
    let mut values = Vec::new();
    let found = {
        let mut reader = Reader::new(vars);
        if let Some(block) = root.get("environment_variables").filter(|node| !node.is_null()) {
            if !matches!(block.kind, Kind::Map(_)) {
                reader.wrong_type(block, "environment_variables", "a mapping of names to values");
            }
            for (key, node) in block.entries() {
                let path = format!("environment_variables.{}", key.text);
                if let Some(text) = reader.scalar(node, &path, "a text") {
                    values.push((key.text.clone(), text.value.to_string()));
                }
            }
        }
        reader.found
    };
    for (name, value) in values {
        vars.set(&name, value.into());
    }
    found
}
