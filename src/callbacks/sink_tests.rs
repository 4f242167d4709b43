//! Tests of the queue between hooks and a sink's thread.

use std::sync::mpsc as std_mpsc;

use super::*;
use crate::callbacks::testing::{failure, record};

const BOUNDS: Bounds = Bounds { records: 3, bytes: 1 << 20, deadline: Duration::from_millis(200) };

/// A sink whose thread waits for a word before it takes anything, and then delivers all.
fn gated(bounds: Bounds) -> (Sink, std_mpsc::Sender<()>, std_mpsc::Receiver<Option<String>>) {
    let (go, gate) = std_mpsc::channel::<()>();
    let (seen, sight) = std_mpsc::channel();
    let sink = Sink::start("t", bounds, move |queue| {
        gate.recv().ok();
        while let Some(job) = queue.blocking_next() {
            match job {
                Job::Record(held) => {
                    seen.send(held.record.error_message.clone()).ok();
                    held.delivered();
                }
                Job::Flush(ack) => drop(ack.send(())),
            }
        }
    });
    (sink.unwrap(), go, sight)
}

#[actix_web::test]
async fn a_full_queue_drops_and_counts_and_recovers() {
    let (sink, go, _sight) = gated(BOUNDS);
    for n in 0..5 {
        sink.push(&record(&n.to_string()));
    }
    assert_eq!(sink.health(), SinkHealth { depth: 3, delivered: 0, dropped: 2 });
    go.send(()).unwrap();
    sink.flush().await;
    assert_eq!(sink.health(), SinkHealth { depth: 0, delivered: 3, dropped: 2 });
    sink.push(&record("after"));
    sink.flush().await;
    assert_eq!(sink.health(), SinkHealth { depth: 0, delivered: 4, dropped: 2 });
}

#[test]
fn bytes_are_bounded_too() {
    let one = size(&record("x"));
    let (sink, _go, _sight) = gated(Bounds { records: 100, bytes: one * 2, ..BOUNDS });
    for _ in 0..3 {
        sink.push(&record("x"));
    }
    assert_eq!((sink.health().depth, sink.gauge().dropped(Cause::QueueFull)), (2, 1));
}

#[actix_web::test]
async fn flush_gives_up_on_a_stuck_sink() {
    let (sink, _go, _sight) = gated(BOUNDS);
    sink.push(&record("x"));
    let generous = Duration::from_secs(20);
    tokio::time::timeout(generous, sink.flush()).await.unwrap();
    assert_eq!(sink.health().depth, 1);
}

#[test]
fn what_is_queued_outlives_the_last_handle() {
    let (sink, go, sight) = gated(BOUNDS);
    let gauge = Arc::clone(sink.gauge());
    sink.push(&record("1"));
    sink.push(&record("2"));
    drop(sink);
    go.send(()).unwrap();
    assert_eq!(sight.iter().count(), 2, "the thread ends once it has delivered both");
    assert_eq!((gauge.delivered.load(Relaxed), gauge.held.load(Relaxed)), (2, 0));
}

#[test]
fn a_dead_thread_loses_records_but_no_count() {
    let (done, ended) = std_mpsc::channel::<()>();
    let mut done = Some(done);
    let sink = Sink::start("t", BOUNDS, move |queue| {
        queue.jobs.close();
        drop(done.take());
    });
    let sink = sink.unwrap();
    assert!(ended.recv().is_err());
    sink.push(&record("1"));
    assert_eq!(sink.health(), SinkHealth { depth: 0, delivered: 0, dropped: 1 });
    assert_eq!(sink.gauge().dropped(Cause::Abandoned), 1);
}

#[actix_web::test]
async fn keys_are_struck_out_before_the_queue() {
    let (sink, go, sight) = gated(BOUNDS);
    sink.push(&failure("bad key sk-canary-0123456789"));
    go.send(()).unwrap();
    assert_eq!(sight.recv().unwrap().unwrap(), "bad key ***");
}

#[actix_web::test]
async fn a_panic_costs_the_record_at_hand_and_no_other() {
    let sink = Sink::start("t", BOUNDS, |queue| {
        while let Some(job) = queue.blocking_next() {
            match job {
                Job::Record(held) if held.record.error_message.as_deref() == Some("bad") => panic!("on purpose"),
                Job::Record(held) => held.delivered(),
                Job::Flush(ack) => drop(ack.send(())),
            }
        }
    });
    let sink = Sink { bounds: Bounds { deadline: Duration::from_secs(20), ..BOUNDS }, ..sink.unwrap() };
    sink.push(&failure("bad"));
    sink.push(&failure("good"));
    sink.flush().await;
    assert_eq!(sink.health(), SinkHealth { depth: 0, delivered: 1, dropped: 1 });
    assert_eq!(sink.gauge().dropped(Cause::Abandoned), 1);
}
