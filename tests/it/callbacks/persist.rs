//! `?persist=true`: a change that outlives the process, and one that does not.

use std::os::unix::fs::PermissionsExt;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use super::admin::{delete, headers, put};
use crate::harness::{Gateway, Process};

fn names(list: &Value) -> Vec<&str> {
    list["callbacks"].as_array().expect("a list").iter().filter_map(|c| c["name"].as_str()).collect()
}

const CONFIGURED: &str = "litellm_settings: {callbacks: [noop, mark]}\n\
                          callback_settings: {mark: {callback: headers, headers: {x-a: configured}}}\n\
                          millrace: {data_dir: data}";

#[test]
fn a_kept_change_survives_a_restart_and_another_does_not() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, CONFIGURED);
    let config = std::fs::read_to_string(process.config_path()).expect("a file");
    let client = process.client();
    let kept = put(&client, "kept?persist=true", &headers("kept"));
    assert_eq!((kept.status, &kept.json()["persisted"]), (200, &json!(true)), "{}", kept.text());
    assert_eq!(put(&client, "mark?persist=true", &headers("changed")).status, 200);
    assert_eq!(delete(&client, "noop?persist=true").status, 200);
    let passing = put(&client, "passing", &headers("passing"));
    assert_eq!((passing.status, &passing.json()["persisted"]), (200, &json!(false)));
    assert_eq!(names(&client.get("/callbacks").json()), ["mark", "kept", "passing"]);
    let file = process.folder.path().join("data/callbacks.json");
    assert_eq!(std::fs::metadata(file).expect("the kept ones").permissions().mode() & 0o777, 0o600);

    let (status, log, folder) = process.stop();
    assert!(status.success(), "{log}");
    let process = Process::from_folder(folder);
    let list = process.client().get("/callbacks").json();
    assert_eq!(names(&list), ["mark", "kept"]);
    assert_eq!(list["callbacks"][0]["params"]["headers"]["x-a"], "changed", "{list}");
    let now = std::fs::read_to_string(process.config_path()).expect("a file");
    assert_eq!(now, config, "the configuration file is the operator's");
    // a reload goes by the same two sources
    assert_eq!(put(&process.client(), "passing", &headers("passing")).status, 200);
    assert_eq!(process.client().post("/callbacks/reload", &json!({})).status, 200);
    assert_eq!(names(&process.client().get("/callbacks").json()), ["mark", "kept"]);
}

#[test]
fn many_kept_changes_at_once_are_all_kept() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, "millrace: {data_dir: data}");
    let wanted: Vec<_> = (0..24).map(|n| format!("kept-{n:02}")).collect();
    let threads: Vec<_> = wanted
        .iter()
        .map(|name| {
            let (client, name) = (process.client(), format!("{name}?persist=true"));
            std::thread::spawn(move || put(&client, &name, &headers("kept")))
        })
        .collect();
    for thread in threads {
        let answer = thread.join().expect("a writer");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let (_, _, folder) = process.stop();
    let process = Process::from_folder(folder);
    let list = process.client().get("/callbacks").json();
    let mut kept = names(&list);
    kept.sort_unstable();
    assert_eq!(kept, wanted);
}

#[test]
fn what_cannot_be_kept_says_so_and_that_it_is_in_force() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, "");
    let error = put(&process.client(), "mark?persist=true", &headers("x")).error(409);
    assert!(error["message"].as_str().is_some_and(|m| m.contains("in force") && m.contains("data_dir")), "{error}");
    assert_eq!(names(&process.client().get("/callbacks").json()), ["mark"]);
}

#[test]
fn a_spoilt_file_of_kept_changes_stops_the_start_with_its_name() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::before(&mock);
    let config = std::fs::read_to_string(gateway.config_path()).expect("a file");
    std::fs::write(gateway.config_path(), format!("{config}millrace: {{data_dir: .}}\n")).expect("a file");
    std::fs::write(gateway.folder.path().join("callbacks.json"), "[1,").expect("a file");
    let error = gateway.client().post("/callbacks/reload", &json!({})).error(422);
    assert!(error["message"].as_str().is_some_and(|m| m.contains("callbacks.json")), "{error}");
}
