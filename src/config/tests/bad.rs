//! Bad files: each with the code, the place and the help it must be answered with.

use super::{first_error, read};

/// What was written, the code, line and column, and a part of message or help.
type Row = (&'static str, &'static str, u32, u32, &'static str);

/// A deployment on the first line, with what follows as its parameters.
macro_rules! params {
    ($rest:literal) => {
        concat!("model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: k}}]\n", $rest)
    };
}
macro_rules! one {
    ($params:literal) => {
        concat!("model_list:\n- model_name: a\n  litellm_params:\n    model: openai/a\n    api_key: k\n    ", $params)
    };
}

const YAML: &[Row] = &[
    ("a: [1,\n", "MR1002", 1, 4, "brackets"),
    ("model_list:\n\t- a: 1\n", "MR1002", 2, 2, "tabs"),
    ("a: 'open\n", "MR1002", 1, 4, "not valid YAML"),
    ("include: []\ninclude: []\n", "MR1003", 2, 1, "first stands on line 1"),
    ("model_list:\n- model_name: a\n  model_name: b\n  litellm_params: {model: gpt-4o}\n", "MR1003", 3, 3, "keep one"),
    ("? [a, b]\n: 1\n", "MR1004", 1, 3, "in quotes"),
    ("include: []\n---\ninclude: []\n", "MR1005", 2, 1, "one document"),
    ("millrace: &a\n  data_dir: *a\n", "MR1007", 2, 13, "within its own anchor"),
    ("millrace: {data_dir: *nowhere}\n", "MR1002", 1, 22, "not valid YAML"),
    ("millrace: !python/object {}\n", "MR1008", 1, 26, "tag"),
    ("- a\n- b\n", "MR1020", 1, 1, "begin with a section"),
    ("just text\n", "MR1020", 1, 1, "sections are expected"),
];

const KEYS: &[Row] = &[
    ("modle_list: []\n", "MR1022", 1, 1, "did you mean `model_list`?"),
    ("zebra: 1\n", "MR1022", 1, 1, "known are: model_list"),
    ("router_settings:\n  num_retrys: 1\n", "MR1022", 2, 3, "did you mean `num_retries`?"),
    ("router_settings:\n  redis_hots: x\n", "MR1022", 2, 3, "did you mean `redis_host`?"),
    ("general_settings:\n  masterkey: x\n", "MR1022", 2, 3, "did you mean `master_key`?"),
    ("litellm_settings:\n  drop_parms: true\n", "MR1022", 2, 3, "did you mean `drop_params`?"),
    ("millrace:\n  idel_timeout: 3\n", "MR1022", 2, 3, "did you mean `idle_timeout`?"),
    (one!("api_bse: http://h/v1\n"), "MR1022", 6, 5, "did you mean `api_base`?"),
    ("general_settings:\n  custom_auth: my.auth\n", "MR1025", 2, 3, "accept_unenforced: [custom_auth]"),
    ("general_settings:\n  allowed_ips: [10.0.0.1]\n", "MR1025", 2, 3, "every address is served"),
    ("general_settings: {enable_jwt_auth: true}\n", "MR1025", 1, 20, "tokens and the roles"),
    ("litellm_settings: {max_budget: 10}\n", "MR1025", 1, 20, "spending has no end"),
    ("guardrails: [{guardrail_name: g}]\n", "MR1025", 1, 1, "goes through"),
    (one!("max_budget: 1\n"), "MR1025", 6, 5, "spent on without end"),
    ("millrace: {accept_unenforced: [allowed_ip]}\n", "MR1026", 1, 32, "did you mean `allowed_ips`?"),
    ("model_list:\n- litellm_params: {model: openai/a, api_key: k}\n", "MR1023", 2, 3, "add `model_name:`"),
    ("model_list:\n- model_name: a\n", "MR1023", 2, 3, "add `litellm_params:`"),
];

const VALUES: &[Row] = &[
    ("model_list: {a: b}\n", "MR1020", 1, 13, "a list of deployments, not a mapping"),
    ("model_list: [5]\n", "MR1020", 1, 14, "not a number"),
    ("model_list:\n-\n", "MR1020", 2, 2, "a deployment, not nothing"),
    ("router_settings: [1]\n", "MR1020", 1, 18, "a mapping of keys to values"),
    ("router_settings: {num_retries: many}\n", "MR1020", 1, 32, "a whole number, not `many`"),
    ("router_settings: {num_retries: -1}\n", "MR1021", 1, 32, "0 to 100"),
    ("router_settings: {num_retries: 101}\n", "MR1021", 1, 32, "0 to 100"),
    ("router_settings: {timeout: 0}\n", "MR1021", 1, 28, "0.001 to 604800 seconds"),
    ("router_settings: {timeout: -1}\n", "MR1021", 1, 28, "0.001 to 604800 seconds"),
    ("router_settings: {timeout: .inf}\n", "MR1020", 1, 28, "a number"),
    ("router_settings: {cooldown_time: 1e300}\n", "MR1021", 1, 34, "604800"),
    ("router_settings: {routing_strategy: fastest}\n", "MR1026", 1, 37, "known are: simple-shuffle"),
    ("litellm_settings: {drop_params: maybe}\n", "MR1020", 1, 33, "true or false, not `maybe`"),
    ("general_settings: {max_request_size_mb: 0}\n", "MR1021", 1, 41, "1 to 4096"),
    ("millrace: {host: localhost}\n", "MR1020", 1, 18, "127.0.0.1"),
    ("millrace: {port: 70000}\n", "MR1021", 1, 18, "0 to 65535"),
    ("millrace: {price_file: nowhere.json}\n", "MR1001", 1, 24, "nowhere.json"),
    ("general_settings: {master_key: sk-1234}\n", "MR1050", 1, 32, "openssl rand"),
    ("general_settings: {master_key: sk-short-key}\n", "MR1050", 1, 32, "20 characters"),
    ("general_settings: {master_key: os.environ/NOT_SET}\n", "MR1024", 1, 32, "set NOT_SET"),
    ("general_settings: {master_key: os.environ/EMPTY}\n", "MR1021", 1, 32, "is empty"),
    ("environment_variables: [1]\n", "MR1020", 1, 24, "a mapping of names"),
    ("environment_variables: {A: os.environ/NOT_SET}\n", "MR1024", 1, 28, "set NOT_SET"),
];

const MODELS: &[Row] = &[
    ("model_list: [{model_name: 5, litellm_params: {model: gpt-4o}}]\n", "MR1020", 1, 27, "put it in quotes"),
    ("model_list: [{model_name: 'a*b*', litellm_params: {model: gpt-4o}}]\n", "MR1030", 1, 27, "keep one `*`"),
    ("model_list: [{model_name: a, litellm_params: {model: my-model}}]\n", "MR1031", 1, 54, "write `openai/my-model`"),
    (
        "model_list: [{model_name: a, litellm_params: {model: watsonx/c}}]\nrouter_settings: {ignore_invalid_deployments: no}\n",
        "MR1032",
        1,
        54,
        "`openai_like/c`",
    ),
    ("model_list: [{model_name: a, litellm_params: {model: watsonx/c}}]\n", "MR1302", 1, 1, "not supported yet"),
    ("model_list: [{model_name: a, litellm_params: {model: opnai/c}}]\n", "MR1032", 1, 54, "did you mean `openai`?"),
    ("model_list: [{model_name: a, litellm_params: {model: org/m}}]\n", "MR1032", 1, 54, "`openai_like/org/m`"),
    ("model_list: [{model_name: a, litellm_params: {model: openai/}}]\n", "MR1030", 1, 54, "no model"),
    (
        "model_list: [{model_name: a, litellm_params: {model: hosted_vllm/m}}]\n",
        "MR1034",
        1,
        46,
        "HOSTED_VLLM_API_BASE",
    ),
    ("model_list: [{model_name: a, litellm_params: {model: openai/*}}]\n", "MR1038", 1, 54, "`*` in model_name"),
    (one!("api_base: api.example.com\n"), "MR1033", 6, 15, "https://"),
    (one!("api_base: ftp://h/\n"), "MR1033", 6, 15, "only http"),
    (one!("api_base: http://u:p@h/\n"), "MR1033", 6, 15, "give the credential as api_key"),
    (one!("api_base: http://h/\n    base_url: http://h/\n"), "MR1011", 7, 15, "keep one of the two"),
    (one!("extra_headers: {Host: h}\n"), "MR1036", 6, 21, "set by the gateway itself"),
    (one!("extra_headers: {Transfer-Encoding: h}\n"), "MR1036", 6, 21, "remove it"),
    (one!("extra_headers: {Authorization: h}\n"), "MR1036", 6, 21, "keep one of the two"),
    (one!("extra_headers: {'a b': h}\n"), "MR1036", 6, 21, "letters, digits"),
    (one!("extra_headers: {a: \"x\\ny\"}\n"), "MR1036", 6, 24, "line breaks"),
    (one!("input_cost_per_token: cheap\n"), "MR1037", 6, 27, "decimal number"),
    (one!("input_cost_per_token: -1\n"), "MR1037", 6, 27, "negative"),
    (one!("input_cost_per_token: .nan\n"), "MR1037", 6, 27, "decimal"),
    (one!("weight: -1\n"), "MR1021", 6, 13, "at least 0"),
    (one!("guardrails: [pii]\n"), "MR1025", 6, 5, "what they check for"),
    (one!("timeout: soon\n"), "MR1020", 6, 14, "a number, not `soon`"),
    (one!("extra_body: [1]\n"), "MR1020", 6, 17, "a mapping"),
    (
        "model_list:\n- {model_name: a, litellm_params: {model: gpt-4o}, model_info: {id: x}}\n\
         - {model_name: b, litellm_params: {model: gpt-4o}, model_info: {id: x}}\n",
        "MR1035",
        3,
        69,
        "line 2",
    ),
];

const REFERENCES: &[Row] = &[
    (params!("router_settings: {fallbacks: [{a: [b]}]}\n"), "MR1040", 2, 36, "model_name: b"),
    (params!("router_settings: {fallbacks: [{aa: [a]}]}\n"), "MR1040", 2, 32, "model_name: aa"),
    (
        "model_list: [{model_name: chat-small, litellm_params: {model: gpt-4o}}]\n\
         router_settings: {default_fallbacks: [chat-smal]}\n",
        "MR1040",
        2,
        39,
        "did you mean `chat-small`?",
    ),
    (params!("router_settings: {fallbacks: [{a: [a]}]}\n"), "MR1042", 2, 32, "a -> a"),
    (params!("router_settings: {fallbacks: [a]}\n"), "MR1020", 2, 31, "a mapping"),
    (params!("router_settings: {fallbacks: {a: [a]}}\n"), "MR1020", 2, 30, "a list of mappings"),
    (params!("router_settings: {default_fallbacks: [c]}\n"), "MR1040", 2, 39, "no model is called `c`"),
    (params!("litellm_settings: {fallbacks: [{a: [zz]}]}\n"), "MR1040", 2, 37, "no model is called `zz`"),
    (params!("router_settings: {model_group_alias: {x: y}}\n"), "MR1040", 2, 42, "no model is called `y`"),
    (params!("router_settings: {model_group_alias: {x: y, y: x}}\n"), "MR1041", 2, 39, "x -> y -> x"),
    (params!("router_settings: {model_group_alias: {a: a}}\n"), "MR1043", 2, 39, "rename one"),
    (params!("router_settings: {model_group_alias: {x: {modle: a}}}\n"), "MR1023", 2, 42, "add `model:`"),
    (params!("router_settings: {model_group_alias: {x: a}, fallbacks: [{a: [x]}]}\n"), "MR1042", 2, 59, "a -> a"),
    ("litellm_settings: {callbacks: [jsnol]}\n", "MR1060", 1, 32, "did you mean `jsonl`?"),
    ("litellm_settings: {callbacks: [zebra]}\n", "MR1060", 1, 32, "built in are jsonl"),
    ("litellm_settings: {callbacks: [my.hook]}\n", "MR1025", 1, 32, "accept_unenforced: [my.hook]"),
    ("litellm_settings: {callbacks: [presidio]}\n", "MR1025", 1, 32, "accept_unenforced"),
    ("litellm_settings: {callbacks: [noop, noop]}\n", "MR1062", 1, 38, "remove one"),
    (
        "litellm_settings: {callbacks: [webhook]}\ncallback_settings:\n  webhook:\n    url: http://x\n",
        "MR1061",
        4,
        10,
        "must begin with https",
    ),
    ("litellm_settings: {callbacks: [webhook]}\n", "MR1061", 1, 32, "parameters of the callback `webhook`"),
    ("callback_settings: {jsonl: {}}\n", "MR1060", 1, 21, "no list names"),
    ("litellm_settings: {callbacks: [h]}\ncallback_settings: {h: {callback: webhok}}\n", "MR1060", 2, 35, "`webhook`"),
];

#[test]
fn each_bad_file_is_answered_with_code_place_and_help() {
    let rows: Vec<&Row> = [YAML, KEYS, VALUES, MODELS, REFERENCES].into_iter().flatten().collect();
    assert!(rows.len() >= 90);
    let mut wrong = Vec::new();
    for (text, code, line, column, part) in rows {
        let found = first_error(text);
        let place = (found.code, found.place.line, found.place.column);
        let words = format!("{} {}", found.message, found.help);
        if place != (*code, *line, *column) || !words.contains(part) || found.help.is_empty() {
            wrong.push(format!("{text}\n  wanted {code} {line}:{column} {part:?}\n  got {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn all_errors_of_a_file_are_told_at_once_in_order() {
    let text = "model_list:\n- model_name: a\n  litellm_params: {model: nope/x}\n- model_name: b\n  \
                litellm_params: {model: openai/b, timeout: x, weight: y}\nrouter_settings: {retries: 1, retry_after: q}\n\
                general_settings: {custom_auth: z}\nzebra: 1\n";
    let report = read(text).unwrap_err();
    let codes: Vec<(&str, u32)> = report.complaints.iter().map(|found| (found.code, found.place.line)).collect();
    let wanted =
        [("MR1032", 3), ("MR1020", 5), ("MR1020", 5), ("MR1022", 6), ("MR1020", 6), ("MR1025", 7), ("MR1022", 8)];
    assert_eq!(codes, wanted, "{report}");
}

#[test]
fn people_see_the_line_and_a_caret_and_programs_see_fields() {
    let report = read("router_settings:\n  num_retrys: 1\n").unwrap_err();
    let text = report.to_string();
    let wanted = "c.yaml:2:3: error MR1022: unknown key `num_retrys` in router_settings\n  |\n2 |   num_retrys: ***\n  |   \
                  ^^^^^^^^^^\n  help: did you mean `num_retries`?\n";
    assert!(text.starts_with(wanted), "{text}");
    assert!(text.ends_with("1 error and 0 notices"), "{text}");
    let rows: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let wanted = serde_json::json!([{
        "code": "MR1022", "severity": "error", "file": "c.yaml", "line": 2, "column": 3,
        "key": "router_settings.num_retrys", "message": "unknown key `num_retrys` in router_settings",
        "help": "did you mean `num_retries`?"
    }]);
    assert_eq!(rows, wanted);
}
