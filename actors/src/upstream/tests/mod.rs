//! Against scripted upstreams: in memory where the cuts between reads must be exact, on loopback where the system's
//! own behaviour counts.

mod early;
mod head;
mod life;
mod script;
mod splits;
mod tls;

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{
    Method, Origin, TlsTrust, UpstreamClient, UpstreamFault, UpstreamRequest, UpstreamResponse, UpstreamSettings,
};

/// Longer than anything here takes; only there so that a hang fails.
const LIVENESS: Duration = Duration::from_secs(20);

/// A raw upstream on loopback; `serve` is run per connection, told its number.
struct Raw {
    origin: Origin,
    connections: Rc<Cell<usize>>,
}

async fn raw<F, Fut>(serve: F) -> Raw
where
    F: Fn(TcpStream, usize) -> Fut + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let connections = Rc::new(Cell::new(0));
    let counter = connections.clone();
    actix_rt::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tcp.set_nodelay(true).unwrap();
            let number = counter.replace(counter.get() + 1);
            actix_rt::spawn(serve(tcp, number));
        }
    });
    Raw { origin, connections }
}

/// Reads one request with its body; `None` when the connection ends before one begins.
async fn request(tcp: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    loop {
        if tcp.read_buf(&mut seen).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&seen);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        if body.len() >= length {
            return Some(text.into_owned());
        }
    }
}

/// Answers every request of every connection alike.
async fn always(answer: &'static [u8]) -> Raw {
    raw(move |mut tcp, _| async move {
        while request(&mut tcp).await.is_some() {
            tcp.write_all(answer).await.unwrap();
        }
    })
    .await
}

/// The defaults; the roots are read once for all tests.
fn settings() -> UpstreamSettings {
    static TRUST: OnceLock<TlsTrust> = OnceLock::new();
    UpstreamSettings::with_trust(TRUST.get_or_init(|| TlsTrust::public_roots().unwrap()).clone())
}

fn client() -> UpstreamClient {
    UpstreamClient::new(settings())
}

fn ask<'a>(origin: &'a Origin, body: &'a [Bytes]) -> UpstreamRequest<'a> {
    UpstreamRequest {
        origin,
        path_and_query: "/v1/chat/completions",
        method: Method::POST,
        headers: &[],
        more_headers: &[],
        body,
        upload: None,
        stall: Duration::ZERO,
        head_deadline: Some(LIVENESS),
    }
}

async fn post(client: &UpstreamClient, origin: &Origin) -> Result<UpstreamResponse, UpstreamFault> {
    client.call(&ask(origin, &[Bytes::from_static(b"{}")])).await
}

async fn text(client: &UpstreamClient, origin: &Origin) -> Result<String, UpstreamFault> {
    let mut answer = post(client, origin).await?;
    let body = tokio::time::timeout(LIVENESS, answer.read_all(1 << 20)).await.unwrap()?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}
