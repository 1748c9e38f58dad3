//! Verifies the other's certificate by whatever fingerprints it stated.
//!
//! The library compares one SHA-256 with the certificate, inside the DTLS handshake, and knows no
//! other hash function. Where a description states another one, or several values, the library is
//! given a placeholder that no certificate has, and asks its cryptography for the SHA-256 of the
//! certificate as always. That is this provider, which answers with the placeholder if and only if
//! the certificate is one of those that were stated. What always holds: without a match the
//! handshake fails, as it does for the library's own comparison. (RFC 8122 §5, RFC 8842 §5.)

use std::sync::{Arc, Mutex, PoisonError};

use webrtc::peer_connection::crypto::{
    ActiveKeyExchange, AeadAlgorithm, AeadCipher, BlockCipherAlgorithm, CbcAlgorithm, CbcCipher,
    CryptoAlgorithm, CryptoError, HashAlgorithm, HmacAlgorithm, KeyExchangeAlgorithm, Mac,
    PublicKey, RTCCrypto, RTCCryptoProvider, RTCRandom, SignatureScheme, SigningKey, StreamCipher,
    StreamCipherAlgorithm, default_provider,
};

use crate::peer::sdp::Fingerprints;

/// What the library is given in the place of fingerprints that it does not know.
pub(crate) type Placeholder = [u8; 32];

/// The library's cryptography, which knows the other's fingerprints.
pub(crate) struct CertificateCheck {
    library: Arc<dyn RTCCryptoProvider>,
    placeholder: Placeholder,
    accepted: Mutex<Option<Fingerprints>>,
}

impl CertificateCheck {
    /// # Errors
    /// When the library has no cryptography.
    pub(crate) fn new() -> Result<Arc<Self>, CryptoError> {
        let library = default_provider()?;
        let mut placeholder = Placeholder::default();
        library.random().fill(&mut placeholder)?;
        Ok(Arc::new(Self { library, placeholder, accepted: Mutex::new(None) }))
    }

    /// Another one for each connection, which nobody else knows.
    pub(crate) fn placeholder(&self) -> Placeholder {
        self.placeholder
    }

    /// Notes which certificates the other may have, before the library is given its description.
    pub(crate) fn accept(&self, fingerprints: Fingerprints) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        *accepted = Some(fingerprints);
    }

    fn accepts(&self, certificate: &[u8]) -> bool {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.as_ref().is_some_and(|fingerprints| fingerprints.need_placeholder_for(certificate))
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
        if algorithm == HashAlgorithm::Sha256 && self.accepts(data) {
            return Ok(self.placeholder.to_vec());
        }
        self.library.crypto().hash(algorithm, data)
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
