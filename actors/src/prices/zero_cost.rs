//! Whether a request can only go to deployments that cost nothing, so that budgets need not be looked at.
//!
//! The answer errs towards no: a wrong yes lets an exhausted budget spend, a wrong no only looks at a budget.

use super::pricing::Pricing;
use crate::wire::cost::Rates;

/// True only if there is a deployment and every one of them is stated to be free by the operator: both the input and
/// the output price written as zero, in the configuration or in the price file, and no price of any kind above zero.
///
/// The caller passes *every* deployment that may serve the request: those of its model group, of all fallbacks of
/// that group and of theirs in turn, and those behind wildcards. LiteLLM looked at the group alone and so let a free
/// model's paid fallback spend beyond every budget.
///
/// The zero of the built-in table does not count: it may be out of date, and nobody here chose it.
pub fn zero_cost<'a>(deployments: impl IntoIterator<Item = &'a Pricing>) -> bool {
    let mut any = false;
    deployments.into_iter().all(|pricing| {
        any = true;
        is_stated_free(pricing)
    }) && any
}

fn is_stated_free(pricing: &Pricing) -> bool {
    pricing.source.is_operators() && pricing.explicit && pricing.rates.as_deref().is_some_and(Rates::is_free)
}

#[cfg(test)]
mod tests {
    use super::super::pricing::{PriceOverride, PriceSource};
    use super::super::table::{PriceQuery, PriceTable};
    use super::*;

    const IN: &str = "input_cost_per_token";
    const OUT: &str = "output_cost_per_token";

    /// What it shows, the fields written, whether the deployment is free.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);

    fn configured(fields: &[(&str, &str)]) -> Pricing {
        let own = PriceOverride::parse(fields.iter().copied()).unwrap();
        PriceTable::default().pricing(&PriceQuery { price_override: own.as_ref(), model: "m", ..PriceQuery::default() })
    }

    fn with_source(source: PriceSource) -> Pricing {
        Pricing { source, ..configured(&[(IN, "0"), (OUT, "0.0")]) }
    }

    #[test]
    fn free_means_that_both_sides_are_written_as_zero() {
        let cases: [Case<'_>; 11] = [
            ("both zero", &[(IN, "0"), (OUT, "0.0")], true),
            ("zero in every notation", &[(IN, "0e-6"), (OUT, "0.000")], true),
            ("other zeros", &[(IN, "0"), (OUT, "0"), ("cache_read_input_token_cost", "0")], true),
            ("input only", &[(IN, "0")], false),
            ("output only", &[(OUT, "0")], false),
            ("sparse: neither side", &[("output_cost_per_reasoning_token", "0")], false),
            ("a tiny price", &[(IN, "1e-40"), (OUT, "0")], false),
            ("a price for the request", &[(IN, "0"), (OUT, "0"), ("input_cost_per_request", "0.005")], false),
            (
                "a price above a threshold",
                &[(IN, "0"), (OUT, "0"), ("input_cost_per_token_above_128k_tokens", "1e-6")],
                false,
            ),
            ("a price that is not metered", &[(IN, "0"), (OUT, "0"), ("output_cost_per_second", "0.01")], false),
            ("provisioned throughput", &[(IN, "0"), (OUT, "0"), ("ptu_cost_per_hour", "2")], false),
        ];
        for (what, fields, free) in cases {
            assert_eq!(zero_cost([&configured(fields)]), free, "{what}");
        }
    }

    #[test]
    fn one_deployment_that_may_cost_spoils_the_group() {
        let free = configured(&[(IN, "0"), (OUT, "0")]);
        let paid_fallback = configured(&[(IN, "0"), (OUT, "1e-6")]);
        let one_sided = configured(&[(IN, "0")]);
        let unknown = Pricing::default();
        assert!(zero_cost([&free, &free]));
        assert!(!zero_cost([&free, &paid_fallback]));
        assert!(!zero_cost([&paid_fallback, &free]));
        assert!(!zero_cost([&free, &one_sided]));
        assert!(!zero_cost([&free, &unknown]));
        assert!(!zero_cost(std::iter::empty()));
    }

    #[test]
    fn only_an_operators_zero_counts() {
        assert!(zero_cost([&with_source(PriceSource::Config)]));
        assert!(zero_cost([&with_source(PriceSource::File)]));
        assert!(!zero_cost([&with_source(PriceSource::Builtin)]));
        assert!(!zero_cost([&with_source(PriceSource::Unknown)]));
        let inferred = Pricing { explicit: false, ..with_source(PriceSource::File) };
        assert!(!zero_cost([&inferred]));
    }
}
