//! The life of connections: reuse, races, cancelling, bounds.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

use super::{LIVENESS, always, ask, client, post, raw, request, text};
use crate::upstream::{Origin, UpstreamClient, UpstreamFault, UpstreamRequest, UpstreamSettings};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const EVENTS: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\ndata: \r\n";

#[actix_rt::test]
async fn refused_and_unresolved_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let fault = post(&client(), &closed).await.unwrap_err();
    assert!(matches!(fault, UpstreamFault::Connect { .. }) && fault.before_answer(), "{fault:?}");
    let nowhere = Origin::parse("http://nowhere.invalid/").unwrap();
    let fault = post(&client(), &nowhere).await.unwrap_err();
    assert!(matches!(fault, UpstreamFault::Dns { .. }) && fault.before_answer(), "{fault:?}");
}

#[actix_rt::test]
async fn a_black_hole_ends_at_the_connect_timeout() {
    // A full accept queue drops further connection attempts.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fill = Vec::new();
    while let Ok(Ok(tcp)) =
        tokio::time::timeout(Duration::from_millis(300), tokio::net::TcpStream::connect(address)).await
    {
        fill.push(tcp);
    }
    let settings = UpstreamSettings { connect_timeout: Duration::from_millis(100), ..super::settings() };
    let client = UpstreamClient::new(settings);
    let origin = Origin::parse(&format!("http://{address}")).unwrap();
    let fault = tokio::time::timeout(LIVENESS, post(&client, &origin)).await.unwrap().unwrap_err();
    assert!(matches!(fault, UpstreamFault::ConnectTimeout { .. }), "{fault:?}");
}

#[actix_rt::test]
async fn a_stale_connection_is_replaced_once() {
    let upstream = raw(|mut tcp, number| async move {
        request(&mut tcp).await;
        tcp.write_all(OK).await.unwrap();
        // The first connection takes a second request and hangs up on it.
        while request(&mut tcp).await.is_some() && number > 0 {
            tcp.write_all(OK).await.unwrap();
        }
    })
    .await;
    let client = client();
    assert_eq!(text(&client, &upstream.origin).await.unwrap(), "ok");
    assert_eq!(text(&client, &upstream.origin).await.unwrap(), "ok");
    assert_eq!((client.stale_retries(), upstream.connections.get()), (1, 2));
}

#[actix_rt::test]
async fn many_stale_connections_cost_one_retry_each_call() {
    let upstream = raw(|mut tcp, number| async move {
        request(&mut tcp).await;
        tcp.write_all(OK).await.unwrap();
        while request(&mut tcp).await.is_some() && number >= 8 {
            tcp.write_all(OK).await.unwrap();
        }
    })
    .await;
    let client = client();
    let calls = || futures_util::future::join_all((0..8).map(|_| text(&client, &upstream.origin)));
    assert!(calls().await.iter().all(|answer| answer.as_deref() == Ok("ok")));
    assert_eq!(upstream.connections.get(), 8);
    assert!(calls().await.iter().all(|answer| answer.as_deref() == Ok("ok")));
    assert_eq!((client.stale_retries(), upstream.connections.get()), (8, 16));
}

#[actix_rt::test]
async fn a_fresh_connection_that_hangs_up_is_not_tried_again() {
    let upstream = raw(|mut tcp, _| async move {
        request(&mut tcp).await;
    })
    .await;
    let client = client();
    let fault = post(&client, &upstream.origin).await.unwrap_err();
    assert_eq!(fault, UpstreamFault::ClosedBeforeHead { reused_likely: false, partial: false });
    assert_eq!((client.stale_retries(), upstream.connections.get()), (0, 1));
}

#[actix_rt::test]
async fn an_upstream_that_closes_at_any_time_between_costs_nothing() {
    let upstream = raw(|mut tcp, number| async move {
        request(&mut tcp).await;
        tcp.write_all(OK).await.unwrap();
        // From at once to a little later, so that some close before and some within the next request.
        tokio::time::sleep(Duration::from_micros(number as u64 % 20 * 20)).await;
    })
    .await;
    let client = client();
    for round in 0..1000 {
        assert_eq!(text(&client, &upstream.origin).await.as_deref(), Ok("ok"), "round {round}");
    }
}

/// Tells when the peer of each connection has hung up.
async fn watched(answer: &'static [u8]) -> (super::Raw, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let (told, gone) = unbounded_channel();
    let upstream = raw(move |mut tcp, _| {
        let told = told.clone();
        async move {
            request(&mut tcp).await;
            tcp.write_all(answer).await.unwrap();
            while tcp.read(&mut [0; 64]).await.is_ok_and(|n| n > 0) {}
            told.send(()).ok();
        }
    })
    .await;
    (upstream, gone)
}

#[actix_rt::test]
async fn dropping_a_call_closes_its_connection() {
    let (upstream, mut gone) = watched(b"HTTP/1.1 200").await;
    let client = client();
    let call = tokio::time::timeout(Duration::from_millis(50), post(&client, &upstream.origin));
    assert!(call.await.is_err());
    tokio::time::timeout(LIVENESS, gone.recv()).await.unwrap().unwrap();
}

#[actix_rt::test]
async fn dropping_a_response_closes_its_connection() {
    let (upstream, mut gone) = watched(EVENTS).await;
    let client = client();
    let mut answer = post(&client, &upstream.origin).await.unwrap();
    assert!(answer.next_batch(&mut Vec::new(), 1000).await.unwrap());
    drop(answer);
    tokio::time::timeout(LIVENESS, gone.recv()).await.unwrap().unwrap();
}

#[actix_rt::test]
async fn a_batch_is_what_is_ready_and_the_end_is_lasting() {
    let wire = [EVENTS, b"6\r\nsecond\r\n5\r\nthird\r\n0\r\n\r\n"].concat();
    let upstream = always(wire.leak()).await;
    let client = client();
    let mut answer = post(&client, &upstream.origin).await.unwrap();
    let mut batch = Vec::new();
    while answer.next_batch(&mut batch, 1).await.unwrap() {
        assert!(batch.last().is_some_and(|piece| !piece.is_empty()));
    }
    assert_eq!(batch, ["data: ", "second", "third"]);
    for _ in 0..3 {
        assert!(!answer.next_batch(&mut batch, 1).await.unwrap());
    }
    let mut answer = post(&client, &upstream.origin).await.unwrap();
    let mut batch = Vec::new();
    assert!(answer.next_batch(&mut batch, 1 << 20).await.unwrap());
    assert_eq!((batch.len(), upstream.connections.get()), (3, 1));
}

#[actix_rt::test]
async fn bytes_before_a_fault_are_delivered_and_the_fault_lasts() {
    let upstream = raw(|mut tcp, _| async move {
        request(&mut tcp).await;
        tcp.write_all(EVENTS).await.unwrap();
    })
    .await;
    let mut answer = post(&client(), &upstream.origin).await.unwrap();
    let mut batch = Vec::new();
    assert!(answer.next_batch(&mut batch, 1000).await.unwrap());
    assert_eq!(batch, ["data: "]);
    for _ in 0..2 {
        assert_eq!(answer.next_batch(&mut batch, 1000).await, Err(UpstreamFault::Truncated));
    }
    assert_eq!(batch.len(), 1);
}

#[actix_rt::test]
async fn a_body_is_bounded() {
    let announced = always(b"HTTP/1.1 200 OK\r\ncontent-length: 200000000\r\n\r\nx").await;
    let mut answer = post(&client(), &announced.origin).await.unwrap();
    assert_eq!(answer.read_all(10).await, Err(UpstreamFault::TooLarge { limit: 10 }));
    let chunked = always(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n").await;
    let mut answer = post(&client(), &chunked.origin).await.unwrap();
    assert_eq!(answer.read_all(10).await, Err(UpstreamFault::TooLarge { limit: 10 }));
}

#[actix_rt::test]
async fn draining_wins_the_connection_back() {
    let wire = [EVENTS, b"0\r\n\r\n"].concat();
    let upstream = always(wire.leak()).await;
    let client = client();
    for _ in 0..3 {
        let mut answer = post(&client, &upstream.origin).await.unwrap();
        answer.next_batch(&mut Vec::new(), 1).await.unwrap();
        assert!(!answer.is_ended());
        answer.drain().await;
    }
    assert_eq!(upstream.connections.get(), 1);
}

#[actix_rt::test]
async fn draining_gives_up_on_an_endless_body() {
    let upstream = raw(|mut tcp, _| async move {
        request(&mut tcp).await;
        tcp.write_all(EVENTS).await.unwrap();
        while tcp.write_all(b"400\r\n").await.is_ok() {
            if tcp.write_all(&[b'x'; 1024]).await.and(tcp.write_all(b"\r\n").await).is_err() {
                break;
            }
        }
    })
    .await;
    let client = client();
    let mut answer = post(&client, &upstream.origin).await.unwrap();
    answer.next_batch(&mut Vec::new(), 1).await.unwrap();
    tokio::time::timeout(LIVENESS, answer.drain()).await.unwrap();
    post(&client, &upstream.origin).await.unwrap();
    assert_eq!(upstream.connections.get(), 2);
}

#[actix_rt::test]
async fn unused_origins_are_forgotten_and_streams_go_on() {
    let upstream = always(EVENTS).await;
    let settings = UpstreamSettings { forget_after: Duration::ZERO, ..super::settings() };
    let client = UpstreamClient::new(settings);
    let mut answer = post(&client, &upstream.origin).await.unwrap();
    client.sweep();
    assert_eq!(client.origins(), 0);
    assert!(answer.next_batch(&mut Vec::new(), 1).await.unwrap());
}

#[actix_rt::test]
async fn the_limit_of_awc_never_binds() {
    let upstream = always(EVENTS).await;
    let client = client();
    let mut held = Vec::new();
    for _ in 0..150 {
        held.push(post(&client, &upstream.origin).await.unwrap());
    }
    assert_eq!(upstream.connections.get(), 150);
}

#[actix_rt::test]
async fn a_large_body_arrives_whole_and_in_order() {
    let (told, mut seen) = unbounded_channel();
    let upstream = raw(move |mut tcp, _| {
        let told = told.clone();
        async move {
            told.send(request(&mut tcp).await.unwrap()).unwrap();
            tcp.write_all(OK).await.unwrap();
        }
    })
    .await;
    let parts: Vec<_> = (0..40_u8).map(|n| Bytes::from(vec![b'a' + n % 26; 12_345])).collect();
    let call = UpstreamRequest { body: &parts, ..ask(&upstream.origin, &[]) };
    assert_eq!(client().call(&call).await.unwrap().status, 200);
    let sent = seen.recv().await.unwrap();
    assert!(sent.split_once("\r\n\r\n").unwrap().1.as_bytes() == parts.concat());
}
