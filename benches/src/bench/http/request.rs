//! Requests, built once for each phase and target and then only sent.

use super::endpoint::Endpoint;
use crate::bench::protocol::Protocol;
use serde_json::json;

/// A word repeated to make a prompt of a given size; plain text that no compression on the way would be tried on.
const FILLER: &str = "the water turns the wheel and the wheel turns the stone ";

/// The version of Anthropic's protocol ("Versions" of its API reference).
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// What is asked of the target.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The model; the mock provider reads its own behaviour from it.
    pub model: String,
    /// Bytes of the prompt; 0 for the two letters the script sends.
    pub prompt_bytes: usize,
    /// Whether the answer is to be a stream.
    pub stream: bool,
}

impl Ask {
    /// The body, with the keys in the script's order.
    pub fn body(&self) -> Vec<u8> {
        let prompt = match self.prompt_bytes {
            0 => "hi".to_owned(),
            size => FILLER.chars().cycle().take(size).collect(),
        };
        let mut body = json!({
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": 1,
        });
        if self.stream {
            body["stream"] = json!(true);
        }
        body.to_string().into_bytes()
    }

    /// The whole request for `endpoint`, ready to be written.
    ///
    /// The body is the same in both protocols: what the script sends is all that either asks for.
    pub fn encode(&self, protocol: Protocol, endpoint: &Endpoint, key: Option<&str>) -> Vec<u8> {
        match protocol {
            Protocol::Openai => post(endpoint, protocol.path(), key, &self.body()),
            Protocol::Anthropic => {
                let key = key.map(|key| format!("x-api-key: {key}\r\n")).unwrap_or_default();
                let headers = format!("{key}anthropic-version: {ANTHROPIC_VERSION}\r\n");
                wire("POST", endpoint, (protocol.path(), &headers), &self.body())
            }
        }
    }
}

/// A POST of JSON.
pub fn post(endpoint: &Endpoint, path: &str, key: Option<&str>, body: &[u8]) -> Vec<u8> {
    with_body("POST", endpoint, (path, key), body)
}

/// A request with a JSON body, for any method; `target` is the path and the key.
pub fn with_body(method: &str, endpoint: &Endpoint, target: (&str, Option<&str>), body: &[u8]) -> Vec<u8> {
    let (path, key) = target;
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    wire(method, endpoint, (path, &key), body)
}

/// The bytes of a request; `headers` are whole lines.
fn wire(method: &str, endpoint: &Endpoint, (path, headers): (&str, &str), body: &[u8]) -> Vec<u8> {
    let request = format!(
        "{method} {}{path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\naccept: */*\r\ncontent-length: {}\r\n{headers}\r\n",
        endpoint.prefix,
        endpoint.host,
        body.len()
    );
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

/// A GET without a key, as the script asks whether the gateway is ready.
pub fn get(endpoint: &Endpoint, path: &str) -> Vec<u8> {
    let (prefix, host) = (&endpoint.prefix, &endpoint.host);
    format!("GET {prefix}{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_scripts() {
        let mut ask = Ask { model: "perf-test-model".to_owned(), prompt_bytes: 0, stream: false };
        let body: serde_json::Value = serde_json::from_slice(&ask.body()).expect("JSON");
        assert_eq!(
            body,
            json!({"model": "perf-test-model", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1})
        );
        ask.stream = true;
        ask.prompt_bytes = 100_000;
        let body: serde_json::Value = serde_json::from_slice(&ask.body()).expect("JSON");
        assert_eq!(body["stream"], json!(true));
        assert_eq!(body["messages"][0]["content"].as_str().map(str::len), Some(100_000));
    }

    #[test]
    fn each_protocol_has_its_path_and_its_key() {
        let ask = Ask { model: "m".to_owned(), prompt_bytes: 0, stream: false };
        let endpoint = Endpoint::local(([127, 0, 0, 1], 9).into());
        let text = |protocol| String::from_utf8(ask.encode(protocol, &endpoint, Some("k"))).expect("text");
        let (openai, anthropic) = (text(Protocol::Openai), text(Protocol::Anthropic));
        assert!(
            openai.starts_with("POST /v1/chat/completions ") && openai.contains("\r\nauthorization: Bearer k\r\n\r\n{")
        );
        assert!(anthropic.starts_with("POST /v1/messages ") && !anthropic.contains("authorization"));
        assert!(anthropic.contains("\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n\r\n{"), "{anthropic}");
    }

    #[test]
    fn the_length_fits_the_body() {
        let endpoint = Endpoint::local(([127, 0, 0, 1], 9).into());
        let wire = post(&endpoint, "/v1/x", Some("k"), b"{}");
        let text = String::from_utf8(wire).expect("text");
        assert!(text.contains("content-length: 2\r\n") && text.ends_with("authorization: Bearer k\r\n\r\n{}"));
    }
}
