//! A good stream of each protocol is good; without one of its events, or with one twice, it is not.

use super::{End, Spoken, check};

/// Events as `name data`, or `- data` where they have no name.
const GOOD: [(Spoken, &[&str]); 8] = [
    (
        Spoken::Chat,
        &[
            r#"- {"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"- {"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}"#,
            r#"- {"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
            r#"- {"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#,
            "- [DONE]",
        ],
    ),
    (
        Spoken::Completions,
        &[
            r#"- {"id":"i","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"a","logprobs":null,"finish_reason":null}]}"#,
            r#"- {"id":"i","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}]}"#,
            "- [DONE]",
        ],
    ),
    (
        Spoken::Messages,
        &[
            r#"message_start {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#,
            r#"content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
            r#"content_block_stop {"type":"content_block_stop","index":0}"#,
            r#"message_delta {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":2}}"#,
            r#"message_stop {"type":"message_stop"}"#,
        ],
    ),
    (
        Spoken::Responses,
        &[
            r#"response.created {"type":"response.created","sequence_number":0,"response":@in_progress,[]@}"#,
            r#"response.in_progress {"type":"response.in_progress","sequence_number":1,"response":@in_progress,[]@}"#,
            r#"response.output_item.added {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"a","type":"message","status":"in_progress","role":"assistant","content":[]}}"#,
            r#"response.content_part.added {"type":"response.content_part.added","sequence_number":3,"item_id":"a","output_index":0,"content_index":0,"part":{"type":"refusal","refusal":""}}"#,
            r#"response.refusal.done {"type":"response.refusal.done","sequence_number":4,"item_id":"a","output_index":0,"content_index":0,"refusal":""}"#,
            r#"response.content_part.done {"type":"response.content_part.done","sequence_number":5,"item_id":"a","output_index":0,"content_index":0,"part":{"type":"refusal","refusal":""}}"#,
            r#"response.output_item.done {"type":"response.output_item.done","sequence_number":6,"output_index":0,"item":{"id":"a","type":"message","status":"completed","role":"assistant","content":[{"type":"refusal","refusal":""}]}}"#,
            r#"response.completed {"type":"response.completed","sequence_number":7,"response":@completed,[{"id":"a","type":"message","status":"completed","role":"assistant","content":[{"type":"refusal","refusal":""}]}]@}"#,
        ],
    ),
    (
        Spoken::Generate,
        &[
            r#"- {"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"totalTokenCount":1},"modelVersion":"m","responseId":"i"}"#,
        ],
    ),
    (
        Spoken::Converse,
        &[
            r#"messageStart {"role":"assistant"}"#,
            r#"contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}"#,
            r#"contentBlockStop {"contentBlockIndex":0}"#,
            r#"messageStop {"stopReason":"tool_use"}"#,
            r#"metadata {"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#,
        ],
    ),
    (
        Spoken::Cohere,
        &[
            r#"message-start {"type":"message-start","id":"i","delta":{"message":{"role":"assistant"}}}"#,
            r#"content-start {"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
            r#"content-end {"type":"content-end","index":0}"#,
            r#"message-end {"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{}}}"#,
        ],
    ),
    (
        Spoken::Ollama,
        &[
            r#"- {"model":"m","created_at":"t","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#,
        ],
    ),
];

/// A snapshot of a response, by its status and output.
fn filled(event: &str) -> String {
    let Some((head, rest)) = event.split_once('@') else { return event.to_owned() };
    let (given, tail) = rest.rsplit_once('@').unwrap();
    let (status, output) = given.split_once(',').unwrap();
    let rest = r#""created_at":1,"error":null,"incomplete_details":null,"instructions":null,"metadata":{},"model":"m","parallel_tool_calls":true,"temperature":null,"text":{},"tool_choice":"auto","tools":[],"top_p":null,"usage":null"#;
    format!(r#"{head}{{"id":"r","object":"response","status":"{status}","output":{output},{rest}}}{tail}"#)
}

fn tried(spoken: Spoken, events: &[String]) -> Result<End, String> {
    let parts = events.iter().map(|event| event.split_once(' ').unwrap());
    check(spoken, parts.map(|(name, data)| (Some(name.as_bytes()).filter(|name| *name != b"-"), data.as_bytes())))
}

#[test]
fn no_event_can_be_missed_doubled_or_moved() {
    for (spoken, events) in GOOD {
        let events: Vec<String> = events.iter().map(|event| filled(event)).collect();
        assert_eq!(tried(spoken, &events), Ok(End::Whole), "{spoken:?}");
        for at in 0..events.len() {
            let mut less = events.clone();
            less.remove(at);
            // usage need not be told, nor any one piece
            let piece = matches!((spoken, at), (Spoken::Chat, 1) | (Spoken::Completions, 0));
            let optional = piece || spoken == Spoken::Chat && events[at].contains("\"usage\":{");
            assert!(optional || tried(spoken, &less) != Ok(End::Whole), "{spoken:?} without event {at}");
            let mut more = events.clone();
            more.insert(at, events[at].clone());
            assert!(
                (spoken, at) == (Spoken::Completions, 0) || tried(spoken, &more).is_err(),
                "{spoken:?} with event {at} twice"
            );
            let mut moved = events.clone();
            moved.swap(at, (at + 1) % events.len());
            assert!(events.len() == 1 || tried(spoken, &moved).is_err(), "{spoken:?} with event {at} behind the next");
        }
    }
}

#[test]
fn an_error_is_an_end_and_nothing_comes_behind_it() {
    for (spoken, error) in [
        (Spoken::Chat, r#"- {"error":{"message":"no","type":"t","param":null,"code":null}}"#),
        (Spoken::Completions, r#"- {"error":{"message":"no","type":"t","param":null,"code":null}}"#),
        (Spoken::Messages, r#"error {"type":"error","error":{"type":"api_error","message":"no"}}"#),
        (Spoken::Responses, r#"error {"type":"error","sequence_number":1,"code":null,"param":null,"message":"no"}"#),
        (Spoken::Generate, r#"- {"error":{"code":500,"message":"no","status":"INTERNAL"}}"#),
        (Spoken::Converse, r#"throttlingException {"message":"no"}"#),
        (Spoken::Ollama, r#"- {"error":"no"}"#),
    ] {
        let good = GOOD.iter().find(|(of, _)| *of == spoken).unwrap().1;
        let mut events: Vec<String> = good.iter().take(good.len().min(2) - 1).map(|event| filled(event)).collect();
        events.push(error.to_owned());
        assert_eq!(tried(spoken, &events), Ok(End::Error), "{spoken:?}");
        events.push(filled(good.last().unwrap()));
        assert!(tried(spoken, &events).is_err(), "{spoken:?}");
    }
}

#[test]
fn wrong_fields_are_seen() {
    for (spoken, at, from, to) in [
        (Spoken::Chat, 1, r#""id":"i""#, r#""id":"j""#),
        (Spoken::Chat, 1, r#""id":"c","#, ""),
        (Spoken::Chat, 2, "\"tool_calls\"", "\"eos\""),
        (Spoken::Chat, 3, r#""total_tokens":3"#, r#""total_tokens":2"#),
        (Spoken::Messages, 1, r#""id":"t","#, ""),
        (Spoken::Messages, 2, r#""index":0"#, r#""index":1"#),
        (Spoken::Messages, 3, r#","stop_sequence":null"#, ""),
        (Spoken::Responses, 4, r#""sequence_number":4"#, r#""sequence_number":5"#),
        (Spoken::Responses, 5, r#""refusal":"""#, r#""refusal":"x""#),
        (Spoken::Responses, 7, r#""refusal":"""#, r#""refusal":"x""#),
        (Spoken::Generate, 0, r#""totalTokenCount":1"#, r#""totalTokenCount":0"#),
        (Spoken::Generate, 0, r#"{"text":"a"}"#, ""),
        (Spoken::Converse, 2, "0", "1"),
        (Spoken::Cohere, 1, r#""type":"text""#, r#""type":"sound""#),
        (Spoken::Ollama, 0, r#""done":true"#, r#""done":1"#),
    ] {
        let mut events: Vec<String> =
            GOOD.iter().find(|(of, _)| *of == spoken).unwrap().1.iter().map(|event| filled(event)).collect();
        let wrong = events[at].replace(from, to);
        assert_ne!(wrong, events[at], "{spoken:?} {from}");
        events[at] = wrong;
        assert!(tried(spoken, &events).is_err(), "{spoken:?} {from} -> {to}");
    }
}
