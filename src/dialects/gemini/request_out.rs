//! The provider's body, written: parameters here, the conversation in `contents_out.rs`.

use serde_json::{Map, Number, Value, json};

use super::contents_out::{self, Conversation};
use super::models::{Traits, traits_of};
use super::{schema, thinking, tools};
use crate::dialects::request::{Format, Request};
use crate::dialects::{BadRequest, Did, Notes, Target, Written, given, speech};

/// Parameters of this API that have no place in [`Request`], in the spelling of its callers and in that of LiteLLM's.
const NATIVE: [(&str, &str); 6] = [
    ("safetySettings", "safetySettings"),
    ("safety_settings", "safetySettings"),
    ("cachedContent", "cachedContent"),
    ("cached_content", "cachedContent"),
    ("labels", "labels"),
    ("toolConfig.retrievalConfig", "toolConfig.retrievalConfig"),
];

/// What is met where it stands: usage always comes, and so does thought that was asked for.
const MET: [&str; 3] = ["stream_options", "thinking.display", "web_search_options"];

/// What members of `generationConfig` begin with in [`Request::rest`].
pub const CONFIG: &str = "generationConfig.";

/// Most stop sequences (Google's reference, `GenerationConfig.stopSequences`).
const MOST_STOPS: usize = 5;

/// Writes a body of `generateContent`.
///
/// # Errors
/// Something of the conversation cannot be said in this API, and to leave it out would change what is asked.
pub fn write_request(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let traits = traits_of(target.model);
    let Conversation { system, contents } = contents_out::write(&request.messages, traits, &mut notes)?;
    let mut body = Map::new();
    body.insert("contents".into(), contents.into());
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({"parts": system}));
    }
    tools::write(request, &mut body, &mut notes);
    let mut config = Map::new();
    sampling(request, &mut config, &mut notes);
    form(request, traits, &mut config, &mut notes);
    if let Some(thinking) = thinking::write(request, traits, &mut notes) {
        config.insert("thinkingConfig".into(), thinking);
    }
    rest(request, &mut body, &mut config, &mut notes);
    absent(request, &mut notes);
    if !config.is_empty() {
        body.insert("generationConfig".into(), config.into());
    }
    Ok(Written { body: Value::Object(body).to_string().into(), notes })
}

fn sampling(request: &Request, config: &mut Map<String, Value>, notes: &mut Notes) {
    let numbers = [
        ("maxOutputTokens", &request.max_tokens),
        ("temperature", &request.temperature),
        ("topP", &request.top_p),
        ("topK", &request.top_k),
        ("candidateCount", &request.n),
        ("seed", &request.seed),
        ("presencePenalty", &request.presence_penalty),
        ("frequencyPenalty", &request.frequency_penalty),
    ];
    given::numbers(numbers, config);
    let mut stop = request.stop.as_slice();
    if stop.len() > MOST_STOPS {
        stop = &stop[..MOST_STOPS];
        notes.add("stop", Did::Clamped, "the first 5");
    }
    if !stop.is_empty() {
        config.insert("stopSequences".into(), stop.into());
    }
    if request.logprobs == Some(true) {
        config.insert("responseLogprobs".into(), true.into());
        let many = |number: &Number| number.as_u64().is_some_and(|number| number > 0);
        if let Some(top) = request.top_logprobs.clone().filter(many) {
            config.insert("logprobs".into(), Value::Number(top));
        }
    }
}

fn form(request: &Request, traits: Traits, config: &mut Map<String, Value>, notes: &mut Notes) {
    let Some(format) = &request.format else { return };
    config.insert("responseMimeType".into(), "application/json".into());
    match format {
        Format::JsonObject => {}
        Format::JsonSchema { schema, .. } if traits.json_schema => {
            config.insert("responseJsonSchema".into(), schema.clone());
        }
        Format::JsonSchema { schema, .. } => {
            // notes below `messages.` and `tools.` refuse nothing; a form that is half kept does
            config.insert("responseSchema".into(), schema::write(schema, "response_format", notes));
        }
    }
}

/// What the model has no place for: carried if this API knows it, noted if not.
fn rest(request: &Request, body: &mut Map<String, Value>, config: &mut Map<String, Value>, notes: &mut Notes) {
    for (name, value) in &request.rest {
        if let Some(member) = name.strip_prefix(CONFIG) {
            config.insert(member.to_owned(), value.clone());
        } else if let Some((_, own)) = NATIVE.iter().find(|(known, _)| known == name) {
            put(body, own, value.clone());
        } else if name == "modalities" {
            let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            let words: Vec<Value> = words.map(|word| word.to_ascii_uppercase().into()).collect();
            notes.add(name, Did::Renamed, "generationConfig.responseModalities");
            config.insert("responseModalities".into(), words.into());
        } else if name == "audio" {
            config.extend(speech::config(value, notes).map(|speech| ("speechConfig".to_owned(), speech)));
        } else if !MET.contains(&name.as_str()) && !name.starts_with("tools.") {
            notes.add(name, Did::Dropped, "no such parameter here");
        }
    }
}

/// Puts a member, or one within a member.
fn put(body: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(body.insert(path.to_owned(), value)),
        Some((outer, inner)) => {
            if let Value::Object(outer) = body.entry(outer).or_insert_with(|| json!({})) {
                outer.insert(inner.to_owned(), value);
            }
        }
    }
}

/// What other APIs have and this has not. What asks for nothing is not missed.
fn absent(request: &Request, notes: &mut Notes) {
    let bias = request.logit_bias.as_ref().is_some_and(|bias| bias.as_object().is_none_or(|bias| !bias.is_empty()));
    for (name, asked) in [
        ("logit_bias", bias),
        ("user", request.user.is_some()),
        ("metadata", request.metadata.as_ref().is_some_and(|labels| !labels.is_empty())),
        ("service_tier", request.service_tier.as_deref().is_some_and(|tier| !matches!(tier, "auto" | "default"))),
    ] {
        if asked {
            notes.add(name, Did::Dropped, "no such parameter here");
        }
    }
}
