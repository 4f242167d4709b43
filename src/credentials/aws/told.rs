//! Keys as they are told, in an answer or a file, and their end.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use millrace_actors::credential::{FetchError, Proof, SigningKeys, Token};
use millrace_actors::secret::Secret;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::credentials::file;

/// How long keys hold that say nothing of an end: then they are read again, in case they have been changed.
const UNSAID: Duration = Duration::from_secs(900);

/// Keys as the metadata services tell them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Told {
    pub access_key_id: String,
    pub secret_access_key: String,
    #[serde(alias = "SessionToken")]
    pub token: Option<String>,
    pub expiration: Option<String>,
}

impl Told {
    /// The keys and their end.
    pub fn into_token(self) -> Result<Token, FetchError> {
        let lifetime = match self.expiration {
            None => UNSAID,
            Some(end) => lifetime(&end).ok_or_else(|| FetchError("the end of the keys is no time".to_owned()))?,
        };
        let keys = SigningKeys {
            id: self.access_key_id,
            secret: Secret::new(self.secret_access_key),
            session: self.token.filter(|token| !token.is_empty()).map(Secret::new),
        };
        Ok(Token::new(Proof::Keys(keys), Instant::now(), Some(lifetime)))
    }
}

/// From now to a time such as `2026-11-24T12:00:00Z`; nothing if that has passed.
fn lifetime(end: &str) -> Option<Duration> {
    let end = OffsetDateTime::parse(end.trim(), &Rfc3339).ok()?;
    Some(SystemTime::from(end).duration_since(SystemTime::now()).unwrap_or_default())
}

/// A small file that holds a secret, read anew each time: whoever writes it does so before what is in it ends.
pub(super) fn read(path: &Path) -> Result<Secret, FetchError> {
    file::read(path).map_err(|cause| FetchError(format!("{}: {cause}", path.display())))
}

#[cfg(test)]
mod tests {
    use millrace_actors::credential::State;

    use super::*;

    #[test]
    fn keys_end_when_they_say_so_or_are_read_again() {
        let told = |expiration: Option<&str>| Told {
            access_key_id: "AKID".into(),
            secret_access_key: "s".into(),
            token: Some("t".into()),
            expiration: expiration.map(str::to_owned),
        };
        let state = |told: Told, after| told.into_token().unwrap().state(Instant::now() + Duration::from_secs(after));
        assert_eq!((state(told(None), 0), state(told(None), 900)), (State::Fresh, State::Over));
        assert_eq!(state(told(Some("2020-01-01T00:00:00Z")), 0), State::Over);
        assert_eq!(state(told(Some("2999-01-01T00:00:00.123Z")), 1 << 30), State::Fresh);
        assert!(told(Some("soon")).into_token().is_err());
    }
}
