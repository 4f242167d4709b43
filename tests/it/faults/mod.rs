//! Every fault of the mock in every protocol that a provider may speak, before callers of the same protocol and of others:
//! what of the fault matrix must hold whoever speaks. One test a provider; a row is a fault, asked once by each caller.

mod rows;

use millrace_lab::mock::{Behaviour, MockConfig, MockServer};
use millrace_lab::order::{End, Spoken, check};
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, PROVIDER_KEY, eventually, records};
use rows::{LATE, REFUSED, Row, STREAMS, Want};

/// The providers: the word of each in the configuration, and whether its address is the mock's root.
const PROVIDERS: [(&str, bool); 7] = [
    ("openai", false),
    ("anthropic", false),
    ("openai/responses", false),
    ("gemini", false),
    ("bedrock", true),
    ("cohere", true),
    ("ollama_chat", true),
];

/// What callers speak: a path, and the protocol of the stream that comes of it.
const CALLERS: [Spoken; 5] = [Spoken::Chat, Spoken::Messages, Spoken::Responses, Spoken::Generate, Spoken::Completions];

struct Scene {
    provider: &'static str,
    mock: MockServer,
    gateway: Gateway,
    asked: usize,
}

impl Scene {
    fn new(provider: &'static str, root: bool, millrace: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let base = if root { mock.root_url() } else { mock.base_url() };
        let key = match provider {
            "bedrock" => format!(
                "aws_access_key_id: AKIDEXAMPLE, aws_secret_access_key: {PROVIDER_KEY}, aws_region_name: eu-central-1"
            ),
            _ => format!("api_key: {PROVIDER_KEY}"),
        };
        // twice: another try goes elsewhere, and so without a pause
        let deployment = format!(
            "  - {{model_name: m, litellm_params: {{model: {provider}/up-model, api_base: \"{base}\", {key}}}}}\n"
        );
        let gateway = Gateway::from_yaml(&format!(
            "model_list:
{deployment}{deployment}router_settings: {{num_retries: 1, disable_cooldowns: true}}
litellm_settings: {{callbacks: [jsonl]}}
callback_settings: {{jsonl: {{path: records.jsonl}}}}
general_settings: {{master_key: {}}}
millrace: {{data_dir: ., max_event_bytes: 65536{millrace}}}
",
            crate::harness::KEY
        ));
        Scene { provider, mock, gateway, asked: 0 }
    }

    /// One question, streamed, while the mock behaves so.
    #[track_caller]
    fn ask(&mut self, caller: Spoken, behaviour: &str) -> Answer {
        self.mock.reset();
        self.mock.set_behaviour(behaviour.parse::<Behaviour>().unwrap_or_else(|e| panic!("{e}")));
        self.asked += 1;
        let messages = json!([{"role": "user", "content": "hi"}]);
        let (path, body) = match caller {
            Spoken::Messages => {
                ("/v1/messages", json!({"model": "m", "stream": true, "max_tokens": 512, "messages": messages}))
            }
            Spoken::Responses => ("/v1/responses", json!({"model": "m", "stream": true, "input": "hi"})),
            Spoken::Generate => (
                "/v1beta/models/m:streamGenerateContent?alt=sse",
                json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
            ),
            Spoken::Completions => ("/v1/completions", json!({"model": "m", "stream": true, "prompt": "hi"})),
            _ => ("/v1/chat/completions", json!({"model": "m", "stream": true, "messages": messages})),
        };
        self.gateway.client().post(path, &body)
    }

    /// How the last exchange was settled, once (I3).
    #[track_caller]
    fn outcome(&self) -> String {
        let path = self.gateway.folder.path().join("records.jsonl");
        eventually("a record of each exchange", || records(&path).len() >= self.asked);
        let records = records(&path);
        assert_eq!(records.len(), self.asked, "an exchange settled twice");
        records.last().expect("a record")["outcome"].as_str().expect("an outcome").to_owned()
    }

    /// Asks for each caller; what is not as it must be.
    fn tried(&mut self, row: &Row) -> Vec<String> {
        let mut wrong = vec![];
        let except = row.except.contains(&self.provider);
        // before a stream every caller's way is the same but for the shape of an error
        let callers = if matches!(row.want, Want::Status(..)) { &CALLERS[..2] } else { &CALLERS };
        for caller in callers.iter().filter(|caller| !(except || row.verbatim && same(self.provider, **caller))) {
            let answer = self.ask(*caller, row.fault);
            let (text, tries, outcome) = (answer.text(), self.mock.stats().requests, self.outcome());
            let (want, outcomes) = row.wanted(*caller);
            let came = match want {
                Want::Stream(_) if answer.status != 200 => format!("status {}", answer.status),
                Want::Stream(end) => match judged(*caller, &text) {
                    Ok(told) if told == *end && tries == 1 => String::new(),
                    told => format!("{told:?} after {tries} tries"),
                },
                Want::Status(statuses, tried) => match error(*caller, &serde_json::from_str(&text).unwrap_or_default())
                {
                    None if statuses.contains(&answer.status) && tries == *tried => String::new(),
                    shape => format!("status {} after {tries} tries, {shape:?}", answer.status),
                },
            };
            let settled = outcomes.contains(&&*outcome);
            if !came.is_empty() || !settled || text.contains(PROVIDER_KEY) {
                let place = format!("{} to {caller:?}: {}", self.provider, row.fault);
                wrong.push(format!("{place}: {came}; settled as {outcome}: {text}"));
            }
        }
        wrong
    }
}

/// The end of a stream that is in order up to there (I2).
fn judged(caller: Spoken, text: &str) -> Result<End, String> {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    let events: Vec<_> = blocks
        .map(|block| {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            (field("event: ").map(str::as_bytes), field("data: ").unwrap_or_default().as_bytes())
        })
        .filter(|(_, data)| !data.is_empty())
        .collect();
    check(caller, events)
}

/// Whether a provider's bytes are the caller's as they come.
fn same(provider: &str, caller: Spoken) -> bool {
    match provider {
        "openai" => matches!(caller, Spoken::Chat | Spoken::Completions | Spoken::Responses),
        "anthropic" => caller == Spoken::Messages,
        "openai/responses" => caller == Spoken::Responses,
        "gemini" => caller == Spoken::Generate,
        _ => false,
    }
}

/// What is wrong with an error before the stream, in the caller's own shape (I8).
fn error(caller: Spoken, body: &Value) -> Option<&'static str> {
    let error = &body["error"];
    let text = |name: &str| error[name].as_str().is_some_and(|text| !text.is_empty());
    match caller {
        _ if !text("message") => Some("no message"),
        Spoken::Messages => (body["type"] != "error" || !text("type")).then_some("not Anthropic's shape"),
        Spoken::Generate => (!error["code"].is_u64() || !text("status")).then_some("not Google's shape"),
        _ => (!text("type") || error.get("param").is_none() || error.get("code").is_none())
            .then_some("not OpenAI's shape"),
    }
}

fn all(place: usize) {
    let (provider, root) = PROVIDERS[place];
    let mut scene = Scene::new(provider, root, "");
    let mut wrong: Vec<String> = STREAMS.iter().chain(&REFUSED).flat_map(|row| scene.tried(row)).collect();
    let mut short = Scene::new(provider, root, ", idle_timeout: 0.5, first_token_timeout: 1");
    wrong.extend(LATE.iter().flat_map(|row| short.tried(row)));
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn faults_of_openais_chat() {
    all(0);
}

#[test]
fn faults_of_anthropics_messages() {
    all(1);
}

#[test]
fn faults_of_openais_responses() {
    all(2);
}

#[test]
fn faults_of_googles_generate_content() {
    all(3);
}

#[test]
fn faults_of_bedrocks_converse() {
    all(4);
}

#[test]
fn faults_of_coheres_chat() {
    all(5);
}

#[test]
fn faults_of_ollamas_chat() {
    all(6);
}
