//! Reloads and kept changes that arrive at once: done one after the other, none lost, none in halves.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::callbacks::admin::{delete, headers, put};
use crate::harness::{Client, KEY, Process, Stream, chat, eventually};

/// How often two reloads are asked for at once.
const ROUNDS: usize = 100;

/// Changes at one generation.
const RIVALS: usize = 4;

/// Deployments that nobody asks for: a file with them takes longer to read than one without.
const SPARE: usize = 400;

/// Version `n` of a configuration: the file's header and its deployment's name say it.
fn version(mock: &MockServer, n: usize, spare: usize) -> String {
    let base = mock.base_url();
    let mut text = format!(
        "general_settings: {{master_key: {KEY}}}\nlitellm_settings: {{callbacks: [headers]}}\n\
         callback_settings: {{headers: {{headers: {{x-a: '{n}'}}}}}}\nmillrace: {{data_dir: data}}\nmodel_list:\n\
         - {{model_name: m, litellm_params: {{model: openai/m, api_base: '{base}', api_key: k}}, \
           model_info: {{id: version-{n}}}}}\n"
    );
    for spare in 0..spare {
        writeln!(
            text,
            "- {{model_name: s{spare}, litellm_params: {{model: openai/m, api_base: '{base}', api_key: k}}}}"
        )
        .expect("room");
    }
    text
}

/// Puts a file in another's place, so that a reload reads the one or the other.
fn replace(path: &Path, text: &str) {
    let aside = path.with_extension("aside");
    std::fs::write(&aside, text).expect("a file");
    std::fs::rename(aside, path).expect("a name");
}

fn from(text: &str) -> Process {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.yaml"), text).expect("a file");
    Process::from_folder(folder)
}

fn names(client: &Client) -> BTreeSet<String> {
    let list = client.get("/callbacks").json();
    let callbacks = list["callbacks"].as_array().unwrap_or_else(|| panic!("{list}"));
    callbacks.iter().filter_map(|callback| Some(callback["name"].as_str()?.to_owned())).collect()
}

#[test]
fn p3_of_two_reloads_at_once_the_newer_file_is_what_serves() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = from(&version(&mock, 0, 0));
    let client = process.client();
    let ask = || {
        let mut socket = client.connect();
        socket.write_all(&client.head("POST", "/callbacks/reload", 0)).expect("a listener");
        socket
    };
    for round in 1..=ROUNDS {
        // each on a connection of its own, and so on a worker of its own
        replace(&process.config_path(), &version(&mock, 2 * round - 1, SPARE));
        let older = ask();
        replace(&process.config_path(), &version(&mock, 2 * round, 0));
        for answer in [ask(), older].map(|socket| Stream::open(socket).whole()) {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let newer = 2 * round;
        // fresh connections: one to each worker
        for _ in 0..2 {
            let answer = client.chat(&chat("m", json!({})));
            let shown = (answer.header("x-a"), answer.header("x-litellm-model-id"));
            assert_eq!(shown, (Some(&*newer.to_string()), Some(&*format!("version-{newer}"))), "round {round}");
        }
    }
}

#[test]
fn no_kept_change_is_lost_to_a_storm_of_reloads() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = from(&version(&mock, 0, SPARE / 10));
    let (over, reloads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let storm: Vec<_> = (0..3)
        .map(|_| {
            let (client, over, reloads) = (process.client(), Arc::clone(&over), Arc::clone(&reloads));
            std::thread::spawn(move || {
                while !over.load(SeqCst) {
                    let answer = client.post("/callbacks/reload", &json!({}));
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    reloads.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let client = process.client();
            std::thread::spawn(move || {
                for n in 0..12 {
                    let (name, gone) = (format!("kept-{writer}-{n}"), format!("gone-{writer}-{n}"));
                    for name in [&name, &gone] {
                        let answer = put(&client, &format!("{name}?persist=true"), &headers("kept"));
                        assert_eq!(answer.status, 200, "{}", answer.text());
                    }
                    assert_eq!(delete(&client, &format!("{gone}?persist=true")).status, 200);
                    let there = names(&client);
                    assert!(there.contains(&name) && !there.contains(&gone), "{name}, {gone}: {there:?}");
                }
            })
        })
        .collect();
    let lost = writers.into_iter().filter_map(|writer| writer.join().err()).count();
    over.store(true, SeqCst);
    storm.into_iter().for_each(|reloader| reloader.join().expect("a reloader"));
    assert_eq!(lost, 0, "writers whose kept change was not in force");
    assert!(reloads.load(SeqCst) > 10, "that was no storm: {}", reloads.load(SeqCst));
    let mut all: BTreeSet<_> = (0..36).map(|n| format!("kept-{}-{}", n / 12, n % 12)).collect();
    all.insert("headers".to_owned());
    assert_eq!(names(&process.client()), all);
    let (status, log, folder) = process.stop();
    assert!(status.success() && !log.contains("panicked"), "{log}");
    assert_eq!(names(&Process::from_folder(folder).client()), all, "after a restart");
}

#[test]
fn a_caller_who_leaves_leaves_no_change_half_kept() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = from(&version(&mock, 0, 0));
    let (client, body) = (process.client(), headers("kept").to_string());
    let file = process.folder.path().join("data/callbacks.json");
    let kept = || -> BTreeSet<String> {
        let text = std::fs::read(&file).unwrap_or_default();
        let kept: Value = serde_json::from_slice(&text).unwrap_or_default();
        kept.as_object().map(|kept| kept.keys().cloned().collect()).unwrap_or_default()
    };
    let in_force = || {
        let mut names = names(&client);
        names.remove("headers");
        names
    };
    // who leaves before its turn has changed nothing; so as often as it takes for some to leave after that
    let mut left = 0;
    eventually("some change was made", || {
        for _ in 0..20 {
            left += 1;
            let mut socket = client.connect();
            let path = format!("/callbacks/left-{left}?persist=true");
            socket.write_all(&client.head("PUT", &path, body.len())).expect("a listener");
            socket.write_all(body.as_bytes()).expect("a listener");
        }
        in_force().len() > 3
    });
    eventually("what is in force is kept, and what is kept is in force", || in_force() == kept());
}

#[test]
fn of_reloads_and_changes_at_one_generation_exactly_one_wins() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = from(&version(&mock, 0, SPARE / 10));
    for generation in 1..=10_u64 {
        let together = Arc::new(Barrier::new(RIVALS));
        let rivals: Vec<_> = (0..RIVALS)
            .map(|rival| {
                let client = process.client().header("if-match", &format!("\"{generation}\""));
                let together = Arc::clone(&together);
                std::thread::spawn(move || {
                    together.wait();
                    match rival % 2 {
                        0 => client.post("/callbacks/reload", &json!({})),
                        _ => put(&client, "mark?persist=true", &headers(&rival.to_string())),
                    }
                })
            })
            .collect();
        let answers: Vec<_> = rivals.into_iter().map(|rival| rival.join().expect("a rival")).collect();
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        assert_eq!(won[0].json()["generation"], generation + 1);
        answers.iter().filter(|answer| answer.status != 200).for_each(|answer| drop(answer.error(412)));
    }
}

#[test]
fn of_too_many_reloads_at_once_some_are_refused_and_the_rest_are_done() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = from(&version(&mock, 0, SPARE / 2));
    let client = process.client();
    let sockets: Vec<_> = (0..200)
        .map(|_| {
            let mut socket = client.connect();
            socket.write_all(&client.head("POST", "/callbacks/reload", 0)).expect("a listener");
            socket
        })
        .collect();
    let answers: Vec<_> = sockets.into_iter().map(|socket| Stream::open(socket).whole()).collect();
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(done.len() >= 64 && !refused.is_empty(), "{} done, {} refused", done.len(), refused.len());
    for answer in refused {
        let error = answer.error(503);
        assert!(error["message"].as_str().is_some_and(|m| m.contains("try again")), "{error}");
    }
    assert_eq!(client.get("/callbacks").json()["generation"], 1 + done.len(), "none of the refused was made");
}
