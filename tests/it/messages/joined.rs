//! Streams put together as their clients do, each by its own protocol's rules; a breach of them is a panic.

use serde_json::{Value, json};

/// The events of a stream of Anthropic's: name and data.
#[track_caller]
pub fn events_of(body: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    let told = blocks.filter(|block| !block.lines().all(|line| line.starts_with(':')));
    let read = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let name = field("event: ").unwrap_or_else(|| panic!("an event without a name: {block}"));
        let data = field("data: ").unwrap_or_else(|| panic!("an event without data: {block}"));
        (name.to_owned(), serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}")))
    };
    told.map(read).collect()
}

/// A stream of Anthropic's as one message.
#[track_caller]
pub fn message_of(events: &[(String, Value)]) -> Value {
    let mut message = Value::Null;
    let (mut open, mut over) = (None, false);
    for (name, data) in events {
        assert_eq!(data["type"], *name, "name and type differ");
        assert!(!over, "after the end: {data}");
        match name.as_str() {
            "message_start" => {
                assert!(message.is_null(), "a second start");
                message = data["message"].clone();
            }
            "content_block_start" => {
                let blocks = message["content"].as_array_mut().expect("a start before");
                assert_eq!((data["index"].as_u64(), open), (Some(blocks.len() as u64), None), "blocks out of order");
                open = data["index"].as_u64();
                blocks.push(data["content_block"].clone());
            }
            "content_block_delta" => {
                assert_eq!(data["index"].as_u64(), open, "a piece of no open block");
                extend(message["content"].as_array_mut().and_then(|b| b.last_mut()).expect("a block"), &data["delta"]);
            }
            "content_block_stop" => {
                assert_eq!(data["index"].as_u64(), open.take(), "the stop of no open block");
                close(message["content"].as_array_mut().and_then(|b| b.last_mut()).expect("a block"));
            }
            "message_delta" => {
                let delta = data["delta"].as_object().expect("a delta").clone();
                message.as_object_mut().expect("a start before").extend(delta);
                let usage = data["usage"].as_object().expect("usage").clone();
                message["usage"].as_object_mut().expect("usage").extend(usage);
            }
            "message_stop" => over = true,
            "ping" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(open, None, "a block was left open");
    assert!(over, "no end: {events:?}");
    message
}

fn extend(block: &mut Value, delta: &Value) {
    if delta["type"] == "citations_delta" {
        assert!(delta["citation"].is_object(), "{delta}");
        return;
    }
    let (to, from) = match delta["type"].as_str().expect("a type") {
        "text_delta" => ("text", "text"),
        "thinking_delta" => ("thinking", "thinking"),
        "signature_delta" => ("signature", "signature"),
        "input_json_delta" => ("partial", "partial_json"),
        other => panic!("{other}"),
    };
    let joined = format!("{}{}", block[to].as_str().unwrap_or_default(), delta[from].as_str().expect("text"));
    block[to] = json!(joined);
}

fn close(block: &mut Value) {
    if block["type"] != "tool_use" {
        return;
    }
    let partial = block.as_object_mut().and_then(|block| block.remove("partial"));
    block["input"] = match partial.as_ref().and_then(Value::as_str) {
        None | Some("") => json!({}),
        Some(text) => serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}")),
    };
}

/// The chunks of a stream of OpenAI's as one chat completion (choice 0).
#[track_caller]
pub fn chat_of(chunks: &[Value]) -> Value {
    let mut chat = json!({"choices": [{"message": {}, "finish_reason": null}]});
    for chunk in chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        chat["model"] = chunk["model"].clone();
        if chunk["usage"].is_object() {
            chat["usage"] = chunk["usage"].clone();
        }
        let Some(choice) = chunk["choices"].get(0) else { continue };
        if !choice["finish_reason"].is_null() {
            assert!(chat["choices"][0]["finish_reason"].is_null(), "finished twice");
            chat["choices"][0]["finish_reason"] = choice["finish_reason"].clone();
        }
        let message = &mut chat["choices"][0]["message"];
        for name in ["content", "reasoning_content"] {
            if let Some(more) = choice["delta"][name].as_str() {
                message[name] = json!(format!("{}{more}", message[name].as_str().unwrap_or_default()));
            }
        }
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            add_call(message, call);
        }
    }
    chat
}

fn add_call(message: &mut Value, call: &Value) {
    let index = call["index"].as_u64().expect("an index") as usize;
    let known = message["tool_calls"].as_array().map_or(0, Vec::len);
    assert!(index <= known, "a call out of order: {call}");
    if index == known {
        assert!(call["id"].is_string() && call["function"]["name"].is_string(), "{call}");
        match message["tool_calls"].as_array_mut() {
            Some(calls) => calls.push(call.clone()),
            None => message["tool_calls"] = json!([call]),
        }
        return;
    }
    let arguments = &mut message["tool_calls"][index]["function"]["arguments"];
    let more = call["function"]["arguments"].as_str().unwrap_or_default();
    *arguments = json!(format!("{}{more}", arguments.as_str().unwrap_or_default()));
}

/// A stream of Google's as one response: parts one after the other, and what each response says of the whole.
#[track_caller]
pub fn response_of(events: &[Value]) -> Value {
    let mut whole = events.first().cloned().expect("a response");
    for event in &events[1..] {
        assert!(whole["candidates"][0]["finishReason"].is_null(), "after the end: {event}");
        for part in event["candidates"][0]["content"]["parts"].as_array().into_iter().flatten() {
            whole["candidates"][0]["content"]["parts"].as_array_mut().expect("parts").push(part.clone());
        }
        for name in ["modelVersion", "responseId"] {
            assert_eq!(event[name], whole[name], "{event}");
        }
        if event["usageMetadata"].is_object() {
            whole["usageMetadata"] = event["usageMetadata"].clone();
        }
        if event["candidates"][0]["finishReason"].is_string() {
            whole["candidates"][0]["finishReason"] = event["candidates"][0]["finishReason"].clone();
        }
    }
    whole
}
