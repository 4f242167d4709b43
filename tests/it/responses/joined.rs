//! A stream of responses put together as its clients do; a breach of its order is a panic.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::messages::joined::events_of;

/// The response that a stream comes to: from its pieces, and compared with the one that its last event holds.
#[track_caller]
pub fn response_of(body: &[u8]) -> Value {
    let mut stream = Stream::default();
    for (n, (name, data)) in events_of(body).into_iter().enumerate() {
        assert_eq!(data["type"], json!(name), "name and type differ");
        assert_eq!(data["sequence_number"], json!(n), "out of order: {data}");
        assert!(stream.last.is_null(), "after the end: {data}");
        stream.event(&name, &data);
    }
    assert!(stream.open.is_empty(), "left open: {:?}", stream.open.keys());
    let last = stream.last;
    assert!(last["output"].is_array(), "no end");
    assert_eq!(json!(stream.items), last["output"], "the pieces and the end differ");
    last
}

#[derive(Default)]
struct Stream {
    begun: bool,
    /// Items by their place, as their pieces make them.
    open: BTreeMap<u64, Value>,
    items: Vec<Value>,
    last: Value,
}

impl Stream {
    #[track_caller]
    fn event(&mut self, name: &str, data: &Value) {
        let at = data["output_index"].as_u64();
        match name {
            "response.created" => {
                assert!(!std::mem::replace(&mut self.begun, true), "a second start");
                assert_eq!(data["response"]["status"], "in_progress");
                assert_eq!(data["response"]["output"], json!([]));
            }
            "response.in_progress" => assert!(self.begun),
            "response.output_item.added" => {
                let at = at.expect("a place");
                assert_eq!(at as usize, self.items.len() + self.open.len(), "items out of order: {data}");
                self.open.insert(at, data["item"].clone());
            }
            "response.output_item.done" => {
                let mine = self.open.remove(&at.expect("a place")).expect("an item that is open");
                for name in ["content", "summary", "arguments", "id"] {
                    assert_eq!(mine[name], data["item"][name], "{name} of the pieces differs: {data}");
                }
                self.items.push(data["item"].clone());
                self.items.sort_by_key(|item| item["id"].as_str().map(order));
            }
            "response.completed" | "response.incomplete" => {
                let status = name.strip_prefix("response.").expect("a prefix");
                assert_eq!(data["response"]["status"], status);
                self.last = data["response"].clone();
            }
            _ => {
                let item = self.open.get_mut(&at.expect("a place")).unwrap_or_else(|| panic!("no open item: {data}"));
                assert_eq!(item["id"], data["item_id"], "{data}");
                piece(item, name, data);
            }
        }
    }
}

/// Items are numbered at the end of their ids by us; the mock's come in order anyway.
fn order(id: &str) -> u64 {
    id.rsplit('_').next().and_then(|number| number.parse().ok()).filter(|number| *number < 1000).unwrap_or_default()
}

#[track_caller]
fn piece(item: &mut Value, name: &str, data: &Value) {
    let list = if data["summary_index"].is_u64() { "summary" } else { "content" };
    let at = data[format!("{list}_index").as_str()].as_u64().unwrap_or_default() as usize;
    match name {
        "response.content_part.added" | "response.reasoning_summary_part.added" => {
            if item[list].is_null() {
                item[list] = json!([]);
            }
            let parts = item[list].as_array_mut().expect("parts");
            assert_eq!(parts.len(), at, "parts out of order: {data}");
            parts.push(data["part"].clone());
        }
        "response.content_part.done" | "response.reasoning_summary_part.done" => {
            assert_eq!(item[list][at], data["part"], "a part's pieces differ");
        }
        "response.output_text.delta" | "response.reasoning_summary_text.delta" => {
            grow(&mut item[list][at]["text"], data)
        }
        "response.refusal.delta" => grow(&mut item[list][at]["refusal"], data),
        "response.function_call_arguments.delta" => grow(&mut item["arguments"], data),
        "response.output_text.annotation.added" => {
            item[list][at]["annotations"].as_array_mut().expect("annotations").push(data["annotation"].clone());
        }
        "response.output_text.done" | "response.reasoning_summary_text.done" => {
            assert_eq!(item[list][at]["text"], data["text"]);
        }
        "response.refusal.done" => assert_eq!(item[list][at]["refusal"], data["refusal"]),
        "response.function_call_arguments.done" => {
            assert_eq!((&item["arguments"], &item["name"]), (&data["arguments"], &data["name"]));
        }
        other => panic!("{other}"),
    }
}

fn grow(text: &mut Value, data: &Value) {
    let more = data["delta"].as_str().expect("a delta is text");
    *text = json!(format!("{}{more}", text.as_str().unwrap_or_default()));
}
