//! What some providers ask for beyond an address and a key.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use millrace_actors::secret::Secret;

use crate::config::model::Below;
use crate::credentials::Source;

/// What is a provider's own about a deployment.
#[derive(Default)]
pub(super) struct Own {
    pub(super) below: Below,
    pub(super) credential: Option<Source>,
}

/// A small file that holds a secret.
pub(super) fn read_file(path: &Path, longest: u64) -> std::io::Result<Secret> {
    let mut text = String::new();
    File::open(path)?.take(longest).read_to_string(&mut text)?;
    Ok(Secret::new(text))
}
