//! Log probabilities in OpenAI's two forms: a list of tokens (chat completions), which the events carry, and lists side by
//! side (text completions). After OpenAI's description, `ChatCompletionTokenLogprob` and `CreateCompletionResponse`.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The form of chats, out of either.
pub fn of_chat(value: Value) -> Value {
    let Some(tokens) = value["tokens"].as_array() else { return value };
    let told = |(n, token): (usize, &Value)| {
        // a prompt's first token has none, and only who asks for the prompt's is told of it
        let logprob = Some(&value["token_logprobs"][n]).filter(|logprob| logprob.is_number())?;
        let mut told = entry(token.as_str()?, logprob);
        let others = value["top_logprobs"][n].as_object();
        told["top_logprobs"] = others.into_iter().flatten().map(|(token, logprob)| entry(token, logprob)).collect();
        Some(told)
    };
    let content: Vec<Value> = tokens.iter().enumerate().filter_map(told).collect();
    json!({ "content": content, "refusal": null })
}

fn entry(token: &str, logprob: &Value) -> Value {
    // a token that is no whole character is spelt `bytes:\xe2\x80`
    let bytes = (!token.starts_with("bytes:")).then_some(token.as_bytes());
    json!({ "token": token, "logprob": logprob, "bytes": bytes })
}

/// The form of texts.
#[derive(Debug, Default, Serialize)]
pub struct Lists {
    text_offset: Vec<u64>,
    token_logprobs: Vec<Value>,
    tokens: Vec<String>,
    top_logprobs: Vec<Value>,
}

impl Lists {
    /// Appends what is told in the form of chats. `offset`, in characters, is where the first token stands in the text; it is
    /// moved on.
    pub fn extend(&mut self, value: &Value, offset: &mut u64) {
        for told in value["content"].as_array().into_iter().flatten() {
            let token = told["token"].as_str().unwrap_or_default();
            let others = told["top_logprobs"].as_array().into_iter().flatten();
            let others =
                others.filter_map(|other| Some((other["token"].as_str()?.to_owned(), other["logprob"].clone())));
            self.text_offset.push(*offset);
            self.token_logprobs.push(told["logprob"].clone());
            self.top_logprobs.push(Value::Object(others.collect::<Map<_, _>>()));
            self.tokens.push(token.to_owned());
            *offset += token.chars().count() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_becomes_the_other_and_back() {
        let lists = json!({"text_offset": [3, 5, 6], "token_logprobs": [-0.5, -1.25, -2.0],
            "tokens": ["hé", "!", "bytes:\\xe2"],
            "top_logprobs": [{"hé": -0.5, "ho": -3.0}, {}, {"bytes:\\xe2": -2.0}]});
        let chat = of_chat(lists.clone());
        assert_eq!(chat["content"][0]["bytes"], json!([104, 195, 169]));
        assert_eq!(chat["content"][0]["top_logprobs"][1]["token"], "ho");
        assert_eq!(chat["content"][2]["bytes"], Value::Null);
        let (mut back, mut offset) = (Lists::default(), 3);
        back.extend(&chat, &mut offset);
        assert_eq!((serde_json::to_value(&back).unwrap(), offset), (lists, 16));
        assert_eq!(of_chat(chat.clone()), chat, "the form of chats stays");
        assert_eq!(of_chat(Value::Null), Value::Null);
        let prompt = of_chat(json!({"tokens": ["a", "b"], "token_logprobs": [null, -1]}));
        assert_eq!(prompt["content"].as_array().unwrap().len(), 1);
    }
}
