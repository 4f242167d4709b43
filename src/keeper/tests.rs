//! The keeper with a worker that takes a snapshot and never says so: what a real one does that hangs in something.

use std::future::{pending, ready};
use std::path::Path;

use futures_util::FutureExt;
use millrace_actors::callback_registry::{CallbackRegistry, PushCallbacks, RegistryError, Subscribe};
use millrace_actors::capabilities::CapabilitySnapshot;
use millrace_actors::cost_cache::{CostCache, Current};
use millrace_actors::mailbox::AskError;
use millrace_actors::ports::CallbackSpec;
use millrace_actors::watch::Watch;
use millrace_actors::workers::Published;
use serde_json::json;

use super::source::ConfigSource;
use super::*;
use crate::config::{ProcessEnv, load};
use crate::credentials::Book;
use crate::metrics::Metrics;

const CONFIG: &str = "model_list: [{model_name: m, litellm_params: {model: openai/m, api_key: k}}]\n\
                      millrace: {data_dir: data}\n";

/// A worker that acknowledges what it is told first, and nothing after.
#[derive(Default)]
struct Hanging {
    told: bool,
}

impl Actor for Hanging {
    type Context = Context<Self>;
}

impl Handler<PushCallbacks> for Hanging {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: PushCallbacks, _: &mut Context<Self>) -> Self::Result {
        match std::mem::replace(&mut self.told, true) {
            false => Box::pin(ready(())),
            true => Box::pin(pending()),
        }
    }
}

/// A keeper over a configuration in `folder`, with one such worker; and the owner of its routes.
async fn keeper(folder: &Path) -> (Keeper, Standing<CostCache>) {
    let path = folder.join("config.yaml");
    std::fs::write(&path, CONFIG.replace("data}", &format!("'{}'}}", folder.display()))).unwrap();
    let config = load(&path, &ProcessEnv, &crate::callbacks::validate).unwrap();
    let source = Arc::new(ConfigSource::new(Some(path), &config));
    let routing = routing::build(&config, routing::prices(&config).unwrap(), None, &Book::default()).unwrap();
    let (credentials, metrics) = (Arc::default(), Arc::new(Metrics::default()));
    let watch = |name| Watch { name, meter: metrics.clone() };
    let routing = Published::new(Arc::new(routing));
    let cost_cache = Standing::start(watch("cost_cache"), move |_| CostCache::new(routing.clone()));
    let none = Published::new(Arc::new(CapabilitySnapshot::fold(1, Vec::new())));
    let factory = Arc::clone(&source.factory);
    let registry =
        Standing::start(watch("callback_registry"), move |_| CallbackRegistry::new(Arc::clone(&factory), none.clone()));
    registry.address().send(Subscribe { worker: Hanging::default().start().recipient() }).await.unwrap();
    let kept = cost_cache.clone();
    let work = Arc::new(Work { source, registry, cost_cache, credentials, metrics: metrics.clone() });
    let keeper = Standing::start(watch("config_keeper"), move |_| ConfigKeeper::new(Arc::clone(&work)));
    (Keeper::new(keeper), kept)
}

fn noop(name: &str) -> CallbackChange {
    CallbackChange::Upsert(CallbackSpec { name: name.into(), kind: "noop".into(), params: json!({}) })
}

#[actix_web::test]
async fn a_worker_that_is_late_with_callbacks_is_not_left_with_half_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, cost_cache) = keeper(folder.path()).await;
    let late = keeper.reload(None).await;
    assert!(matches!(late, Err(ReloadError::Registry(RegistryError::Lagging { missing: 1, .. }))), "{late:?}");
    assert_eq!(
        cost_cache.address().send(Current).await.unwrap().generation,
        2,
        "the routes of that file are in force as well"
    );
}

#[actix_web::test]
async fn who_waits_is_bounded_and_a_change_in_force_is_kept_though_a_worker_is_late() {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, cost_cache) = keeper(folder.path()).await;
    let mut slow = Box::pin(keeper.change(noop("slow"), None, true));
    assert!((&mut slow).now_or_never().is_none());
    let mut waiting: Vec<_> = (1..work::WAITING).map(|_| Box::pin(keeper.reload(None))).collect();
    assert!(waiting.iter_mut().all(|reload| reload.now_or_never().is_none()));
    let refused = keeper.reload(None).now_or_never();
    assert!(matches!(refused, Some(Err(ReloadError::Unconfirmed(Unconfirmed::Crowded)))), "{refused:?}");
    // they leave before their turn: nothing is reloaded for them, and their places are free when it has come
    drop(waiting);
    let late = slow.await;
    assert!(matches!(late, Err(ChangeError::Registry(RegistryError::Lagging { generation: 2, .. }))), "{late:?}");
    let kept = std::fs::read_to_string(folder.path().join("callbacks.json")).unwrap();
    assert!(kept.contains("slow"), "{kept}");
    let unknown = keeper.change(CallbackChange::Remove("nobody".into()), None, true).now_or_never();
    assert!(unknown.is_none(), "there is room again");
    assert_eq!(cost_cache.address().send(Current).await.unwrap().generation, 1);
}

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

impl Handler<Panic> for ConfigKeeper {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Context<Self>) {
        panic!("on purpose, in the keeper");
    }
}

#[actix_web::test]
async fn a_keeper_that_panics_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, _) = keeper(folder.path()).await;
    assert!(matches!(keeper.address.address().send(Panic).await, Err(MailboxError::Closed)));
    let unknown = loop {
        match keeper.change(CallbackChange::Remove("nobody".into()), None, false).await {
            Err(ChangeError::Unconfirmed(Unconfirmed::NoAnswer(AskError::Closed))) => tokio::task::yield_now().await,
            other => break other,
        }
    };
    assert!(matches!(unknown, Err(ChangeError::Registry(RegistryError::Unknown { .. }))), "{unknown:?}");
}

#[actix_web::test]
async fn a_spoilt_price_file_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, cost_cache) = keeper(folder.path()).await;
    std::fs::write(folder.path().join("p.json"), "{\n \"m\": {nonsense").unwrap();
    let text = CONFIG.replace("data}", &format!("'{}', price_file: p.json}}", folder.path().display()));
    std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    let refused = keeper.reload(None).await.unwrap_err().to_string();
    let place = format!("{}:2:8", folder.path().join("p.json").display());
    assert!(refused.contains("the old one stays in force") && refused.contains(&place), "{refused}");
    assert_eq!(cost_cache.address().send(Current).await.unwrap().generation, 1);
}
