//! What we are to the other on every transport of a call: one certificate, and one stream of each
//! kind.
//!
//! A description of ours may come to be carried out by another connection of the library than the
//! one that wrote it, so both have this in common. What always holds: it is made anew for each
//! call.

use rtc::peer_connection::certificate::CertificateParams;
use webrtc::error::{Error, Result as LibraryResult};
use webrtc::peer_connection::RTCCertificate;
use webrtc::peer_connection::crypto::{SignatureScheme, default_provider};

use crate::formats::MediaKind;

/// A stream of ours.
#[derive(Debug, Clone)]
pub(crate) struct StreamIdentity {
    pub(crate) ssrc: u32,
    /// The library routes RTCP by this, so it must differ from the other's: both ends of a call may
    /// be this program.
    pub(crate) track: String,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: RTCCertificate,
    audio: StreamIdentity,
    video: StreamIdentity,
}

impl Identity {
    /// # Errors
    /// When the library has no cryptography.
    pub(crate) fn new() -> LibraryResult<Self> {
        let crypto = default_provider().map_err(|error| Error::Crypto(error.to_string()))?;
        let params = CertificateParams::new(vec![random_name()])
            .map_err(|error| Error::Other(error.to_string()))?;
        let scheme = SignatureScheme::EcdsaP256Sha256;
        let certificate = RTCCertificate::generate(crypto.crypto(), scheme, params)?;
        Ok(Self { certificate, audio: StreamIdentity::new(), video: StreamIdentity::new() })
    }

    pub(crate) fn stream(&self, kind: MediaKind) -> &StreamIdentity {
        match kind {
            MediaKind::Audio => &self.audio,
            MediaKind::Video => &self.video,
        }
    }
}

impl StreamIdentity {
    fn new() -> Self {
        Self { ssrc: rand::random_range(1..u32::MAX), track: random_name() }
    }
}

fn random_name() -> String {
    format!("{:016x}", rand::random::<u64>())
}
