//! TLS below the guard.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use super::{LIVENESS, Raw, always, client, post, raw, text};
use crate::upstream::{Origin, TlsTrust, UpstreamClient, UpstreamFault, UpstreamSettings};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        acceptor(params.signed_by(&key, &self.0).unwrap().der().clone(), &key)
    }

    /// A client that trusts this authority by a file, as `SSL_CERT_FILE` would have it.
    fn client(&self) -> UpstreamClient {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(self.0.pem().as_bytes()).unwrap();
        let trust = TlsTrust::with_extra_ca_file(file.path()).unwrap();
        UpstreamClient::new(UpstreamSettings::with_trust(trust))
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Answers over TLS; `goodbye`: closes properly after each answer.
async fn secure(acceptor: TlsAcceptor, answer: &'static [u8], closing: Closing) -> (Raw, Origin) {
    let upstream = raw(move |tcp, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut tls) = acceptor.accept(tcp).await else { return };
            assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            let mut seen = Vec::new();
            while tls.read_buf(&mut seen).await.is_ok_and(|n| n > 0) {
                if !seen.ends_with(b"{}") {
                    continue;
                }
                seen.clear();
                tls.write_all(answer).await.unwrap();
                tls.flush().await.unwrap();
                match closing {
                    Closing::Never => {}
                    Closing::Proper => return tls.shutdown().await.unwrap(),
                    Closing::Cut => return,
                }
            }
        }
    })
    .await;
    let origin = Origin::parse(&upstream.origin.to_string().replace("http:", "https:")).unwrap();
    (upstream, origin)
}

#[derive(Clone, Copy)]
enum Closing {
    Never,
    Proper,
    Cut,
}

#[actix_rt::test]
async fn an_extra_authority_is_trusted_and_connections_are_kept() {
    let authority = Authority::new();
    let (upstream, origin) = secure(authority.acceptor("127.0.0.1"), OK, Closing::Never).await;
    let client = authority.client();
    for _ in 0..3 {
        assert_eq!(text(&client, &origin).await.unwrap(), "ok");
    }
    assert_eq!(upstream.connections.get(), 1);
}

#[actix_rt::test]
async fn unknown_authorities_and_wrong_hosts_are_refused() {
    let authority = Authority::new();
    let (_, origin) = secure(authority.acceptor("127.0.0.1"), OK, Closing::Never).await;
    let fault = post(&client(), &origin).await.unwrap_err();
    assert!(matches!(&fault, UpstreamFault::Tls { reason, .. } if reason.contains("UnknownIssuer")), "{fault:?}");
    assert!(fault.before_answer());
    let (_, origin) = secure(authority.acceptor("other.example"), OK, Closing::Never).await;
    let fault = post(&authority.client(), &origin).await.unwrap_err();
    assert!(matches!(&fault, UpstreamFault::Tls { reason, .. } if reason.contains("not valid for")), "{fault:?}");
}

#[actix_rt::test]
async fn unchecked_is_a_choice_and_a_lane_of_its_own() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["other.example".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap().der().clone();
    let (upstream, origin) = secure(acceptor(own, &key), OK, Closing::Never).await;
    let client = client();
    assert_eq!(text(&client, &origin.without_verification()).await.unwrap(), "ok");
    assert!(matches!(post(&client, &origin).await, Err(UpstreamFault::Tls { .. })));
    assert_eq!((client.origins(), upstream.connections.get()), (2, 2));
}

#[actix_rt::test]
async fn a_stalled_handshake_ends() {
    let upstream = raw(|_tcp, _| std::future::pending()).await;
    let origin = Origin::parse(&upstream.origin.to_string().replace("http:", "https:")).unwrap();
    let settings = UpstreamSettings { handshake_timeout: Duration::from_millis(50), ..super::settings() };
    let client = UpstreamClient::new(settings);
    let fault = tokio::time::timeout(LIVENESS, post(&client, &origin)).await.unwrap().unwrap_err();
    assert!(matches!(fault, UpstreamFault::Tls { .. }), "{fault:?}");
}

#[actix_rt::test]
async fn plain_text_never_answers_for_tls() {
    let plain = always(OK).await;
    let origin = Origin::parse(&plain.origin.to_string().replace("http:", "https:")).unwrap();
    let client = client();
    // A plain connection to the same host and port is in the pool; TLS must not find it.
    assert_eq!(text(&client, &plain.origin).await.unwrap(), "ok");
    assert!(matches!(post(&client, &origin).await, Err(UpstreamFault::Tls { .. })));
}

#[actix_rt::test]
async fn a_body_ended_by_closing_needs_a_proper_close() {
    const OPEN: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nto the end";
    let authority = Authority::new();
    let (_, origin) = secure(authority.acceptor("127.0.0.1"), OPEN, Closing::Proper).await;
    assert_eq!(text(&authority.client(), &origin).await.unwrap(), "to the end");
    let (_, origin) = secure(authority.acceptor("127.0.0.1"), OPEN, Closing::Cut).await;
    assert_eq!(text(&authority.client(), &origin).await, Err(UpstreamFault::Truncated));
}

#[test]
fn a_file_without_certificates_is_refused() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    assert!(TlsTrust::with_extra_ca_file(file.path()).is_err());
    file.write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(TlsTrust::with_extra_ca_file(file.path()).is_err());
    assert!(TlsTrust::with_extra_ca_file(std::path::Path::new("/nowhere")).is_err());
}
