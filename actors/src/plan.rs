//! Which deployment is tried next: the caller's model group, then its fallbacks; in a group, by `order`, then weighted
//! random. A later issue's router (latency, usage, tags) replaces [`Plan::candidate`] and nothing else.

use std::sync::Arc;

use crate::deployment::Deployment;
use crate::fault::Fault;
use crate::routing::{Group, Resolved, Routing};

/// The order in which an exchange tries.
pub struct Plan {
    groups: Vec<(Arc<str>, Resolved)>,
    at: usize,
    tried: Vec<Arc<str>>,
    /// The provider's name of the model, where the deployment does not decide it.
    model: Option<Arc<str>>,
}

/// One try.
pub struct Candidate {
    /// The target.
    pub deployment: Arc<Deployment>,
    /// The provider's name of the model.
    pub model: Arc<str>,
    /// The group's name as asked for.
    pub group: Arc<str>,
    /// Whether another deployment of the group is left to try after this: then a retry needs no wait.
    pub others: bool,
}

impl Plan {
    /// The plan for a model name, or the 404.
    pub fn new(routing: &Routing, model: &Arc<str>) -> Result<Self, Fault> {
        let resolved = routing.resolve(model).ok_or_else(|| Fault::ModelNotFound { model: model.to_string() })?;
        let mut groups = vec![(Arc::clone(model), resolved)];
        groups.extend(routing.fallbacks_of(model).into_iter().map(|(name, resolved)| (name.into(), resolved)));
        Ok(Plan { groups, at: 0, tried: Vec::new(), model: None })
    }

    /// The plan for one deployment that is not chosen by a model's name: it is tried once, and nothing else is.
    pub fn only(deployment: &Arc<Deployment>, model: &Arc<str>) -> Self {
        let group = Arc::new(Group { name: Arc::clone(&deployment.group), deployments: vec![Arc::clone(deployment)] });
        let resolved = Resolved { group, star: None };
        Plan {
            groups: vec![(Arc::clone(&deployment.group), resolved)],
            at: 0,
            tried: Vec::new(),
            model: Some(Arc::clone(model)),
        }
    }

    /// The next deployment of the present group: of those that are not cooling, the ones not tried yet come first.
    pub fn candidate(&mut self) -> Result<Candidate, Fault> {
        let (name, resolved) = &self.groups[self.at];
        let group = &resolved.group;
        if group.deployments.is_empty() {
            return Err(Fault::LeftOut { model: name.to_string() });
        }
        // a lone deployment without fallbacks is tried even while it cools: there is nobody to spare it for
        let alone = group.deployments.len() == 1 && self.groups.len() == 1;
        if alone && let Some(only) = group.deployments.first() {
            return Ok(Candidate {
                deployment: Arc::clone(only),
                model: self.model.clone().unwrap_or_else(|| only.model_for(resolved.star.as_deref())),
                group: Arc::clone(name),
                others: false,
            });
        }
        let ready: Vec<_> = group.deployments.iter().filter(|d| d.health.cooling().is_none()).collect();
        let fresh: Vec<_> = ready.iter().filter(|d| !self.tried.contains(&d.id)).copied().collect();
        let pool = if fresh.is_empty() { &ready } else { &fresh };
        let Some(deployment) = choose(pool) else {
            let soonest = group.deployments.iter().filter_map(|d| d.health.cooling()).min().unwrap_or(1);
            return Err(Fault::AllCooling { group: name.to_string(), retry_after: soonest });
        };
        let candidate = Candidate {
            deployment: Arc::clone(deployment),
            model: self.model.clone().unwrap_or_else(|| deployment.model_for(resolved.star.as_deref())),
            group: Arc::clone(name),
            others: fresh.iter().any(|d| d.id != deployment.id),
        };
        self.tried.push(Arc::clone(&candidate.deployment.id));
        Ok(candidate)
    }

    /// Enters the next fallback group, if there is one.
    pub fn fall_back(&mut self) -> bool {
        self.tried.clear();
        self.at += 1;
        if self.at < self.groups.len() {
            return true;
        }
        self.at = self.groups.len() - 1;
        false
    }
}

/// The lowest order, then by weight. Where nobody has a weight, all are equal; where some have, the others get nothing,
/// as in LiteLLM's `simple-shuffle` (COMPAT 4.5).
fn choose<'d>(pool: &[&'d Arc<Deployment>]) -> Option<&'d Arc<Deployment>> {
    let order = pool.iter().map(|d| d.order).min()?;
    let pool = || pool.iter().filter(|d| d.order == order);
    let total: f64 = pool().map(|d| d.weight).sum();
    if total <= 0.0 {
        return pool().nth(fastrand::usize(..pool().count())).copied();
    }
    let mut left = fastrand::f64() * total;
    let weighted = || pool().filter(|d| d.weight > 0.0);
    let hit = weighted().find(|d| {
        left -= d.weight;
        left < 0.0
    });
    hit.or_else(|| weighted().next_back()).copied()
}
