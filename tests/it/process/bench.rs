//! `millrace bench` where it starts a gateway of its own: what is verbatim and what is translated, side by side.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::Value;

use crate::harness::{finished, millrace};

/// Streams measured on each target, and those before them: one in ten.
const STREAMS: u64 = 20;
const WARMUP: u64 = 2;

#[test]
fn both_providers_are_asked_by_one_gateway_and_compared() {
    let paths = [("openai", "/v1/chat/completions"), ("anthropic", "/v1/messages")];
    for (load, other) in [(paths[0], paths[1]), (paths[1], paths[0])] {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let json = tempfile::NamedTempFile::new().expect("a file");
        let mut command = millrace(&["bench", "--proxy-port", "0", "--provider-protocol", "both", "--phase", "burst"]);
        command.args(["--protocol", load.0, "--provider-url", &mock.base_url(), "--field-concurrency", "2"]);
        command.args(["--field-requests", &STREAMS.to_string(), "--output-json"]).arg(json.path());
        let (output, text) = finished(&mut command);
        assert!(output.status.success(), "{text}");

        let document: Value = serde_json::from_slice(&std::fs::read(json.path()).expect("a file")).expect("JSON");
        let rows = document["phases"][0]["rows"].as_array().expect("rows");
        let names: Vec<_> = rows.iter().filter_map(|row| row["target"].as_str()).collect();
        let verbatim = format!("self, verbatim, {} provider", load.0);
        assert_eq!(names, [verbatim.as_str(), &format!("self, translated, {} provider", other.0)]);
        assert_eq!(document["reference"], verbatim, "ratios refer to what passes as it came");
        let figure = &rows[1]["figures"][1];
        assert_eq!(figure["key"], "cpu_us_per_chunk");
        assert!(figure["ratio"]["median"].is_number(), "{figure}");
        for round in document["rounds"].as_array().expect("rounds") {
            assert_eq!(round["content_chunks"], STREAMS * 20, "{round}");
        }

        // the one more is the benchmark's own question for the text of an answer
        let asked = mock.stats().requests_by_path;
        assert_eq!(asked.get(load.1), Some(&(STREAMS + WARMUP + 1)), "{asked:?}");
        assert_eq!(asked.get(other.1), Some(&(STREAMS + WARMUP)), "{asked:?}");
    }
}
