//! No secret shows, in whatever is printed.

use super::{good, read};

#[test]
fn a_good_configuration_prints_no_secret() {
    let text = "environment_variables: {V: sk-canary-v}\nmodel_list:\n- model_name: a\n  litellm_params:\n    \
        model: openai/a\n    api_key: sk-canary-k\n    extra_headers: {x-key: sk-canary-h}\n    \
        extra_body: {token: sk-canary-b}\n    metadata: {token: sk-canary-m}\n    aws_secret_access_key: sk-canary-n\n  \
        model_info: {note: sk-canary-i}\n- model_name: b\n  litellm_params: {model: openai/b, api_key: os.environ/V}\n\
        litellm_settings: {callbacks: [webhook]}\n\
        callback_settings: {webhook: {url: 'https://h/sk-canary-u', token: sk-canary-t}}\n\
        general_settings: {master_key: sk-canary-Zq8vK2mP9xLw, database_url: 'postgres://u:canary@h/d'}\n";
    let config = good(text);
    let printed = format!("{config:?} {config:#?}");
    assert!(!printed.contains("canary"), "{printed}");
    let key = config.models[1].api_key.as_ref().unwrap();
    assert_eq!(key.expose(), "sk-canary-v");
}

/// Each row is refused, and each has a canary in a place where a message or a quoted line could carry it.
const BAD: &[&str] = &[
    "general_settings: {master_key: canary}\n",
    "general_settings: {maste_key: sk-canary}\n",
    "general_settings:\n  master_key: sk-canary\n  master_key: sk-canary\n",
    "general_settings:\n  master_key: 'sk-canary\n",
    "general_settings:\n  master_key: [sk-canary]\n",
    "general_settings:\n  master_key:\n    sk-canary: x\n",
    "general_settings:\n  master_key: |\n    sk-canary\n\tx: y\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, api_kye: sk-canary}}]\n",
    "model_list: [{model_name: a, litellm_params: {api_key: sk-canary}}]\n",
    "model_list:\n- litellm_params: {api_key: sk-canary}\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, api_key: \"sk-canary\\n\"}}]\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, timeout: sk-canary}}]\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, timeout: os.environ/SECRET}}]\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, api_base: 'http://u:canary@h/'}}]\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, extra_headers: {host: canary}}}]\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, extra_headers: {x: \"canary\\n1\"}}}]\n",
    "model_list: [{model_name: a, litellm_params: {model: gpt-4o, input_cost_per_token: sk-canary}}]\n",
    "environment_variables:\n- sk-canary\n",
    "environment_variables:\n  A: [sk-canary]\n",
    "router_settings: {redis_password: canary, num_retries: x}\n",
    "litellm_settings: {callbacks: [webhook]}\ncallback_settings: {webhook: {url: canary}}\n",
    "sk-canary\n",
    "api_key sk-canary\n  x: y: z\n",
];

#[test]
fn a_report_prints_no_secret() {
    let mut env = super::env();
    env.insert("SECRET".to_owned(), "sk-canary".to_owned());
    for text in BAD {
        let report = crate::config::load_text(std::path::Path::new("c.yaml"), text, &env, &super::validator);
        let report = report.err().unwrap_or_else(|| panic!("accepted: {text}"));
        let printed = format!("{report} {report:?} {}", report.to_json());
        assert!(!printed.contains("canary"), "{text}\n{printed}");
    }
}

#[test]
fn notices_print_no_secret() {
    let config = good("router_settings: {redis_password: canary}\ngeneral_settings: {database_url: canary}\n");
    assert!(config.notices.len() >= 2);
    assert!(!format!("{:?}", config.notices).contains("canary"));
    assert!(read("router_settings: {redis_password: canary}\n").is_ok());
}
