//! Micro benchmark of reading a snapshot: a request takes one of the callbacks and one of the routes, and gives both back.
//!
//! `cell` is what a worker's desk does; the others are what a process-wide holder would. One reader alone shows the cost of
//! the instructions; two (`threads = 2`) show that of a cache line that both write, which is what workers of their own avoid:
//! even there the `Arc`'s count is shared. Run: `cargo bench -p millrace-actors --bench snapshot`. Instructions: as in
//! `relay.rs`, with `--count cell|rwlock|mutex READS`.

use std::cell::RefCell;
use std::sync::Arc;

use divan::{Bencher, black_box};
use millrace_actors::capabilities::{CapabilitySnapshot, Hooks};
use parking_lot::{Mutex, RwLock};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().position(|arg| arg == "--count") {
        Some(at) => count(&args[at + 1..]),
        None => divan::main(),
    }
}

fn snapshot() -> Arc<CapabilitySnapshot> {
    Arc::new(CapabilitySnapshot::fold(1, Vec::new()))
}

/// What a request does with it: keeps it, and asks for one bit.
fn used(snapshot: Arc<CapabilitySnapshot>) -> bool {
    black_box(snapshot).hooks.any(Hooks::STREAM_CHUNK)
}

#[divan::bench(threads = [1, 2])]
fn cell(bencher: Bencher<'_, '_>) {
    thread_local! {
        static DESK: RefCell<Option<Arc<CapabilitySnapshot>>> = const { RefCell::new(None) };
    }
    let pushed = snapshot();
    bencher.bench(|| {
        DESK.with(|desk| {
            // the push, the first time on each thread
            let held = desk.borrow().as_ref().map(Arc::clone);
            used(held.unwrap_or_else(|| {
                desk.replace(Some(Arc::clone(&pushed)));
                Arc::clone(&pushed)
            }))
        })
    });
}

#[divan::bench(threads = [1, 2])]
fn rwlock(bencher: Bencher<'_, '_>) {
    let shared = RwLock::new(snapshot());
    bencher.bench(|| used(Arc::clone(&shared.read())));
}

#[divan::bench(threads = [1, 2])]
fn mutex(bencher: Bencher<'_, '_>) {
    let shared = Mutex::new(snapshot());
    bencher.bench(|| used(Arc::clone(&shared.lock())));
}

fn count(args: &[String]) {
    let reads = args.get(1).and_then(|arg| arg.parse::<usize>().ok()).unwrap_or_default();
    let (cell, rwlock, mutex) = (RefCell::new(snapshot()), RwLock::new(snapshot()), Mutex::new(snapshot()));
    for _ in 0..reads {
        match args.first().map(String::as_str) {
            Some("cell") => used(Arc::clone(&black_box(&cell).borrow())),
            Some("rwlock") => used(Arc::clone(&black_box(&rwlock).read())),
            Some("mutex") => used(Arc::clone(&black_box(&mutex).lock())),
            _ => {
                eprintln!("--count cell|rwlock|mutex READS");
                return;
            }
        };
    }
}
