//! A body that any resource takes is valid JSON, and its rewrite means what the edits say.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use millrace_actors::wire::envelope::{Edits, Endpoint, Envelope, ScanRules};
use serde_json::Value;

const ALL: [Endpoint; 12] = [
    Endpoint::Chat,
    Endpoint::Completions,
    Endpoint::Embeddings,
    Endpoint::Messages,
    Endpoint::CountTokens,
    Endpoint::Responses,
    Endpoint::Generate,
    Endpoint::CountContent,
    Endpoint::Rerank,
    Endpoint::Moderations,
    Endpoint::Images,
    Endpoint::Speech,
];

fuzz_target!(|body: Vec<u8>| {
    let mut rewritten = false;
    for endpoint in ALL {
        let Ok(envelope) = Envelope::scan(Bytes::from(body.clone()), endpoint, &ScanRules::default()) else {
            continue;
        };
        // which of them it was does not matter any more
        if std::mem::replace(&mut rewritten, true) {
            continue;
        }
        let set = [("x".to_owned(), "[1]".to_owned())];
        let edits = Edits { model: "m", stream_usage: true, drop: &["user", "n"], set: &set };
        let pieces = envelope.rewrite(&edits);
        let out = pieces.to_bytes();
        assert_eq!(pieces.len(), out.len() as u64);
        // Numbers beyond a float and half surrogate pairs are valid JSON that this parser doesn't hold.
        let (Ok(mut want), Ok(got)) = (serde_json::from_slice::<Value>(&body), serde_json::from_slice::<Value>(&out))
        else {
            assert!(Envelope::scan(out, endpoint, &ScanRules::default()).is_ok());
            continue;
        };
        if let Some(object) = want.as_object_mut() {
            object.remove("user");
            object.remove("n");
            object.insert("x".into(), serde_json::json!([1]));
            object.insert("model".into(), "m".into());
            let options = object.entry("stream_options").or_insert(Value::Null);
            if !options.is_object() {
                *options = serde_json::json!({});
            }
            options["include_usage"] = true.into();
        }
        assert_eq!(got, want);
    }
});
