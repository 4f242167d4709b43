//! Any bytes as a caller's request, of any caller, written for any provider: a complaint with a place, or JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::Target;
use millrace_fuzz::{CALLERS, dialects, input, seed};
use serde_json::Value;

fuzz_target!(init: seed("request"), |data: &[u8]| {
    let Some(input) = input(data) else { return };
    let target = Target { model: "model", max_output_tokens: None, stream_usage: input.facts.show_usage };
    let read = (CALLERS[input.to].read_request)(input.text);
    let written = read.and_then(|request| (dialects()[input.from].own.write_request)(&request, &target));
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
