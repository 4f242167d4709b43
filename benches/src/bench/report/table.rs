//! The summary as Markdown, which reads as well on a terminal.

use std::fmt::Write;

use super::summary::{Line, PhaseSummary, Row};
use crate::bench::stats::Spread;

/// The tables of all phases; `reference` is what ratios refer to.
pub fn tables(phases: &[PhaseSummary], reference: &str) -> String {
    let mut text = String::new();
    for phase in phases {
        let Some(first) = phase.rows.first() else { continue };
        let _ = writeln!(text, "\n### {}: {}\n", phase.phase, phase.about);
        let keys: Vec<_> = first.figures.iter().map(|line| line.key.replace('_', " ")).collect();
        let _ = writeln!(text, "| target | {} |\n|---{}|", keys.join(" | "), "|---".repeat(keys.len()));
        for row in &phase.rows {
            let cells: Vec<_> = row.figures.iter().map(cell).collect();
            let _ = writeln!(text, "| {} | {} |", row.target, cells.join(" | "));
        }
    }
    if phases.iter().any(|phase| phase.rows.iter().any(|row| row.figures.iter().any(|line| line.ratio.is_some()))) {
        let _ = writeln!(
            text,
            "\nMedians of the rounds; in brackets, times {reference} in the same round (median, least..greatest)."
        );
    }
    text
}

/// The failures of all phases, or nothing where there is none.
pub fn failures(phases: &[PhaseSummary]) -> String {
    let mut text = String::new();
    for phase in phases {
        for Row { target, failures, .. } in &phase.rows {
            for (kind, failure) in failures.iter() {
                let (count, example) = (failure.count, &failure.example);
                let _ = writeln!(text, "FAILED {} on {target}: {count} x {kind}; the first: {example}", phase.phase);
            }
        }
    }
    text
}

fn cell(line: &Line) -> String {
    let value = line.value.map_or_else(|| "n/a".to_owned(), |value| number(value.median));
    match line.ratio {
        None => value,
        Some(Spread { median, min, max }) if min == max => format!("{value} ({median:.2})"),
        Some(Spread { median, min, max }) => format!("{value} ({median:.2}, {min:.2}..{max:.2})"),
    }
}

/// Three digits or so, as many as the machine's noise bears.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::tests::cell as measured;
    use super::super::summary::summarize;
    use super::*;
    use crate::bench::check::Fault;

    #[test]
    fn a_table_has_ratios_and_failures_are_told() {
        let mut bad = measured(0, 0, "b", 10);
        bad.measured.load.failures.add(&Fault::NoDone);
        let phases = summarize(&[measured(0, 0, "a", 5), bad], &["a", "b"], "a");
        let text = tables(&phases, "a");
        assert!(text.contains("| target | p50 ms | p95 ms |"), "{text}");
        assert!(text.contains("| b | 10.0 (2.00) |"), "{text}");
        assert!(text.contains("times a in the same round"), "{text}");
        assert_eq!(
            failures(&phases),
            "FAILED script-whole on b: 1 x no_done; the first: the stream ended without its terminal event\n"
        );
    }
}
