//! Which prices apply to a deployment, who stated them, and whether a model group is free.
//!
//! A price can come from the deployment's own configuration, from the operator's price file or from the table this
//! program carries. The three are kept apart to the end, because only what an operator stated may switch off budget
//! checks, and because an unknown price must be told from a price of zero.

mod pricing;
mod table;
#[cfg(test)]
mod tests;
mod zero_cost;

pub use pricing::{OverrideFault, PriceOverride, PriceSource, Pricing};
pub use table::{ModelPrice, PriceQuery, PriceTable};
pub use zero_cost::zero_cost;
