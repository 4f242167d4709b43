//! P3: the configuration read again and again, by signal and by request, under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::harness::{Process, chat, eventually};

/// Reloads of each kind.
const RELOADS: usize = 50;

/// Version `n` of the configuration: the file's header and its deployment's name say it.
fn config(mock: &MockServer, n: usize) -> String {
    format!(
        "model_list:\n- model_name: m\n  litellm_params: {{model: openai/m, api_base: '{}', api_key: k-{n}}}\n  \
         model_info: {{id: version-{n}}}\n\
         general_settings: {{master_key: {}}}\n\
         litellm_settings: {{callbacks: [headers]}}\n\
         callback_settings: {{headers: {{headers: {{x-a: '{n}', x-b: '{n}'}}}}}}\n",
        mock.base_url(),
        crate::harness::KEY
    )
}

#[test]
fn p3_reloads_by_signal_and_request_fail_no_request_and_show_none_half_a_change() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.yaml"), config(&mock, 0)).expect("a file");
    let process = Process::from_folder(folder);
    let (over, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..3)
        .map(|n| {
            let (client, over, served) = (process.client(), Arc::clone(&over), Arc::clone(&served));
            std::thread::spawn(move || {
                while !over.load(SeqCst) {
                    let answer = client.chat(&chat("m", json!({ "stream": n > 0 })));
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    assert!(answer.complete);
                    assert!(n == 0 || answer.text().ends_with("data: [DONE]\n\n"), "{}", answer.text());
                    let (a, b) = (answer.header("x-a"), answer.header("x-b"));
                    assert!(a.is_some() && a == b, "half a change: {a:?} {b:?}");
                    served.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    let done = |result: &str| process.metric(&format!("millrace_config_reloads_total{{result=\"{result}\"}}"));
    let mut generation = 1;
    for n in 1..=2 * RELOADS {
        std::fs::write(process.config_path(), config(&mock, n)).expect("a file");
        if n % 2 == 0 {
            process.signal("HUP");
            eventually("the signal's reload", || done("success") == n as f64);
        } else {
            let answer = process.client().post("/callbacks/reload", &json!({}));
            assert_eq!(answer.status, 200, "{}", answer.text());
            let now = answer.json()["generation"].as_u64().expect("a generation");
            assert!(now > generation, "{generation} then {now}");
            generation = now;
        }
        // fresh connections: whichever worker takes them has the change
        for _ in 0..2 {
            let answer = process.client().chat(&chat("m", json!({})));
            assert_eq!(answer.header("x-a"), Some(n.to_string().as_str()));
            assert_eq!(answer.header("x-litellm-model-id"), Some(format!("version-{n}").as_str()));
        }
    }
    over.store(true, SeqCst);
    load.into_iter().for_each(|thread| thread.join().expect("the load"));
    assert!(served.load(SeqCst) > 2 * RELOADS, "that was no load: {}", served.load(SeqCst));
    assert_eq!((done("success"), done("failure")), (2.0 * RELOADS as f64, 0.0));
}

#[test]
fn p3_a_stream_keeps_the_configuration_it_began_with() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let folder = tempfile::tempdir().expect("a folder");
    let text = config(&mock, 0).replace("openai/m,", "'openai/mock:chunks=40,gap=5ms',");
    std::fs::write(folder.path().join("config.yaml"), text).expect("a file");
    let process = Process::from_folder(folder);
    let mut stream = process.client().send("/v1/chat/completions", &chat("m", json!({ "stream": true })));
    assert!(stream.headers.contains(&("x-litellm-model-id".to_owned(), "version-0".to_owned())));
    stream.until("data:");
    // the group that serves the stream is gone, and with it its deployment
    std::fs::write(process.config_path(), config(&mock, 1).replace("model_name: m", "model_name: other"))
        .expect("a file");
    assert_eq!(process.client().post("/callbacks/reload", &json!({})).status, 200);
    assert_eq!(process.client().chat(&chat("m", json!({}))).error(404)["code"], "model_not_found");
    stream.events().assert_done();
}

#[test]
fn p3_what_needs_a_restart_is_said_by_name() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, "millrace: {max_in_flight: 100}");
    let text = std::fs::read_to_string(process.config_path()).expect("a file").replace("100", "200");
    std::fs::write(process.config_path(), text).expect("a file");
    let answer = process.client().post("/callbacks/reload", &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["needs_restart"], json!(["millrace.max_in_flight"]));
}
