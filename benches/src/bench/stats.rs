//! The arithmetic: the script's percentiles, medians, and ratios between targets of the same round.

/// The script's percentile: `sorted[min(int(n * p / 100), n - 1)]`, without interpolation. Nothing of nothing.
pub fn script_percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(sorted.len() * percent / 100).min(last)])
}

/// The repeat the script reports: the one whose value is `sorted[len // 2]`; the first of equals.
pub fn script_median_run(values: &[f64]) -> Option<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order.get(values.len() / 2).copied()
}

/// The mean.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
}

/// Median, least and greatest of a figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Spread {
    /// The middle value, or the mean of the two middle ones.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of some values; nothing of nothing.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { median: f64::midpoint(low, high), min, max })
    }
}

/// Ratios of two figures, taken round by round. The median of ratios and not the ratio of medians: the machine's noise
/// is common to the targets of one round and cancels, while that of different rounds does not.
pub fn ratios(own: &[Option<f64>], reference: &[Option<f64>]) -> Option<Spread> {
    let pairs = own.iter().zip(reference).filter_map(|(own, reference)| Some(((*own)?, (*reference)?)));
    Spread::of(pairs.filter(|(_, reference)| *reference > 0.0).map(|(own, reference)| own / reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_scripts() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(script_percentile(&sorted, 50), Some(101.0));
        assert_eq!(script_percentile(&sorted, 95), Some(191.0));
        assert_eq!(script_percentile(&sorted, 99), Some(199.0));
        assert_eq!(script_percentile(&[7.0], 99), Some(7.0));
        assert_eq!(script_percentile(&[1.0, 2.0], 50), Some(2.0));
        assert_eq!(script_percentile(&[], 50), None);
    }

    #[test]
    fn the_median_run_is_the_scripts() {
        assert_eq!(script_median_run(&[9.0, 1.0, 5.0]), Some(2));
        assert_eq!(script_median_run(&[9.0, 1.0]), Some(0), "the upper one of two, as len // 2 says");
        assert_eq!(script_median_run(&[2.0, 2.0, 2.0]), Some(1));
        assert_eq!(script_median_run(&[]), None);
    }

    #[test]
    fn spreads() {
        let spread = Spread::of([4.0, 1.0, 2.0, 3.0]).expect("values");
        assert_eq!((spread.median, spread.min, spread.max), (2.5, 1.0, 4.0));
        assert_eq!(Spread::of([3.0]).map(|spread| spread.median), Some(3.0));
        assert_eq!(Spread::of([]), None);
        assert_eq!(mean(&[1.0, 2.0]), Some(1.5));
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The machine was three times slower in the second round, for both.
        let (own, reference) = ([Some(10.0), Some(30.0), None], [Some(5.0), Some(15.0), Some(1.0)]);
        assert_eq!(ratios(&own, &reference), Some(Spread { median: 2.0, min: 2.0, max: 2.0 }));
        assert_eq!(ratios(&own, &[Some(0.0), None, None]), None);
    }
}
