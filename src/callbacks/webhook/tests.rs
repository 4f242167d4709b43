//! Tests of the webhook against a receiver that is down, slow, silent, choosy or in a bad mood (FAULTS K1 to K3).

use std::sync::Arc;

use millrace_actors::capabilities::Hooks;
use millrace_actors::ports::{Callback, SinkHealth};
use serde_json::json;

use super::server::{Reply, Server};
use super::*;
use crate::callbacks::sink::Cause;
use crate::callbacks::testing::{failure, record};

fn made(url: &str, more: Value) -> SinkCallback {
    let mut params = json!({"url": url, "flush_interval_ms": 5, "backoff_ms": 1, "timeout_ms": 500,
        "flush_timeout_ms": 20_000});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    start("hook", read(&params).unwrap(), None).unwrap()
}

fn health(depth: u64, delivered: u64, dropped: u64) -> SinkHealth {
    SinkHealth { depth, delivered, dropped }
}

#[actix_web::test]
async fn records_come_in_batches_signed_and_in_order() {
    let server = Server::start(vec![Reply::Status(200, "")]).await;
    let secret = "canary-secret-0123456789";
    let more = json!({"batch_size": 3, "flush_interval_ms": 60_000, "secret": secret, "headers": {"X-Team": "a"}});
    let hook = made(&server.url, more);
    for n in 0..7 {
        hook.log_success(&record(&n.to_string()));
    }
    hook.flush().await;
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(super::server::Request::ids).collect::<Vec<_>>(),
        [vec!["0", "1", "2"], vec!["3", "4", "5"], vec!["6"]]
    );
    let first = &seen[0];
    assert!(first.head.starts_with("post /in?x=1 http/1.1"), "{}", first.head);
    assert_eq!((first.header("x-team"), first.header("content-type")), (Some("a"), Some("application/json")));
    let signature = first.header("x-millrace-signature").unwrap();
    assert!(signature.starts_with("t=") && signature.split("v1=").nth(1).unwrap().len() == 64, "{signature}");
    assert!(!format!("{seen:?}").contains("canary"));
    assert_eq!(hook.sink.health(), health(0, 7, 0));
}

#[actix_web::test]
async fn what_may_pass_is_tried_again_under_the_same_delivery() {
    let script =
        vec![Reply::Status(500, ""), Reply::Hangup, Reply::Status(429, "0"), Reply::Silence, Reply::Status(204, "")];
    let server = Server::start(script).await;
    let hook = made(&server.url, json!({"timeout_ms": 100}));
    hook.log_success(&record("a"));
    hook.flush().await;
    assert_eq!(hook.sink.health(), health(0, 1, 0));
    let seen = server.seen();
    assert!(seen.len() >= 5, "a connection that hung up may be tried twice: {}", seen.len());
    let delivery = seen[0].header("x-millrace-delivery").unwrap();
    assert!(seen.iter().all(|request| request.header("x-millrace-delivery") == Some(delivery)));
}

#[actix_web::test]
async fn a_receiver_that_fails_for_good_costs_the_batch_and_nothing_else() {
    let server = Server::start(vec![Reply::Status(503, "")]).await;
    let hook = made(&server.url, json!({"tries": 3}));
    hook.log_success(&record("a"));
    hook.flush().await;
    assert_eq!((hook.sink.health(), server.seen().len()), (health(0, 0, 1), 3));
    assert_eq!(hook.sink.gauge().dropped(Cause::GaveUp), 1);
}

#[actix_web::test]
async fn a_receiver_that_is_down_is_given_up_on() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let hook = made(&url, json!({"tries": 2}));
    hook.log_failure(&failure("x"));
    hook.flush().await;
    assert_eq!(hook.sink.health(), health(0, 0, 1));
}

#[actix_web::test]
async fn what_is_refused_is_not_tried_again() {
    for status in [400, 401, 302] {
        let server = Server::start(vec![Reply::Status(status, "")]).await;
        let hook = made(&server.url, json!({}));
        hook.log_success(&record("a"));
        hook.flush().await;
        assert_eq!((hook.sink.health(), server.seen().len()), (health(0, 0, 1), 1), "{status}");
        assert_eq!(hook.sink.gauge().dropped(Cause::Refused), 1);
    }
}

#[actix_web::test]
async fn a_batch_too_large_is_split_until_it_fits() {
    let server = Server::start(vec![Reply::AtMost(2)]).await;
    let hook = made(&server.url, json!({"flush_interval_ms": 60_000}));
    for n in 0..7 {
        hook.log_success(&record(&n.to_string()));
    }
    hook.flush().await;
    assert_eq!(hook.sink.health(), health(0, 7, 0));
    let taken: Vec<_> =
        server.seen().iter().map(super::server::Request::ids).filter(|ids| ids.len() <= 2).flatten().collect();
    assert_eq!(taken, ["0", "1", "2", "3", "4", "5", "6"]);
    let server = Server::start(vec![Reply::AtMost(0)]).await;
    let hook = made(&server.url, json!({}));
    hook.log_success(&record("a"));
    hook.flush().await;
    assert_eq!((hook.sink.health(), hook.sink.gauge().dropped(Cause::TooLarge)), (health(0, 0, 1), 1));
}

#[actix_web::test]
async fn a_silent_receiver_fills_the_queue_and_holds_up_nobody() {
    let server = Server::start(vec![Reply::Silence]).await;
    let more = json!({"batch_size": 2, "queue_records": 4, "timeout_ms": 120_000, "flush_timeout_ms": 50});
    let hook = made(&server.url, more);
    hook.log_success(&record("0"));
    hook.log_success(&record("1"));
    server.wait_for(1).await;
    for n in 2..10 {
        hook.log_success(&record(&n.to_string()));
    }
    // two are on their way and count, so two more fit
    assert_eq!(hook.sink.health(), health(4, 0, 6));
    assert_eq!(hook.sink.gauge().dropped(Cause::QueueFull), 6);
    let generous = Duration::from_secs(20);
    tokio::time::timeout(generous, hook.flush()).await.unwrap();
    let gauge = Arc::clone(hook.sink.gauge());
    drop(hook);
    // the thread ends at its deadline, and what it held is counted
    let ended = async {
        while gauge.dropped(Cause::Abandoned) < 4 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(generous, ended).await.unwrap();
}

#[actix_web::test]
async fn a_flush_cuts_a_long_wait_short() {
    let server = Server::start(vec![Reply::Status(503, ""), Reply::Status(200, "")]).await;
    let hook = made(&server.url, json!({"backoff_ms": 60_000, "backoff_most_ms": 600_000}));
    hook.log_success(&record("a"));
    server.wait_for(1).await;
    hook.flush().await;
    assert_eq!(hook.sink.health(), health(0, 1, 0));
}

#[actix_web::test]
async fn no_key_reaches_the_receiver() {
    let server = Server::start(vec![Reply::Status(200, "")]).await;
    let hook = made(&server.url, json!({"events": "failure"}));
    assert_eq!(hook.hooks(), Hooks::LOG_FAILURE);
    hook.log_failure(&failure("Incorrect API key provided: sk-canary-0123456789"));
    hook.flush().await;
    let seen = server.seen();
    assert!(seen[0].body.contains("***") && !seen[0].body.contains("canary"), "{}", seen[0].body);
}

#[test]
fn bad_parameters_are_named_without_repeating_secrets() {
    let params = json!({"url": "https://user:canary@h/", "secret": "canary", "headers": {"Host": "x", "x-a": "canary\n"},
        "batch_size": 0, "timeout": 5});
    let errors = read(&params).unwrap_err();
    let mut at: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
    at.sort_unstable();
    assert_eq!(at, ["/batch_size", "/headers/Host", "/headers/x-a", "/secret", "/timeout", "/url"]);
    assert!(!format!("{errors:?}").contains("canary"), "{errors:?}");
}
