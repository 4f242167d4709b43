//! A real panic in a handler, in `started` and on another thread; what an owner published outlives it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::*;
use crate::account::Settled;
use crate::deployment::Deployment;
use crate::workers::Published;

/// Longer than anything here takes.
const LIVENESS: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Counts {
    made: AtomicU64,
    anew: AtomicU64,
}

impl Meter for Counts {
    fn attempt(&self, _: &Deployment, _: &'static str) {}

    fn settled(&self, _: &Settled<'_>) {}

    fn actor_made(&self, name: &'static str, anew: bool) {
        assert_eq!(name, "owner");
        if anew { &self.anew } else { &self.made }.fetch_add(1, Relaxed);
    }
}

#[derive(Message, Clone)]
#[rtype(result = "()")]
struct Push(Arc<u64>);

impl From<Arc<u64>> for Push {
    fn from(number: Arc<u64>) -> Self {
        Push(number)
    }
}

/// What it is asked: to publish a number, to panic before or after, or nothing. It answers with what is current.
#[derive(Message)]
#[rtype(result = "u64")]
enum Ask {
    Set(u64),
    Panic,
    SetAndPanic(u64),
    Get,
}

struct Owner(Published<u64, Push>);

impl Actor for Owner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let told = self.0.push(0);
        ctx.wait(told.into_actor(self).map(|_, _, _| ()));
    }
}

impl Handler<Ask> for Owner {
    type Result = u64;

    fn handle(&mut self, ask: Ask, _: &mut Context<Self>) -> u64 {
        match ask {
            Ask::Set(number) => drop(self.0.publish(number, Arc::new(number))),
            Ask::Panic => panic!("on purpose"),
            Ask::SetAndPanic(number) => {
                drop(self.0.publish(number, Arc::new(number)));
                panic!("on purpose");
            }
            Ask::Get => {}
        }
        *self.0.current()
    }
}

/// A worker that keeps what it was told last.
struct Worker(Arc<AtomicU64>);

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Push> for Worker {
    type Result = ();

    fn handle(&mut self, Push(number): Push, _: &mut Context<Self>) {
        self.0.store(*number, Relaxed);
    }
}

/// Asks until somebody answers: between an end and the next making there is nobody.
async fn answered(owner: &Standing<Owner>, ask: fn() -> Ask) -> u64 {
    let began = Instant::now();
    loop {
        match owner.ask(ask(), LIVENESS).await {
            Ok(answer) => return answer,
            Err(error) => assert!(began.elapsed() < LIVENESS, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

#[actix_rt::test]
async fn an_owner_that_panics_is_made_anew_with_what_it_published() {
    let counts = Arc::new(Counts::default());
    let watch = Watch { name: "owner", meter: counts.clone() };
    let published = Published::new(Arc::new(1));
    let arbiter = Arbiter::new();
    let owner = Standing::start_in(&arbiter.handle(), watch, {
        let published = published.clone();
        move |_| Owner(published.clone())
    });
    let told = Arc::new(AtomicU64::new(0));
    published.subscribe(Worker(Arc::clone(&told)).start().recipient()).await;
    assert_eq!(owner.ask(Ask::Set(2), LIVENESS).await, Ok(2));
    assert_eq!(owner.ask(Ask::Panic, LIVENESS).await, Err(AskError::Closed), "who asked is told at once");
    assert_eq!(answered(&owner, || Ask::Get).await, 2, "its last state");
    assert_eq!(owner.ask(Ask::SetAndPanic(3), LIVENESS).await, Err(AskError::Closed));
    assert_eq!(answered(&owner, || Ask::Get).await, 3);
    assert_eq!(told.load(Relaxed), 3, "its workers have what it had published");
    assert_eq!((counts.made.load(Relaxed), counts.anew.load(Relaxed)), (1, 2));
    arbiter.stop();
}

/// Panics as soon as it is started, some times.
struct Sickly(Arc<AtomicU64>);

impl Actor for Sickly {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        assert_ne!(self.0.fetch_add(1, Relaxed), 0, "on purpose");
    }
}

impl Handler<Ask> for Sickly {
    type Result = u64;

    fn handle(&mut self, _: Ask, _: &mut Context<Self>) -> u64 {
        self.0.load(Relaxed)
    }
}

#[actix_rt::test]
async fn one_that_panics_when_it_starts_is_made_anew_on_its_own_thread() {
    let counts = Arc::new(Counts::default());
    let starts = Arc::new(AtomicU64::new(0));
    let made = std::rc::Rc::new(starts.clone());
    let standing = Standing::start(Watch { name: "owner", meter: counts.clone() }, move |_| Sickly(Arc::clone(&made)));
    let began = Instant::now();
    while standing.ask(Ask::Get, LIVENESS).await != Ok(2) {
        assert!(began.elapsed() < LIVENESS);
        tokio::task::yield_now().await;
    }
    assert_eq!((counts.made.load(Relaxed), counts.anew.load(Relaxed)), (1, 1));
}
