//! Answers of the resources beside completions: reranking, moderations, pictures, and sound both ways.

use crate::mock::{
    body::Body,
    choices::UsagePlace,
    content::{json_text, pieces},
    job::{Endpoint, Job, NUMBER_MARK},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Bytes of a picture: the signature of a PNG, and no more of one.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\nmock";

/// The answer as JSON.
pub fn whole(job: &Job<'_>) -> String {
    match job.endpoint {
        Endpoint::Rerank => rerank(job),
        Endpoint::Moderations => moderation(job),
        Endpoint::Images => images(job),
        _ => transcription(job),
    }
}

/// The answers that are no JSON: sound, and its text as text.
pub fn other_than_json(job: &Job<'_>) -> Option<Body> {
    match job.endpoint {
        Endpoint::Speech => Some(speech(job)),
        Endpoint::Transcriptions | Endpoint::Translations => match job.asked.response_format.as_deref() {
            Some("text") => Some(Body::other(200, "text/plain; charset=utf-8", spoken(job) + "\n")),
            Some("srt") => {
                let text = format!("1\n00:00:00,000 --> 00:00:02,500\n{}\n\n", spoken(job));
                Some(Body::other(200, "text/plain; charset=utf-8", text))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Every byte there is, once for each chunk of content: what is not looked at must arrive as it was.
fn speech(job: &Job<'_>) -> Body {
    let every: Vec<u8> = (0..=255).collect();
    let parts = (0..job.behaviour.chunks).map(|_| every.clone()).collect();
    let content_type = match job.asked.response_format.as_deref() {
        Some("wav") => "audio/wav",
        Some("pcm") => "audio/pcm",
        _ => "audio/mpeg",
    };
    Body { status: 200, content_type, parts, stream: true }
}

/// Cohere's shape, which Jina and others have too: the last document first.
fn rerank(job: &Job<'_>) -> String {
    let count = job.asked.documents.0;
    let one = |index: u32| format!("{{\"index\":{index},\"relevance_score\":{}}}", f64::from(index + 1) / 1024.0);
    let results: Vec<_> = (0..count).rev().map(one).collect();
    let units = match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        UsagePlace::Negative => ",\"meta\":{\"billed_units\":{\"search_units\":-1}}".to_owned(),
        _ => ",\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":{\"search_units\":1}}".to_owned(),
    };
    format!("{{\"id\":\"rerank-{NUMBER_MARK}\",{}\"results\":[{}]{units}}}", job.model_field(), results.join(","))
}

fn moderation(job: &Job<'_>) -> String {
    let one = "{\"flagged\":false,\"categories\":{\"harassment\":false,\"violence\":false},\
               \"category_scores\":{\"harassment\":0.0001,\"violence\":0.0002},\
               \"category_applied_input_types\":{\"harassment\":[\"text\"],\"violence\":[\"text\"]}}";
    let results = vec![one; job.asked.input.0.max(1) as usize].join(",");
    format!("{{\"id\":\"modr-{NUMBER_MARK}\",{}\"results\":[{results}]}}", job.model_field())
}

fn images(job: &Job<'_>) -> String {
    let one = match job.asked.response_format.as_deref() {
        Some("url") => "{\"url\":\"https://images.example/mock.png\"}".to_owned(),
        _ => format!("{{\"b64_json\":\"{}\"}}", STANDARD.encode(PICTURE)),
    };
    let data = vec![one.as_str(); job.choices() as usize].join(",");
    let usage = match job.behaviour.usage {
        // of the models that bill by the picture
        UsagePlace::Absent => String::new(),
        _ => {
            let tokens = job.tokens(1, 1);
            format!(
                ",\"usage\":{{\"input_tokens\":{},\"output_tokens\":{},\"total_tokens\":{}}}",
                tokens.prompt, tokens.completion, tokens.total
            )
        }
    };
    format!("{{\"created\":{},\"data\":[{data}]{usage}}}", job.created)
}

/// What was said: how many bytes there were to hear, unless the behaviour has a text.
fn spoken(job: &Job<'_>) -> String {
    match job.text() {
        Some(_) => pieces(job.behaviour, job.text()).concat(),
        None => format!("{} bytes of sound", job.asked.file),
    }
}

fn transcription(job: &Job<'_>) -> String {
    let text = json_text(&spoken(job));
    let usage = match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        UsagePlace::Negative => ",\"usage\":{\"type\":\"duration\",\"seconds\":-3}".to_owned(),
        _ => ",\"usage\":{\"type\":\"duration\",\"seconds\":3}".to_owned(),
    };
    match job.asked.response_format.as_deref() {
        Some("verbose_json") => format!(
            "{{\"task\":\"transcribe\",\"language\":\"english\",\"duration\":2.5,\"text\":\"{text}\",\"segments\":[]{usage}}}"
        ),
        _ => format!("{{\"text\":\"{text}\"{usage}}}"),
    }
}
