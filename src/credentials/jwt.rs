//! A signed statement of who one is (RFC 7519, RS256), for the exchange of a service account's key for a token.
//!
//! Over `ring`, which TLS brings along: `jsonwebtoken` would bring a second set of ciphers, 46 packages, for these lines.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_actors::secret::Secret;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

/// The key in a PEM text, in either of the two forms of RSA keys.
pub(super) fn key(pem: &Secret) -> Result<KeyPair, &'static str> {
    let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| "it is no private key in PEM")?;
    let pair = match &der {
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("it is no RSA key"),
    };
    pair.map_err(|_| "it is no RSA key of 2048 to 4096 bits")
}

/// The claims, signed.
pub(super) fn signed(key: &KeyPair, key_id: Option<&str>, claims: &Value) -> Result<String, &'static str> {
    let mut head = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = key_id {
        head["kid"] = id.into();
    }
    let mut text = URL_SAFE_NO_PAD.encode(head.to_string());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut text);
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| "the system gave no random bytes to sign with")?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    Ok(text)
}
