//! AWS's published test vectors of Signature Version 4 (`aws-sig-v4-test-suite`, as in aws-c-auth): those that a call of ours
//! can be like.

use std::time::Duration;

use super::*;

/// 2015-08-30T12:36:00Z, the moment of all vectors.
const MOMENT: u64 = 1_440_938_160;
const HOST: (&str, &str) = ("host", "example.amazonaws.com");
const SESSION: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

fn signed(
    method: &str,
    path: &str,
    more: &[(&str, &str)],
    (body, session): (&str, Option<&str>),
) -> Vec<(String, String)> {
    let keys = SigningKeys {
        id: "AKIDEXAMPLE".into(),
        secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into()),
        session: session.map(|session| Secret::new(session.to_owned())),
    };
    let headers = [&[HOST], more].concat();
    let call = Outgoing {
        method,
        url: &format!("https://example.amazonaws.com{path}"),
        headers: &headers,
        body: body.as_bytes(),
    };
    let scope = Scope { region: "us-east-1", service: "service" };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(MOMENT);
    let headers = sign(&call, &keys, &scope, now).unwrap();
    assert!(headers.iter().find(|(name, _)| name == "authorization").unwrap().1.is_sensitive());
    headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

fn authorization(names: &str, signature: &str) -> String {
    let scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}")
}

fn check(headers: &[(String, String)], names: &str, signature: &str) {
    let of = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(of("authorization"), Some(&*authorization(names, signature)));
    assert_eq!(of("x-amz-date"), Some("20150830T123600Z"));
}

#[test]
fn the_published_vectors_hold() {
    let plain = "host;x-amz-date";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (method, path, headers, body, names, signature) in [
        // get-vanilla
        ("GET", "/", &[][..], "", plain, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        // get-vanilla-query-order-key-case
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            &[],
            "",
            plain,
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        // post-vanilla
        ("POST", "/", &[], "", plain, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        // post-header-key-sort
        (
            "POST",
            "/",
            &[("My-Header1", "value1")],
            "",
            "host;my-header1;x-amz-date",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        ),
        // post-x-www-form-urlencoded of the suite's first edition, whose body is signed without a header of its own
        (
            "POST",
            "/",
            &form,
            "Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        check(&signed(method, path, headers, (body, None)), names, signature);
    }
}

/// double-encode-path, of the suite's first edition: a path is encoded once more than it is sent, as that of a model's id is.
#[test]
fn a_path_is_encoded_twice() {
    let keys = SigningKeys {
        id: "ANOTREAL".into(),
        secret: Secret::new("notrealrnrELgWzOk3IfjzDKtFBhDby".into()),
        session: None,
    };
    let host = "tj9n5r0m12.execute-api.us-east-1.amazonaws.com";
    let call = Outgoing {
        method: "POST",
        url: &format!("https://{host}/test/@connections/JBDvjfGEIAMCERw%3D"),
        headers: &[("host", host)],
        body: b"",
    };
    let scope = Scope { region: "us-east-1", service: "service" };
    let headers = sign(&call, &keys, &scope, SystemTime::UNIX_EPOCH + Duration::from_secs(MOMENT)).unwrap();
    let authorization = headers.iter().find(|(name, _)| name == "authorization").unwrap().1.to_str().unwrap();
    let signature = "57d157672191bac40bae387e48bbe14b15303c001fdbb01f4abf295dccb09705";
    assert!(
        authorization.ends_with(&format!("SignedHeaders=host;x-amz-date, Signature={signature}")),
        "{authorization}"
    );
}

/// get-vanilla-with-session-token.
#[test]
fn a_session_token_is_signed_and_sent() {
    let headers = signed("GET", "/", &[], ("", Some(SESSION)));
    let signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
    check(&headers, "host;x-amz-date;x-amz-security-token", signature);
    assert!(headers.contains(&("x-amz-security-token".to_owned(), SESSION.to_owned())));
}

#[test]
fn whatever_is_signed_shows() {
    let base = signed("POST", "/model/a/converse", &[], ("{}", None));
    for other in [
        signed("GET", "/model/a/converse", &[], ("{}", None)),
        signed("POST", "/model/b/converse", &[], ("{}", None)),
        signed("POST", "/model/a%3A0/converse", &[], ("{}", None)),
        signed("POST", "/model/a/converse", &[("content-type", "application/json")], ("{}", None)),
        signed("POST", "/model/a/converse", &[], ("{ }", None)),
        signed("POST", "/model/a/converse", &[], ("{}", Some("t"))),
    ] {
        assert_ne!(other, base);
    }
}

#[test]
fn what_no_header_can_hold_is_told_without_the_key() {
    let keys = SigningKeys { id: "a\nb".into(), secret: Secret::new("canary-sign".into()), session: None };
    let call = Outgoing { method: "POST", url: "https://h/", headers: &[("host", "h")], body: b"" };
    let scope = Scope { region: "r", service: "s" };
    let error = sign(&call, &keys, &scope, SystemTime::UNIX_EPOCH).unwrap_err();
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}
