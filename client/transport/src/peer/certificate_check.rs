//! Verifies the other's certificate by whatever fingerprints it stated.
//!
//! The library compares one SHA-256 with the certificate, inside the DTLS handshake, and knows no
//! other hash function. Where a description states another one, or several values, the library is
//! given a placeholder that no certificate has, and asks its cryptography for the SHA-256 of the
//! certificate as always. That is this provider, which answers with the placeholder if and only if
//! the certificate is one of those that were stated. What always holds: without a match the
//! handshake fails, as it does for the library's own comparison; the library keeps that to itself,
//! so it is reported from here. (RFC 8122 §5, RFC 8842 §5.)

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use webrtc::peer_connection::crypto::{
    ActiveKeyExchange, AeadAlgorithm, AeadCipher, BlockCipherAlgorithm, CbcAlgorithm, CbcCipher,
    CryptoAlgorithm, CryptoError, HashAlgorithm, HmacAlgorithm, KeyExchangeAlgorithm, Mac,
    PublicKey, RTCCrypto, RTCCryptoProvider, RTCRandom, SignatureScheme, SigningKey, StreamCipher,
    StreamCipherAlgorithm, default_provider,
};

use crate::peer::sdp::Fingerprints;

/// The first byte of a certificate: a sequence in DER. What else is hashed by SHA-256 is the
/// messages of a handshake, which begin with a 1.
const DER_SEQUENCE: u8 = 0x30;

/// What the library is given in the place of fingerprints that it does not know.
pub(crate) type Placeholder = [u8; 32];

/// The library's cryptography, which knows the other's fingerprints.
pub(crate) struct CertificateCheck {
    library: Arc<dyn RTCCryptoProvider>,
    placeholder: Placeholder,
    state: Mutex<State>,
    refused: Notify,
}

#[derive(Default)]
struct State {
    /// The certificates that the other may have.
    accepted: Option<Fingerprints>,
    /// The SHA-256 of ours.
    ours: Vec<u8>,
}

impl CertificateCheck {
    /// # Errors
    /// When the library has no cryptography.
    pub(crate) fn new() -> Result<Arc<Self>, CryptoError> {
        let library = default_provider()?;
        let mut placeholder = Placeholder::default();
        library.random().fill(&mut placeholder)?;
        Ok(Arc::new(Self { library, placeholder, state: Mutex::default(), refused: Notify::new() }))
    }

    /// Another one for each connection, which nobody else knows.
    pub(crate) fn placeholder(&self) -> Placeholder {
        self.placeholder
    }

    /// Notes which certificates the other may have, before the library is given its description.
    pub(crate) fn accept(&self, fingerprints: Fingerprints) {
        self.state().accepted = Some(fingerprints);
    }

    /// Waits until the other has shown a certificate that is none of those.
    pub(crate) async fn refused(&self) {
        self.refused.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The SHA-256 of a certificate, as far as the library is concerned.
    fn certificate_digest(&self, certificate: &[u8], digest: Vec<u8>) -> Vec<u8> {
        let mut state = self.state();
        match &state.accepted {
            Some(accepted) if accepted.accept(certificate) => {
                let known = accepted.only_sha_256().is_some();
                if known { digest } else { self.placeholder.to_vec() }
            }
            Some(_) if digest != state.ours => {
                // Whoever answers a description has hashed its own certificate before: for it.
                if state.ours.is_empty() {
                    state.ours.clone_from(&digest);
                } else {
                    self.refused.notify_one();
                }
                digest
            }
            Some(_) => digest,
            None => {
                state.ours.clone_from(&digest);
                digest
            }
        }
    }
}

impl RTCCryptoProvider for CertificateCheck {
    fn name(&self) -> &'static str {
        self.library.name()
    }

    fn crypto(&self) -> &dyn RTCCrypto {
        self
    }

    fn random(&self) -> &dyn RTCRandom {
        self.library.random()
    }
}

impl RTCCrypto for CertificateCheck {
    fn supports(&self, algorithm: CryptoAlgorithm) -> bool {
        self.library.crypto().supports(algorithm)
    }

    fn hash(&self, algorithm: HashAlgorithm, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let digest = self.library.crypto().hash(algorithm, data)?;
        let is_certificate =
            algorithm == HashAlgorithm::Sha256 && data.first() == Some(&DER_SEQUENCE);
        Ok(if is_certificate { self.certificate_digest(data, digest) } else { digest })
    }

    fn block_encrypt(
        &self,
        algorithm: BlockCipherAlgorithm,
        key: &[u8],
        block: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.library.crypto().block_encrypt(algorithm, key, block)
    }

    fn new_hmac(&self, algorithm: HmacAlgorithm, key: &[u8]) -> Result<Box<dyn Mac>, CryptoError> {
        self.library.crypto().new_hmac(algorithm, key)
    }

    fn new_stream_cipher(
        &self,
        algorithm: StreamCipherAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn StreamCipher>, CryptoError> {
        self.library.crypto().new_stream_cipher(algorithm, key)
    }

    fn new_aead(
        &self,
        algorithm: AeadAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn AeadCipher>, CryptoError> {
        self.library.crypto().new_aead(algorithm, key)
    }

    fn new_cbc(
        &self,
        algorithm: CbcAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn CbcCipher>, CryptoError> {
        self.library.crypto().new_cbc(algorithm, key)
    }

    fn start_key_exchange(
        &self,
        algorithm: KeyExchangeAlgorithm,
    ) -> Result<Box<dyn ActiveKeyExchange>, CryptoError> {
        self.library.crypto().start_key_exchange(algorithm)
    }

    fn generate_signing_key(
        &self,
        scheme: SignatureScheme,
    ) -> Result<Arc<dyn SigningKey>, CryptoError> {
        self.library.crypto().generate_signing_key(scheme)
    }

    fn import_signing_key(
        &self,
        scheme: SignatureScheme,
        pkcs8_der: &[u8],
    ) -> Result<Arc<dyn SigningKey>, CryptoError> {
        self.library.crypto().import_signing_key(scheme, pkcs8_der)
    }

    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        public_key: PublicKey<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.library.crypto().verify_signature(scheme, public_key, message, signature)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sha2::{Digest, Sha256, Sha512};

    use super::*;
    use crate::peer::sdp::Exchange;

    const OURS: &[u8] = b"\x30 our certificate";
    const THEIRS: &[u8] = b"\x30 their certificate";
    const ANOTHER: &[u8] = b"\x30 another certificate";

    /// The fingerprints that a description with these lines states.
    fn fingerprints(lines: &str) -> Fingerprints {
        let sdp = format!(
            "v=0\na=ice-ufrag:u\na=ice-pwd:p\n{lines}m=audio 9 UDP/TLS/RTP/SAVPF 96\n\
             a=rtpmap:96 opus/48000/2\n"
        );
        Exchange::new(&[0; 32]).read_offer(&sdp).expect("an offer").fingerprints
    }

    fn line(name: &str, digest: &[u8]) -> String {
        let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("a=fingerprint:{name} {}\n", pairs.join(":"))
    }

    async fn is_refused(check: &CertificateCheck) -> bool {
        tokio::time::timeout(Duration::ZERO, check.refused()).await.is_ok()
    }

    #[tokio::test]
    async fn only_a_certificate_that_was_stated_has_the_digest_that_the_library_expects() {
        let sha_256 = line("sha-256", &Sha256::digest(THEIRS));
        let sha_512 = line("SHA-512", &Sha512::digest(THEIRS));
        for (stated, has_placeholder) in
            [(sha_256.clone(), false), (sha_512.clone(), true), (sha_256 + &sha_512, true)]
        {
            let check = CertificateCheck::new().expect("cryptography");
            let hash = |data| check.crypto().hash(HashAlgorithm::Sha256, data).expect("a digest");
            let plain = |data: &[u8]| Sha256::digest(data).to_vec();
            check.accept(fingerprints(&stated));
            assert_eq!(hash(OURS), plain(OURS));
            assert!(!is_refused(&check).await);
            let expected =
                if has_placeholder { check.placeholder().to_vec() } else { plain(THEIRS) };
            assert_eq!(hash(THEIRS), expected);
            assert_eq!(hash(b"\x01 a handshake"), plain(b"\x01 a handshake"));
            assert_eq!(hash(OURS), plain(OURS));
            assert!(!is_refused(&check).await);
            assert_eq!(hash(ANOTHER), plain(ANOTHER));
            assert!(is_refused(&check).await);
        }
    }
}
