//! Restamped events are the same JSON but for the model; the looks never panic.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use millrace_actors::wire::look::{look_for_finish, replace_usage_strip, text_of};
use millrace_actors::wire::restamp::Restamper;
use serde_json::{Map, Value};

fuzz_target!(|events: Vec<Vec<u8>>| {
    let mut stamper = Restamper::new("alias");
    for data in &events {
        let mut out = BytesMut::new();
        let changed = stamper.restamp(data, &mut out);
        assert!(changed || out == data);
        if let Ok(mut want) = serde_json::from_slice::<Map<String, Value>>(data) {
            if let Some(model) = want.get_mut("model").filter(|model| model.is_string()) {
                *model = "alias".into();
            }
            assert_eq!(serde_json::from_slice::<Map<String, Value>>(&out).ok(), Some(want.clone()));
            let seen = look_for_finish(data);
            assert_eq!(seen.error && !data.is_empty(), seen.error);
            let mut stripped = BytesMut::new();
            replace_usage_strip(data, &mut stripped);
            want.remove("usage");
            if let Some(Value::String(_)) = want.get("model") {
                want.remove("model");
            }
            let mut left: Map<String, Value> = serde_json::from_slice(&stripped).unwrap_or_default();
            if let Some(Value::String(_)) = left.get("model") {
                left.remove("model");
            }
            assert_eq!(left, want);
        }
        text_of(data, &mut String::new());
    }
});
