//! Cohere's chat, version 2.

use proptest::sample::Index;
use serde_json::{Map, Value, json};

use super::{Written, event, halves};
use crate::providers::tests::said::{Gist, Part, Said};

/// Cohere's: thought is the plan of calls where there are any, and calls come last.
pub fn cohere(said: &Said) -> Written {
    let mut said = said.in_words();
    let planned = said.calls();
    said.in_order(planned);
    let mut told = Cohere::default();
    told.start();
    for part in &said.parts {
        match part {
            Part::Thought { pieces, .. } if planned => told.plan(pieces),
            Part::Thought { pieces, .. } => told.content("thinking", pieces, &[], false),
            Part::Text { pieces, sources } => told.content("text", pieces, sources, said.probable),
            Part::Call { id, name, arguments, cut } => told.call(id, name, &arguments.to_string(), *cut),
            _ => unreachable!("no form for it"),
        }
    }
    let (word, reason) = said.ending(["MAX_TOKENS", "TOOL_CALL", "COMPLETE"]);
    let [prompt, completion, _] = said.tokens;
    let usage = json!({"billed_units": {"input_tokens": prompt as f64, "output_tokens": completion}});
    event(
        &mut told.stream,
        "message-end",
        &json!({"type": "message-end", "delta": {"finish_reason": word, "usage": usage}}),
    );
    let mut whole = json!({"id": "a", "message": told.message, "finish_reason": word, "usage": usage});
    if !told.probabilities.is_empty() {
        whole["logprobs"] = told.probabilities.into();
    }
    Written { stream: told.stream, whole, meant: Gist::meant(&said, reason, [prompt, completion, 0]) }
}

#[derive(Default)]
struct Cohere {
    stream: String,
    message: Map<String, Value>,
    probabilities: Vec<Value>,
    contents: usize,
}

impl Cohere {
    fn start(&mut self) {
        self.message.insert("role".into(), "assistant".into());
        let message = json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []});
        event(
            &mut self.stream,
            "message-start",
            &json!({"type": "message-start", "id": "a", "delta": {"message": message}}),
        );
    }

    fn tell(&mut self, kind: &str, index: usize, message: Value) {
        event(&mut self.stream, kind, &json!({"type": kind, "index": index, "delta": {"message": message}}));
    }

    fn list(&mut self, name: &str) -> &mut Vec<Value> {
        self.message.entry(name).or_insert_with(|| json!([])).as_array_mut().unwrap()
    }

    fn plan(&mut self, pieces: &[String]) {
        for piece in pieces {
            event(
                &mut self.stream,
                "tool-plan-delta",
                &json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}}),
            );
        }
        let before = self.message.get("tool_plan").and_then(Value::as_str).unwrap_or_default();
        self.message.insert("tool_plan".into(), format!("{before}{}", pieces.concat()).into());
    }

    fn content(&mut self, kind: &str, pieces: &[String], sources: &[String], probable: bool) {
        let at = self.contents;
        self.contents += 1;
        self.tell("content-start", at, json!({"content": {"type": kind, kind: ""}}));
        for piece in pieces {
            let mut data =
                json!({"type": "content-delta", "index": at, "delta": {"message": {"content": {kind: piece}}}});
            if probable {
                data["logprobs"] = json!({"text": piece, "token_ids": [1], "logprobs": [-0.5]});
                self.probabilities.push(data["logprobs"].clone());
            }
            event(&mut self.stream, "content-delta", &data);
        }
        for title in sources {
            let document = json!({"id": "d", "title": title, "snippet": "s"});
            let citation = json!({"start": 0, "end": 1, "text": &pieces[0],
                "sources": [{"type": "document", "id": "d", "document": document}], "type": "TEXT_CONTENT"});
            let n = self.list("citations").len();
            self.tell("citation-start", n, json!({"citations": citation}));
            event(&mut self.stream, "citation-end", &json!({"type": "citation-end", "index": n}));
            self.list("citations").push(citation);
        }
        event(&mut self.stream, "content-end", &json!({"type": "content-end", "index": at}));
        self.list("content").push(json!({"type": kind, kind: pieces.concat()}));
    }

    fn call(&mut self, id: &str, name: &str, arguments: &str, cut: Index) {
        let n = self.list("tool_calls").len();
        let call =
            |arguments| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
        self.tell("tool-call-start", n, json!({"tool_calls": call("")}));
        for piece in halves(arguments, cut).into_iter().filter(|piece| !piece.is_empty()) {
            self.tell("tool-call-delta", n, json!({"tool_calls": {"function": {"arguments": piece}}}));
        }
        event(&mut self.stream, "tool-call-end", &json!({"type": "tool-call-end", "index": n}));
        self.list("tool_calls").push(call(arguments));
    }
}
