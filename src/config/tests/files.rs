//! Files on disk: `include`, and files that cannot be read.

use std::fs;
use std::path::Path;

use crate::config::load;
use crate::config::model::Config;
use crate::config::report::Report;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(path: &Path) -> Result<Config, Report> {
    load(path, &super::env(), &super::validator)
}

const MODEL: &str = "model_list: [{model_name: NAME, litellm_params: {model: openai/m, api_key: k}}]\n";

fn model(name: &str) -> String {
    MODEL.replace("NAME", name)
}

#[test]
fn includes_are_nested_and_relative_to_the_file_that_names_them() {
    let folder = folder(&[
        ("main.yaml", &format!("include: [sub/one.yaml]\n{}router_settings: {{num_retries: 4}}\n", model("a"))),
        ("sub/one.yaml", &format!("include: two.yaml\n{}router_settings: {{cooldown_time: 9}}\n", model("b"))),
        ("sub/two.yaml", &model("c")),
    ]);
    let config = read(&folder.path().join("main.yaml")).unwrap();
    let names: Vec<&str> = config.models.iter().map(|model| model.model_name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!((config.router.num_retries, config.router.cooldown_time.as_secs()), (4, 9));
    assert_eq!(config.files.len(), 3);
    assert!(config.models[2].place.file.ends_with("sub/two.yaml"));
}

#[test]
fn one_file_may_be_included_by_two_but_never_by_itself() {
    let twice = folder(&[
        ("main.yaml", "include: [a.yaml, b.yaml]\n"),
        ("a.yaml", "include: c.yaml\n"),
        ("b.yaml", "litellm_settings: {json_logs: true}\n"),
        ("c.yaml", &model("a")),
    ]);
    assert!(read(&twice.path().join("main.yaml")).is_ok());
    let circle = folder(&[("main.yaml", "include: [a.yaml]\n"), ("a.yaml", "include:\n- ./main.yaml\n")]);
    let report = read(&circle.path().join("main.yaml")).unwrap_err();
    let found = &report.complaints[0];
    assert_eq!((found.code, found.place.line, found.place.column), ("MR1010", 2, 3), "{report}");
    assert!(found.place.file.ends_with("a.yaml"));
}

#[test]
fn a_missing_include_and_a_value_in_two_files_are_refused_with_their_places() {
    let folder = folder(&[
        ("main.yaml", "include: [gone.yaml, other.yaml]\nrouter_settings:\n  num_retries: 1\n"),
        ("other.yaml", "router_settings:\n  num_retries: 2\n"),
    ]);
    let report = read(&folder.path().join("main.yaml")).unwrap_err();
    let found: Vec<_> =
        report.complaints.iter().map(|found| (found.code, found.place.line, found.place.column)).collect();
    assert_eq!(found, [("MR1001", 1, 11), ("MR1011", 2, 3)], "{report}");
    assert!(report.complaints[1].message.contains("main.yaml, line 3"), "{report}");
}

#[test]
fn an_error_within_an_include_points_into_it() {
    let folder = folder(&[("main.yaml", "include: [a.yaml]\n"), ("a.yaml", "\nrouter_settings: {num_retries: x}\n")]);
    let report = read(&folder.path().join("main.yaml")).unwrap_err();
    assert!(report.to_string().contains("a.yaml:2:32: error MR1020"), "{report}");
}

#[test]
fn files_that_cannot_be_read_are_told_apart() {
    let folder = folder(&[("big.yaml", &"#".repeat((1 << 20) + 1))]);
    fs::write(folder.path().join("latin.yaml"), b"a: 1\nb: \xe9\n").unwrap();
    let code = |name: &str| {
        let report = read(&folder.path().join(name)).unwrap_err();
        (report.complaints[0].code, report.complaints[0].message.clone(), report.complaints[0].place.file.clone())
    };
    assert_eq!(code("none.yaml").0, "MR1001");
    assert_eq!(code(".").0, "MR1001");
    assert_eq!(code("big.yaml").0, "MR1006");
    let (code, message, file) = code("latin.yaml");
    assert_eq!(code, "MR1009");
    assert!(message.contains("line 2"), "{message}");
    assert!(file.ends_with("latin.yaml"));
}

#[test]
fn paths_are_relative_to_the_file_they_are_written_in() {
    let folder = folder(&[
        ("main.yaml", &format!("include: [sub/a.yaml]\n{}", model("a"))),
        ("sub/a.yaml", "millrace: {price_file: prices.json, data_dir: ../data}\n"),
        ("sub/prices.json", "{}"),
    ]);
    let config = read(&folder.path().join("main.yaml")).unwrap();
    assert_eq!(config.millrace.price_file, Some(folder.path().join("sub/prices.json")));
    assert_eq!(config.millrace.data_dir, Some(folder.path().join("sub/../data")));
}

#[test]
fn an_included_file_may_be_named_by_a_variable() {
    let folder = folder(&[
        ("main.yaml", &format!("include: [os.environ/MORE]\n{}", model("a"))),
        ("unset.yaml", &format!("include: [os.environ/NOWHERE]\n{}", model("a"))),
        ("more.yaml", &model("b")),
    ]);
    let mut env = super::env();
    env.insert("MORE".to_owned(), "more.yaml".to_owned());
    let read = |name: &str| load(&folder.path().join(name), &env, &super::validator);
    assert_eq!(read("main.yaml").unwrap().models.len(), 2);
    let complaint = &read("unset.yaml").unwrap_err().complaints[0];
    assert_eq!((complaint.code, complaint.place.line, complaint.place.column), ("MR1024", 1, 11), "{complaint}");
}
