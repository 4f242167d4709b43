//! What good files become.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{good, read};
use crate::config::model::{CallbackEvents, Fallback, Provider};
use crate::config::{from_env, load_text};

#[test]
fn providers_addresses_and_keys_are_resolved() {
    let config = good(
        "model_list:\n\
         - {model_name: a, litellm_params: {model: gpt-4o}}\n\
         - {model_name: b, litellm_params: {model: openai/org/m, api_base: os.environ/URL, api_key: os.environ/FIVE}}\n\
         - {model_name: c, litellm_params: {model: org/m, custom_llm_provider: hosted_vllm, base_url: 'http://v/v1/'}}\n\
         - {model_name: d, litellm_params: {model: custom_openai/m, api_base: 'http://d'}}\n\
         - {model_name: e, litellm_params: {model: openai/m, api_base: 'http://other/v1'}}\n",
    );
    let rows: Vec<_> = config
        .models
        .iter()
        .map(|model| (model.provider, model.upstream_model.as_str(), model.api_base.as_str()))
        .collect();
    let named = |name: &str| Provider::named(name).unwrap();
    let wanted = [
        (Provider::OPENAI, "gpt-4o", "https://api.openai.com/v1"),
        (Provider::OPENAI, "org/m", "http://env:1/v1"),
        (named("hosted_vllm"), "org/m", "http://v/v1"),
        (named("openai_like"), "m", "http://d"),
        (Provider::OPENAI, "m", "http://other/v1"),
    ];
    assert_eq!(rows, wanted);
    let keys: Vec<_> = config.models.iter().map(|model| model.api_key.as_ref().map(|key| key.expose())).collect();
    // The last has an address that OpenAI's key was not meant for.
    assert_eq!(keys, [Some("sk-openai-canary"), Some("5"), None, None, None]);
    assert_eq!(config.notices[0].code, "MR1304");
}

/// By the table: each provider's own address, and the first of its variables that is set.
#[test]
fn every_provider_has_its_address_and_its_variables() {
    for provider in Provider::all().filter(|provider| provider.base.is_some() && !provider.keyless) {
        let text = format!("model_list: [{{model_name: a, litellm_params: {{model: {provider}/org/m}}}}]\n");
        let with = |pairs: &[(&str, &str)]| {
            let env: BTreeMap<_, _> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            load_text(Path::new("c.yaml"), &text, &env, &|_, _| Ok(()))
        };
        for key in provider.key_variables {
            let config = with(&[(key, "sk-a")]).unwrap_or_else(|report| panic!("{report}"));
            let model = &config.models[0];
            assert_eq!(Some(model.api_base.as_str()), provider.base, "{provider}");
            assert_eq!(model.api_key.as_ref().map(|key| key.expose()), Some("sk-a"), "{provider}");
            assert_eq!((model.provider, model.upstream_model.as_str()), (provider, "org/m"));
        }
        let report = with(&[]).err().unwrap_or_else(|| panic!("{provider} needs no key"));
        assert_eq!(report.complaints[0].code, "MR1039", "{provider}");
        for base in provider.base_variables {
            let config = with(&[(base, "http://mine:1/v1"), (provider.key_variables[0], "k")]);
            let config = config.unwrap_or_else(|report| panic!("{report}"));
            assert_eq!(config.models[0].api_base.as_str(), "http://mine:1/v1", "{provider}");
        }
    }
}

#[test]
fn every_parameter_arrives() {
    let config = good(
        "model_list:\n- model_name: a\n  litellm_params:\n    model: openai/a\n    api_key: k\n    timeout: '1.5'\n    \
         stream_timeout: 20\n    num_retries: 0\n    weight: 0.5\n    rpm: os.environ/FIVE\n    tpm: 10.0\n    \
         extra_headers: {X-A: '1'}\n    extra_body: {top_k: 3, deep: {big: 18446744073709551615, f: 1.10}}\n    \
         temperature: 0.3\n    stop: [a, 'yes']\n    drop_params: yes\n    additional_drop_params: [n]\n    \
         input_cost_per_token: 0.00000250\n    output_cost_per_token: 1E-5\n    \
         search_context_cost_per_query: {search_context_size_low: 0.01}\n    cooldown_time: 7\n    allowed_fails: 3\n  \
         model_info: {id: 12, mode: chat, base_model: gpt-4o, order: -2, input_cost_per_token: 9, \
         cache_read_input_token_cost: 0, region: eu}\n",
    );
    let model = &config.models[0];
    assert_eq!(
        (model.timeout, model.stream_timeout),
        (Some(Duration::from_millis(1500)), Some(Duration::from_secs(20)))
    );
    assert_eq!((model.max_retries, model.weight, model.rpm, model.tpm), (Some(0), Some(0.5), Some(5), Some(10)));
    assert_eq!(
        (model.order, model.cooldown_time, model.allowed_fails),
        (Some(-2), Some(Duration::from_secs(7)), Some(3))
    );
    assert_eq!(model.extra_headers[0].0, "x-a");
    assert!(model.extra_headers[0].1.is_sensitive());
    let body = serde_json::json!({"top_k": 3, "deep": {"big": u64::MAX, "f": 1.1}});
    assert_eq!(serde_json::Value::Object(model.extra_body.0.clone()), body);
    let defaults = serde_json::json!({"temperature": 0.3, "stop": ["a", "yes"]});
    assert_eq!(serde_json::Value::Object(model.default_params.0.clone()), defaults);
    assert_eq!((model.drop_params, &model.additional_drop_params[..]), (Some(true), &["n".to_owned()][..]));
    let price = |name: &str| model.prices.get(name).map(|price| price.as_str());
    assert_eq!(price("input_cost_per_token"), Some("0.00000250"));
    assert_eq!(price("output_cost_per_token"), Some("1E-5"));
    assert_eq!(price("cache_read_input_token_cost"), Some("0"));
    assert_eq!(price("search_context_cost_per_query.search_context_size_low"), Some("0.01"));
    let info = &model.model_info;
    assert_eq!(
        (model.id.as_str(), info.mode.as_deref(), info.base_model.as_deref()),
        ("12", Some("chat"), Some("gpt-4o"))
    );
    assert_eq!(info.extras.0.keys().collect::<Vec<_>>(), ["region"]);
    assert_eq!((model.place.line, model.place.column), (2, 3));
    assert!(config.notices.is_empty(), "{:?}", config.notices);
}

#[test]
fn ids_are_the_same_each_time_and_differ_between_deployments() {
    let text = "model_list:\n\
        - {model_name: a, litellm_params: {model: openai/a, api_key: one}}\n\
        - {model_name: a, litellm_params: {model: openai/a, api_key: two}}\n\
        - {model_name: a, litellm_params: {model: openai/a, api_key: os.environ/FIVE}}\n\
        - {model_name: a, litellm_params: {model: openai/b, api_key: one}}\n";
    let ids = |text: &str| good(text).models.into_iter().map(|model| model.id).collect::<Vec<_>>();
    let first = ids(text);
    assert_eq!(first, ids(text));
    assert_eq!(first, ids(&text.replace("one", "three")), "a key's text must not be in the id");
    let mut different = first.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 4);
    assert!(first.iter().all(|id| id.len() == 64));
}

#[test]
fn routing_is_read_from_both_sections_and_router_settings_wins() {
    let config = good(
        "model_list:\n- {model_name: a, litellm_params: {model: openai/a, api_key: k}}\n\
         - {model_name: b, litellm_params: {model: openai/b, api_key: k}}\n\
         - {model_name: 'w/*', litellm_params: {model: 'openai/*', api_key: k}}\n\
         litellm_settings: {num_retries: 7, request_timeout: 50, cooldown_time: 8, fallbacks: [{zz: [a]}]}\n\
         router_settings:\n  num_retries: 3\n  fallbacks: [{a: [b, w/any]}, {'*': al}]\n  default_fallbacks: [b]\n  \
         model_group_alias: {al: a, al2: {model: al, hidden: true}, al3: w/x}\n  routing_strategy: least-busy\n  \
         redis_host: h\n",
    );
    let router = &config.router;
    assert_eq!(
        (router.num_retries, router.cooldown_time, router.timeout),
        (3, Duration::from_secs(8), Some(Duration::from_secs(50)))
    );
    let targets = vec!["b".to_owned(), "w/any".to_owned()];
    assert_eq!(router.fallbacks, [Fallback { model: "a".to_owned(), targets }]);
    assert_eq!(router.default_fallbacks, ["b", "al"]);
    assert_eq!(router.aliases.iter().map(|alias| alias.hidden).collect::<Vec<_>>(), [false, true, false]);
    let codes: Vec<_> = config.notices.iter().map(|notice| notice.code).collect();
    assert_eq!(codes, ["MR1306", "MR1306", "MR1301", "MR1301"]);
}

#[test]
fn callbacks_are_read_in_order_with_kind_events_and_parameters() {
    let config = good(
        "litellm_settings:\n  callbacks: [guard, noop]\n  success_callback: [jsonl, both, langfuse]\n  \
         failure_callback: [both, hook]\ncallback_settings:\n  guard: {callback: deny_words, words: [x]}\n  \
         both: {callback: noop}\n  hook: {callback: webhook, url: 'https://h', retries: os.environ/FIVE}\n  otel: {a: 1}\n",
    );
    let rows: Vec<_> = config.callbacks.iter().map(|entry| (&entry.name[..], &entry.kind[..], entry.events)).collect();
    let wanted = [
        ("guard", "deny_words", CallbackEvents::All),
        ("noop", "noop", CallbackEvents::All),
        ("jsonl", "jsonl", CallbackEvents::Success),
        ("both", "noop", CallbackEvents::All),
        ("hook", "webhook", CallbackEvents::Failure),
    ];
    assert_eq!(rows, wanted);
    let params = serde_json::Value::Object(config.callbacks[4].params.0.clone());
    assert_eq!(params, serde_json::json!({"url": "https://h", "retries": "5"}));
    assert_eq!((config.callbacks[2].place.line, config.callbacks[2].place.column), (3, 22));
    assert_eq!(config.notices.iter().filter(|notice| notice.code == "MR1301").count(), 2);
}

#[test]
fn what_protects_is_refused_unless_switched_off_or_accepted_by_name() {
    let text = "general_settings: {allowed_ips: [10.0.0.1], enable_jwt_auth: true}\n\
                litellm_settings: {callbacks: [my.hook], max_budget: 3}\n";
    assert_eq!(read(text).unwrap_err().complaints.len(), 4);
    let accept =
        "millrace: {accept_unenforced: [allowed_ips, enable_jwt_auth, my.hook, litellm_settings.max_budget]}\n";
    let config = good(&format!("{text}{accept}"));
    assert_eq!(config.notices.iter().filter(|notice| notice.code == "MR1305").count(), 4);
    let off = "general_settings: {allowed_ips: [], enable_jwt_auth: false, custom_auth: null}\nguardrails: []\n";
    assert!(good(off).notices.iter().all(|notice| notice.code == "MR1302"));
}

#[test]
fn what_has_no_effect_is_named_with_its_line() {
    let config = good(
        "model_list:\n- model_name: a\n  rpm: 3\n  litellm_params:\n    model: openai/a\n    api_key: k\n    tags: [x]\n    \
         my_own_thing: 1\nlitellm_settings: {my_module_attribute: 1}\ngeneral_settings: {store_model_in_db: true}\n\
         mcp_servers: {x: {}}\n",
    );
    let rows: Vec<_> =
        config.notices.iter().map(|notice| (notice.code, notice.key.as_str(), notice.place.line)).collect();
    let wanted = [
        ("MR1301", "model_list[0].rpm", 3),
        ("MR1301", "model_list[0].litellm_params.tags", 7),
        ("MR1303", "model_list[0].litellm_params.my_own_thing", 8),
        ("MR1303", "litellm_settings.my_module_attribute", 9),
        ("MR1301", "general_settings.store_model_in_db", 10),
        ("MR1301", "mcp_servers", 11),
    ];
    assert_eq!(rows, wanted);
}

#[test]
fn without_a_credential_for_openai_nothing_starts() {
    let text = "model_list: [{model_name: a, litellm_params: {model: gpt-4o}}]\n";
    let bare: BTreeMap<String, String> = BTreeMap::new();
    let report = load_text(Path::new("c.yaml"), text, &bare, &super::validator).unwrap_err();
    assert_eq!((report.complaints.len(), report.complaints[0].code), (1, "MR1039"));
    // a key that names a variable is written: what is missing is the variable, and that is said once, where it is named
    let named = text.replace("gpt-4o", "gpt-4o, api_key: os.environ/UNSET");
    let report = load_text(Path::new("c.yaml"), &named, &bare, &super::validator).unwrap_err();
    let found: Vec<_> = report.complaints.iter().map(|c| (c.code, c.place.line, c.place.column)).collect();
    assert_eq!(found, [("MR1024", 1, 71)], "{report}");
    assert!(report.complaints[0].message.contains("UNSET"), "{report}");
    let header = text.replace("gpt-4o", "gpt-4o, extra_headers: {Authorization: Basic x}");
    let config = load_text(Path::new("c.yaml"), &header, &bare, &super::validator).unwrap();
    assert!(config.models[0].api_key.is_none());
}

#[test]
fn variables_come_from_the_block_first_and_the_process_is_left_alone() {
    let config = good(
        "environment_variables: {FIVE: 6, NEW: os.environ/FIVE}\nmodel_list:\n\
         - {model_name: a, litellm_params: {model: openai/a, api_key: os.environ/NEW, rpm: os.environ/FIVE}}\n",
    );
    assert_eq!(config.models[0].api_key.as_ref().map(|key| key.expose()), Some("5"));
    assert_eq!(config.models[0].rpm, Some(6));
    assert_eq!(std::env::var("NEW").ok(), None);
}

#[test]
fn nothing_but_the_environment_gives_a_wildcard() {
    assert!(from_env(&BTreeMap::new()).is_none());
    let pairs = [("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/")];
    let mut env: BTreeMap<String, String> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let config = from_env(&env).unwrap().unwrap();
    let model = &config.models[0];
    assert_eq!((model.model_name.as_str(), model.upstream_model.as_str()), ("*", "*"));
    assert_eq!(model.api_base.as_str(), "http://127.0.0.1:9/v1");
    assert_eq!(model.api_key.as_ref().map(|key| key.expose()), Some("k"));
    env.insert("OPENAI_BASE_URL".to_owned(), "nonsense".to_owned());
    assert_eq!(from_env(&env).unwrap().unwrap_err().complaints[0].code, "MR1033");
    env.remove("OPENAI_BASE_URL");
    env.insert("LITELLM_MASTER_KEY".to_owned(), "sk-1234".to_owned());
    assert_eq!(from_env(&env).unwrap().unwrap_err().complaints[0].code, "MR1050");
}

#[test]
fn groups_may_stand_in_for_each_other() {
    let config = good(
        "model_list:\n\
         - {model_name: a, litellm_params: {model: gpt-4o}}\n\
         - {model_name: b, litellm_params: {model: gpt-4o}}\n\
         router_settings: {fallbacks: [{a: [b]}, {b: [a]}]}\n",
    );
    let rows: Vec<_> = config.router.fallbacks.iter().map(|row| (row.model.as_str(), row.targets.join(","))).collect();
    assert_eq!(rows, [("a", "b".to_owned()), ("b", "a".to_owned())]);
}
