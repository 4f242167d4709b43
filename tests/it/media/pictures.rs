//! Pictures.

use serde_json::json;

use super::{ask, members, told};
use crate::gemini::Scene;
use crate::harness::{Gateway, PROVIDER_KEY, Reply, Scripted, eventually, records};

/// The mock's first picture: `\x89PNG\r\n\x1a\nmock 0` in UTF-8.
const PICTURE: &str = "wolQTkcNChoKbW9jayAw";

/// Both that make pictures.
const PROVIDERS: [&str; 2] = ["gemini/mock:chunks=2,pictures=2", "o/mock:chunks=2,pictures=2"];

#[test]
fn pictures_stand_where_each_protocol_has_them() {
    let scene = Scene::new();
    for model in PROVIDERS {
        for stream in [false, true] {
            let chat = told(&ask(&scene, "chat", model, stream), stream);
            let images: Vec<_> =
                members(&chat, "images").into_iter().flat_map(|list| list.as_array().unwrap().clone()).collect();
            let url = format!("data:image/png;base64,{PICTURE}");
            assert_eq!(
                (images.len(), &images[0]["image_url"]["url"], &images[1]["index"]),
                (2, &url.into(), &1.into())
            );
            let google = told(&ask(&scene, "generate", model, stream), stream);
            let blobs = members(&google, "inlineData");
            assert_eq!((blobs.len(), &blobs[0]["data"]), (2, &PICTURE.into()), "{model} {stream}");
            let response = told(&ask(&scene, "responses", model, stream), stream);
            let last = response.last().unwrap();
            let output = if stream { &last["response"]["output"] } else { &last["output"] };
            let calls: Vec<_> =
                output.as_array().unwrap().iter().filter(|item| item["type"] == "image_generation_call").collect();
            assert_eq!(
                (calls.len(), &calls[0]["result"], &calls[0]["status"]),
                (2, &PICTURE.into(), &"completed".into())
            );
        }
    }
}

#[test]
fn a_protocol_without_pictures_is_told_the_text_and_that_there_was_one() {
    let scene = Scene::new();
    for model in PROVIDERS {
        let answer = ask(&scene, "messages", model, false);
        let text = answer.json()["content"][0]["text"].as_str().unwrap().to_owned();
        assert!(!text.is_empty() && answer.json()["content"].as_array().unwrap().len() == 1, "{model}");
        assert_eq!(answer.header("x-millrace-params"), Some("dropped=answer.image"), "{model}");
        let streamed = told(&ask(&scene, "messages", model, true), true);
        let pieces: String = members(&streamed, "text").iter().filter_map(|piece| piece.as_str()).collect();
        assert_eq!(pieces, text, "{model}");
    }
}

#[test]
fn an_answer_of_pictures_alone_is_an_error_to_whoever_cannot_be_told_any() {
    let scene = Scene::new();
    let whole = ask(&scene, "messages", "gemini/mock:chunks=0,pictures=1", false);
    assert_eq!(whole.status, 502, "{}", whole.text());
    assert!(whole.text().contains("pictures or sound alone"), "{}", whole.text());
    let stream = ask(&scene, "messages", "gemini/mock:chunks=0,pictures=1", true);
    assert!(stream.text().contains("pictures or sound alone"), "{}", stream.text());
    assert!(!stream.text().contains("message_stop"), "{}", stream.text());
}

/// Of a stream there is no head to tell it in: the record has it, though the stream never came to its end.
#[test]
fn what_was_left_out_of_a_stream_that_broke_off_is_in_its_record() {
    let parts = json!([{"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": PICTURE}}]);
    let event = json!({"candidates": [{"content": {"role": "model", "parts": parts}}]});
    let provider = Scripted::start(move |_, _| Reply::events(format!("data: {event}\n\n")));
    let gateway = Gateway::from_yaml(&format!(
        "model_list:\n- {{model_name: m, litellm_params: {{model: gemini/m, api_base: \"{}\", api_key: {PROVIDER_KEY}}}}}\n\
         litellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: records.jsonl}}}}\n",
        provider.url()
    ));
    let body = json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    assert!(gateway.client().post("/v1/messages", &body).text().contains("event: error"));
    let mut all = vec![];
    eventually("its record", || {
        all = records(&gateway.folder.path().join("records.jsonl"));
        !all.is_empty()
    });
    assert_eq!(all[0]["outcome"], "truncated", "{}", all[0]);
    let params: Vec<_> = all[0]["params"].as_array().expect("notes").iter().map(|note| &note["param"]).collect();
    assert!(params.contains(&&json!("answer.image")), "{}", all[0]);
}
