//! The files that AWS's tools share: `credentials` and `config`, with a section for each profile ("Shared config and
//! credentials files").

use std::collections::HashMap;
use std::path::PathBuf;

use millrace_actors::credential::FetchError;

use super::told::read;

/// Settings that lead to keys in ways that are not served, and what they are.
const NOT_SERVED: [(&str, &str); 4] = [
    ("credential_process", "a program that tells them"),
    ("sso_session", "a person's sign-on"),
    ("sso_start_url", "a person's sign-on"),
    ("login_session", "a person's sign-on"),
];

/// The two files.
#[derive(Clone, Debug, PartialEq)]
pub struct Files {
    /// Keys.
    pub credentials: PathBuf,
    /// All else.
    pub config: PathBuf,
}

/// The settings of one profile, by their names.
pub(super) struct Settings(HashMap<String, String>);

impl Files {
    /// What a profile has in both files; what is in `credentials` counts where both have it.
    pub(super) fn profile(&self, name: &str) -> Result<Settings, FetchError> {
        let (credentials, config) = (read(&self.credentials), read(&self.config));
        if let (Err(error), Err(_)) = (&credentials, &config) {
            return Err(error.clone());
        }
        let in_config = format!("profile {name}");
        let sections = [name, in_config.as_str()];
        let mut settings = HashMap::new();
        for (text, sections) in [(config, &sections[..]), (credentials, &sections[..1])] {
            if let Ok(text) = text {
                settings.extend(section(text.expose(), sections));
            }
        }
        Ok(Settings(settings))
    }
}

impl Settings {
    /// A setting that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Why no keys can be had by these settings.
    pub(super) fn complaint(&self) -> FetchError {
        let not_served = NOT_SERVED.iter().find(|(name, _)| self.get(name).is_some());
        FetchError(match not_served {
            Some((name, what)) => {
                format!("its `{name}` ({what}) is not supported; write keys, or set them as variables")
            }
            None => "it is not there, or holds neither a pair of keys nor a role".to_owned(),
        })
    }
}

/// The settings of the sections of these names. A setting of a setting is indented, and none of ours.
fn section(text: &str, names: &[&str]) -> Vec<(String, String)> {
    let mut within = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            within = names.contains(&name.as_str());
        } else if within
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((name, value)) = bare.split_once('=')
        {
            // a comment in a line stands behind a space; a secret may hold a `#`
            let value = value.split(" #").next().unwrap_or_default().split(" ;").next().unwrap_or_default();
            found.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_the_section_of_its_name_in_either_file() {
        let text = "[default]\naws_access_key_id = A\n[ profile  dev ]\n# aws_access_key_id = X\nAWS_Access_Key_Id=B # mine\n\
                    aws_secret_access_key = a#b=c;d ; not this\ns3 =\n  aws_access_key_id = nested\n[profile devil]\nregion=x\n";
        let dev = section(text, &["dev", "profile dev"]);
        let pairs: Vec<_> = dev.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("aws_access_key_id", "B"), ("aws_secret_access_key", "a#b=c;d"), ("s3", "")]);
        assert_eq!(section(text, &["default"]), [("aws_access_key_id".to_owned(), "A".to_owned())]);
        assert_eq!(section(text, &["none"]), []);
    }
}
