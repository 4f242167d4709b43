//! What providers of the family tell otherwise than OpenAI, to callers of both protocols: their own get it as it came.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::{Answer, eventually};
use crate::messages::joined::{events_of, message_of};
use crate::messages::{Caller, asking, said};

/// One question to the provider of this name.
fn ask(scene: &Scene, provider: &str, caller: Caller, (spec, stream): (&str, bool)) -> Answer {
    let (path, mut body) = match caller {
        Caller::OpenAi => ("/v1/chat/completions", json!({})),
        Caller::Anthropic => ("/v1/messages", json!({"max_tokens": 99})),
        Caller::Gemini => panic!("tried with the others' bodies only"),
    };
    body["model"] = format!("{provider}/mock:{spec}").into();
    body["stream"] = stream.into();
    body["messages"] = json!([{"role": "user", "content": "hi"}]);
    body = asking(caller, spec, body);
    if caller == Caller::OpenAi && stream {
        body["stream_options"] = json!({"include_usage": true});
    }
    let answer = scene.gateway.client().post(path, &body);
    assert_eq!(answer.status, 200, "{provider} {spec}: {}", answer.text());
    answer
}

#[test]
fn quirks_of_answers_are_understood() {
    let scene = Scene::new("");
    for (provider, quirk) in [
        ("groq", "chunks=3,thinking=2,quirk=reasoning"),
        ("openrouter", "chunks=3,thinking=2,quirk=details"),
        ("groq", "chunks=3,quirk=beside,usage=finish"),
        ("moonshot", "chunks=3,quirk=within,usage=finish"),
        ("perplexity", "chunks=4,quirk=cumulative,usage=every"),
        ("perplexity", "chunks=3,quirk=sources,usage=every"),
        ("xai", "chunks=0,tool-calls=2,quirk=sources"),
    ] {
        let plain = quirk.split(",quirk").next().expect("a spec");
        let spec = |spec: &str| format!("{spec},prompt-tokens=70,completion-tokens=30");
        let want = said(Caller::OpenAi, &ask(&scene, "openai", Caller::OpenAi, (&spec(plain), false)), false);
        for stream in [false, true] {
            let got =
                said(Caller::Anthropic, &ask(&scene, provider, Caller::Anthropic, (&spec(quirk), stream)), stream);
            assert_eq!(
                (&got.text, &got.thought, &got.calls),
                (&want.text, &want.thought, &want.calls),
                "{provider} {quirk}"
            );
            assert_eq!((got.tokens, got.finish), ((70, 30), want.finish.clone()), "{provider} {quirk} {stream}");
        }
    }
}

#[test]
fn usage_in_odd_places_is_counted_for_the_bill() {
    let scene = Scene::new(", input_cost_per_token: 0.001, output_cost_per_token: 0.01");
    for (provider, quirk) in [("groq", "beside"), ("moonshot", "within")] {
        let spec = format!("chunks=3,quirk={quirk},usage=finish,prompt-tokens=70,completion-tokens=30");
        let spent = || {
            let text = scene.gateway.client().get("/metrics").text();
            let lines = text.lines().filter(|line| line.starts_with("millrace_spend_usd_total"));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
        };
        let before = spent();
        let answer = ask(&scene, provider, Caller::OpenAi, (&spec, true));
        answer.events().assert_done();
        let told = answer.text();
        assert!(told.contains("\"prompt_tokens\":70"), "as it came: {told}");
        // 70 tokens at 0.001 and 30 at 0.01
        eventually("the bill", || (spent() - before - 0.37).abs() < 1e-9);
    }
}

#[test]
fn signed_thought_of_a_claude_behind_openrouter_comes_back_to_it() {
    let scene = Scene::new("");
    for stream in [false, true] {
        let spec = "chunks=2,thinking=2,quirk=details,model=echo";
        let answer = ask(&scene, "openrouter", Caller::Anthropic, (&format!("{spec},header=x-a:claude"), stream));
        let message = match stream {
            false => answer.json(),
            true => message_of(&events_of(&answer.body)),
        };
        let blocks = message["content"].as_array().expect("blocks").clone();
        let thought = blocks.iter().find(|block| block["type"] == "thinking").expect("thought");
        assert!(thought["signature"].as_str().is_some_and(|s| s.contains("mock/signature")), "{message}");
        let next = json!({"model": "openrouter/claude-mock", "max_tokens": 9, "messages": [
            {"role": "user", "content": "hi"}, {"role": "assistant", "content": blocks}, {"role": "user", "content": "and?"}]});
        assert_eq!(scene.gateway.client().post("/v1/messages", &next).status, 200);
        let details = scene.sent()["messages"][1]["reasoning_details"].clone();
        assert_eq!(details[0]["signature"], thought["signature"], "{}", scene.sent());
        assert_eq!((&details[0]["type"], &details[0]["text"]), (&json!("reasoning.text"), &thought["thinking"]));
    }
}

#[test]
fn sources_are_told_once_and_stay_as_they_came_for_their_own_callers() {
    let scene = Scene::new("");
    for stream in [false, true] {
        let spec = "chunks=3,quirk=sources";
        let answer = ask(&scene, "perplexity", Caller::Anthropic, (spec, stream)).text();
        for (url, times) in [("https://a.example/1", 1), ("https://b.example/2", 1)] {
            assert_eq!(answer.matches(url).count(), times, "{answer}");
        }
        let own = ask(&scene, "perplexity", Caller::OpenAi, (spec, stream));
        let first: Value = if stream { own.events().json()[0].clone() } else { own.json() };
        assert_eq!(first["citations"], json!(["https://a.example/1", "https://b.example/2"]));
    }
}
