//! P6: a handler that panics. Its caller gets a 500 in our shape, it is counted, and the process and the others live.

use std::sync::mpsc;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use futures_util::StreamExt;
use millrace::http::guard::guard;
use millrace::metrics::panics;

use super::raw::say;
use crate::harness::{Client, KEY};

async fn panicking() -> HttpResponse {
    panic!("on purpose, for p06: {}", KEY);
}

async fn panicking_in_its_stream() -> HttpResponse {
    let stream = futures_util::stream::once(async { panic!("on purpose, for p06, in a body") });
    HttpResponse::Ok().streaming::<_, actix_web::Error>(stream)
}

async fn panicking_after_a_piece() -> HttpResponse {
    let pieces = futures_util::stream::iter(0..).map(|n| match n {
        0 => Ok::<_, actix_web::Error>("a piece".into()),
        _ => panic!("on purpose, for p06, within a body"),
    });
    HttpResponse::Ok().streaming(pieces)
}

/// A server of one worker with the guard and routes that panic: the worker that panicked must serve what follows.
fn serve() -> (std::net::SocketAddr, actix_web::dev::ServerHandle) {
    let (told, hears) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(|| {
                App::new()
                    .route("/panics", web::to(panicking))
                    .route("/breaks", web::to(panicking_in_its_stream))
                    .route("/breaks-late", web::to(panicking_after_a_piece))
                    .route("/works", web::to(HttpResponse::Ok))
                    .wrap(from_fn(guard))
            });
            let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).expect("a port");
            let address = server.addrs()[0];
            let server = server.run();
            told.send((address, server.handle())).expect("a listener");
            server.await.expect("a proper end");
        });
    });
    hears.recv().expect("a server")
}

/// The count of panics is the process's, and other tests want it to be 0: so this one gets a process of its own.
#[test]
fn p06_a_handler_that_panics_is_answered_counted_and_survived() {
    let this = std::env::current_exe().expect("this binary");
    let inner = concat!(module_path!(), "::in_a_process_of_its_own").split_once("::").expect("a crate").1;
    let ran = std::process::Command::new(this).args(["--exact", inner, "--ignored"]).output().expect("a process");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn in_a_process_of_its_own() {
    let (address, handle) = serve();
    let before = panics::count();
    let hook = std::panic::take_hook();
    panics::install();
    let client = Client::new(address, KEY).header("x-request-id", "req-p06");
    let answers: Vec<_> = (0..3).map(|_| client.get("/panics")).collect();
    let breaks = client.get("/breaks");
    let broken = say(address, b"GET /breaks-late HTTP/1.1\r\nhost: a\r\n\r\n");
    // more of this body may come for ever: whoever answers without having read it must close
    let unread = ["/panics", "/breaks"].map(|path| {
        say(
            address,
            format!("POST {path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n \r\n").as_bytes(),
        )
    });
    std::panic::set_hook(hook);
    for answer in answers.into_iter().chain([breaks]) {
        let error = answer.error(500);
        assert_eq!(answer.header("x-request-id"), Some("req-p06"));
        assert!(!error.to_string().contains("on purpose"), "what went wrong within is not the caller's: {error}");
    }
    assert_eq!(broken.status(), 200, "the head was out");
    assert!(broken.body().contains("a piece"), "what came before is lost: {}", broken.text());
    assert!(
        broken.closed && !broken.text().ends_with("0\r\n\r\n"),
        "a body that broke off reads as whole: {}",
        broken.text()
    );
    for said in unread {
        assert!(said.status() == 500 && said.error().is_some(), "{}", said.text());
        assert!(said.closed, "the connection is read on: {}", said.text());
    }
    assert!(panics::count() >= before + 7);
    assert_eq!(client.get("/works").status, 200, "the one worker lives");
    actix_web::rt::System::new().block_on(handle.stop(false));
}
