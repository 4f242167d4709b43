//! Where text is found, protocol by protocol, and that nothing else is.

use super::*;

fn texts(json: &str, place: &'static Place) -> Vec<String> {
    let mut found = Vec::new();
    walk(json, place, &mut |f| {
        if f.kind == Kind::Text {
            found.push(text(json, &f.at).into_owned());
        }
    })
    .unwrap();
    found
}

#[test]
fn every_text_of_a_request_is_found_and_nothing_else() {
    let json = r#"{"model":"m","messages":[
        {"role":"system","content":"a"},
        {"role":"user","content":[{"type":"text","text":"b\u00e4"},{"type":"image_url","image_url":{"url":"u"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"t","function":{"name":"f","arguments":"{\"c\":1}"}}]},
        {"role":"tool","tool_call_id":"t","content":"d"},
        {"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"e"}]}]}],
        "prompt":["f",[1,2]],"input":"g","user":"nobody"}"#;
    assert_eq!(texts(json, &REQUEST), ["a", "bä", "{\"c\":1}", "d", "e", "f", "g"]);
    assert_eq!(texts(r#"{"prompt":"p","input":["i","j"]}"#, &REQUEST), ["p", "i", "j"]);
}

#[test]
fn anthropics_texts_are_found_too() {
    let json = r#"{"model":"m","system":[{"type":"text","text":"a"}],"messages":[
        {"role":"assistant","content":[{"type":"thinking","thinking":"b","signature":"s"},
          {"type":"tool_use","id":"t","name":"f","input":{"k":["c","d\"e"],"x":{"y":"f","z":1}}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"g"},
          {"type":"document","title":"h","source":{"type":"text","data":"i"}},
          {"type":"image","source":{"type":"base64","data":"aGk="}}]}]}"#;
    assert_eq!(texts(json, &REQUEST), ["a", "b", "c", "d\"e", "f", "g", "h", "i"]);
    let json = r#"{"type":"message","content":[{"type":"text","text":"a"},{"type":"tool_use","input":{"k":"b"}}]}"#;
    assert_eq!(texts(json, &ANSWER), ["a", "b"]);
    for (delta, want) in [("text", "a"), ("thinking", "a"), ("partial_json", "a"), ("signature", "")] {
        let json = format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"{delta}":"a"}}}}"#);
        assert_eq!(texts(&json, &ANSWER).concat(), want, "{delta}");
    }
}

#[test]
fn googles_texts_are_found_too() {
    let json = r#"{"systemInstruction":{"parts":[{"text":"a"}]},"contents":[{"role":"user","parts":[{"text":"b"},
        {"functionResponse":{"name":"f","response":{"output":"c"}}},{"inlineData":{"data":"aGk="}}]}]}"#;
    assert_eq!(texts(json, &REQUEST), ["a", "b", "c"]);
    let json = r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":true},{"text":"b"},
        {"functionCall":{"name":"f","args":{"k":["c"]}}}]},"finishReason":"STOP"}]}"#;
    assert_eq!(texts(json, &ANSWER), ["a", "b", "c"]);
    let mut found = Vec::new();
    walk(json, &ANSWER, &mut |f| found.push((f.kind, f.path.get(4).copied()))).unwrap();
    assert_eq!(found[0], (Kind::Text, Some(Step::Index(1))), "thought is told apart");
    assert_eq!(found[1], (Kind::Text, Some(Step::Index(0))));
    assert_eq!(found[3].0, Kind::Finish);
}

#[test]
fn a_transcription_and_its_pieces_are_found_and_openrouters_thought() {
    let json = r#"{"text":"a b","segments":[{"id":0,"text":"a"}],"words":[{"word":"b","start":0.1}]}"#;
    assert_eq!(texts(json, &ANSWER), ["a b", "a", "b"]);
    let json = r#"{"choices":[{"delta":{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a"},
        {"type":"reasoning.summary","summary":"b"},{"type":"reasoning.encrypted","data":"c"}]}}]}"#;
    assert_eq!(texts(json, &ANSWER), ["a", "a", "b"]);
}

#[test]
fn a_block_that_stops_is_finished() {
    for (kind, finished) in [("content_block_stop", 1), ("content_block_start", 0), ("message_stop", 0)] {
        let mut found = Vec::new();
        walk(&format!(r#"{{"type":"{kind}","index":3}}"#), &ANSWER, &mut |f| found.push(f.kind)).unwrap();
        assert_eq!(found, vec![Kind::Finish; finished], "{kind}");
    }
}

#[test]
fn an_event_names_choices_and_tools_by_their_index() {
    let json = r#"{"choices":[{"index":2,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"x"}}]},
        "logprobs":{"content":[]},"finish_reason":"stop"},{"index":3,"delta":{},"logprobs":null,"finish_reason":null}]}"#;
    let mut found = Vec::new();
    walk(json, &ANSWER, &mut |f| found.push((f.kind, f.path.to_vec()))).unwrap();
    use Step::{Field, Index};
    let tool = vec![
        Field("choices"),
        Index(2),
        Field("delta"),
        Field("tool_calls"),
        Index(1),
        Field("function"),
        Field("arguments"),
    ];
    let choice = |name| vec![Field("choices"), Index(2), Field(name)];
    assert_eq!(
        found,
        [(Kind::Text, tool), (Kind::Logprobs, choice("logprobs")), (Kind::Finish, choice("finish_reason"))]
    );
}

#[test]
fn what_is_no_json_is_an_error() {
    for json in ["{", "[", "{\"choices\":[}", "{\"choices\":[{\"delta\":{\"content\":\"a}]}"] {
        assert!(walk(json, &ANSWER, &mut |_| {}).is_err() || json == "[", "{json}");
    }
}

#[test]
fn thought_under_a_signature_and_what_is_quoted_are_found() {
    let json = r#"{"choices":[{"message":{"thinking_blocks":[{"type":"thinking","thinking":"a","signature":"s"},
        {"type":"redacted_thinking","data":"d"}],"annotations":[{"type":"url_citation","url_citation":{"title":"b"}}]}}]}"#;
    assert_eq!(texts(json, &ANSWER), ["a", "url_citation", "b"]);
    let json = r#"{"content":[{"type":"text","text":"a","citations":[{"cited_text":"b"}]}]}"#;
    assert_eq!(texts(json, &ANSWER), ["a", "b"]);
    let json = r#"{"candidates":[{"groundingMetadata":{"groundingSupports":[{"segment":{"text":"a"}}]}}]}"#;
    assert_eq!(texts(json, &ANSWER), ["a"]);
    assert_eq!(texts(r#"{"type":"x","annotation":{"title":"a"}}"#, &ANSWER), ["a"]);
    assert_eq!(texts(r#"{"messages":[{"thinking_blocks":[{"thinking":"a","signature":"s"}]}]}"#, &REQUEST), ["a"]);
}
