//! Keys that are refused, and addresses that need one.

use std::fmt;
use std::net::IpAddr;

use super::model::{Config, Place};
use super::report::{Complaint, Severity};

/// Shortest master key, characters. A 20-character random key of letters and digits has some 119 bits.
const MIN_CHARS: usize = 20;

/// Fewest different characters: `aaaaaaaaaaaaaaaaaaaaaaaa` is long and is guessed first.
const MIN_DISTINCT: usize = 8;

/// Words that, with `sk-` and the like and digits and signs taken away, make up the keys of samples and tutorials.
const WELL_KNOWN: &[&str] = &[
    "",
    "sk",
    "test",
    "admin",
    "password",
    "secret",
    "changeme",
    "changethis",
    "default",
    "example",
    "master",
    "masterkey",
    "litellm",
    "litellmmasterkey",
    "litellmkey",
    "litellmsecret",
    "millrace",
    "millracemasterkey",
    "mymasterkey",
    "mykey",
    "mysecret",
    "mysecretkey",
    "mysecretmasterkey",
    "yourkey",
    "yourkeyhere",
    "yourmasterkey",
    "yourmasterkeyhere",
    "yoursecretkey",
    "yoursecretmasterkey",
    "replaceme",
    "replacethis",
    "replacewithyourkey",
    "topsecret",
    "supersecret",
    "supersecretkey",
    "supersecretmasterkey",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjkl",
    "apikey",
    "yourapikey",
    "yourapikeyhere",
    "xxxxxxxx",
    "placeholder",
    "insertkeyhere",
    "generateme",
    "generatearandomkey",
    "localdevelopment",
    "developmentkey",
    "devkey",
    "devmasterkey",
    "localdevkey",
];

/// Why a master key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakKey {
    /// It stands in samples, tutorials or lists of first guesses.
    WellKnown,
    /// Shorter than 20 characters.
    TooShort,
    /// Only a few different characters.
    TooUniform,
    /// Holds spaces, control characters, or characters outside ASCII: an `authorization` header cannot carry it.
    NotPrintable,
}

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WellKnown => "is a well-known one that anyone would try first",
            Self::TooShort => "is shorter than 20 characters",
            Self::TooUniform => "has too few different characters",
            Self::NotPrintable => "holds spaces or characters that a header cannot carry",
        })
    }
}

impl std::error::Error for WeakKey {}

/// Refuses keys that are guessed first. Scanners find some 10 % of exposed gateways open to `sk-1234`.
pub fn check_master_key(key: &str) -> Result<(), WeakKey> {
    let letters: String = key.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let stem = letters.strip_prefix("sk").unwrap_or(&letters);
    if WELL_KNOWN.contains(&stem) || WELL_KNOWN.contains(&letters.as_str()) {
        return Err(WeakKey::WellKnown);
    }
    if key.chars().count() < MIN_CHARS {
        return Err(WeakKey::TooShort);
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(WeakKey::NotPrintable);
    }
    let mut distinct: Vec<char> = key.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < MIN_DISTINCT { Err(WeakKey::TooUniform) } else { Ok(()) }
}

/// A gateway that anyone could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenToAll {
    /// The address that was to be listened on.
    pub host: IpAddr,
}

impl OpenToAll {
    const CODE: &str = "MR1051";
    const HELP: &str = "set general_settings.master_key (or LITELLM_MASTER_KEY), or listen on 127.0.0.1";

    fn what(&self) -> String {
        let host = self.host;
        format!(
            "{host} is not a loopback address and there is no master key, so anyone who reaches it could spend your money"
        )
    }

    /// As a complaint about the file that names the address at `place`.
    pub fn complaint(&self, place: Place) -> Complaint {
        Complaint {
            code: Self::CODE,
            severity: Severity::Error,
            key: "millrace.host".to_owned(),
            message: self.what(),
            help: Self::HELP.to_owned(),
            place,
            width: 1,
            line: None,
        }
    }
}

impl fmt::Display for OpenToAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", Self::CODE, self.what(), Self::HELP)
    }
}

impl std::error::Error for OpenToAll {}

/// Refuses to listen beyond loopback without a master key. `host` is what will be bound, after command-line options.
pub fn check_bind(host: IpAddr, config: &Config) -> Result<(), OpenToAll> {
    let loopback = match host {
        IpAddr::V4(address) => address.is_loopback(),
        // `::ffff:127.0.0.1` is loopback as well, although `Ipv6Addr::is_loopback` says no.
        IpAddr::V6(address) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
    };
    if loopback || config.general.master_key.is_some() { Ok(()) } else { Err(OpenToAll { host }) }
}

#[cfg(test)]
mod tests {
    use millrace_actors::secret::Secret;

    use super::{WeakKey, check_bind, check_master_key};
    use crate::config::model::Config;

    #[test]
    fn well_known_short_and_uniform_keys_are_refused() {
        let well_known = [
            "sk-1234",
            "sk-12345",
            "SK-1234567890",
            "changeme",
            "test",
            "sk-test-1234567890-1234567890",
            "sk-litellm-master-key",
            "sk-your-master-key-here-123",
            "12345678901234567890123456",
        ];
        for key in well_known {
            assert_eq!(check_master_key(key), Err(WeakKey::WellKnown), "{key}");
        }
        assert_eq!(check_master_key("sk-Zq8vK2mP"), Err(WeakKey::TooShort));
        assert_eq!(check_master_key("abababababababababababab"), Err(WeakKey::TooUniform));
        assert_eq!(check_master_key("sk-Zq8v K2mP 9xLw 4RtY 7nBc"), Err(WeakKey::NotPrintable));
        assert_eq!(check_master_key("sk-Zq8vK2mP9xLw4RtY7nBc"), Ok(()));
    }

    #[test]
    fn beyond_loopback_only_with_a_key() {
        let mut config = Config::default();
        for open in ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1"] {
            assert!(check_bind(open.parse().unwrap(), &config).is_err(), "{open}");
        }
        for closed in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(check_bind(closed.parse().unwrap(), &config), Ok(()), "{closed}");
        }
        config.general.master_key = Some(Secret::new("sk-Zq8vK2mP9xLw4RtY7nBc".to_owned()));
        assert_eq!(check_bind("0.0.0.0".parse().unwrap(), &config), Ok(()));
    }
}
