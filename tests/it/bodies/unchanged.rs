//! B13: what we do not know goes on unchanged, and what we do know is changed in its own place only.

use super::{post, stand};

/// Odd whitespace, order, escapes and numbers, as no serializer would write them again.
const ODD: &str = concat!(
    " \r\n{ \"zzz\" :1e0,\t\"messages\" : [ { \"content\":\"\\u0068i \\/ \\ud83d\\ude00 \",\"role\" : \"user\" , \"role2\":null} ] ,\n",
    "\"tools\":[{\"function\":{\"parameters\":{\"b\":1.0,\"a\":[ ]},\"name\":\"f\"},\"type\":\"function\"}], \"model\"  :  \"gpt-4o\",",
    "\"unknown\":{ \"B\":-0,\"A\":[null , {}] },\"temperature\":0.70,\"\":\"\",\"logit_bias\":{\"50256\":-100} }\n "
);

#[test]
fn b13_a_body_that_needs_no_change_goes_on_byte_for_byte() {
    let (mock, gateway) = stand();
    let answer = post(&gateway, ODD.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(mock.last_request().expect("a request").text(), ODD);
}

#[test]
fn b13_a_stream_adds_the_wish_for_usage_and_changes_nothing_else() {
    let (mock, gateway) = stand();
    let body = ODD.replacen("\"zzz\" :1e0", "\"zzz\" :1e0, \"stream\" : true", 1);
    post(&gateway, body.as_bytes());
    let sent = mock.last_request().expect("a request");
    assert_eq!(sent.json()["stream_options"]["include_usage"], true);
    // what was added is one run of bytes: without it the body is the caller's
    let sent = sent.text();
    let common = body.bytes().zip(sent.bytes()).take_while(|(a, b)| a == b).count();
    let added = sent.len() - body.len();
    assert_eq!(sent[..common].to_owned() + &sent[common + added..], body, "{sent}");
    assert!(sent[common..common + added].contains("include_usage"), "{sent}");
}

#[test]
fn b13_options_of_a_stream_that_we_do_not_know_stay() {
    let (mock, gateway) = stand();
    for options in [r#"{"include_obfuscation" : false}"#, r#"{ "include_usage":false, "x":[1 ,2]}"#, "{}", "null"] {
        let body = format!(r#"{{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{options}}}"#);
        assert_eq!(post(&gateway, body.as_bytes()).status, 200);
        let sent = mock.last_request().expect("a request").json();
        assert_eq!(sent["stream_options"]["include_usage"], true, "{options}: {sent}");
        if options.contains("obfuscation") {
            assert_eq!(sent["stream_options"]["include_obfuscation"], false);
        }
        if options.contains('x') {
            assert_eq!(sent["stream_options"]["x"], serde_json::json!([1, 2]));
        }
    }
}

#[test]
fn b13_another_name_of_the_model_is_put_in_its_place_alone() {
    let mock = millrace_lab::mock::MockServer::start(millrace_lab::mock::MockConfig::default()).expect("a mock");
    let gateway = crate::harness::Gateway::from_yaml(&format!(
        "model_list:\n  - model_name: gpt-4o\n    litellm_params: {{model: openai/other-name, api_base: \"{}\", api_key: sk-upstream-key-000}}\n",
        mock.base_url()
    ));
    assert_eq!(post(&gateway, ODD.as_bytes()).json()["model"], "gpt-4o");
    assert_eq!(mock.last_request().expect("a request").text(), ODD.replacen("\"gpt-4o\"", "\"other-name\"", 1));
}

#[test]
fn b13_many_fields_and_a_large_prompt_go_on_whole() {
    let (mock, gateway) = stand();
    let fields: String = (0..400).map(|n| format!("\"field_{n}\":[{n}],")).collect();
    let prompt = "a prompt of some length, \\\"quoted\\\" ".repeat(30_000);
    let body = format!(r#"{{{fields}"model":"gpt-4o","messages":[{{"role":"user","content":"{prompt}"}}]}}"#);
    assert!(body.len() > 1 << 20);
    assert_eq!(post(&gateway, body.as_bytes()).status, 200);
    assert!(mock.last_request().expect("a request").body == body.as_bytes(), "the body was changed on its way");
}
