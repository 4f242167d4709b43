//! AWS's Signature Version 4 as the service checks it: reckoned anew from the request that came, by AWS's description of it
//! ("Create a signed AWS API request"), and by no code that the gateway signs with.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::mock::request::Head;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far from now a signature's time may be ("Elements of an AWS API request signature").
const SKEW: Duration = Duration::from_secs(300);

/// The parts of an `authorization` header.
struct Parts<'h> {
    /// `date/region/service/aws4_request`.
    scope: &'h str,
    names: Vec<&'h str>,
    signature: &'h str,
}

/// Checks a request.
///
/// # Errors
/// In words like the service's, why it is refused.
pub fn check(head: &Head, body: &[u8], secret: &str) -> Result<(), String> {
    let parts = parts(head)?;
    let value = |name: &str| head.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let date = value("x-amz-date")
        .ok_or("Authorization header requires existence of either a 'X-Amz-Date' or 'Date' header")?;
    is_near(date)?;
    for (name, _) in &head.headers {
        let must = matches!(name.as_str(), "host" | "content-type") || name.starts_with("x-amz-");
        if must && !parts.names.contains(&name.as_str()) {
            return Err(format!("'{name}' is not among the signed headers"));
        }
    }
    let [day, region, service, end] = parts.scope.split('/').collect::<Vec<_>>()[..] else {
        return Err("Credential is not of the form ID/date/region/service/aws4_request".to_owned());
    };
    if service != "bedrock" || end != "aws4_request" || !date.starts_with(day) {
        return Err(format!("Credential should be scoped to correct service: 'bedrock', not to {}", parts.scope));
    }
    let canonical = canonical(head, &parts, body)?;
    let to_sign = format!("{ALGORITHM}\n{date}\n{}\n{}", parts.scope, hex(&Sha256::digest(canonical)));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, region, service, end] {
        key = mac(&key, part);
    }
    match hex(&mac(&key, &to_sign)) == parts.signature {
        true => Ok(()),
        false => Err("The request signature we calculated does not match the signature you provided".to_owned()),
    }
}

fn parts(head: &Head) -> Result<Parts<'_>, String> {
    let header = head.authorization.as_deref().ok_or("Missing Authentication Token")?;
    let rest = header.strip_prefix(ALGORITHM).ok_or("Authorization header is of another algorithm")?;
    let part = |name: &str| {
        let found = rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| format!("Authorization header requires '{name}' parameter"))
    };
    let (_, scope) = part("Credential")?.split_once('/').ok_or("Credential has no scope")?;
    Ok(Parts { scope, names: part("SignedHeaders")?.split(';').collect(), signature: part("Signature")? })
}

/// The canonical request. The path is encoded once more than it was sent, as for every service but S3.
fn canonical(head: &Head, parts: &Parts<'_>, body: &[u8]) -> Result<String, String> {
    let (path, query) = head.path.split_once('?').unwrap_or((&head.path, ""));
    // a name without a value has an empty one
    let whole = |pair: &str| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") };
    let mut query: Vec<String> = query.split('&').filter(|pair| !pair.is_empty()).map(whole).collect();
    query.sort_unstable();
    let mut out = format!("{}\n{}\n{}\n", head.method, encoded(path), query.join("&"));
    for name in &parts.names {
        let values: Vec<&str> =
            head.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim()).collect();
        if values.is_empty() {
            return Err(format!("'{name}' is signed and did not come"));
        }
        let _ = writeln!(out, "{name}:{}", values.join(","));
    }
    let _ = write!(out, "\n{}\n{}", parts.names.join(";"), hex(&Sha256::digest(body)));
    Ok(out)
}

fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len() * 2);
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// `20150830T123600Z`, not too far from now.
fn is_near(date: &str) -> Result<(), String> {
    let number = |range: std::ops::Range<usize>| date.get(range).and_then(|digits| digits.parse::<u64>().ok());
    let told = || {
        let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
        let (hour, minute, second) = (number(9..11)?, number(11..13)?, number(13..15)?);
        // days from 1970 by the rule of leap years (the "days from civil" reckoning)
        let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 719_469;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(((days * 24 + hour) * 60 + minute) * 60 + second))
    };
    let told = told().ok_or("Date is not in ISO-8601 'basic format'")?;
    let now = SystemTime::now();
    let apart = now.duration_since(told).or_else(|_| told.duration_since(now)).unwrap_or_default();
    if apart > SKEW { Err(format!("Signature expired: {date} is not near now")) } else { Ok(()) }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's example of a signing key ("Examples of how to derive a signing key for Signature Version 4").
    #[test]
    fn a_signing_key_is_derived_as_published() {
        let mut key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
        for part in ["20120215", "us-east-1", "iam", "aws4_request"] {
            key = mac(&key, part);
        }
        assert_eq!(hex(&key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }

    #[test]
    fn times_are_read() {
        assert!(is_near("20150830T123600Z").is_err());
        assert!(is_near("soon").unwrap_err().contains("ISO-8601"));
        let secs = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let date = httpdate::HttpDate::from(SystemTime::UNIX_EPOCH + secs).to_string();
        // Tue, 24 Nov 2026 12:48:40 GMT
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = 1 + months.iter().position(|month| *month == &date[8..11]).unwrap();
        let basic = format!("{}{month:02}{}T{}Z", &date[12..16], &date[5..7], date[17..25].replace(':', ""));
        assert_eq!(is_near(&basic), Ok(()), "{basic}");
    }

    #[test]
    fn a_path_is_encoded_again() {
        assert_eq!(encoded("/model/a%3A0/converse"), "/model/a%253A0/converse");
    }
}
