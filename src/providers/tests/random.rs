//! Answers that no fixture tells, of the providers that no caller speaks like: whatever such a provider says is in its own order,
//! is understood the same streamed, whole, and in the other of the two shapes than was asked for, and is told so to every caller.

use bytes::Bytes;
use millrace_actors::shape::{as_stream, gathered};
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;
use millrace_lab::order::End;
use proptest::prelude::*;

use super::said::{Gist, Said, said};
use super::shapes::{MOST, asked};
use super::speaking::provider;
use super::writers::{self, Written};
use crate::dialects::AnswerFacts;
use crate::dialects::tests::orders::{judged, judged_bytes, told, wishes};
use crate::dialects::tests::random::read_back;
use crate::dialects::tests::table::{ROWS, Row, callers, decode, facts, wire};

type Write = fn(&Said) -> Written;

/// The providers, each with its writer.
const PROVIDERS: [(&str, Write); 3] =
    [("bedrock", writers::bedrock), ("cohere", writers::cohere), ("ollama", writers::ollama)];

fn row(name: &str) -> &'static Row {
    static ALL: &[Row] = &ROWS;
    ALL.iter().find(|row| row.name == name).unwrap()
}

/// How callers ask for thought in words, each in its protocol; some are told none unasked.
const ASKED: [(&str, &str); 3] = [
    ("thinking", r#"{"type":"adaptive"}"#),
    ("reasoning", r#"{"summary":"auto"}"#),
    ("generationConfig", r#"{"thinkingConfig":{"includeThoughts":true}}"#),
];

fn asking(thoughts: bool, facts: AnswerFacts) -> AnswerFacts {
    let asked = ASKED.iter().filter(|_| thoughts).map(|(name, value)| (*name, Bytes::from_static(value.as_bytes())));
    AnswerFacts { asked: asked.collect(), ..facts }
}

/// Ids that a caller's protocol has no place for are drawn by its reader.
fn settled(mut gist: Gist) -> Gist {
    for (id, ..) in gist.calls.iter_mut().filter(|(id, ..)| !id.starts_with("id_")) {
        *id = "drawn".to_owned();
    }
    gist
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_a_provider_says_is_understood(said in said(), size in 1usize..64) {
        for (name, write) in PROVIDERS {
            let (row, written) = (row(name), write(&said));
            let bytes = wire(row, &written.stream);
            prop_assert_eq!(judged_bytes(row, &bytes), Ok(End::Whole), "{}", written.stream);
            let (events, fault) = decode(row, bytes.chunks(size));
            prop_assert_eq!(fault, None, "{}", written.stream);
            prop_assert_eq!(&Gist::of(events), &written.meant, "{}", written.stream);
            let whole = (row.read_whole)(written.whole.to_string().as_bytes()).unwrap();
            prop_assert_eq!(&Gist::of(whole), &written.meant, "{}", written.whole);
        }
    }

    #[test]
    fn what_a_provider_says_is_told_to_everyone_in_either_shape(said in said(), thoughts in any::<bool>()) {
        for (name, write) in PROVIDERS {
            let (row, dialect, written) = (row(name), provider(name), write(&said));
            let (stream, whole) = (Bytes::from(wire(row, &written.stream)), Bytes::from(written.whole.to_string()));
            for (caller, to) in callers() {
                let place = format!("{name} to {to:?}: {} {}", written.stream, written.whole);
                let collected = gathered(&*dialect, asked(to), (&stream, true), MOST).unwrap();
                let read = |whole: &Bytes| {
                    let told = dialect.translate(to, asking(thoughts, facts()), whole, &mut Notes::default()).ok()?;
                    Some(settled(Gist::of((caller.read_whole)(&told).unwrap())))
                };
                let at_once = read(&whole);
                prop_assert_eq!(&read(&collected), &at_once, "collected {}", place);
                let (split, _) = as_stream(&*dialect, asked(to), &whole, MOST).unwrap();
                for bytes in [&stream, &split] {
                    for (_, _, facts, spoken) in wishes().filter(|wish| wish.1 == to) {
                        let usage = facts.show_usage;
                        let (frames, complete) = told(row, to, asking(thoughts, facts), bytes);
                        let want = if complete { End::Whole } else { End::Open };
                        prop_assert_eq!(judged(spoken, &frames), Ok(want), "{}", place);
                        prop_assert_eq!(complete, at_once.is_some(), "{}", place);
                        if complete && usage {
                            let back = settled(Gist::of(read_back(caller.decoder, &frames)));
                            prop_assert_eq!(Some(&back), at_once.as_ref(), "{}", place);
                        }
                    }
                }
                let Some(told) = at_once else { continue };
                prop_assert_eq!(&told.text, &written.meant.text, "{}", place);
                if to != Protocol::Text {
                    if thoughts {
                        prop_assert_eq!(&told.thought, &written.meant.thought, "{}", place);
                    }
                    let calls = |gist: &Gist| gist.calls.iter().map(|(_, name, given)| (name.clone(), given.clone())).collect::<Vec<_>>();
                    prop_assert_eq!(calls(&told), calls(&written.meant), "{}", place);
                }
                prop_assert_eq!(told.usage.map(|usage| usage[..2].to_vec()), written.meant.usage.map(|usage| usage[..2].to_vec()), "{}", place);
            }
        }
    }
}
