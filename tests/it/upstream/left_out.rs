//! Deployments whose provider is LiteLLM's and not ours yet: one of them does not keep the others from serving.

use super::rig::{BOTH, Rig, mock};
use super::setup::Setup;

#[test]
fn a_deployment_whose_provider_we_lack_is_left_out_and_nobody_is_sent_elsewhere_in_silence() {
    let mock = mock("");
    let lacking = "model: replicate/meta/llama, api_key: r8-canary";
    let setup = Setup::new()
        .all(&mock)
        .deployment("mixed", "https://api.replicate.invalid/v1", lacking)
        .deployment("mixed", &mock.base_url(), "model: openai/real")
        .deployment("lone", "https://api.replicate.invalid/v1", lacking)
        .deployment("backed", "https://api.replicate.invalid/v1", lacking)
        .deployment("\"replicate/*\"", "https://api.replicate.invalid/v1", "model: \"replicate/*\", api_key: k")
        .router(
            "num_retries: 0, disable_cooldowns: true, fallbacks: [{backed: [lone, mixed]}, {lone: []}], \
             default_fallbacks: [lone]",
        );
    let rig = Rig::new(&setup);
    for stream in BOTH {
        for _ in 0..4 {
            rig.good(&rig.ask("mixed", stream), stream);
        }
        // its fallback may serve; a fallback that was left out is no step on the way
        let answer = rig.ask("backed", stream);
        rig.good(&answer, stream);
        assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("1"));
        assert_eq!(answer.header("x-litellm-model-group"), Some("mixed"));
    }
    let before = mock.stats().requests;
    for name in ["lone", "replicate/other"] {
        let answer = rig.ask(name, false);
        let error = answer.error(404);
        assert_eq!(error["code"], "model_not_found");
        assert!(error["message"].as_str().is_some_and(|m| m.contains("left out")), "{error}");
        rig.settled(&answer, "blocked");
    }
    assert_eq!(mock.stats().requests, before, "the catch-all took what was not meant for it");
    let client = rig.gateway.client();
    let listed = client.get("/v1/models").text();
    assert!(listed.contains("\"mixed\"") && !listed.contains("lone") && !listed.contains("replicate"), "{listed}");
    assert_eq!(client.get("/v1/models/lone").status, 404);
    rig.finish();
}
