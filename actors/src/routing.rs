//! Which deployments may serve a model name: the routing snapshot, built from the configuration and pushed whole.
//!
//! Prices ride in the same snapshot as the deployments they belong to: one push, one generation, so no request can see
//! a new deployment at an old price.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::deployment::Deployment;
use crate::prices::{PriceTable, Pricing};
use crate::spool_room::SpoolRoom;

/// A model group: a public name and who serves it.
pub struct Group {
    /// As configured; may hold one `*`.
    pub name: Arc<str>,
    /// In order of configuration; none where all were left out, since only LiteLLM has their providers.
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
#[derive(Clone, Debug)]
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
    /// Where uploads may lie that must be read before they are sent; nowhere: then they lie in memory.
    pub spool: Option<Arc<SpoolRoom>>,
    /// How much of that all of them together may take, bytes.
    pub upload_spool_bytes: u64,
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

impl Resolved {
    /// Whether it is the same model of the same group.
    fn is(&self, other: &Resolved) -> bool {
        Arc::ptr_eq(&self.group, &other.group) && self.star == other.star
    }
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

    /// Who is tried after `model` fails, in order: its fallbacks, each followed by its own (as LiteLLM's chain does), never one
    /// twice by whatever name, `max_fallbacks` at most. A circle therefore ends. A name
    /// that nobody serves is left out.
    pub fn fallbacks_of(&self, model: &str) -> Vec<(&str, Resolved)> {
        let mut order = Vec::new();
        self.chain(model, &mut order, model);
        order
    }

    fn chain<'r>(&'r self, of: &str, order: &mut Vec<(&'r str, Resolved)>, asked: &str) {
        let configured = self.fallbacks.get(of).or_else(|| {
            let group = self.resolve(of)?.group;
            self.fallbacks.get(&*group.name)
        });
        for name in configured.unwrap_or(&self.default_fallbacks) {
            if order.len() >= self.max_fallbacks {
                return;
            }
            let Some(resolved) = self.resolve(name).filter(|resolved| !resolved.group.deployments.is_empty()) else {
                continue;
            };
            let first = self.resolve(asked);
            if !first.iter().chain(order.iter().map(|(_, there)| there)).any(|there| there.is(&resolved)) {
                order.push((name, resolved));
                self.chain(name, order, asked);
            }
        }
    }

    /// The prices of every deployment that may serve `model`: its group's, and those of all its fallbacks. The zero-cost
    /// question is asked of these; a free model with a paid fallback is not free (COMPAT 1.8).
    pub fn pricings(&self, model: &str) -> Option<Vec<Pricing>> {
        let mut all = Vec::new();
        let fallbacks = self.fallbacks_of(model).into_iter().map(|(_, resolved)| resolved);
        for resolved in std::iter::once(self.resolve(model)?).chain(fallbacks) {
            let star = resolved.star.as_deref();
            all.extend(resolved.group.deployments.iter().map(|d| d.pricing_for(&self.prices, &d.model_for(star))));
        }
        Some(all)
    }

    /// Whether a form for `model` may pass as it comes: no deployment that may serve it, its fallbacks' included, has a setting
    /// about fields, of which some may still come.
    pub fn forms_pass(&self, model: &str) -> bool {
        let unset = |d: &Arc<Deployment>| d.drop.is_empty() && d.default_params.is_empty() && d.extra_body.is_empty();
        let fallbacks = self.fallbacks_of(model).into_iter().map(|(_, resolved)| resolved);
        self.resolve(model).into_iter().chain(fallbacks).all(|resolved| resolved.group.deployments.iter().all(unset))
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
    use super::match_star;

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
