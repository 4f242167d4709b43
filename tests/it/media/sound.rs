//! Sound, and what is said in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ask, members, told};
use crate::gemini::Scene;

fn bytes(pieces: &[Value]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| STANDARD.decode(piece.as_str().unwrap()).unwrap()).collect()
}

fn joined(pieces: &[Value]) -> String {
    pieces.iter().filter_map(Value::as_str).collect()
}

/// The samples of the mock: pieces of 4, 5 and 6 bytes.
fn samples() -> Vec<u8> {
    (0..3u8).flat_map(|n| (0..4 + n).map(move |i| n * 7 + i)).collect()
}

#[test]
fn sound_arrives_byte_for_byte() {
    let scene = Scene::new();
    for stream in [false, true] {
        let google = told(&ask(&scene, "chat", "gemini/mock:sound=3", stream), stream);
        assert_eq!(bytes(&members(&google, "data")), samples(), "{stream}");
        assert!(!members(&google, "expires_at").is_empty() && joined(&members(&google, "id")).contains("audio_"));
        let openai = told(&ask(&scene, "generate", "o/mock:chunks=2,sound=3", stream), stream);
        assert_eq!(bytes(&members(&openai, "data")), samples(), "{stream}");
        assert_eq!(members(&openai, "mimeType")[0], "audio/L16;codec=pcm;rate=24000");
        assert!(!joined(&members(&openai, "text")).is_empty(), "what is said in it is told too");
    }
}

#[test]
fn what_is_said_in_it_is_told_where_sound_cannot_be() {
    let scene = Scene::new();
    let text = joined(&members(&told(&ask(&scene, "chat", "o/mock:chunks=2", false), false), "content"));
    let whole = ask(&scene, "messages", "o/mock:chunks=2,sound=3", false);
    assert_eq!(joined(&members(&told(&whole, false), "text")), text);
    assert_eq!(whole.header("x-millrace-params"), Some("dropped=answer.audio"));
    let stream = told(&ask(&scene, "messages", "o/mock:chunks=2,sound=3", true), true);
    assert_eq!(joined(&members(&stream, "text")), text);
    assert_eq!(stream.last().map(|event| &event["type"]), Some(&json!("message_stop")));
    let whole = ask(&scene, "messages", "gemini/mock:sound=1", false);
    assert_eq!((whole.status, &whole.json()["error"]["type"]), (502, &json!("api_error")), "{}", whole.text());
}

#[test]
fn how_it_shall_sound_is_asked_for_in_the_providers_words() {
    let scene = Scene::new();
    let chat = json!({"model": "gemini/mock:sound=1", "messages": [{"role": "user", "content": "hi"}],
        "modalities": ["audio"], "audio": {"voice": "Kore", "format": "wav"}});
    let answer = scene.gateway.client().post("/v1/chat/completions", &chat);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let config = scene.mock.last_request().expect("a request").json()["generationConfig"].clone();
    assert_eq!(config["responseModalities"], json!(["AUDIO"]));
    assert_eq!(config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"], "Kore");
    let told = answer.header("x-millrace-params").expect("notes");
    assert!(told.contains("clamped=audio.format") && told.contains("audio.voice"), "{told}");
    let google = json!({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "nova"}}}}});
    let path = "/v1beta/models/o/mock:chunks=1,sound=1:generateContent";
    assert_eq!(scene.gateway.client().post(path, &google).status, 200);
    let sent = scene.mock.last_request().expect("a request").json();
    assert_eq!(
        (&sent["modalities"], &sent["audio"]),
        (&json!(["audio"]), &json!({"voice": "nova", "format": "pcm16"}))
    );
}
