//! Thought of a model that thinks although nobody asked to read it: told or not as the caller's protocol has it, counted in
//! any case, and its signature kept for the next turn.

use serde_json::{Value, json};

use super::Scene;
use super::joined::{events_of, message_of, response_of};

/// A caller's path, its plain body, and what makes it ask for thought in words (true) or not.
type Wishes = (&'static str, Value, Vec<(Value, bool)>);

fn callers() -> Vec<Wishes> {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let contents = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
    let config = |thinking: Value| json!({"generationConfig": {"thinkingConfig": thinking}});
    vec![
        (
            "/v1/chat/completions",
            json!({"messages": messages}),
            vec![
                (json!({}), true),
                (json!({"reasoning_effort": "low"}), true),
                (json!({"reasoning_effort": "none"}), false),
                (json!({"thinking": {"type": "disabled"}}), false),
            ],
        ),
        (
            "/v1/messages",
            json!({"messages": messages, "max_tokens": 9000}),
            vec![
                (json!({}), false),
                (json!({"thinking": {"type": "disabled"}}), false),
                (json!({"thinking": {"type": "adaptive"}}), true),
                (json!({"thinking": {"type": "adaptive", "display": "omitted"}}), false),
                (json!({"thinking": {"type": "adaptive", "display": "summarized"}}), true),
            ],
        ),
        (
            "/v1/completions",
            json!({"prompt": "hi"}),
            vec![
                (json!({}), true),
                (json!({"include_reasoning": false}), false),
                (json!({"reasoning_effort": "none"}), false),
            ],
        ),
        (
            "/v1/responses",
            json!({"input": "hi"}),
            vec![
                (json!({}), false),
                (json!({"reasoning": {"effort": "low"}}), false),
                (json!({"reasoning": {"summary": "auto"}}), true),
            ],
        ),
        (
            "/v1beta/models/{model}:{verb}",
            json!({"contents": contents}),
            vec![
                (json!({}), false),
                (config(json!({"thinkingBudget": 2000})), false),
                (config(json!({"includeThoughts": false})), false),
                (config(json!({"includeThoughts": true})), true),
            ],
        ),
    ]
}

/// A word that the mock thinks, and one that it says.
const WORDS: [&str; 2] = ["grain", "river"];

/// Tokens that the model wrote, thought included: what the last usage of an answer says.
fn written(events: &[Value]) -> Option<u64> {
    events.iter().rev().find_map(|event| {
        let usage = if event["response"].is_object() { &event["response"]["usage"] } else { &event["usage"] };
        let said = usage["completion_tokens"].as_u64().or_else(|| usage["output_tokens"].as_u64());
        let google = &event["usageMetadata"];
        let count = |name: &str| google[name].as_u64();
        said.or_else(|| Some(count("candidatesTokenCount")? + count("thoughtsTokenCount").unwrap_or_default()))
    })
}

#[test]
fn it_is_told_only_to_who_asks_and_counted_in_any_case() {
    // `include_reasoning` is LiteLLM's: no provider here is told it
    let scene = Scene::configured(", additional_drop_params: [include_reasoning]", "");
    for (path, plain, wishes) in callers() {
        for (wish, shown) in wishes {
            for provider in ["o", "a", "g"] {
                // what speaks as the caller does goes on as it came
                let of_openai = ["/v1/chat/completions", "/v1/completions", "/v1/responses"].contains(&path);
                let own = of_openai && provider == "o" || (path, provider) == ("/v1/messages", "a");
                if own || (path.contains("beta") && provider == "g") {
                    continue;
                }
                for stream in [false, true] {
                    let model = format!("{provider}/mock:chunks=2,thinking=3,prompt-tokens=11,completion-tokens=29");
                    let mut body = plain.clone();
                    body.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
                    let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                    if !path.contains("beta") {
                        body["model"] = model.as_str().into();
                        body["stream"] = stream.into();
                    }
                    if path.ends_with("completions") && stream {
                        body["stream_options"] = json!({"include_usage": true});
                    }
                    let answer = scene.client().post(&path.replace("{model}", &model).replace("{verb}", verb), &body);
                    let text = answer.text();
                    assert_eq!(answer.status, 200, "{path} {wish} {model}: {text}");
                    assert_eq!(text.contains(WORDS[0]), shown, "{path} {wish} {model} {stream}: {text}");
                    assert!(text.contains(WORDS[1]), "the answer itself: {text}");
                    let events = if stream { answer.events().json() } else { vec![answer.json()] };
                    assert_eq!(written(&events), Some(29), "{path} {wish} {model} {stream}: {text}");
                }
            }
        }
    }
}

#[test]
fn signatures_are_kept_for_the_next_turn() {
    let scene = Scene::new();
    // Claude's signed thought, before a caller of Google's who has not asked to read it
    let model = "a/mock:chunks=1,thinking=2,tool-calls=1";
    let path = format!("/v1beta/models/{model}:generateContent");
    let question = json!({"role": "user", "parts": [{"text": "hi"}]});
    let answer = scene.client().post(&path, &json!({"contents": [question]}));
    assert!(!answer.text().contains(WORDS[0]), "{}", answer.text());
    let said = answer.json()["candidates"][0]["content"].clone();
    let call =
        said["parts"].as_array().unwrap().iter().find_map(|part| part["functionCall"].as_object()).expect("a call");
    let result = json!({"functionResponse": {"id": call["id"], "name": call["name"], "response": {"output": "done"}}});
    let contents = json!([question, said, {"role": "user", "parts": [result]}]);
    let answer = scene.client().post(&path, &json!({"contents": contents}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent()["messages"][1]["content"].clone();
    let thought = sent.as_array().expect("blocks").iter().find(|block| block["type"] == "thinking").expect("thought");
    assert!(thought["signature"].as_str().is_some_and(|signature| !signature.is_empty()), "{sent}");
}

/// Callers who did not ask to read thought: a path, the body of a first turn, and a second turn made of the first answer.
type Turns = (&'static str, Value, fn(&mut Value, &Value));

fn loops() -> [Turns; 3] {
    let question = json!([{"role": "user", "content": "hi"}]);
    let contents = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
    [
        ("/v1/messages", json!({"messages": question, "max_tokens": 9000}), |body, said| {
            let content = &said["content"];
            let call = content.as_array().unwrap().iter().find(|block| block["type"] == "tool_use").expect("a call");
            let result = json!({"type": "tool_result", "tool_use_id": call["id"], "content": "done"});
            let turns =
                [json!({"role": "assistant", "content": content}), json!({"role": "user", "content": [result]})];
            body["messages"].as_array_mut().unwrap().extend(turns);
        }),
        ("/v1/responses", json!({"input": question}), |body, said| {
            let output = said["output"].as_array().unwrap();
            let call = output.iter().find(|item| item["type"] == "function_call").expect("a call");
            let result = json!({"type": "function_call_output", "call_id": call["call_id"], "output": "done"});
            body["input"].as_array_mut().unwrap().extend(output.iter().cloned().chain([result]));
        }),
        ("/v1beta/models/{model}:{verb}", json!({"contents": contents}), |body, said| {
            let content = &said["candidates"][0]["content"];
            let called = content["parts"].as_array().unwrap().iter().find(|part| part["functionCall"].is_object());
            let call = &called.expect("a call")["functionCall"];
            let result = json!({"id": call["id"], "name": call["name"], "response": {"output": "done"}});
            let turn = json!({"role": "user", "parts": [{"functionResponse": result}]});
            body["contents"].as_array_mut().unwrap().extend([content.clone(), turn]);
        }),
    ]
}

/// DeepSeek and Moonshot refuse a call of a tool that comes back without the thought before it, and sign nothing.
#[test]
fn hidden_thought_before_a_call_comes_back_to_who_needs_it_and_to_nobody_else() {
    let scene = Scene::configured(", use_chat_completions_api: true", "");
    let name = "mock:chunks=1,thinking=3,tool-calls=1";
    for (path, first, second) in loops() {
        for stream in [false, true] {
            let ask = |model: &str, body: &Value| {
                let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                let mut body = body.clone();
                if !path.contains("beta") {
                    body["model"] = model.into();
                    body["stream"] = stream.into();
                }
                let answer = scene.client().post(&path.replace("{model}", model).replace("{verb}", verb), &body);
                assert_eq!(answer.status, 200, "{path} {model}: {}", answer.text());
                assert!(!answer.text().contains(WORDS[0]), "{path} {model} {stream}: {}", answer.text());
                answer
            };
            let answer = ask(&format!("o/{name}"), &first);
            let said = match (stream, path) {
                (false, _) => answer.json(),
                (true, "/v1/messages") => message_of(&events_of(&answer.body)),
                (true, "/v1/responses") => answer.events().json().last().expect("an event")["response"].clone(),
                (true, _) => response_of(&answer.events().json()),
            };
            let mut body = first.clone();
            second(&mut body, &said);
            ask(&format!("o/{name}"), &body);
            let sent = scene.sent();
            let turn = sent["messages"].as_array().unwrap().iter().find(|turn| turn["role"] == "assistant").unwrap();
            let thought = turn["reasoning_content"].as_str().unwrap_or_default();
            assert!(thought.contains(WORDS[0]) && turn["thinking_blocks"].is_null(), "{path} {stream}: {sent}");
            assert!(turn["tool_calls"].is_array(), "{sent}");
            for other in ["a", "g"] {
                ask(&format!("{other}/mock:chunks=1"), &body);
                let sent = scene.sent().to_string();
                let sealed = ["millrace", "bWlsbHJh", WORDS[0]].iter().any(|word| sent.contains(word));
                assert!(!sealed, "{path} {other}: {sent}");
            }
        }
    }
}

/// Claude does not think where a tool is forced, of whatever kind.
#[test]
fn a_forced_custom_tool_leaves_no_thought() {
    let scene = Scene::configured(", drop_params: true", "");
    let body = json!({"model": "a/claude-haiku-4-5", "reasoning_effort": "low", "max_tokens": 9000,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "custom", "custom": {"name": "c"}}],
        "tool_choice": {"type": "custom", "custom": {"name": "c"}}});
    let answer = scene.client().post("/v1/chat/completions", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent();
    assert_eq!((&sent["thinking"], &sent["tool_choice"]["name"]), (&Value::Null, &json!("c")), "{sent}");
}
