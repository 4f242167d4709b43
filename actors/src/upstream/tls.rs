//! TLS towards upstreams: which roots are trusted, and the two client configurations (checked, unchecked). Made once
//! and shared by all workers, so that session tickets are shared too. Only HTTP/1.1 is offered: the guard reads that.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Whom we trust. The public roots are built in; a file may add more.
#[derive(Clone, Debug)]
pub struct TlsTrust {
    verified: Arc<ClientConfig>,
    unverified: Arc<ClientConfig>,
}

impl TlsTrust {
    /// The public web roots only.
    pub fn public_roots() -> io::Result<Self> {
        Self::from_roots(public_roots())
    }

    /// The public web roots and every certificate of a PEM file (what `SSL_CERT_FILE` names).
    ///
    /// # Errors
    /// The file cannot be read, holds no certificate, or holds one that cannot be used. A file that is only half
    /// good is refused: the missing half would show as a puzzling handshake failure much later.
    pub fn with_extra_ca_file(path: &Path) -> io::Result<Self> {
        let text = std::fs::read(path)?;
        let mut roots = public_roots();
        let mut count = 0_usize;
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate.map_err(io::Error::other)?;
            roots.add(certificate).map_err(io::Error::other)?;
            count += 1;
        }
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no certificate in the file; it must be PEM"));
        }
        Self::from_roots(roots)
    }

    fn from_roots(roots: RootCertStore) -> io::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let builder = || {
            ClientConfig::builder_with_provider(provider.clone())
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)
        };
        let mut verified = builder()?.with_root_certificates(roots).with_no_client_auth();
        verified.alpn_protocols = vec![b"http/1.1".to_vec()];
        let anyone = Arc::new(Anyone(provider.clone()));
        let mut unverified = builder()?.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth();
        unverified.alpn_protocols = verified.alpn_protocols.clone();
        Ok(Self { verified: Arc::new(verified), unverified: Arc::new(unverified) })
    }

    pub(super) fn config(&self, verify: bool) -> Arc<ClientConfig> {
        if verify { self.verified.clone() } else { self.unverified.clone() }
    }
}

fn public_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Takes any certificate, but still checks that the peer holds its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
