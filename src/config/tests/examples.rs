//! Every file under `examples/` loads, without a notice.

use std::path::Path;

use crate::config::load;

#[test]
fn every_example_loads_and_names_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut env = super::env();
    for (name, value) in [
        ("OPENAI_API_KEY_SECOND", "k"),
        ("LAB_KEY", "k"),
        ("PAGER_TOKEN", "k"),
        ("OPENAI_PROJECT", "k"),
        ("ANTHROPIC_API_KEY", "k"),
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "k"),
        ("LITELLM_MASTER_KEY", "sk-Zq8vK2mP9xLw4RtY7nBc"),
    ] {
        env.insert(name.to_owned(), value.to_owned());
    }
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert_eq!(first, "# yaml-language-server: $schema=../config.schema.json", "{}", path.display());
        let config = load(&path, &env, &super::validator).unwrap_or_else(|report| panic!("{report}"));
        assert!(config.notices.is_empty(), "{:?}", config.notices);
        assert!(!config.models.is_empty());
    }
    assert!(count >= 7, "only {count} examples");
}
