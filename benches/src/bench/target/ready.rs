//! Waiting until a target answers, and picking free ports.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use super::child::Child;
use crate::bench::check::Fault;
use crate::bench::error::Error;
use crate::bench::http::conn::Connection;
use crate::bench::http::endpoint::Endpoint;
use crate::bench::http::request;
use crate::bench::load::drive::runtime;
use crate::bench::load::stop::Stop;

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);
/// Time for one try.
const TRY: Duration = Duration::from_secs(5);

/// Waits as the script does: until GET /health is answered with a status below 500, no key sent, so that a gateway says
/// 401 and calls no provider.
pub fn wait(endpoint: &Endpoint, child: Option<&mut Child>, time: Duration, stop: &Stop) -> Result<(), Error> {
    let runtime = runtime()?;
    let deadline = Instant::now() + time;
    let request = request::get(endpoint, "/health");
    let mut child = child;
    loop {
        let answer = runtime.block_on(async { tokio::time::timeout(TRY, status(endpoint, &request)).await });
        let problem = match answer {
            Ok(Ok(200..=499)) => return Ok(()),
            Ok(Ok(status)) => format!("GET /health is answered with {status}"),
            Ok(Err(fault)) => fault.to_string(),
            Err(_) => "GET /health is not answered".to_owned(),
        };
        if stop.is_set() {
            return Err(Error::Interrupted);
        }
        let ended = child.as_deref_mut().and_then(Child::ended);
        if ended.is_some() || Instant::now() > deadline {
            return Err(not_ready(endpoint, child.as_deref(), ended.unwrap_or(problem)));
        }
        std::thread::sleep(PAUSE);
    }
}

async fn status(endpoint: &Endpoint, request: &[u8]) -> Result<u16, Fault> {
    Ok(Connection::open(endpoint.addr).await?.send(request).await?.status)
}

fn not_ready(endpoint: &Endpoint, child: Option<&Child>, problem: String) -> Error {
    match child {
        Some(child) => Error::NotReady { role: child.role.clone(), problem, tail: child.tail() },
        None => Error::NotReady {
            role: format!("target at {}", endpoint.host),
            problem,
            tail: "it was not started by this run".to_owned(),
        },
    }
}

/// The address to listen on: the one given, or one with a port that was free just now. An address that is taken is
/// refused here, or the run would measure whatever listens there.
pub fn free(option: &'static str, ip: IpAddr, port: u16) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind((ip, port)).map_err(|problem| {
        Error::option(option, format!("cannot listen on {ip}:{port}: {problem}"), "stop what listens there, or use 0")
    })?;
    listener.local_addr().map_err(|source| Error::System { action: "read an address", source })
}
