//! What each provider's way of counting costs, through the gateway: the fixtures that say so, as answers and as streams.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, PROVIDER_KEY, Reply, Scripted};

pub(super) struct Fixture {
    /// Its name, and the model's.
    pub(super) name: String,
    pub(super) value: Value,
}

/// All but those whose prices cannot be written in a configuration.
pub(super) fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialects/fixtures/usage");
    let found = std::fs::read_dir(&folder).expect("a folder").filter_map(|entry| {
        let path = entry.expect("an entry").path();
        let name = path.file_stem()?.to_str()?.strip_prefix("cost-")?.to_owned();
        let value: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("a file")).expect("JSON");
        Some(Fixture { name, value }).filter(|fixture| fixture.value.get("searches_once").is_none())
    });
    let found: Vec<_> = found.collect();
    assert!(found.len() > 25, "{}", found.len());
    found
}

impl Fixture {
    pub(super) fn dialect(&self) -> &str {
        self.value["dialect"].as_str().expect("a dialect")
    }

    /// Dollars, as they are written in a header.
    fn dollars(&self, member: &str) -> String {
        let pico = self.value[member].as_u64().expect("picodollars");
        let (whole, fraction) = (pico / 1_000_000_000_000, format!("{:012}", pico % 1_000_000_000_000));
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
    }

    /// As an operator writes the deployment, with the fixture's prices unless `more` are others.
    pub(super) fn entry(&self, provider: &str, base: &str, more: Option<&str>) -> String {
        let mut prices = serde_json::Map::new();
        for (name, price) in self.value["prices"].as_object().expect("prices") {
            match name.split_once('.') {
                None => drop(prices.insert(name.clone(), price.clone())),
                Some((group, size)) => prices.entry(group).or_insert_with(|| json!({}))[size] = price.clone(),
            }
        }
        let mut params =
            json!({"model": format!("{provider}{}", self.name), "api_base": base, "api_key": PROVIDER_KEY});
        if more.is_none() {
            params.as_object_mut().expect("an object").extend(prices);
        }
        format!("- {{model_name: \"{}\", litellm_params: {params}}}\n", self.name)
    }

    /// The answer as its provider streams it; nothing where that is not text.
    pub(super) fn stream(&self) -> Option<String> {
        let answer = &self.value["answer"];
        let event = |data: &Value| format!("data: {data}\n\n");
        let named = |name: &str, mut data: Value| {
            data["type"] = name.into();
            format!("event: {name}\n{}", event(&data))
        };
        Some(match self.dialect() {
            "openai" => {
                let mut last = answer.clone();
                last["object"] = "chat.completion.chunk".into();
                let mut first = last.clone();
                first["usage"] = Value::Null;
                first["choices"] = json!([{"index": 0, "delta": {"content": "Done."}, "finish_reason": "stop"}]);
                last["choices"] = json!([]);
                format!("{}{}data: [DONE]\n\n", event(&first), event(&last))
            }
            "anthropic" => {
                let usage = &answer["usage"];
                let mut begun = answer.clone();
                (begun["content"], begun["stop_reason"]) = (json!([]), Value::Null);
                begun["usage"]["output_tokens"] = 1.into();
                begun["usage"].as_object_mut().expect("usage").shift_remove("server_tool_use");
                begun["usage"].as_object_mut().expect("usage").shift_remove("output_tokens_details");
                let mut told = usage.clone();
                told.as_object_mut().expect("usage").shift_remove("service_tier");
                [
                    named("message_start", json!({ "message": begun })),
                    named("content_block_start", json!({"index": 0, "content_block": {"type": "text", "text": ""}})),
                    named("content_block_delta", json!({"index": 0, "delta": {"type": "text_delta", "text": "Done."}})),
                    named("content_block_stop", json!({"index": 0})),
                    named("message_delta", json!({"delta": {"stop_reason": "end_turn"}, "usage": told})),
                    named("message_stop", json!({})),
                ]
                .concat()
            }
            "gemini" => {
                // what was searched for is told before the last word
                let mut first = answer.clone();
                first["candidates"][0].as_object_mut().expect("a candidate").shift_remove("finishReason");
                let mut last = answer.clone();
                last["candidates"][0].as_object_mut().expect("a candidate").shift_remove("groundingMetadata");
                format!("{}{}", event(&first), event(&last))
            }
            "responses" => {
                let mut begun = answer.clone();
                (begun["status"], begun["output"], begun["usage"]) = ("in_progress".into(), json!([]), Value::Null);
                named("response.created", json!({ "response": begun }))
                    + &named("response.completed", json!({ "response": answer }))
            }
            _ => return None,
        })
    }
}

/// LiteLLM's prefix of a dialect's own provider, and what its address ends with.
pub(super) fn provider(dialect: &str) -> (&'static str, &'static str) {
    match dialect {
        "openai" => ("openai/", "/v1"),
        "responses" => ("openai/responses/", "/v1"),
        "anthropic" => ("anthropic/", ""),
        "gemini" => ("gemini/", ""),
        "bedrock" => ("bedrock/us-east-1/", ""),
        "cohere" => ("cohere_chat/", ""),
        "ollama" => ("ollama_chat/", ""),
        other => panic!("{other}"),
    }
}

/// A provider that answers with the fixture whose name is in the request.
fn replayed() -> Scripted {
    let fixtures = fixtures();
    Scripted::start(move |asked, _| {
        let text = format!("{} {}", asked.path, String::from_utf8_lossy(&asked.body));
        // the longest: one name begins another
        let fixture = fixtures.iter().filter(|it| text.contains(&it.name)).max_by_key(|it| it.name.len());
        let fixture = fixture.unwrap_or_else(|| panic!("{text}"));
        let streams = text.contains("\"stream\":true") || asked.path.contains("streamGenerateContent");
        match fixture.stream().filter(|_| streams) {
            Some(events) => Reply::events(events),
            None => Reply::json(200, &fixture.value["answer"]),
        }
    })
}

pub(super) fn gateway(entries: &str) -> Gateway {
    Gateway::from_yaml(&format!(
        "model_list:\n{entries}litellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: records.jsonl}}}}\n"
    ))
}

/// The question in the protocol of a dialect, or as a chat where no caller speaks it.
pub(super) fn ask(gateway: &Gateway, dialect: &str, model: &str, stream: bool) -> Answer {
    let client = gateway.client();
    let text = json!([{"role": "user", "content": "?"}]);
    match dialect {
        "anthropic" => {
            client.post("/v1/messages", &json!({"model": model, "max_tokens": 9, "messages": text, "stream": stream}))
        }
        "responses" => client.post("/v1/responses", &json!({"model": model, "input": "?", "stream": stream})),
        "gemini" => {
            let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            client.post(
                &format!("/v1beta/models/{model}:{verb}"),
                &json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}]}),
            )
        }
        _ => client.chat(&json!({"model": model, "messages": text, "stream": stream})),
    }
}

#[test]
fn each_way_of_counting_costs_the_same_whoever_asks_and_however() {
    let provider_of_all = replayed();
    let entries: String = fixtures()
        .iter()
        .map(|fixture| {
            let (prefix, end) = provider(fixture.dialect());
            fixture.entry(prefix, &format!("{}{end}", provider_of_all.url()), None)
        })
        .collect();
    let gateway = gateway(&entries);
    for fixture in fixtures() {
        let want = fixture.dollars("picodollars");
        for dialect in ["openai", "anthropic", "responses", "gemini"] {
            for stream in [false, true] {
                // OpenAI itself is asked for a response where the caller wants one
                let chat_for_response = fixture.dialect() == "openai" && dialect == "responses";
                if chat_for_response || (stream && fixture.stream().is_none()) {
                    continue;
                }
                let what = format!("{} asked as {dialect}, stream: {stream}", fixture.name);
                let answer = ask(&gateway, dialect, &fixture.name, stream);
                assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                let record = gateway.record(&answer);
                assert_eq!(record["response_cost"], want.as_str(), "{what}: {record}");
                assert_eq!(record["estimated"], false, "{what}: {record}");
                let header = answer.header("x-litellm-response-cost");
                assert_eq!(header, Some(want.as_str()).filter(|_| !stream), "{what}");
            }
        }
    }
}

#[test]
fn a_pass_through_counts_as_every_other_way_does() {
    let provider_of_all = replayed();
    let entry = |fixture: &Fixture| {
        let (prefix, end) = provider(fixture.dialect());
        fixture.entry(prefix, &format!("{}{end}", provider_of_all.url()), None)
    };
    let gateway = gateway(&fixtures().iter().map(entry).collect::<String>());
    for fixture in fixtures() {
        for stream in [false, true] {
            let (name, text) = (&fixture.name, json!([{"role": "user", "content": "?"}]));
            let chat = json!({"model": name, "max_tokens": 9, "messages": text, "stream": stream});
            let answer = match fixture.dialect() {
                "openai" => gateway.client().post("/openai/v1/chat/completions", &chat),
                "anthropic" => gateway.client().post("/anthropic/v1/messages", &chat),
                "responses" => {
                    let body = json!({"model": name, "input": "?", "stream": stream});
                    gateway.client().post("/openai/v1/responses", &body)
                }
                "gemini" => {
                    let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                    let body = json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}]});
                    gateway.client().post(&format!("/gemini/v1beta/models/{name}:{verb}"), &body)
                }
                _ => continue,
            };
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            let through = gateway.record(&answer);
            let own = gateway.record(&ask(&gateway, fixture.dialect(), name, stream));
            for count in ["prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "usage_details"] {
                assert_eq!(through[count], own[count], "{name} {count}, stream: {stream}: {through}");
            }
            assert_eq!(through["estimated"], false, "{name}: {through}");
        }
    }
}

#[test]
fn the_record_says_what_was_counted_besides() {
    let all = replayed();
    let known = fixtures();
    let named = |name: &str| known.iter().find(|fixture| fixture.name == name).expect("a fixture");
    let cases = [
        ("openai-flex", json!({"service_tier": "flex"})),
        ("anthropic-search", json!({"web_searches": 3, "service_tier": "standard"})),
        ("responses-search", json!({"web_searches": 2, "service_tier": "priority"})),
        (
            "anthropic-cache",
            json!({"cache_creation_tokens": 300, "cache_creation_hour_tokens": 200, "service_tier": "standard"}),
        ),
        (
            "gemini-kinds",
            json!({"tool_prompt_tokens": 40, "audio_input_tokens": 252, "image_input_tokens": 258, "image_output_tokens": 1290,
                "service_tier": "flex"}),
        ),
        ("vertex-gemini-provisioned", json!({"service_tier": "provisioned"})),
        ("openai-audio", json!({"audio_input_tokens": 40, "audio_output_tokens": 50})),
    ];
    let entries: String = cases
        .iter()
        .map(|(name, _)| {
            let (prefix, end) = provider(named(name).dialect());
            named(name).entry(prefix, &format!("{}{end}", all.url()), None)
        })
        .collect();
    let gateway = gateway(&entries);
    for (name, want) in cases {
        let record = gateway.record(&ask(&gateway, named(name).dialect(), name, false));
        assert_eq!(record["usage_details"], want, "{name}: {record}");
    }
}

#[test]
fn a_provider_that_states_its_cost_is_believed_unless_the_operator_says_otherwise() {
    let all = replayed();
    for (name, provider) in [
        ("openrouter-cost", "openrouter/"),
        ("openrouter-own-key", "openrouter/"),
        ("perplexity-search", "perplexity/"),
    ] {
        let fixtures = fixtures();
        let fixture = fixtures.iter().find(|fixture| fixture.name == name).expect("a fixture");
        for (prefix, prices, want) in [
            (provider, Some(""), Some(fixture.dollars("stated"))),
            (provider, None, Some(fixture.dollars("picodollars"))),
            // whoever else writes such a member may mean anything by it
            ("openai/", Some(""), None),
        ] {
            let gateway = gateway(&fixture.entry(prefix, &all.url(), prices));
            for stream in [false, true] {
                let answer = ask(&gateway, "openai", name, stream);
                let record = gateway.record(&answer);
                assert_eq!(record["response_cost"].as_str(), want.as_deref(), "{prefix}{name}: {record}");
            }
        }
    }
}
