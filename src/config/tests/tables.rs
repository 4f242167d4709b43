//! The table of keys agrees with the code, and the generated files agree with the table.

use std::path::Path;

use super::good;
use crate::config::keys::{GENERAL, LITELLM, MILLRACE, ROUTER, SECTIONS, Ty};
use crate::config::{model, tables};

/// Compares a generated file; with `MILLRACE_BLESS` set, writes it.
fn agrees(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("MILLRACE_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{name} is out of step; run the tests with MILLRACE_BLESS=1 and commit it");
}

#[test]
fn generated_files_are_in_step() {
    agrees("config.schema.json", &tables::schema());
    agrees("examples/defaults.md", &tables::defaults());
}

#[test]
fn writing_every_default_out_changes_nothing() {
    let mut text = String::new();
    for spec in [&ROUTER, &LITELLM, &GENERAL, &MILLRACE] {
        text += &format!("{}:\n", spec.name);
        for key in spec.keys.iter().filter(|key| key.default != "-") {
            text += &format!("  {}: {}\n", key.name, key.default);
        }
    }
    let config = good(&text);
    let empty = good("");
    assert_eq!(format!("{:?}", config.router), format!("{:?}", empty.router));
    assert_eq!(format!("{:?}", config.general), format!("{:?}", empty.general));
    assert_eq!(format!("{:?}", config.litellm), format!("{:?}", empty.litellm));
    assert_eq!(format!("{:?}", config.millrace), format!("{:?}", empty.millrace));
    assert_eq!(format!("{:?}", empty.millrace), format!("{:?}", model::MillraceSettings::default()));
}

/// Every `MRnnnn` in the sources of the configuration, tests left out.
fn codes_in(folder: &Path, found: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            codes_in(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("codes.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let codes = text.split("\"MR").skip(1).map(|rest| format!("MR{}", &rest[..4]));
            found.extend(codes.filter(|code| code[2..].bytes().all(|byte| byte.is_ascii_digit())));
        }
    }
}

#[test]
fn the_list_of_codes_is_what_the_code_uses() {
    let mut used = std::collections::BTreeSet::new();
    codes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config"), &mut used);
    let listed: Vec<&str> = crate::config::codes::CODES.iter().map(|(code, _)| *code).collect();
    assert!(listed.is_sorted());
    assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), listed);
}

#[test]
fn every_key_has_words_for_people() {
    for spec in SECTIONS {
        assert!(spec.doc.ends_with('.'), "{}", spec.name);
        for key in spec.keys {
            assert!(key.doc.ends_with('.') && !key.doc.contains("  "), "{}.{}: {}", spec.name, key.name, key.doc);
        }
    }
}

#[test]
fn every_supported_key_is_read() {
    // A value of the wrong shape behind each key must be complained about: a key nobody reads would be silent.
    for spec in [&ROUTER, &LITELLM, &GENERAL, &MILLRACE] {
        for key in spec.keys {
            let wrong =
                if matches!(key.ty, Ty::Text | Ty::Path | Ty::Secret | Ty::Address) { "[[]]" } else { "{x: {}}" };
            let text = format!("{}:\n  {}: {wrong}\n", spec.name, key.name);
            let report = super::read(&text).err().unwrap_or_else(|| panic!("nobody reads {}.{}", spec.name, key.name));
            assert!(report.complaints.iter().any(|found| found.place.line == 2), "{report}");
        }
    }
}

#[test]
fn an_editor_is_told_which_texts_may_stand_for_a_value() {
    let schema: serde_json::Value = serde_json::from_str(&tables::schema()).unwrap();
    let params = &schema["$defs"]["entry"]["properties"]["litellm_params"]["properties"];
    for (value, what) in [
        (&params["timeout"], "a number"),
        (&params["drop_params"], "a flag"),
        (&schema["properties"]["router_settings"]["properties"]["routing_strategy"], "one of some"),
    ] {
        let text = value["anyOf"][1]["pattern"].as_str().unwrap_or_else(|| panic!("{what}: {value}"));
        assert!(text.contains("os\\.environ/") && text.starts_with('^'), "{what}: {text}");
    }
}
