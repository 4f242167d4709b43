//! Any bytes as a caller's request, of any caller, written for any provider: a complaint with a place, or JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::Target;
use millrace_fuzz::{input, seed};
use serde_json::Value;

fuzz_target!(init: seed("request", &["request"]), |data: &[u8]| {
    let Some(input) = input(data) else { return };
    let (from, to) = (input.to.0, input.from);
    let target = Target { model: to.model, max_output_tokens: None, stream_usage: input.facts.show_usage };
    let read = from.read_request.expect("a caller's")(input.text);
    let written = read.and_then(|request| (to.write_request)(&request, &target));
    match written {
        Ok(written) => {
            let value: Value = serde_json::from_slice(&written.body).expect("JSON");
            assert!(value.is_object());
        }
        Err(bad) => {
            assert!(bad.pointer.is_empty() || bad.pointer.starts_with('/'), "{bad:?}");
            assert!(!bad.what.is_empty(), "{bad:?}");
        }
    }
});
