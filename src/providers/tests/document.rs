//! `docs/providers.md` is what the table of providers says.

use std::fmt::Write as _;
use std::path::Path;

use millrace_actors::wire::envelope::Endpoint;

use crate::providers::row::{Row, Thought};
use crate::providers::table::Provider;

const OPENING: &str = "# Providers

Written from the table of providers in the source; a test compares the two (`MILLRACE_BLESS=1 cargo test --lib providers`
writes this file). The name is what stands before the slash in `model:`. A caller of any protocol reaches any provider: what
a provider does not serve itself is translated, and what cannot be carried is refused, or noted in `x-millrace-params`.

\"by model\": the provider has models with and without it. \"told\": what was read from the cache is in the answer's usage, and
priced so.

";

const DIFFERENCES: &str = "
## Where servers of OpenAI's protocol differ

Parameters that a provider lacks are refused with a 400 that names them all, or left out where `drop_params` says so; labels
such as `user` and values that ask for nothing (`n: 1`) are left out in any case. What is left out or renamed is noted.

| name | lacks | renamed | other |
|---|---|---|---|
";

const ADDRESSES: &str = "
## Addresses

A key from the environment goes to the provider's own address only: where `api_base` is written, `api_key` is too.

| name | own address | address from | key from |
|---|---|---|---|
";

/// Endpoints by the name of their path.
fn served(row: &Row) -> String {
    let word = |endpoint: &Endpoint| match endpoint {
        Endpoint::Chat => "chat",
        Endpoint::Completions => "completions",
        Endpoint::Embeddings => "embeddings",
        Endpoint::Messages => "messages",
        Endpoint::CountTokens => "count_tokens",
        Endpoint::Generate => "generateContent",
        Endpoint::CountContent => "countTokens",
        Endpoint::Responses => "responses",
        Endpoint::Rerank => "rerank",
        Endpoint::Moderations => "moderations",
        Endpoint::Images => "images",
        Endpoint::Speech => "speech",
        Endpoint::Transcriptions => "transcriptions",
        Endpoint::Translations => "translations",
        Endpoint::PassThrough => "pass-through",
    };
    row.endpoints.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn code(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

fn credentials(row: &Row) -> &str {
    match (row.shown.credentials, row.keyless) {
        ("", true) => "a key, if it asks for one",
        ("", false) => "a key",
        (own, _) => own,
    }
}

fn others(row: &Row) -> String {
    let traits = &row.traits;
    let words = |words: &[&str]| match words {
        [] => "no `tool_choice`".to_owned(),
        words => format!("`tool_choice`: {}", words.join(", ")),
    };
    let sets = traits.sets.iter().map(|(name, raw)| format!("`{name}: {raw}` is added"));
    let plain = ["auto", "none", "required", "function"];
    let tool_choice = (traits.tool_choice != plain).then(|| words(traits.tool_choice));
    let notes = [
        (!traits.stream_options).then_some("usage comes unasked, `stream_options` is not sent"),
        (!traits.developer).then_some("`developer` becomes `system`"),
        (!traits.parts).then_some("lists of texts become one text"),
        (!traits.names).then_some("participants' names are left out"),
        match traits.thought {
            Thought::Content => None,
            Thought::Reasoning => Some("thought goes back as `reasoning`"),
            Thought::Details => Some("thought goes back as `reasoning_details`"),
            Thought::Nothing => Some("thought does not go back"),
        },
    ];
    let prefix = (!traits.model_prefix.is_empty()).then(|| format!("models are prefixed `{}`", traits.model_prefix));
    let lack = (!traits.responses_lack.is_empty()).then(|| format!("responses lack {}", code(traits.responses_lack)));
    let all: Vec<String> = notes
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .chain(tool_choice)
        .chain(prefix)
        .chain(sets)
        .chain(lack)
        .collect();
    if all.is_empty() { "-".to_owned() } else { all.join("; ") }
}

fn document() -> String {
    let mut out = OPENING.to_owned();
    out += "| name | provider | protocol | serves | tools | vision | reasoning | caching | credentials |\n|---|---|---|---|---|---|---|---|---|\n";
    for provider in Provider::all() {
        let (row, shown) = (provider.row(), &provider.shown);
        let (tools, vision, reasoning, caching) = (shown.tools, shown.vision, shown.reasoning, shown.caching);
        let (names, speaks, serves) = (code(provider.prefixes()), row.speaks.word(), served(row));
        let credentials = credentials(row);
        let _ = writeln!(
            out,
            "| {names} | {} | {speaks} | {serves} | {tools} | {vision} | {reasoning} | {caching} | {credentials} |",
            shown.title
        );
    }
    out += DIFFERENCES;
    for provider in Provider::all() {
        let traits = &provider.traits;
        let lacks = code(traits.lacks);
        let renames = code(traits.renames.iter().map(|(from, to)| format!("{from}: {to}")));
        let others = others(provider.row());
        if [&lacks, &renames, &others].iter().any(|cell| *cell != "-") {
            let _ = writeln!(out, "| `{provider}` | {lacks} | {renames} | {others} |");
        }
    }
    out += ADDRESSES;
    for provider in Provider::all() {
        let base = provider.base.map_or("-".to_owned(), |base| format!("`{base}`"));
        let (bases, keys) = (code(provider.base_variables), code(provider.key_variables));
        let _ = writeln!(out, "| `{provider}` | {base} | {bases} | {keys} |");
    }
    out
}

#[test]
fn the_documentation_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/providers.md");
    let text = document();
    if std::env::var_os("MILLRACE_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/providers.md is out of step; run this test with MILLRACE_BLESS=1 and commit it");
}
