//! Whether a deployment is left out for a while: failures in a window, and a cooldown (COMPAT 4.10).
//!
//! Shared by all workers through atomics: a cooldown that each worker had to learn for itself would cost the callers of
//! every worker the same failures again. The full breaker with half-open probes is a later issue; its seam is here.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Milliseconds since the process looked first: an `Instant` that fits an atomic, and is never 0.
fn now_ms() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_millis() as u64 + 1
}

/// When a failing deployment is left out, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CooldownPolicy {
    /// Failures within one window that are forgiven; the next one cools (LiteLLM's `allowed_fails`, 3).
    pub allowed_fails: u32,
    /// How long it is left out, and the window in which failures count (LiteLLM's `cooldown_time`, 5 s).
    pub cooldown: Duration,
    /// Never leave anything out.
    pub disabled: bool,
}

/// One deployment's health.
#[derive(Debug, Default)]
pub struct Health {
    cooling_until: AtomicU64,
    window_start: AtomicU64,
    fails: AtomicU64,
    cooldowns: AtomicU64,
}

impl Health {
    /// Seconds until it is tried again, rounded up; `None` if it may be tried now.
    pub fn cooling(&self) -> Option<u32> {
        let left = self.cooling_until.load(Relaxed).checked_sub(now_ms())?;
        Some(left.div_ceil(1000).max(1) as u32)
    }

    /// A failure that speaks against the deployment. `asked` is the provider's own `retry-after` in seconds, which cools at
    /// once: the provider has said when it will answer again. Returns whether a cooldown began.
    pub fn failed(&self, policy: &CooldownPolicy, asked: Option<u32>) -> bool {
        if policy.disabled {
            return false;
        }
        let now = now_ms();
        let window = policy.cooldown.as_millis() as u64;
        if now.saturating_sub(self.window_start.load(Relaxed)) > window {
            self.window_start.store(now, Relaxed);
            self.fails.store(0, Relaxed);
        }
        let fails = self.fails.fetch_add(1, Relaxed) + 1;
        if asked.is_none() && fails <= u64::from(policy.allowed_fails) {
            return false;
        }
        let length = asked.map_or(window, |seconds| u64::from(seconds) * 1000);
        self.cooling_until.fetch_max(now + length, Relaxed);
        self.cooldowns.fetch_add(1, Relaxed);
        true
    }

    /// An answer: what failed before is forgiven.
    pub fn succeeded(&self) {
        if self.fails.load(Relaxed) != 0 {
            self.fails.store(0, Relaxed);
        }
    }

    /// Cooldowns begun since the deployment was first configured.
    pub fn cooldowns(&self) -> u64 {
        self.cooldowns.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: CooldownPolicy =
        CooldownPolicy { allowed_fails: 2, cooldown: Duration::from_secs(60), disabled: false };

    #[test]
    fn more_fails_than_allowed_cool() {
        let health = Health::default();
        assert!(!health.failed(&POLICY, None) && !health.failed(&POLICY, None));
        assert_eq!(health.cooling(), None);
        assert!(health.failed(&POLICY, None));
        assert!((1..=60).contains(&health.cooling().unwrap()));
    }

    #[test]
    fn an_answer_forgives_and_a_retry_after_does_not_wait() {
        let health = Health::default();
        health.failed(&POLICY, None);
        health.failed(&POLICY, None);
        health.succeeded();
        assert!(!health.failed(&POLICY, None));
        assert!(health.failed(&POLICY, Some(7)));
        assert!((6..=7).contains(&health.cooling().unwrap()));
        let never = CooldownPolicy { disabled: true, ..POLICY };
        assert!(!Health::default().failed(&never, Some(7)));
    }
}
