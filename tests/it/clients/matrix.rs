//! C14: every route with every method and every kind of key. Made from the list of routes, so a new route is in it.

use millrace::http::names::NAMES;

use super::mock;
use super::raw::{Said, say};
use crate::harness::{Gateway, KEY};

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"];

/// Routes without a label of their own: who may call, and that they are `GET`.
const UNNAMED: [(&str, bool); 7] = [
    ("/", true),
    ("/health/liveliness", true),
    ("/health/liveness", true),
    ("/livez", true),
    ("/health/readiness", true),
    ("/readyz", true),
    ("/metrics", false),
];

struct Route {
    path: String,
    allowed: Vec<&'static str>,
    public: bool,
}

/// Every route, with a path that matches it and the methods it answers.
fn routes() -> Vec<Route> {
    let named = NAMES.iter().map(|pattern| {
        let allowed = match *pattern {
            "/callbacks/reload" => vec!["POST"],
            "/callbacks/{name}" => vec!["PUT", "DELETE"],
            // whatever the method: responses are not kept, and the answer says so
            p if p.ends_with("/responses/{id:.*}") => METHODS.to_vec(),
            p if p.contains("/models") && !p.contains("}:") || p.ends_with("/callbacks") => vec!["GET", "HEAD"],
            _ => vec!["POST"],
        };
        let path = pattern.replace("{model:.*}", "gpt-4o").replace("{name}", "noop").replace("{id:.*}", "resp_1");
        Route { path, allowed, public: false }
    });
    let unnamed = UNNAMED.iter().map(|(path, public)| Route {
        path: (*path).to_owned(),
        allowed: vec!["GET", "HEAD"],
        public: *public,
    });
    named.chain(unnamed).collect()
}

fn ask(gateway: &Gateway, method: &str, path: &str, key: Option<&str>) -> Said {
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{key}content-length: 0\r\n\r\n");
    let said = say(gateway.address, request.as_bytes());
    assert!(said.closed, "{method} {path}: no end");
    said
}

/// Routes tried at once.
const SIDE_BY_SIDE: usize = 16;

/// Tries every route, some side by side: a refused CONNECT leaves its connection open for a second, which nobody need wait for
/// in turn.
fn each_route(tried: impl Fn(&Route) + Sync) {
    let routes = routes();
    std::thread::scope(|scope| {
        for n in 0..SIDE_BY_SIDE {
            let (some, tried) = (routes.iter().skip(n).step_by(SIDE_BY_SIDE), &tried);
            scope.spawn(move || some.for_each(tried));
        }
    });
}

#[test]
fn c14_every_route_refuses_the_methods_it_has_not() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    each_route(|Route { path, allowed, .. }| {
        for method in METHODS {
            let said = ask(&gateway, method, path, Some(KEY));
            let (status, what) = (said.status(), format!("{method} {path}"));
            assert!(status < 500, "{what}: {}", said.text());
            if allowed.contains(&method) {
                assert_ne!(status, 405, "{what}: {}", said.text());
                continue;
            }
            if method == "CONNECT" && status == 400 {
                continue; // a proxy's method: refused as a request, before it is one of any route
            }
            assert_eq!(status, 405, "{what}: {}", said.text());
            let allow = said.header("allow").unwrap_or_else(|| panic!("{what}: no allow: {}", said.text()));
            assert!(allow.split(", ").all(|method| METHODS.contains(&method)), "{what}: {allow}");
            assert!(allowed.contains(&allow.split(", ").next().unwrap_or_default()), "{what}: {allow}");
            assert!(method == "HEAD" || said.error().is_some(), "{what}: not our shape: {}", said.text());
            assert!(said.header("x-request-id").is_some(), "{what}: no request id");
        }
    });
    assert_eq!(mock.stats().requests, 0, "an empty body reached the provider");
}

#[test]
fn c14_every_route_but_the_public_ones_asks_for_a_key() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let bad = format!("{KEY}x");
    each_route(|Route { path, allowed, public }| {
        for method in allowed {
            let what = format!("{method} {path}");
            for key in [None, Some(""), Some("sk-wrong"), Some(&KEY[1..]), Some(&bad)] {
                let said = ask(&gateway, method, path, key);
                match public {
                    true => assert_eq!(said.status(), 200, "{what} {key:?}: {}", said.text()),
                    false => {
                        assert_eq!(said.status(), 401, "{what} {key:?}: {}", said.text());
                        assert!(*method == "HEAD" || said.error().is_some(), "{what}: {}", said.text());
                    }
                }
            }
            let status = ask(&gateway, method, path, Some(KEY)).status();
            assert!(status != 401 && status != 403 && status < 500, "{what} with the key: {status}");
        }
    });
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn c14_no_header_overrides_the_method() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let client = gateway.client().header(header, "DELETE");
        let answer = client.request("POST", "/callbacks/noop", b"{}").whole();
        answer.error(405);
    }
}

#[test]
fn c14_a_path_that_is_not_ours_is_404_in_our_shape() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    for path in ["/v1/chat", "/v2/models", "/v1/chat/completions/", "/favicon.ico", "/health", "/admin", "/.env", "/*"]
    {
        for client in [gateway.client(), gateway.client().anonymous()] {
            let answer = client.get(path);
            let error = answer.error(404);
            assert!(error["message"].as_str().is_some_and(|m| m.contains(path)), "{error}");
        }
    }
}

#[test]
fn c14_the_list_of_routes_is_whole() {
    let source = [
        include_str!("../../../src/http/completions.rs"),
        include_str!("../../../src/http/models.rs"),
        include_str!("../../../src/http/responses.rs"),
        // one route for all, with a test of its own
        include_str!("../../../src/http/pass_through.rs"),
        include_str!("../../../src/http/callbacks.rs"),
        include_str!("../../../src/http/health.rs"),
        include_str!("../../../src/http/home.rs"),
        include_str!("../../../src/http/metrics.rs"),
        include_str!("../../../src/http/mod.rs"),
    ]
    .concat();
    let routes = routes();
    // every path that a resource is written with; those put together from parts are in `NAMES` by the smoke of labels
    for piece in source.split("web::resource(\"").skip(1) {
        let pattern = piece.split('"').next().unwrap_or_default();
        let path = pattern.replace("{name}", "noop");
        assert!(routes.iter().any(|route| route.path == path), "{pattern} is in no matrix: add it to NAMES or UNNAMED");
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http")).expect("the folder");
    let with_routes = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    let count: usize = with_routes.map(|text| text.matches("web::resource(").count()).sum();
    assert_eq!(count, source.matches("web::resource(").count(), "a file with routes is not looked at here");
}
