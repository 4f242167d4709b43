//! Any bytes as a provider's whole answer, in any dialect: told to any caller they are JSON that the caller's own reader takes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::{Notes, bridge};
use millrace_fuzz::{CALLERS, dialects, input, seed};
use serde_json::Value;

fuzz_target!(init: seed("whole"), |data: &[u8]| {
    let Some(input) = input(data) else { return };
    let (all, to) = (dialects(), CALLERS[input.to].protocol);
    let told = match CALLERS.get(input.from) {
        Some(from) => bridge::translate(from.protocol, to, input.facts.clone(), input.text, &mut Notes::default()),
        None => all[input.from].own.translate(to, &input.facts, input.text, &mut Notes::default()),
    };
    let Ok(told) = told else { return };
    let value: Value = serde_json::from_slice(&told).expect("JSON");
    assert!(value.is_object());
    // an answer's stream, for a caller who asked for one, is as good as the answer
    let frames = bridge::split(to, &told).unwrap_or_else(|e| panic!("{e:?} in {value}"));
    let data: Vec<_> = frames.iter().map(|frame| frame.data.clone()).collect();
    assert!(!data.is_empty());
    bridge::collect(to, &data).unwrap_or_else(|e| panic!("{e:?} in the stream of {value}"));
});
