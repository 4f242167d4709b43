//! Switching a gateway's fast paths through its admin API: off by registering a callback that has every hook and does
//! nothing in any, on by removing it.

use std::time::Duration;

use super::Target;
use crate::bench::error::Error;
use crate::bench::http::conn::Connection;
use crate::bench::http::request::with_body;
use crate::bench::load::drive::runtime;

/// The resource.
const PATH: &str = "/callbacks/bench-noop";
/// The callback registered under it.
const NOOP: &[u8] = br#"{"callback":"noop"}"#;
/// Time for the answer.
const TIME: Duration = Duration::from_secs(10);

/// Puts the target's fast paths on or off. The gateway answers when every worker has the change, so none is waited for.
pub fn switch(target: &Target, on: bool) -> Result<(), Error> {
    let (method, body) = if on { ("DELETE", &b""[..]) } else { ("PUT", NOOP) };
    let key = target.key.as_ref().map(super::key::Key::reveal);
    let request = with_body(method, &target.endpoint, (PATH, key), body);
    let answer = runtime()?.block_on(async { tokio::time::timeout(TIME, ask(target, &request)).await });
    let problem = match answer.unwrap_or_else(|_| Err("no answer".to_owned())) {
        // Nothing to remove: they are on.
        Ok((404, _)) if on => return Ok(()),
        Ok((200..=299, body)) => match generation(&body) {
            Some(generation) => {
                log::debug!("fast paths switched target={} on={on} generation={generation}", target.name);
                return Ok(());
            }
            None => "its answer has no generation".to_owned(),
        },
        Ok((status, body)) => format!("status {status}: {}", String::from_utf8_lossy(&body[..body.len().min(200)])),
        Err(problem) => problem,
    };
    Err(Error::Admin { gateway: target.name.clone(), wanted: if on { "on" } else { "off" }, problem })
}

fn generation(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<serde_json::Value>(body).ok()?.get("generation")?.as_u64()
}

async fn ask(target: &Target, request: &[u8]) -> Result<(u16, Vec<u8>), String> {
    let talk = async {
        let mut conn = Connection::open(target.endpoint.addr).await?;
        let mut head = conn.send(request).await?;
        let mut body = Vec::new();
        while conn.read_body(&mut head.framing, &mut body).await? {}
        Ok::<_, crate::bench::check::Fault>((head.status, body))
    };
    talk.await.map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::http::endpoint::Endpoint;
    use crate::bench::scripted::{Scripted, Then};

    fn target(server: &Scripted) -> Target {
        let key = super::super::key::Key::new("sk-master");
        Target { key, ..Target::direct(Endpoint::local(server.addr), None) }
    }

    #[test]
    fn fast_paths_go_off_by_a_callback_and_on_by_removing_it() {
        let server = Scripted::start(&Scripted::json(r#"{"generation":7}"#), Then::Close);
        switch(&target(&server), false).expect("off");
        switch(&target(&server), true).expect("on");
        let seen = server.requests.lock().expect("requests").clone();
        let expected = [
            ("PUT /callbacks/bench-noop HTTP/1.1", r#"{"callback":"noop"}"#),
            ("DELETE /callbacks/bench-noop HTTP/1.1", ""),
        ];
        assert_eq!(seen, expected.map(|(line, body)| (line.to_owned(), body.to_owned())));
    }

    #[test]
    fn an_answer_without_a_generation_or_with_another_status_is_refused() {
        let none = Scripted::start(&Scripted::json("{}"), Then::Close);
        let message = switch(&target(&none), false).expect_err("no generation").to_string();
        assert!(message.contains("generation") && !message.contains("sk-master"), "{message}");
        let refused = Scripted::start(&Scripted::json("{}").replace("200 OK", "404 Not Found"), Then::Close);
        let message = switch(&target(&refused), false).expect_err("no such API").to_string();
        assert!(message.contains("status 404") && message.contains("off"), "{message}");
        switch(&target(&refused), true).expect("nothing to remove");
    }
}
