//! An answer that comes while the request is still being sent.

use std::rc::Rc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::{LIVENESS, ask, client, raw, text};

const REFUSAL: &[u8] = b"HTTP/1.1 413 Too Large\r\ncontent-length: 7\r\n\r\nrefused";

fn large() -> [Bytes; 1] {
    [Bytes::from(vec![b'x'; 20 << 20])]
}

#[actix_rt::test]
async fn a_refusal_is_seen_though_the_upstream_hangs_up() {
    // Closing with unread data sends a reset right behind the answer.
    let upstream = raw(|mut tcp, _| async move {
        tcp.read_exact(&mut [0; 1024]).await.unwrap();
        tcp.write_all(REFUSAL).await.unwrap();
    })
    .await;
    let (client, body) = (client(), large());
    for round in 0..30 {
        let mut answer = client.call(&ask(&upstream.origin, &body)).await.unwrap();
        assert_eq!(answer.status, 413);
        assert_eq!(answer.read_all(100).await.unwrap(), "refused", "round {round}");
    }
    assert_eq!(upstream.connections.get(), 30);
}

#[actix_rt::test]
async fn a_refusal_is_seen_though_the_upstream_reads_no_further() {
    let upstream = raw(|mut tcp, number| async move {
        tcp.read_exact(&mut [0; 64]).await.unwrap();
        tcp.write_all(if number == 0 { REFUSAL } else { b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" })
            .await
            .unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let (client, body) = (client(), large());
    let asked = ask(&upstream.origin, &body);
    let call = tokio::time::timeout(LIVENESS, client.call(&asked));
    let mut answer = call.await.expect("the writer was not woken").unwrap();
    assert_eq!((answer.status, answer.read_all(100).await.unwrap()), (413, Bytes::from_static(b"refused")));
    // Half a request is on that connection: nothing may follow it there.
    assert_eq!(text(&client, &upstream.origin).await.unwrap(), "ok");
    assert_eq!(upstream.connections.get(), 2);
}

#[actix_rt::test]
async fn interim_heads_during_an_upload_change_nothing() {
    let upstream = raw(|mut tcp, _| async move {
        tcp.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        let request = super::request(&mut tcp).await.unwrap();
        let length = request.len().to_string();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{length}", length.len());
        tcp.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let body: Vec<_> = (0..40).map(|_| Bytes::from(vec![b'y'; 10_000])).collect();
    let mut answer = client().call(&ask(&upstream.origin, &body)).await.unwrap();
    let seen: usize = String::from_utf8_lossy(&answer.read_all(100).await.unwrap()).parse().unwrap();
    assert!(seen > 400_000, "{seen}");
}

#[actix_rt::test]
async fn an_early_answer_that_ends_later_still_ends_the_connection() {
    let go = Rc::new(Notify::new());
    let gate = go.clone();
    let upstream = raw(move |mut tcp, number| {
        let gate = gate.clone();
        async move {
            tcp.read_exact(&mut [0; 64]).await.unwrap();
            if number == 0 {
                let (head, tail) = REFUSAL.split_at(REFUSAL.len() - 4);
                tcp.write_all(head).await.unwrap();
                gate.notified().await;
                tcp.write_all(tail).await.unwrap();
            } else {
                tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
            std::future::pending::<()>().await;
        }
    })
    .await;
    let (client, body) = (client(), large());
    let mut answer = client.call(&ask(&upstream.origin, &body)).await.unwrap();
    go.notify_one();
    assert_eq!(answer.read_all(100).await.unwrap(), "refused");
    assert_eq!(text(&client, &upstream.origin).await.unwrap(), "ok");
    assert_eq!(upstream.connections.get(), 2);
}
