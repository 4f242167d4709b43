//! `usageMetadata`, written. How it is read stands with what the cast reads of it (`wire/generate.rs`).

use millrace_actors::wire::usage::Usage;
use serde_json::{Map, Value, json};

/// The counts as Google tells them: thought beside what the candidates say, what tools read beside the prompt, the cache
/// within it.
pub fn write(usage: &Usage) -> Value {
    let mut out = Map::new();
    let said = usage.completion_tokens.saturating_sub(usage.reasoning_tokens);
    let asked = usage.prompt_tokens.saturating_sub(usage.tool_prompt_tokens);
    out.insert("promptTokenCount".into(), asked.into());
    out.insert("candidatesTokenCount".into(), said.into());
    let parts = [asked, said, usage.reasoning_tokens, usage.tool_prompt_tokens];
    let total = usage.total_told().max(parts.into_iter().fold(0, u64::saturating_add));
    out.insert("totalTokenCount".into(), total.into());
    for (name, count) in [
        ("cachedContentTokenCount", usage.cached_tokens),
        ("thoughtsTokenCount", usage.reasoning_tokens),
        ("toolUsePromptTokenCount", usage.tool_prompt_tokens),
    ] {
        if count > 0 {
            out.insert(name.into(), count.into());
        }
    }
    for (name, sound, pictures, all) in [
        ("promptTokensDetails", usage.audio_input_tokens, usage.image_input_tokens, asked),
        ("candidatesTokensDetails", usage.audio_output_tokens, usage.image_output_tokens, said),
    ] {
        out.extend(kinds(all, sound, pictures).map(|list| (name.to_owned(), list)));
    }
    let cached = kinds(usage.cached_tokens, usage.cached_audio_tokens, usage.cached_image_tokens);
    out.extend(cached.map(|list| ("cacheTokensDetails".to_owned(), list)));
    out.into()
}

/// The tokens of each kind, where there are others than text's.
fn kinds(all: u64, sound: u64, pictures: u64) -> Option<Value> {
    let text = all.saturating_sub(sound).saturating_sub(pictures);
    let list = [("TEXT", text), ("AUDIO", sound), ("IMAGE", pictures)];
    let told = list.into_iter().filter(|(kind, count)| *count > 0 || *kind == "TEXT");
    let told = told.map(|(kind, count)| json!({"modality": kind, "tokenCount": count}));
    (sound + pictures > 0).then(|| told.collect())
}
