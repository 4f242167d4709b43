//! P5: how a configuration file may change under us.

use std::os::unix::fs::symlink;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::harness::{Process, chat, eventually};

fn config(mock: &MockServer, version: &str) -> String {
    format!(
        "model_list:\n- model_name: m\n  litellm_params: {{model: openai/m, api_base: '{}', api_key: k}}\n  \
         model_info: {{id: {version}}}\ngeneral_settings: {{master_key: {}}}\n",
        mock.base_url(),
        crate::harness::KEY
    )
}

/// Which version serves.
fn serving(process: &Process) -> String {
    let answer = process.client().chat(&chat("m", json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-litellm-model-id").expect("an id").to_owned()
}

fn reload(process: &Process) -> u16 {
    process.client().post("/callbacks/reload", &json!({})).status
}

fn last_succeeded(process: &Process) -> bool {
    process.metric("millrace_config_last_reload_success") == 1.0
}

#[test]
fn p5_a_rename_over_the_file_is_taken() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.yaml"), config(&mock, "one")).expect("a file");
    let process = Process::from_folder(folder);
    assert_eq!(serving(&process), "one");
    let aside = process.folder.path().join("config.yaml.new");
    std::fs::write(&aside, config(&mock, "two")).expect("a file");
    std::fs::rename(&aside, process.config_path()).expect("a rename");
    assert_eq!(serving(&process), "one", "before the reload");
    assert_eq!(reload(&process), 200);
    assert_eq!(serving(&process), "two");
}

#[test]
fn p5_a_swap_of_kubernetes_links_is_taken() {
    // ..data is a link to a folder of the version; the file is a link through it; a change swaps ..data
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let folder = tempfile::tempdir().expect("a folder");
    for version in ["one", "two"] {
        let dir = folder.path().join(format!("..{version}"));
        std::fs::create_dir(&dir).expect("a folder");
        std::fs::write(dir.join("config.yaml"), config(&mock, version)).expect("a file");
    }
    symlink("..one", folder.path().join("..data")).expect("a link");
    symlink("..data/config.yaml", folder.path().join("config.yaml")).expect("a link");
    let process = Process::from_folder(folder);
    assert_eq!(serving(&process), "one");
    let aside = process.folder.path().join("..data_tmp");
    symlink("..two", &aside).expect("a link");
    std::fs::rename(&aside, process.folder.path().join("..data")).expect("a rename");
    std::fs::remove_dir_all(process.folder.path().join("..one")).expect("the old version goes");
    assert_eq!(reload(&process), 200);
    assert_eq!(serving(&process), "two");
}

#[test]
fn p5_half_a_file_and_no_file_leave_the_last_good_one_in_force() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.yaml"), config(&mock, "one")).expect("a file");
    let process = Process::from_folder(folder);
    let whole = config(&mock, "two");
    // cut where what is left is no configuration any more; the ends of lines are for bad_configs.rs
    for cut in [whole.find("api_base").expect("a key"), whole.find("'http").expect("a value") + 5] {
        std::fs::write(process.config_path(), &whole[..cut]).expect("a file");
        assert_eq!(reload(&process), 422, "{}", &whole[..cut]);
        assert!(!last_succeeded(&process));
        assert_eq!(serving(&process), "one");
    }
    std::fs::remove_file(process.config_path()).expect("no file");
    assert_eq!(reload(&process), 422);
    assert_eq!(serving(&process), "one");
    process.signal("HUP");
    let failed = "millrace_config_reloads_total{result=\"failure\"}";
    eventually("the signal's reload failed", || process.metric(failed) == 4.0);
    assert_eq!(serving(&process), "one");
    std::fs::create_dir(process.config_path()).expect("a folder in its place");
    assert_eq!(reload(&process), 422);
    std::fs::remove_dir(process.config_path()).expect("gone");
    std::fs::write(process.config_path(), whole).expect("a file");
    assert_eq!(reload(&process), 200);
    assert!(last_succeeded(&process));
    assert_eq!(serving(&process), "two");
}
