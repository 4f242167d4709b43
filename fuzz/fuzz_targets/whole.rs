//! Any bytes as a provider's whole answer, in any dialect: told to any caller they are JSON that the caller's own reader takes,
//! and as a stream, for a caller who asked for one, they are in the order of the caller's protocol.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::{Notes, bridge};
use millrace_actors::ports::Kept;
use millrace_fuzz::{asked, in_order, input, own, provider, seed};
use serde_json::Value;

fuzz_target!(init: seed("whole", &["whole"]), |data: &[u8]| {
    let Some(input) = input(data) else { return };
    let to = input.to.1;
    let told = match input.from.caller {
        Some(from) => bridge::translate(from, to, input.facts.clone(), input.text, &mut Notes::default()),
        None => own(input.from).translate(to, &input.facts, input.text, &mut Notes::default()),
    };
    let Ok(told) = told else { return };
    let value: Value = serde_json::from_slice(&told).expect("JSON");
    assert!(value.is_object());
    // an answer's stream, for a caller who asked for one, is as good as the answer
    let frames = bridge::split(to, &told).unwrap_or_else(|e| panic!("{e:?} in {value}"));
    in_order(to, &frames, true);
    // and the other way round, as a provider that speaks as the caller does would be read
    let data = frames.iter().map(|frame| frame.data.clone()).filter(|data| data != "[DONE]");
    let data: Vec<_> = data.map(Kept::from).collect();
    let (provider, asked) = (provider(input.to.0.name), asked(to));
    let whole = provider.collect(asked, &data).unwrap_or_else(|e| panic!("{e:?} in the stream of {value}"));
    (input.to.0.read_whole)(&whole).unwrap_or_else(|e| panic!("{e:?} in what came of {value}: {whole:?}"));
});
