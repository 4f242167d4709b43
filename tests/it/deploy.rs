//! What `deploy/` and the documents say of the program, held against the program: a dashboard whose metric was renamed is
//! empty and complains to nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use millrace_lab::mock::{MockConfig, MockServer};
use regex::Regex;
use serde_json::{Value, json};

use crate::harness::{Gateway, chat};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every metric of a gateway that has served, failed and kept a record: its name, and its labels.
fn exposed() -> BTreeMap<String, BTreeSet<String>> {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let to_file = "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: records.jsonl}}\nrouter_settings: {num_retries: 0}\n";
    let gateway = Gateway::with(&mock, to_file);
    for (model, stream) in [("m", false), ("m", true), ("mock:fault=status:500", false)] {
        gateway.client().chat(&chat(model, json!({ "stream": stream })));
    }
    let label = Regex::new(r#"(\w+)=""#).expect("a pattern");
    let mut metrics = BTreeMap::<_, BTreeSet<_>>::new();
    for line in gateway.client().get("/metrics").text().lines().filter(|line| !line.starts_with('#')) {
        let series = line.rsplit_once(' ').map_or(line, |(series, _)| series);
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = label.captures_iter(labels).map(|found| found[1].to_owned());
        metrics.entry(name.to_owned()).or_default().extend(labels);
    }
    metrics
}

/// What an expression of PromQL asks for that nobody exposes.
fn unknown(expression: &str, exposed: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let metric = Regex::new(r"\b((?:millrace|process)_\w+)(?:\{([^}]*)\})?").expect("a pattern");
    let matcher = Regex::new(r#"(\w+)\s*(?:=~|!~|!=|=)\s*""#).expect("a pattern");
    let grouped = Regex::new(r"\b(?:by|without)\s*\(([^)]*)\)").expect("a pattern");
    // what Prometheus adds to every series itself
    let mut all = BTreeSet::from(["job", "instance"].map(str::to_owned));
    let mut missing = Vec::new();
    for found in metric.captures_iter(expression) {
        let Some(labels) = exposed.get(&found[1]) else {
            missing.push(format!("metric {}", &found[1]));
            continue;
        };
        all.extend(labels.iter().cloned());
        let selected = found.get(2).map_or("", |labels| labels.as_str());
        let named = matcher.captures_iter(selected).map(|label| label[1].to_owned());
        missing
            .extend(named.filter(|label| !all.contains(label)).map(|label| format!("label {label} of {}", &found[1])));
    }
    for labels in grouped.captures_iter(expression) {
        let named = labels[1].split(',').map(str::trim).filter(|label| !all.contains(*label));
        missing.extend(named.map(|label| format!("label {label}")));
    }
    missing
}

/// Every text under a key of this name, however deep.
fn texts<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.extend(value.as_str().filter(|_| name == key));
                texts(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, found)),
        _ => {}
    }
}

#[test]
fn every_metric_of_the_dashboard_and_the_alerts_is_exposed() {
    let exposed = exposed();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana-dashboard.json")).expect("JSON");
    let mut expressions = Vec::new();
    texts(&dashboard, "expr", &mut expressions);
    let panels = expressions.len();
    assert!(panels > 10, "the dashboard shows something");
    let alerts = read("deploy/alerts.yaml");
    expressions.extend(alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: ")));
    assert!(expressions.len() > panels, "there are alerts");
    let missing: Vec<_> = expressions
        .iter()
        .flat_map(|text| unknown(text, &exposed).into_iter().map(move |what| format!("{what}, in: {text}")))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}\nexposed: {exposed:#?}");
    // two gateways scraped by one Prometheus must be told apart in every panel
    let apart = expressions[..panels].iter().filter(|text| !text.contains("job=~\"$job\"")).collect::<Vec<_>>();
    assert!(apart.is_empty(), "{apart:#?}");
    // and this test can fail
    let wrong = "sum by (grp) (rate(millrace_gone_total{x=\"1\"}[1m])) / millrace_http_requests_total{status=\"1\"}";
    assert_eq!(unknown(wrong, &exposed).len(), 3);
}

#[test]
fn every_file_that_a_document_points_at_is_there() {
    let link = Regex::new(r"\]\(([^)#:]+)\)").expect("a pattern");
    let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    let mut missing = Vec::new();
    let mut seen = 0;
    for document in documents {
        let text = read(document);
        for target in link.captures_iter(&text).map(|found| PathBuf::from(&found[1])) {
            seen += 1;
            if !root().join(&target).exists() {
                missing.push(format!("{document}: {}", target.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(seen > 5, "links are found");
}
