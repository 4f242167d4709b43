//! The path of a pass-through, and its query: what a caller may write below a provider's origin.

use actix_web::HttpRequest;
use millrace_actors::deployment::Deployment;
use millrace_actors::fault::Fault;

/// The longest path and query, bytes: ids of providers are a tenth of this.
const LONGEST: usize = 4096;

/// Parameters that would be a credential, or choose one (Google takes a key in the query).
const CREDENTIALS: [&str; 5] = ["key", "api_key", "api-key", "access_token", "token"];

/// Path and query as they are sent: the deployment's base, then what stands behind the provider's name, byte for byte.
///
/// # Errors
/// The path could be read as another than it looks, or leads out of the base.
pub fn below(request: &HttpRequest, deployment: &Deployment) -> Result<String, Fault> {
    // not the matched part, in which actix has decoded what it will
    let raw = request.uri().path();
    let path = raw.trim_start_matches('/').split_once('/').map_or("", |(_, path)| path);
    let path = checked(path)?;
    let mut whole = joined(&deployment.base_path, path);
    let query = request.uri().query().unwrap_or_default();
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_credential(pair)).collect();
    let own = deployment.query.trim_start_matches('?');
    let all: Vec<&str> = own.split('&').filter(|pair| !pair.is_empty()).chain(kept).collect();
    if !all.is_empty() {
        whole = format!("{whole}?{}", all.join("&"));
    }
    match whole.len() <= LONGEST {
        true => Ok(whole),
        false => Err(bad("is too long")),
    }
}

fn bad(what: &str) -> Fault {
    let message = format!(
        "The path behind the provider's name {what}. Send a plain path, such as `/openai/v1/models`: segments without `.`, \
         `..`, an empty one, or an escaped `/`, `\\`, `.` or `%`."
    );
    Fault::BadRequest { message, param: None }
}

/// A path whose segments are what they look like to every reader. An allow-list of characters (RFC 3986, `pchar`).
fn checked(path: &str) -> Result<&str, Fault> {
    if path.is_empty() {
        return Err(bad("is empty"));
    }
    for segment in path.strip_suffix('/').unwrap_or(path).split('/') {
        if segment.is_empty() || matches!(segment, "." | "..") {
            return Err(bad("has a segment that leads elsewhere"));
        }
        let bytes = segment.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            at += match byte {
                b'%' => escaped(bytes.get(at + 1..at + 3))?,
                _ if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(byte) => 1,
                _ => return Err(bad("has a character that no path has")),
            };
        }
    }
    Ok(path)
}

/// The length of an escape, if what it stands for means nothing to a reader of paths.
fn escaped(digits: Option<&[u8]>) -> Result<usize, Fault> {
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    // `from_str_radix` would take a sign
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        None => Err(bad("has a broken escape")),
        Some(b'/' | b'\\' | b'.' | b'%' | b'?' | b'#' | 0..=0x1f | 0x7f) => {
            Err(bad("hides a character that leads elsewhere"))
        }
        Some(_) => Ok(3),
    }
}

/// The base and the path; what the base ends with and the path begins with stands once: `/v1` and `v1/models`, or all of
/// `/v1/projects/p/locations/l/publishers`, which callers of Vertex AI write out. Another project's stays below the operator's.
fn joined(base: &str, path: &str) -> String {
    let ends = path.match_indices('/').map(|(at, _)| at);
    let shared = |at: &usize| base.strip_suffix(&path[..*at]).is_some_and(|rest| rest.ends_with('/'));
    let rest = ends.rev().find(shared).map_or(path, |at| &path[at + 1..]);
    format!("{base}/{rest}")
}

fn is_credential(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    // an escaped name is one that need not be: `%6bey`
    name.contains('%') || CREDENTIALS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_passes() {
        for fine in ["v1/models", "v1/models/ft:gpt-4o:org::id", "v1/files/a%20b/content", "v1/models/", "v1/a%3Ab"] {
            assert_eq!(checked(fine).ok(), Some(fine));
        }
        for bad in [
            "",
            "/",
            "..",
            "v1/../x",
            "v1/./x",
            "v1//x",
            "//evil.example",
            "v1/%2e%2e/x",
            "v1/%2E./x",
            "a%2fb",
            "a%5Cb",
            "a%252fb",
            "a%00b",
            "a%0d%0ab",
            "a%",
            "a%2",
            "a%zz",
            "a%+1",
            "a\\b",
            "a b",
            "a\"b",
            "v1/é",
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_base_and_path_share_stands_once() {
        assert_eq!(joined("/v1", "v1/models"), "/v1/models");
        assert_eq!(joined("/v1", "models"), "/v1/models");
        assert_eq!(joined("", "v1/messages"), "/v1/messages");
        assert_eq!(joined("/openai/v1", "v1/x/v1"), "/openai/v1/x/v1");
        assert_eq!(joined("/xv1", "v1/models"), "/xv1/v1/models", "a whole segment");
        let below = "/v1/projects/p/locations/l/publishers";
        for path in ["google/models/m:countTokens", "v1/projects/p/locations/l/publishers/google/models/m:countTokens"]
        {
            assert_eq!(joined(below, path), format!("{below}/google/models/m:countTokens"));
        }
        let other = "v1/projects/q/locations/l/publishers/google/models/m:countTokens";
        assert_eq!(joined(below, other), format!("{below}/{other}"), "no other project's");
    }

    #[test]
    fn a_credential_in_the_query_is_left_out() {
        for credential in ["key=a", "KEY=a", "api_key=a", "%6bey=a", "access_token"] {
            assert!(is_credential(credential), "{credential}");
        }
        for fine in ["limit=3", "alt=sse", "after=key"] {
            assert!(!is_credential(fine), "{fine}");
        }
    }
}
