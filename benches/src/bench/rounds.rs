//! The rounds: each phase on each target, one after the other, again and again.
//!
//! Targets take turns within each phase of each round, and the first of them changes from round to round, so that what
//! the machine does meanwhile falls on all alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::check::Expect;
use super::error::Error;
use super::http::request::Ask;
use super::load::drive::{Moment, ask_once, drive};
use super::load::stop::Stop;
use super::load::{Job, Pace, Read};
use super::phases::{Figure, Measured, Phase, Plan};
use super::settings::Settings;
use super::stand::Stand;
use super::system::cpu::CpuReading;
use super::system::memory::MemoryWatch;
use super::system::proc::Proc;
use super::target::{Target, admin};

/// One phase on one target in one round.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Number of the round, from 0.
    pub round: usize,
    /// The phase.
    pub phase: &'static dyn Phase,
    /// The target's name.
    pub target: String,
    /// What was measured.
    pub measured: Measured,
    /// The figures drawn from it.
    pub figures: Vec<Figure>,
}

/// Runs all rounds.
pub fn run(settings: &Settings, stand: &mut Stand, stop: &Stop) -> Result<Vec<Cell>, Error> {
    let bar = progress(settings, stand);
    let mut run = Run { settings, stop, bar, cells: Vec::new(), texts: BTreeMap::new(), switched: None };
    for round in 0..settings.rounds {
        for phase in &settings.phases {
            run.phase(round, *phase, stand)?;
        }
    }
    run.bar.finish_and_clear();
    // A gateway that goes on running is left as it was found.
    let off = stand.targets.iter().find(|target| target.fast_paths == Some(false));
    off.map_or(Ok(()), |target| admin::switch(target, true))?;
    Ok(run.cells)
}

/// The order of `count` targets in a round: each is the first in turn.
fn order(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |at| (at + round) % count)
}

struct Run<'a> {
    settings: &'a Settings,
    stop: &'a Stop,
    bar: ProgressBar,
    cells: Vec<Cell>,
    /// The provider's own text, by phase.
    texts: BTreeMap<&'static str, Arc<Vec<String>>>,
    /// How the gateway's fast paths stand.
    switched: Option<bool>,
}

impl Run<'_> {
    fn phase(&mut self, round: usize, phase: &'static dyn Phase, stand: &mut Stand) -> Result<(), Error> {
        let plan = phase.plan(&self.settings.sizes);
        let expect = self.expect(phase, &plan, &stand.direct)?;
        let job = |target: &Target| self.job(&plan, &expect, target);
        let mut direct = None;
        if phase.wants_direct() {
            let job = job(&stand.direct);
            let measured = self.measure(phase, &stand.direct, &job)?;
            direct = Some(measured.clone());
            self.keep(round, phase, &stand.direct, (measured, None));
        }
        for at in order(stand.targets.len(), round) {
            let target = &stand.targets[at];
            if target.fast_paths.is_some_and(|on| self.switched != Some(on)) {
                admin::switch(target, target.fast_paths == Some(true))?;
                self.switched = target.fast_paths;
            }
            let job = self.job(&plan, &expect, target);
            let measured = self.measure(phase, target, &job)?;
            let target = target.clone();
            self.keep(round, phase, &target, (measured, direct.as_ref()));
            if let Some(ended) = stand.ended() {
                return Err(ended);
            }
        }
        Ok(())
    }

    /// What answers must be, learnt from the provider itself the first time.
    fn expect(&mut self, phase: &'static dyn Phase, plan: &Plan, direct: &Target) -> Result<Expect, Error> {
        if self.settings.any_provider {
            return Ok(Expect { model: None, content: None });
        }
        let model = Some(plan.ask.model.clone());
        if let Some(text) = self.texts.get(phase.name()) {
            return Ok(Expect { model, content: Some(Arc::clone(text)) });
        }
        let job = self.job(plan, &Expect { model: model.clone(), content: None }, direct);
        let job = Job { read: if plan.ask.stream { Read::Full } else { Read::Whole }, ..job };
        let text = ask_once(&job)?.map_err(|fault| Error::Provider { phase: phase.name(), fault })?;
        let text = Arc::new(text);
        self.texts.insert(phase.name(), Arc::clone(&text));
        Ok(Expect { model, content: Some(text) })
    }

    fn job(&self, plan: &Plan, expect: &Expect, target: &Target) -> Job {
        let named = |model: &String| format!("{}{model}", target.models);
        let ask = Ask { model: named(&plan.ask.model), ..plan.ask.clone() };
        Job {
            addr: target.endpoint.addr,
            protocol: self.settings.protocol,
            request: ask.encode(
                self.settings.protocol,
                &target.endpoint,
                target.key.as_ref().map(super::target::key::Key::reveal),
            ),
            expect: Expect { model: expect.model.as_ref().map(named), ..expect.clone() },
            read: plan.read,
            warmup: plan.warmup,
            requests: plan.requests,
            concurrency: plan.concurrency.max(1),
            pace: if plan.requests == 0 { Pace::Closed } else { plan.pace },
            timeout: self.settings.timeout,
            threads: self.settings.load_threads,
        }
    }

    fn measure(&self, phase: &'static dyn Phase, target: &Target, job: &Job) -> Result<Measured, Error> {
        self.bar.set_message(format!("{} on {}", phase.name(), target.name));
        let proc = Proc::default();
        let (mut start, mut end, mut memory) = (None, None, None::<MemoryWatch>);
        let load = drive(job, self.stop, |moment| match (moment, target.pid) {
            (_, None) => {}
            (Moment::Start, Some(pid)) => {
                memory = MemoryWatch::start(&proc, pid);
                start = CpuReading::take(&proc, pid);
            }
            (Moment::During, Some(_)) => memory.iter_mut().for_each(MemoryWatch::look),
            (Moment::End, Some(pid)) => end = CpuReading::take(&proc, pid),
        })?;
        self.bar.inc(1);
        if load.successes + load.failures.total() < job.requests {
            return Err(Error::LoadThread);
        }
        Ok(Measured {
            load,
            planned: job.requests,
            concurrency: job.concurrency,
            cpu_nanos: start.zip(end).map(|(start, end)| end.since(&start)),
            memory: memory.map(MemoryWatch::end),
        })
    }

    fn keep(&mut self, round: usize, phase: &'static dyn Phase, target: &Target, of: (Measured, Option<&Measured>)) {
        let (measured, direct) = of;
        let figures = phase.figures(&measured, direct);
        self.cells.push(Cell { round, phase, target: target.name.clone(), measured, figures });
    }
}

/// A bar on a terminal, nothing elsewhere: in a log it would be noise.
fn progress(settings: &Settings, stand: &Stand) -> ProgressBar {
    let on_direct = settings.phases.iter().filter(|phase| phase.wants_direct()).count();
    let steps = settings.rounds * (settings.phases.len() * stand.targets.len() + on_direct);
    let bar = ProgressBar::new(steps as u64);
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_is_first_in_turn() {
        let orders: Vec<Vec<usize>> = (0..3).map(|round| order(3, round).collect()).collect();
        assert_eq!(orders, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]);
        assert_eq!(order(0, 1).count(), 0);
    }
}
