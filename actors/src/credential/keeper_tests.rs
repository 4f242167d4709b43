//! One fetch for all who wait, and what becomes of one that fails.

use std::cell::RefCell;
use std::sync::atomic::AtomicUsize;

use futures_util::future::{LocalBoxFuture, join_all};
use tokio::sync::Semaphore;

use super::*;
use crate::credential::{Proof, TokenSource};
use crate::upstream::UpstreamSettings;

/// A source that gives a token for each permit, with the lifetimes it is told, `None` for a failure.
struct Scripted {
    permits: Arc<Semaphore>,
    fetches: Arc<AtomicUsize>,
    lifetimes: Vec<Option<u64>>,
}

impl TokenSource for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn fetch<'a>(&'a self, _: &'a UpstreamClient) -> LocalBoxFuture<'a, Result<Token, FetchError>> {
        Box::pin(async {
            let n = self.fetches.fetch_add(1, Relaxed);
            self.permits.acquire().await.unwrap().forget();
            let lifetime = self.lifetimes[n].ok_or(FetchError(format!("no to fetch {n}")))?;
            Ok(Token::new(proof(n), Instant::now(), Some(Duration::from_secs(lifetime))))
        })
    }
}

fn proof(n: usize) -> Proof {
    Token::bearer(&format!("t{n}")).unwrap()
}

struct Scene {
    keeper: Addr<CredentialKeeper>,
    credential: Arc<Credential>,
    permits: Arc<Semaphore>,
    fetches: Arc<AtomicUsize>,
}

impl Scene {
    fn new(lifetimes: &[Option<u64>]) -> Self {
        let (permits, fetches) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let source = Scripted { permits: permits.clone(), fetches: fetches.clone(), lifetimes: lifetimes.to_vec() };
        let client = UpstreamClient::new(UpstreamSettings::new().unwrap());
        Scene {
            keeper: CredentialKeeper::new(client).start(),
            credential: Arc::new(Credential::new(Box::new(source))),
            permits,
            fetches,
        }
    }

    async fn renew(&self) -> Result<Proof, String> {
        let renewed = self.keeper.send(Renew(self.credential.clone())).await.unwrap();
        renewed.map(|token| token.proof.clone()).map_err(|error| error.to_string())
    }

    fn fetched(&self) -> usize {
        self.fetches.load(Relaxed)
    }
}

#[actix_rt::test]
async fn one_fetch_serves_all_who_wait_and_those_who_come_after() {
    let scene = Scene::new(&[Some(3600)]);
    let seen = RefCell::new(0);
    let all = join_all((0..50).map(|_| async {
        let renewed = scene.renew().await;
        *seen.borrow_mut() += 1;
        renewed
    }));
    let gate = async {
        while scene.fetched() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*seen.borrow(), 0, "nobody has an answer before there is one");
        scene.permits.add_permits(50);
    };
    let (renewed, ()) = tokio::join!(all, gate);
    assert!(renewed.iter().all(|token| *token == Ok(proof(0))), "{renewed:?}");
    assert_eq!(scene.renew().await, Ok(proof(0)), "it is fresh, so it is not fetched again");
    assert_eq!(scene.fetched(), 1);
}

#[actix_rt::test]
async fn a_failure_is_told_to_those_who_waited_and_the_next_who_asks_has_another_try() {
    let scene = Scene::new(&[None, Some(3600)]);
    scene.permits.add_permits(1);
    let told = join_all((0..3).map(|_| scene.renew())).await;
    assert!(told.iter().all(|told| *told == Err("no to fetch 0".into())), "{told:?}");
    assert!(scene.credential.latest().is_none());
    scene.permits.add_permits(1);
    assert_eq!(scene.renew().await, Ok(proof(1)));
}

#[actix_rt::test]
async fn a_token_whose_end_draws_near_serves_while_one_call_has_it_renewed() {
    let scene = Scene::new(&[Some(3600), Some(3600)]);
    scene.permits.add_permits(1);
    scene.renew().await.unwrap();
    let now = Instant::now();
    let usable = |seconds| scene.credential.usable(now + Duration::from_secs(seconds));
    let told = |seconds| usable(seconds).map(|(token, told)| (token.proof.clone(), told));
    assert_eq!(told(0), Some((proof(0), false)));
    assert_eq!(told(3400), Some((proof(0), true)), "the first tells the keeper");
    assert_eq!(told(3400), Some((proof(0), false)), "the others rely on it");
    assert_eq!(told(3600), None, "an ended one serves nobody");
    // the keeper's own clock is not near the end, so it has nothing to do; from then on somebody may tell again
    scene.renew().await.unwrap();
    assert_eq!((told(3400), scene.fetched()), (Some((proof(0), true)), 1));
}

#[actix_rt::test]
async fn a_caller_that_leaves_takes_nothing_from_the_others() {
    let scene = Scene::new(&[Some(3600)]);
    let gone = scene.keeper.send(Renew(scene.credential.clone()));
    drop(tokio::time::timeout(Duration::ZERO, gone).await);
    while scene.fetched() == 0 {
        tokio::task::yield_now().await;
    }
    scene.permits.add_permits(1);
    assert_eq!(scene.renew().await, Ok(proof(0)));
    assert_eq!(scene.fetched(), 1);
}

#[actix_rt::test]
async fn a_token_that_was_refused_is_dropped_unless_another_has_come() {
    let scene = Scene::new(&[Some(3600), Some(3600)]);
    scene.permits.add_permits(2);
    scene.renew().await.unwrap();
    let first = scene.credential.latest().unwrap();
    let later = Instant::now() + Duration::from_secs(100);
    scene.credential.refused(&first, Instant::now());
    assert!(scene.credential.latest().is_some(), "another would be refused as well");
    scene.credential.refused(&first, later);
    assert!(scene.credential.latest().is_none());
    scene.renew().await.unwrap();
    scene.credential.refused(&first, later);
    assert_eq!(
        scene.credential.latest().map(|token| token.proof.clone()),
        Some(proof(1)),
        "another's refusal is not its"
    );
}
