//! The grammar: it reads what it writes, explains what it refuses, and the sources override each other in order.

use super::client::{Answer, chat, post, server};
use crate::mock::{Behaviour, Fault, FaultKind, Framing, MockArgs, grammar, keys::KEYS};
use clap::{Args, Command};
use std::time::Duration;

/// A value other than the default for each form a key may have.
fn other_values(forms: &str) -> Vec<String> {
    let words = forms.split('|').filter(|word| word.chars().any(|c| c.is_ascii_lowercase()));
    let mut values: Vec<_> = words.map(|word| word.split(':').next().unwrap_or(word).to_owned()).collect();
    if forms.contains("TEXT") {
        values.extend(["a%2Cb%3Dc%25", "%F0%9F%98%80", "%61uto"].map(str::to_owned));
    }
    if forms.split('|').any(|form| form == "N") {
        values.push("7".to_owned());
    }
    if forms.contains("N+N") {
        values.push("100+103".to_owned());
    }
    values
}

#[test]
fn every_key_reads_what_it_writes() {
    for key in KEYS {
        let values = other_values(&(key.forms)());
        let mut changed = 0;
        for value in &values {
            let spec = format!("{}={value}", key.name);
            let behaviour: Behaviour = spec.parse().unwrap_or_else(|error| panic!("{spec}: {error}"));
            let shown = behaviour.to_string();
            assert_eq!(shown.parse::<Behaviour>().unwrap(), behaviour, "{spec} was shown as {shown}");
            changed += usize::from(behaviour != Behaviour::default());
        }
        assert!(changed > 0, "{} cannot be changed by {values:?}", key.name);
    }
}

#[test]
fn a_long_spec_round_trips() {
    let spec =
        "chunks=3,gap=1500us,text=a%2Cb,fault=cut:4,how=rst,framing=close,bom=true,interim=100+103,retry-after=-1";
    let behaviour: Behaviour = spec.parse().unwrap();
    assert_eq!(behaviour.gap, Duration::from_micros(1500));
    assert_eq!(behaviour.text.as_deref(), Some("a,b"));
    assert_eq!(behaviour.interim, [100, 103]);
    assert_eq!(behaviour.to_string().parse::<Behaviour>().unwrap(), behaviour);
}

#[test]
fn words_alone_are_switches_faults_or_statuses() {
    let fault = |spec: &str| spec.parse::<Behaviour>().unwrap().fault;
    assert_eq!(fault("529"), Fault::status(529));
    assert_eq!(fault("stall:2,bom"), Fault::at(FaultKind::Stall, 2));
    assert_eq!(fault("early"), Fault::at(FaultKind::Early, 413));
    assert!("bom".parse::<Behaviour>().unwrap().bom);
}

#[test]
fn refusals_say_what_would_be_right() {
    let refusal = |spec: &str| spec.parse::<Behaviour>().unwrap_err().to_string();
    assert!(refusal("gap=5min").contains("use us, ms or s"));
    assert!(refusal("framing=tight").contains("close-silent"));
    assert!(refusal("chunk=3").contains("chunks"));
    assert!(refusal("chunks=-1").contains("whole number"));
    assert!(refusal("text=%2").contains("hexadecimal"));
    assert!(refusal("html:3").contains("takes no number"));
    assert!(refusal("status:99").contains("200 to 999"));
    assert!(refusal("stal").contains("stall:EVENTS"));
}

#[test]
fn header_over_model_over_server() {
    let server = server("404,framing=close");
    let ask = |model: &str, header: &str| {
        let body = format!("{{\"model\":\"{model}\"}}");
        Answer::to(&server, &post("/v1/chat/completions", &format!("connection: close\r\n{header}"), &body))
    };
    assert_eq!(ask("gpt", "").status, 404);
    let by_model = ask("openai/mock-fault:status:503", "");
    assert_eq!(by_model.status, 503);
    assert!(by_model.head.contains("connection: close\r\n"), "keys the model does not name stay");
    assert_eq!(ask("mock:503", "X-Mock: fault=none,framing=auto\r\n").status, 200);
    assert_eq!(ask("mock-small", "").status, 404);
    assert_eq!(ask("mock:nonsense", "").status, 400);
    assert_eq!(ask("m", "x-mock: nonsense\r\n").status, 400);
    assert_eq!(server.stats().faults.get("status-404"), Some(&2));
}

#[test]
fn help_lists_every_key_fault_and_word() {
    let help = MockArgs::augment_args(Command::new("mock")).render_long_help().to_string();
    for key in KEYS {
        assert!(help.contains(&format!("  {}=", key.name)), "{} is not in the help", key.name);
    }
    for (_, word) in FaultKind::ALL.iter().map(|(kind, word)| (kind, *word)).chain([(&FaultKind::None, "close-silent")])
    {
        assert!(help.contains(word), "{word} is not in the help");
    }
    assert!(help.contains("--script-end"));
    assert!(grammar::help().contains(Framing::Trailer.word()));
}

#[test]
fn an_answer_does_not_depend_on_what_was_asked_before() {
    let server = server("");
    let ask = |body: &str| Answer::to(&server, &chat(body));
    assert_eq!(ask(r#"{"model":"a"}"#).json()["model"], "a");
    assert_eq!(ask(r#"{"model":"b"}"#).json()["model"], "b");
    assert!(ask(r#"{"model":"a","stream":true}"#).text().starts_with("data: "));
    assert_eq!(ask(r#"{"model":"a","n":2}"#).json()["choices"].as_array().map(Vec::len), Some(2));
    assert_eq!(ask(r#"{"model":"a"}"#).json()["choices"].as_array().map(Vec::len), Some(1));
}
