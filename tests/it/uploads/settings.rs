//! The operator's settings and forms that come while they are sent: what a deployment's entry says of fields holds for those
//! behind the file too, and a reload does not take the place away where forms lie.

use super::{MODEL, PROVIDER_KEY, Part, Provider, SOUND, Scene, chunked_head, chunks, form, parts_of};
use crate::harness::Gateway;
use serde_json::json;

/// A gateway that holds no form for its size, with these settings among the deployment's, and these sections.
fn scene(params: &str, more: &str) -> Scene {
    let provider = Provider::start(&[]);
    let entry = |name: &str, params: &str| {
        format!(
            "  - model_name: {name}\n    litellm_params: {{model: openai/upstream-m, api_base: \"http://{}/v1\", \
             api_key: {PROVIDER_KEY}{params}}}\n",
            provider.address
        )
    };
    let yaml = format!(
        "model_list:\n{}{}millrace: {{upload_replay_bytes: 0}}\n{more}",
        entry("m", params),
        entry("other", ", temperature: 0.5")
    );
    Scene { gateway: Gateway::from_yaml(&yaml), provider }
}

/// What the provider got besides the file.
fn fields(scene: &Scene) -> Vec<(String, String)> {
    let mut fields = parts_of(&scene.provider.only());
    fields.retain(|(name, _)| name != "file");
    fields.sort();
    fields.into_iter().map(|(name, value)| (name, String::from_utf8(value).expect("a field"))).collect()
}

#[test]
fn what_a_deployment_sets_holds_for_fields_behind_the_file() {
    let behind: [Part<'_>; 5] =
        [MODEL, SOUND, ("name=\"prompt\"", b"p"), ("name=\"temperature\"", b"0.9"), ("name=\"language\"", b"en")];
    for (params, want) in [
        ("", [("language", "en"), ("model", "upstream-m"), ("prompt", "p"), ("temperature", "0.9")].as_slice()),
        (", additional_drop_params: [prompt]", &[("language", "en"), ("model", "upstream-m"), ("temperature", "0.9")]),
        (", temperature: 0.1", &[("language", "en"), ("model", "upstream-m"), ("prompt", "p"), ("temperature", "0.9")]),
        (
            ", extra_body: {language: de}",
            &[("language", "de"), ("model", "upstream-m"), ("prompt", "p"), ("temperature", "0.9")],
        ),
    ] {
        let scene = scene(params, "");
        assert_eq!(scene.form(&behind).status, 200);
        let want: Vec<_> = want.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(fields(&scene), want, "{params}");
    }
}

#[test]
fn a_form_waits_for_the_settings_of_a_fallback_and_for_no_others() {
    let body = chunks(&form(&[MODEL, SOUND]), 1000);
    for (more, waits) in [("", false), ("router_settings: {fallbacks: [{m: [other]}]}\n", true)] {
        let scene = scene("", more);
        assert_eq!(scene.send(&chunked_head(), &body).status, 200);
        // what was read to its end has a length
        assert_eq!(scene.provider.only().header("transfer-encoding").is_none(), waits);
    }
}

#[test]
fn forms_lie_where_they_lay_though_a_reload_names_another_folder() {
    let large = vec![b'x'; 300_000];
    let scene = scene("", "");
    let config = std::fs::read_to_string(scene.gateway.config_path()).expect("a file");
    let moved = config.replace("millrace: {", "millrace: {data_dir: not/there/yet, ");
    std::fs::write(scene.gateway.config_path(), moved).expect("a file");
    let reloaded = scene.gateway.client().post("/callbacks/reload", &json!({}));
    let asks = reloaded.json()["needs_restart"].as_array().is_some_and(|all| all.contains(&json!("millrace.data_dir")));
    assert!(asks, "{}", reloaded.text());
    assert_eq!(scene.form(&[("name=\"file\"; filename=\"f\"", &large), MODEL]).status, 200);
    assert_eq!(parts_of(&scene.provider.only()).len(), 2);
    assert!(!scene.gateway.folder.path().join("not").exists());
}
