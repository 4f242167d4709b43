//! Makes the routing snapshot from a configuration: deployments with their prices, groups, fallbacks, limits.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use millrace_actors::deployment::{Deployment, Shown};
use millrace_actors::health::{CooldownPolicy, Health};
use millrace_actors::prices::{PriceOverride, PriceQuery, PriceTable};
use millrace_actors::routing::{Group, PathSettings, Routing};
use millrace_actors::spool_room::SpoolRoom;
use millrace_actors::upstream::Origin;

use super::upstream;
use crate::config::{Config, ModelEntry, RouterSettings};
use crate::credentials::Book;
use crate::prices as price_files;

/// Why a configuration that was checked cannot be run: things a check of the file alone cannot see.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The price file cannot be read.
    #[error("{0}")]
    PriceFile(#[from] price_files::PriceFileError),
    /// A deployment cannot be made.
    #[error("{place}: model `{model}`: {cause}")]
    Deployment {
        /// Where its entry begins.
        place: String,
        /// Its group.
        model: String,
        /// What is wrong.
        cause: String,
    },
}

/// The price table: built in, with the operator's file over it.
pub fn prices(config: &Config) -> Result<Arc<PriceTable>, BuildError> {
    let loaded = price_files::load(config.millrace.price_file.as_deref())?;
    for fault in loaded.faults.kept() {
        log::warn!("price file entry left out cause={:?}", fault.to_string());
    }
    Ok(Arc::new(loaded.table))
}

/// The snapshot. Health is carried over from `before` by deployment id: a reload must not forgive a cooldown.
/// So are tokens, by the book of credentials.
pub fn build(
    config: &Config,
    prices: Arc<PriceTable>,
    before: Option<&Routing>,
    credentials: &Book,
) -> Result<Routing, BuildError> {
    let health = |id: &str| {
        let known = before.and_then(|routing| routing.deployments().find(|d| &*d.id == id));
        known.map_or_else(Arc::default, |d| Arc::clone(&d.health))
    };
    let shares = Shares::of(&config.models);
    let mut groups: BTreeMap<&str, Vec<Arc<Deployment>>> = BTreeMap::new();
    for (place, model) in config.models.iter().enumerate() {
        let own = Own { place, health: health(&model.id), weight: shares.of_model(model), credentials };
        let deployment = deployment(config, model, &prices, own)?;
        groups.entry(&model.model_name).or_default().push(Arc::new(deployment));
    }
    // so that nobody else serves their names: a `*` would
    for name in &config.left_out {
        groups.entry(name).or_default();
    }
    let group = |(name, deployments): (&str, _)| Arc::new(Group { name: name.into(), deployments });
    let (wild, exact): (Vec<_>, Vec<_>) = groups.into_iter().map(group).partition(|g| g.name.contains('*'));
    let mut wildcards = wild;
    // the more exact first: the longer the fixed part, the fewer names it matches
    wildcards.sort_by_key(|g| (std::cmp::Reverse(g.name.len()), Arc::clone(&g.name)));
    let router = &config.router;
    Ok(Routing {
        generation: 1,
        groups: exact.into_iter().map(|g| (g.name.to_string(), g)).collect(),
        wildcards,
        aliases: router.aliases.iter().map(|a| (a.name.clone(), (a.target.clone(), a.hidden))).collect(),
        fallbacks: router.fallbacks.iter().map(|f| (f.model.clone(), f.targets.clone())).collect(),
        default_fallbacks: router.default_fallbacks.clone(),
        max_fallbacks: router.max_fallbacks as usize,
        prices,
        path: path_settings(config, before),
    })
}

/// What a deployment has that its entry alone does not tell.
struct Own<'b> {
    place: usize,
    health: Arc<Health>,
    weight: f64,
    credentials: &'b Book,
}

fn deployment(
    config: &Config,
    model: &ModelEntry,
    prices: &PriceTable,
    Own { place, health, weight, credentials }: Own<'_>,
) -> Result<Deployment, BuildError> {
    let bad = |cause: String| BuildError::Deployment {
        place: model.place.to_string(),
        model: model.model_name.clone(),
        cause,
    };
    let (origin, rest) = Origin::split(model.api_base.as_str()).map_err(|e| bad(format!("api_base: {e}")))?;
    let price_override = PriceOverride::parse(model.prices.texts())
        .map_err(|faults| bad(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let provider = model.provider.row().name;
    let pricing = prices.pricing(&PriceQuery {
        price_override: price_override.as_ref(),
        base_model: model.model_info.base_model.as_deref(),
        response_model: None,
        model: &model.upstream_model,
        provider,
    });
    let api_base = model.api_base.as_str().split('?').next().unwrap_or_default();
    let timeout = model.timeout.or(config.router.timeout);
    Ok(Deployment {
        shown: Shown::of(&model.id, api_base),
        id: model.id.as_str().into(),
        group: model.model_name.as_str().into(),
        dialect: upstream::dialect(model),
        provider,
        upstream_model: model.upstream_model.as_str().into(),
        origin,
        api_base: api_base.into(),
        base_path: upstream::base_path(model, &rest),
        query: model.below.query.clone(),
        api_key: model.api_key.clone(),
        credential: model.credential.as_ref().map(|source| credentials.credential(source)),
        headers: upstream::headers(model).map_err(bad)?,
        default_params: raw(&model.default_params.0),
        extra_body: raw(&model.extra_body.0),
        pass_through: model.use_in_pass_through,
        place,
        drop: model.additional_drop_params.clone(),
        drop_params: model.drop_params.unwrap_or(config.litellm.drop_params),
        timeout,
        // in LiteLLM's order
        stream_timeout: model.stream_timeout.or(config.router.stream_timeout).or(timeout),
        max_retries: model.max_retries,
        weight,
        order: model.order.unwrap_or(i64::MIN),
        cooldown: cooldown(&config.router, model),
        pricing,
        price_override,
        base_model: model.model_info.base_model.clone(),
        info: model.model_info.extras.0.clone(),
        health,
    })
}

fn raw(params: &serde_json::Map<String, serde_json::Value>) -> Vec<(String, String)> {
    params.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn cooldown(router: &RouterSettings, model: &ModelEntry) -> CooldownPolicy {
    /// LiteLLM's `DEFAULT_ALLOWED_FAILS` (COMPAT 4.12).
    const ALLOWED_FAILS: u32 = 3;
    CooldownPolicy {
        allowed_fails: model.allowed_fails.or(router.allowed_fails).unwrap_or(ALLOWED_FAILS),
        cooldown: model.cooldown_time.unwrap_or(router.cooldown_time),
        disabled: router.disable_cooldowns,
    }
}

/// Which of `weight`, `rpm` and `tpm` shares out a group's traffic: the first that any of its deployments has
/// (COMPAT 4.5). A deployment without it then gets none.
struct Shares<'c>(HashMap<&'c str, fn(&ModelEntry) -> Option<f64>>);

impl<'c> Shares<'c> {
    fn of(models: &'c [ModelEntry]) -> Self {
        let metrics: [fn(&ModelEntry) -> Option<f64>; 3] =
            [|m| m.weight, |m| m.rpm.map(|n| n as f64), |m| m.tpm.map(|n| n as f64)];
        let mut shares = HashMap::new();
        for metric in metrics {
            for model in models.iter().filter(|m| metric(m).is_some_and(|n| n > 0.0)) {
                shares.entry(model.model_name.as_str()).or_insert(metric);
            }
        }
        Shares(shares)
    }

    fn of_model(&self, model: &ModelEntry) -> f64 {
        self.0.get(model.model_name.as_str()).and_then(|metric| metric(model)).unwrap_or_default()
    }
}

/// The folder of uploads stays the one that was made at the start: another takes a restart.
fn path_settings(config: &Config, before: Option<&Routing>) -> PathSettings {
    let (router, ours) = (&config.router, &config.millrace);
    let bytes = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    PathSettings {
        num_retries: router.num_retries,
        retry_after: router.retry_after,
        total_timeout: ours.total_timeout.max(router.timeout.unwrap_or(Duration::ZERO)),
        first_token_timeout: ours.first_token_timeout,
        idle_timeout: ours.idle_timeout,
        write_idle_timeout: ours.write_idle_timeout,
        body_idle_timeout: ours.client_body_idle_timeout,
        heartbeat: ours.stream_heartbeat,
        max_event_bytes: ours.max_event_bytes,
        credit_bytes: ours.credit_bytes,
        upload_replay_bytes: ours.upload_replay_bytes,
        spool: before.map_or_else(|| ours.data_dir.clone().map(SpoolRoom::new), |before| before.path.spool.clone()),
        upload_spool_bytes: ours.upload_spool_bytes as u64,
        max_request_bytes: bytes(config.general.max_request_bytes),
        max_response_bytes: bytes(config.general.max_response_bytes),
        always_include_stream_usage: config.general.always_include_stream_usage,
    }
}
