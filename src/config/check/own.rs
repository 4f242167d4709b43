//! What some providers ask for beyond an address and a key.

use crate::config::model::Below;
use crate::credentials::Source;

/// What is a provider's own about a deployment.
#[derive(Default)]
pub(super) struct Own {
    pub(super) below: Below,
    pub(super) credential: Option<Source>,
    pub(super) region: Option<String>,
}
