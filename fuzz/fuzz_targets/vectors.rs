//! Any bytes as a request for embeddings and as a provider's answer with them, in each provider's form: a complaint, or JSON
//! that says what was asked; and OpenAI's list, whose vectors say the same as numbers and as text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::{AnswerFacts, BadRequest, Written, bedrock, cohere, embeddings, gemini, ollama};
use millrace_actors::ports::Vectors;
use serde_json::{Map, Value};

fuzz_target!(|data: &[u8]| {
    request(data);
    let [numbers, text] = [false, true].map(|base64| {
        let facts = AnswerFacts {
            model: "alias".into(),
            id: "own-1".into(),
            created: 1_700_000_000,
            show_usage: true,
            asked: Vec::new(),
            vectors: Some(Vectors { base64, tokens: Some(7) }),
        };
        [
            cohere::embed_answer(&facts, data),
            ollama::embed_answer(&facts, data),
            gemini::embeddings::read_answer(data, &facts),
            bedrock::read_embed(&facts, data),
        ]
    });
    for (numbers, text) in numbers.into_iter().zip(text) {
        let (Ok(numbers), Ok(text)) = (numbers, text) else { continue };
        let (numbers, text) = (list(&numbers), list(&text));
        assert_eq!(numbers.len(), text.len());
        for (numbers, text) in numbers.iter().zip(&text) {
            let count = numbers["embedding"].as_array().expect("numbers").len();
            let base64 = text["embedding"].as_str().expect("text");
            // four bytes each, of which three are four characters
            assert_eq!(base64.len(), (count * 4).div_ceil(3) * 4);
        }
    }
});

/// The items of an answer, each at its place.
fn list(answer: &[u8]) -> Vec<Value> {
    let mut value: Value = serde_json::from_slice(answer).expect("JSON");
    assert!(value["usage"]["prompt_tokens"].is_u64());
    let list = match value["data"].take() {
        Value::Array(list) => list,
        other => panic!("{other} is no list"),
    };
    for (n, one) in list.iter().enumerate() {
        assert_eq!(one["index"], n);
    }
    list
}

fn request(data: &[u8]) {
    let texts = match embeddings::read_body(data) {
        Ok(asked) => asked.texts,
        Err(bad) => return complaint(&bad),
    };
    let mut body = Map::new();
    cohere::embed_body(&mut embeddings::read_body(data).expect("it was read"), &mut body);
    assert_eq!(body["texts"], Value::from(texts.clone()));
    let written = [
        gemini::embeddings::write_batch(data, "m"),
        gemini::embeddings::write_one(data),
        gemini::embeddings::write_predict(data, "gemini-embedding-001"),
        gemini::embeddings::write_predict(data, "text-embedding-005"),
        bedrock::write_embed(data, "amazon.titan-embed-text-v2:0"),
        bedrock::write_embed(data, "amazon.titan-embed-image-v1"),
        bedrock::write_embed(data, "amazon.titan-embed-text-v1"),
        bedrock::write_embed(data, "cohere.embed-v4:0"),
        bedrock::write_embed(data, "m"),
    ];
    written.into_iter().for_each(|written| said(written, &texts));
}

/// Every text is in the request.
fn said(written: Result<Written, BadRequest>, texts: &[String]) {
    let written = match written {
        Ok(written) => written,
        Err(bad) => return complaint(&bad),
    };
    let value: Value = serde_json::from_slice(&written.body).expect("JSON");
    let mut found = Vec::new();
    strings(&value, &mut found);
    assert!(texts.iter().all(|text| found.contains(&text.as_str())), "{value} of {texts:?}");
}

fn strings<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(list) => list.iter().for_each(|value| strings(value, out)),
        Value::Object(object) => object.values().for_each(|value| strings(value, out)),
        _ => {}
    }
}

fn complaint(bad: &BadRequest) {
    assert!(bad.pointer.is_empty() || bad.pointer.starts_with('/'), "{bad:?}");
    assert!(!bad.what.is_empty(), "{bad:?}");
}
