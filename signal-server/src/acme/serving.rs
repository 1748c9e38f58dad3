//! What connections are encrypted with: the certificate, and the answer to a challenge while the
//! authority asks for it (TLS-ALPN-01, RFC 8737).
//!
//! What always holds: who asks for the protocol of the challenge gets its answer and nothing else,
//! and nobody else ever gets that.

use std::sync::Arc;

use instant_acme::KeyAuthorization;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use super::options::Domain;
use crate::admission::tls::{CHALLENGE_PROTOCOL, CurrentTls, PROTOCOL};

/// What new connections get, as its owner sets it.
#[derive(Debug)]
pub(super) struct Serving {
    now: Answers,
    config: watch::Sender<Arc<ServerConfig>>,
    /// Whether there is a certificate.
    certified: watch::Sender<bool>,
}

/// Which certificate is shown to whom.
#[derive(Debug, Clone, Default)]
struct Answers {
    certificate: Option<Arc<CertifiedKey>>,
    challenge: Option<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Answers {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut protocols = hello.alpn().into_iter().flatten();
        // Without an answer the handshake fails.
        if protocols.any(|protocol| protocol == CHALLENGE_PROTOCOL) {
            self.challenge.clone()
        } else {
            self.certificate.clone()
        }
    }
}

impl Serving {
    /// Shows nothing: handshakes fail.
    pub(super) fn nothing() -> Result<Self, rustls::Error> {
        let now = Answers::default();
        let config = watch::Sender::new(config(&now)?);
        Ok(Self { now, config, certified: watch::Sender::new(false) })
    }

    /// The configuration for new connections, as it changes.
    pub(super) fn current(&self) -> CurrentTls {
        self.config.subscribe()
    }

    /// Whether there is a certificate, as it changes.
    pub(super) fn certified(&self) -> watch::Receiver<bool> {
        self.certified.subscribe()
    }

    pub(super) fn has_certificate(&self) -> bool {
        self.now.certificate.is_some()
    }

    /// Shows this certificate from now on. Who is connected stays so.
    pub(super) fn certify(&mut self, certificate: CertifiedKey) -> Result<(), rustls::Error> {
        self.now.certificate = Some(Arc::new(certificate));
        self.publish()?;
        self.certified.send_replace(true);
        Ok(())
    }

    /// Answers a challenge, or no more.
    pub(super) fn answer(&mut self, challenge: Option<CertifiedKey>) -> Result<(), rustls::Error> {
        self.now.challenge = challenge.map(Arc::new);
        self.publish()
    }

    fn publish(&self) -> Result<(), rustls::Error> {
        self.config.send_replace(config(&self.now)?);
        Ok(())
    }
}

fn config(answers: &Answers) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(answers.clone()));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    if answers.challenge.is_some() {
        config.alpn_protocols.push(CHALLENGE_PROTOCOL.to_vec());
    }
    Ok(Arc::new(config))
}

/// Why no answer to a challenge can be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChallengeError {
    /// No certificate could be made.
    #[error("no certificate can be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// It can't be served.
    #[error("no certificate can be served: {0}")]
    Serving(#[from] rustls::Error),
}

/// The certificate that answers a challenge (RFC 8737 §3): signed by itself, for the name alone,
/// with the digest of what only the account can know.
pub(super) fn challenge_certificate(
    domain: &Domain,
    proof: &KeyAuthorization,
) -> Result<CertifiedKey, ChallengeError> {
    let mut params = CertificateParams::new(vec![domain.to_string()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(proof.digest().as_ref())];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not compared with the certificate, in which there is an extension that no client knows.
    let key = ring::default_provider().key_provider.load_private_key(key)?;
    Ok(CertifiedKey::new(vec![certificate], key))
}
