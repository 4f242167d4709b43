//! `usageMetadata`, written. How it is read stands with what the cast reads of it (`wire/generate.rs`).

use millrace_actors::wire::usage::Usage;
use serde_json::{Map, Value, json};

/// The counts as Google tells them: thought beside what the candidates say, the cache within the prompt.
pub fn write(usage: &Usage) -> Value {
    let mut out = Map::new();
    let said = usage.completion_tokens.saturating_sub(usage.reasoning_tokens);
    out.insert("promptTokenCount".into(), usage.prompt_tokens.into());
    out.insert("candidatesTokenCount".into(), said.into());
    out.insert("totalTokenCount".into(), usage.total_tokens.into());
    for (name, count) in
        [("cachedContentTokenCount", usage.cached_tokens), ("thoughtsTokenCount", usage.reasoning_tokens)]
    {
        if count > 0 {
            out.insert(name.into(), count.into());
        }
    }
    for (name, sound, all) in [
        ("promptTokensDetails", usage.audio_input_tokens, usage.prompt_tokens),
        ("candidatesTokensDetails", usage.audio_output_tokens, said),
    ] {
        if sound > 0 {
            let of = |kind: &str, count: u64| json!({"modality": kind, "tokenCount": count});
            out.insert(name.into(), json!([of("TEXT", all.saturating_sub(sound)), of("AUDIO", sound)]));
        }
    }
    out.into()
}
