//! All rounds brought together: for each phase and target the median of each figure, and its ratio to the reference.

use crate::bench::check::Failures;
use crate::bench::rounds::Cell;
use crate::bench::stats::{Spread, ratios};

/// One figure over all rounds.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Line {
    /// Its name, with its unit.
    pub key: &'static str,
    /// Over the rounds; nothing where it could not be had.
    pub value: Option<Spread>,
    /// Over the reference's in the same round; nothing for the reference itself.
    pub ratio: Option<Spread>,
}

/// One target in one phase.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Row {
    /// The target's name.
    pub target: String,
    /// Its figures.
    pub figures: Vec<Line>,
    /// Its wrong answers in all rounds.
    pub failures: Failures,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct PhaseSummary {
    /// Its name.
    pub phase: &'static str,
    /// What it measures.
    pub about: &'static str,
    /// Its targets, in the order of the command line.
    pub rows: Vec<Row>,
}

/// Brings the cells together; `targets` gives the order of rows.
pub fn summarize(cells: &[Cell], targets: &[&str], reference: &str) -> Vec<PhaseSummary> {
    let mut phases: Vec<PhaseSummary> = Vec::new();
    for cell in cells {
        if phases.iter().any(|phase| phase.phase == cell.phase.name()) {
            continue;
        }
        let of_phase: Vec<&Cell> = cells.iter().filter(|other| other.phase.name() == cell.phase.name()).collect();
        let rows = targets.iter().filter_map(|target| row(&of_phase, target, reference)).collect();
        phases.push(PhaseSummary { phase: cell.phase.name(), about: cell.phase.about(), rows });
    }
    phases
}

fn row(cells: &[&Cell], target: &str, reference: &str) -> Option<Row> {
    let own: Vec<&&Cell> = cells.iter().filter(|cell| cell.target == target).collect();
    let keys: Vec<&'static str> = own.first()?.figures.iter().map(|figure| figure.key).collect();
    let mut failures = Failures::default();
    own.iter().for_each(|cell| failures.merge(&cell.measured.load.failures));
    let line = |key| {
        let values = by_round(cells, target, key);
        let ratio = if target == reference { None } else { ratios(&values, &by_round(cells, reference, key)) };
        Line { key, value: Spread::of(values.into_iter().flatten()), ratio }
    };
    Some(Row { target: target.to_owned(), figures: keys.into_iter().map(line).collect(), failures })
}

/// A figure of a target, at the place of its round.
fn by_round(cells: &[&Cell], target: &str, key: &str) -> Vec<Option<f64>> {
    let rounds = cells.iter().map(|cell| cell.round + 1).max().unwrap_or(0);
    let value = |round| {
        let cell = cells.iter().find(|cell| cell.round == round && cell.target == target)?;
        cell.figures.iter().find(|figure| figure.key == key)?.value
    };
    (0..rounds).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::super::script::tests::cell;
    use super::*;

    #[test]
    fn ratios_are_by_round_whatever_the_order() {
        let cells = [cell(0, 0, "b", 10), cell(0, 0, "a", 5), cell(1, 0, "a", 20), cell(1, 0, "b", 60)];
        let phases = summarize(&cells, &["a", "b"], "a");
        assert_eq!(phases.len(), 1);
        let [a, b] = phases[0].rows.as_slice() else { panic!("two rows") };
        assert_eq!((a.target.as_str(), a.figures[0].key, a.figures[0].ratio), ("a", "p50_ms", None));
        assert_eq!(a.figures[0].value.map(|value| value.median), Some(12.5));
        assert_eq!(b.figures[0].ratio, Some(Spread { median: 2.5, min: 2.0, max: 3.0 }));
    }
}
