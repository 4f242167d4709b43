//! Which deployments may serve a model name: the routing snapshot, built from the configuration and pushed whole.
//!
//! Prices ride in the same snapshot as the deployments they belong to: one push, one generation, so no request can see
//! a new deployment at an old price.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_http::header::{HeaderName, HeaderValue};

use crate::credential::Credential;
use crate::health::{CooldownPolicy, Health};
use crate::ports::Dialect;
use crate::prices::{PriceOverride, PriceQuery, PriceTable, Pricing};
use crate::secret::Secret;
use crate::upstream::Origin;
use crate::wire::answer::CUT;

/// Bytes of a credential's beginning that say something of it; `sk-` and the like say nothing.
const TELLING: usize = 5;

/// One upstream target.
pub struct Deployment {
    /// `model_info.id`, or a hash of what was configured.
    pub id: Arc<str>,
    /// The model group it serves, as written; may hold a `*`.
    pub group: Arc<str>,
    /// The protocol.
    pub dialect: Arc<dyn Dialect>,
    /// OTel's `gen_ai.provider.name`, or LiteLLM's provider label.
    pub provider: &'static str,
    /// The provider's name of the model; a `*` takes what the group's `*` matched.
    pub upstream_model: String,
    /// Where the credential may go, and nowhere else (I6).
    pub origin: Origin,
    /// The path of the base URL, without a slash at its end.
    pub base_path: String,
    /// The query of the base URL with its `?`, or empty.
    pub query: String,
    /// The base URL without query, as records and `x-litellm-model-api-base` show it.
    pub api_base: String,
    /// What response headers show of it.
    pub shown: Shown,
    /// The credential, where it is a key.
    pub api_key: Option<Secret>,
    /// The credential, where it is fetched, or signs each call.
    pub credential: Option<Arc<Credential>>,
    /// Every header of a call, built once: `authorization` (marked sensitive), media types, `extra_headers`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Parameters of `litellm_params` that the caller's own win over: field and raw JSON value.
    pub default_params: Vec<(String, String)>,
    /// `extra_body`: field and raw JSON value; wins over the caller's.
    pub extra_body: Vec<(String, String)>,
    /// Top-level fields that are left out of the call.
    pub drop: Vec<String>,
    /// A parameter that the provider's protocol does not have is left out of the call; otherwise it is refused.
    pub drop_params: bool,
    /// Limit of a whole answer; `None` takes the router's.
    pub timeout: Option<Duration>,
    /// Limit of a stream's first event; `None` takes the router's.
    pub stream_timeout: Option<Duration>,
    /// Retries within the group when this deployment was tried first; `None` takes the router's.
    pub max_retries: Option<u32>,
    /// Share of traffic within its order; see `weights` in [`Group`].
    pub weight: f64,
    /// Lower is tried first.
    pub order: i64,
    /// It is the one whose address and credential a pass-through takes.
    pub pass_through: bool,
    /// Its place among all deployments, as configured.
    pub place: usize,
    /// When it is left out.
    pub cooldown: CooldownPolicy,
    /// What it costs; for a wildcard, see [`Deployment::pricing_for`].
    pub pricing: Pricing,
    /// Its own prices, as configured.
    pub price_override: Option<PriceOverride>,
    /// `model_info.base_model`: the model as whose price it is billed.
    pub base_model: Option<String>,
    /// The rest of `model_info`, for the curious.
    pub info: serde_json::Map<String, serde_json::Value>,
    /// Shared by all generations and workers.
    pub health: Arc<Health>,
}

/// What response headers show of a deployment, made once; `None` for what no header may hold.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// `x-litellm-model-id`.
    pub id: Option<HeaderValue>,
    /// `x-litellm-model-api-base`.
    pub api_base: Option<HeaderValue>,
}

impl Shown {
    /// The headers for an id and a base URL.
    pub fn of(id: &str, api_base: &str) -> Self {
        Shown { id: HeaderValue::from_str(id).ok(), api_base: HeaderValue::from_str(api_base).ok() }
    }
}

impl Deployment {
    /// The provider's model name for what a wildcard matched.
    pub fn model_for(&self, star: Option<&str>) -> String {
        match star {
            Some(star) => self.upstream_model.replacen('*', star, 1),
            None => self.upstream_model.clone(),
        }
    }

    /// What it costs to serve the provider's `model`: looked up per model only where a wildcard may stand for any.
    pub fn pricing_for(&self, prices: &PriceTable, model: &str) -> Pricing {
        if !self.upstream_model.contains('*') {
            return self.pricing.clone();
        }
        prices.pricing(&PriceQuery {
            price_override: self.price_override.as_ref(),
            base_model: self.base_model.as_deref(),
            response_model: None,
            model,
            provider: self.provider,
        })
    }

    /// The most tokens the provider's `model` can write: as `model_info` says, or else the price table.
    pub fn max_output_tokens(&self, prices: &PriceTable, model: &str) -> Option<u64> {
        let told = || self.info.get("max_output_tokens").or_else(|| self.info.get("max_tokens"))?.as_u64();
        told().or_else(|| prices.find(self.base_model.as_deref().unwrap_or(model), self.provider)?.max_output_tokens)
    }

    /// Strikes our own credential out of a provider's words; what is left of it too, where they were cut within it.
    pub fn redact(&self, text: &str) -> String {
        let token = self.credential.as_ref().and_then(|credential| credential.latest());
        let secrets = token.iter().flat_map(|token| token.secrets());
        let secrets = self.api_key.iter().map(Secret::expose).chain(secrets);
        secrets.filter(|secret| !secret.is_empty()).fold(text.to_owned(), |text, secret| strike(&text, secret))
    }
}

/// `text` without `key`, nor the beginning of it before a cut.
fn strike(text: &str, key: &str) -> String {
    const STRUCK: &str = "[redacted]";
    let mut clean = text.replace(key, STRUCK);
    if let Some(end) = clean.len().checked_sub(CUT.len_utf8()).filter(|_| clean.ends_with(CUT)) {
        let begins = |&at: &usize| clean[..end].ends_with(&key[..at]);
        let beginnings = key.char_indices().rev().map(|(at, _)| at).take_while(|&at| at >= TELLING);
        if let Some(at) = beginnings.into_iter().find(begins) {
            clean.replace_range(end - at..end, STRUCK);
        }
    }
    clean
}

/// A model group: a public name and who serves it.
pub struct Group {
    /// As configured; may hold one `*`.
    pub name: Arc<str>,
    /// In order of configuration.
    pub deployments: Vec<Arc<Deployment>>,
}

/// Everything the path needs to choose, immutable and numbered.
pub struct Routing {
    /// Only grows; set by the `CostCache` when it takes the snapshot over.
    pub generation: u64,
    /// Exact names.
    pub groups: HashMap<String, Arc<Group>>,
    /// Names with a `*`, the more exact first.
    pub wildcards: Vec<Arc<Group>>,
    /// `model_group_alias`: alias to group, and whether `/v1/models` hides it.
    pub aliases: BTreeMap<String, (String, bool)>,
    /// `fallbacks`: group to groups, in order.
    pub fallbacks: HashMap<String, Vec<String>>,
    /// `default_fallbacks`, and the `"*"` entry of `fallbacks`.
    pub default_fallbacks: Vec<String>,
    /// Fallback groups tried at most (COMPAT 4.8: 5).
    pub max_fallbacks: usize,
    /// The prices of models in general.
    pub prices: Arc<PriceTable>,
    /// Timeouts, limits and retries.
    pub path: PathSettings,
}

/// What the path runs on besides routes. Defaults are in the configuration's table, not here.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSettings {
    /// Retries within a group.
    pub num_retries: u32,
    /// Least wait between retries.
    pub retry_after: Duration,
    /// Limit of a whole answer, and of a stream's life.
    pub total_timeout: Duration,
    /// Limit of a stream's first event.
    pub first_token_timeout: Duration,
    /// Limit of silence within a stream.
    pub idle_timeout: Duration,
    /// How long a client may refuse to read while its queue is full.
    pub write_idle_timeout: Duration,
    /// How long a request body may stall.
    pub body_idle_timeout: Duration,
    /// Comments sent into a silent stream; also caps how long its head is held, from when the request was read.
    pub heartbeat: Option<Duration>,
    /// The longest event of a stream, bytes.
    pub max_event_bytes: usize,
    /// What may wait for a slow client, bytes.
    pub credit_bytes: usize,
    /// What of an upload is kept for another try, bytes.
    pub upload_replay_bytes: usize,
    /// Where an upload may lie that must be read before it is sent; nowhere: then it lies in memory.
    pub spool: Option<PathBuf>,
    /// The largest request body, bytes.
    pub max_request_bytes: usize,
    /// The largest whole answer, bytes.
    pub max_response_bytes: usize,
    /// Show usage to clients that did not ask.
    pub always_include_stream_usage: Option<bool>,
}

/// A model name resolved: the group, and what its `*` matched.
#[derive(Clone)]
pub struct Resolved {
    /// Who serves.
    pub group: Arc<Group>,
    /// What the wildcard matched.
    pub star: Option<String>,
}

impl Routing {
    /// The group for a name a caller asked for: alias, then exact name, then the most exact wildcard.
    pub fn resolve(&self, model: &str) -> Option<Resolved> {
        let mut name = model;
        // aliases of aliases are refused when the config is read; the bound is for a snapshot built otherwise
        for _ in 0..8 {
            match self.aliases.get(name) {
                Some((target, _)) if target != name => name = target,
                _ => break,
            }
        }
        if let Some(group) = self.groups.get(name) {
            return Some(Resolved { group: Arc::clone(group), star: None });
        }
        self.wildcards.iter().find_map(|group| {
            let star = match_star(&group.name, name)?;
            Some(Resolved { group: Arc::clone(group), star: Some(star.to_owned()) })
        })
    }

    /// The names tried after `model` fails, in order: its fallbacks, each followed by its own (as LiteLLM's chain does),
    /// never one twice, `max_fallbacks` at most. A circle therefore ends.
    pub fn fallbacks_of(&self, model: &str) -> Vec<String> {
        let mut order = Vec::new();
        self.chain(model, &mut order, model);
        order
    }

    fn chain(&self, of: &str, order: &mut Vec<String>, asked: &str) {
        let configured = self.fallbacks.get(of).or_else(|| {
            let group = self.resolve(of)?.group;
            self.fallbacks.get(&*group.name)
        });
        for name in configured.unwrap_or(&self.default_fallbacks) {
            if order.len() >= self.max_fallbacks {
                return;
            }
            if name != asked && !order.contains(name) {
                order.push(name.clone());
                self.chain(name, order, asked);
            }
        }
    }

    /// The prices of every deployment that may serve `model`: its group's, and those of all its fallbacks. The zero-cost
    /// question is asked of these; a free model with a paid fallback is not free (COMPAT 1.8).
    pub fn pricings(&self, model: &str) -> Option<Vec<Pricing>> {
        let mut names = vec![model.to_owned()];
        names.extend(self.fallbacks_of(model));
        let mut all = Vec::new();
        for name in &names {
            let resolved = self.resolve(name)?;
            let star = resolved.star.as_deref();
            all.extend(resolved.group.deployments.iter().map(|d| d.pricing_for(&self.prices, &d.model_for(star))));
        }
        Some(all)
    }

    /// Every deployment, for metrics and for carrying health over a reload.
    pub fn deployments(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.groups.values().chain(&self.wildcards).flat_map(|group| &group.deployments)
    }
}

/// What the one `*` of `pattern` matches in `name`, if it matches.
pub fn match_star<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let (head, tail) = pattern.split_once('*')?;
    let rest = name.strip_prefix(head)?;
    rest.strip_suffix(tail).filter(|star| !star.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{match_star, strike};

    #[test]
    fn a_key_is_struck_out_and_so_is_what_a_cut_left_of_it() {
        let key = "sk-abcdefgh";
        assert_eq!(strike("bad sk-abcdefgh, really", key), "bad [redacted], really");
        assert_eq!(strike("bad sk-abcdefg…", key), "bad [redacted]…");
        assert_eq!(strike("bad sk-ab…", key), "bad [redacted]…");
        for fine in ["bad sk-…", "sk-abcde is not at the end…", "sk-abcdefg", "…", ""] {
            assert_eq!(strike(fine, key), fine);
        }
    }

    #[test]
    fn a_star_matches_what_is_left() {
        assert_eq!(match_star("openai/*", "openai/gpt-4o"), Some("gpt-4o"));
        assert_eq!(match_star("*", "anything"), Some("anything"));
        assert_eq!(match_star("a*z", "az"), None, "a star stands for something");
        assert_eq!(match_star("openai/*", "azure/x"), None);
        assert_eq!(match_star("ab*ba", "aba"), None, "head and tail may not overlap");
        assert_eq!(match_star("plain", "plain"), None);
    }
}
