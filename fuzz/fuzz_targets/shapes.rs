//! Any bytes as a provider's answer in another shape than was asked for, before the providers' own dialects: a stream, or the
//! events of one in an array, as one whole answer; and a whole answer, or an array, as a stream. What is made of it is told to
//! any caller: JSON that its reader takes, a stream in order; and a whole answer that can be told can be as a stream.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use millrace::dialects::Notes;
use millrace_actors::deployment::Dialect;
use millrace_actors::shape::{as_stream, gathered};
use millrace_actors::wire::answer::Answer;
use millrace_actors::wire::generate;
use millrace_fuzz::{Input, MOST, asked, in_order, input, provider, seed, told, wire};
use serde_json::value::RawValue;

fuzz_target!(init: seed("shapes", &["stream", "whole"]), |data: &[u8]| {
    listed(data);
    let Some(input) = input(data) else { return };
    let asked = asked(input.to.1);
    let dialect = provider(input.from.name);
    let events = input.switches & 4 == 0;
    let text = if events { wire(input.from.framing, input.text) } else { input.text.to_vec() };
    let body = Bytes::from(text);
    let whole = gathered(&*dialect, asked, (&body, events), MOST);
    if let Ok(whole) = &whole
        && (events || *whole != body)
    {
        // what the gateway asks of it: half surrogate pairs stay as they came, and this is JSON that `Value` doesn't hold
        assert!(Answer::scan(whole).is_ok_and(|answer| answer.object));
    }
    let stream = if events { Ok(body.clone()) } else { as_stream(&*dialect, asked, &body, MOST).map(|made| made.0) };
    if dialect.protocol(asked) == input.to.1 {
        return;
    }
    let whole = whole.and_then(|whole| {
        dialect.translate(input.to.1, input.facts.clone(), &whole, &mut Notes::default())
    });
    if let Ok(whole) = &whole {
        (input.to.0.read_whole)(whole).unwrap_or_else(|why| panic!("{why:?} in {}", String::from_utf8_lossy(whole)));
    }
    let Ok(stream) = stream else { return };
    // an event that breaks a stream off may be none that its whole answer is read from: of a response that is the last alone
    streamed(&input, &*dialect, &stream, !events && whole.is_ok());
});

/// The stream for the caller. Of a whole answer that can be told, it is complete.
fn streamed(input: &Input<'_>, dialect: &dyn Dialect, stream: &[u8], whole: bool) {
    let translator = dialect.translator(input.to.1, input.facts.clone());
    let (frames, complete) = told(translator, dialect.framing(), stream, input.size);
    in_order(input.to.1, &frames, complete);
    assert!(complete || !whole, "a whole answer, and its stream breaks off: {frames:?}");
}

/// An array is taken apart into what it holds, byte for byte, and nothing else is.
fn listed(data: &[u8]) {
    let (body, list) = (Bytes::copy_from_slice(data), serde_json::from_slice::<Vec<&RawValue>>(data));
    match (generate::listed(&body), list) {
        (Some(events), Ok(list)) => {
            assert_eq!(events, list.iter().map(|raw| raw.get().as_bytes()).collect::<Vec<_>>());
            generate::are_whole(&events);
        }
        (None, Ok(_)) => panic!("an array was not seen"),
        (found, Err(_)) => assert_eq!(found, None),
    }
}
