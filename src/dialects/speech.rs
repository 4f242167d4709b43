//! How an answer shall sound, between OpenAI's chats (`audio`) and Google's API (`speechConfig`). Voices have names at their
//! provider only; both make samples without a container, and Google nothing else.

use serde_json::{Value, json};

use super::{Did, Notes};

/// OpenAI's voices (its description, `VoiceIdsShared`).
const VOICES: [&str; 13] =
    ["alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"];

/// The voice for a caller of another protocol who may have named one that OpenAI does not have.
const VOICE: &str = "alloy";

/// What `audio` asks for as `speechConfig`; nothing where that is Google's own measure.
pub fn config(audio: &Value, notes: &mut Notes) -> Option<Value> {
    if audio["format"].as_str().is_some_and(|format| format != "pcm16") {
        notes.add("audio.format", Did::Clamped, "pcm16: samples without a container are all there is");
    }
    let voice = audio["voice"].as_str()?;
    if VOICES.contains(&voice) {
        notes.add("audio.voice", Did::Clamped, "the provider's own voice: it has none of that name");
        return None;
    }
    notes.add("audio.voice", Did::Renamed, "generationConfig.speechConfig");
    Some(json!({"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}))
}

/// What `speechConfig` asks for as `audio`, both members of which are demanded.
pub fn audio(config: Option<&Value>, notes: &mut Notes) -> Value {
    let told = config.and_then(|config| config["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"].as_str());
    let voice = told.filter(|voice| VOICES.contains(voice)).unwrap_or(VOICE);
    let did = if told.is_some() { Did::Clamped } else { Did::Defaulted };
    if told != Some(voice) {
        notes.add("generationConfig.speechConfig", did, "the voice alloy");
    }
    json!({"voice": voice, "format": "pcm16"})
}
