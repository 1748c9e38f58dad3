//! Session descriptions (SDP, RFC 8866): a tolerant reader in front of the library, and what is
//! read or changed outside of it.
//!
//! In: descriptions of the other's and of the library's. Out: what the library is given, what the
//! other is given, and facts. What always holds: one line that can't be used costs that line and
//! not the description; nothing here panics, and nothing grows beyond the text that came in; what
//! we send keeps the rules of offer and answer (RFC 3264, RFC 8829, RFC 9143). ADR 21 says why.
//!
//! [`text`] reads lines, [`format`], [`candidate`], [`direction`] and [`fingerprint`] read what
//! they say, [`selection`] says which sections are used, [`for_library`] and [`local`] write, and
//! [`exchange`] keeps what the two have between them. Where the other bundles nothing,
//! [`division`] divides descriptions into two before, and joins two of ours behind.

mod candidate;
mod direction;
mod division;
mod exchange;
mod facts;
mod fingerprint;
mod for_library;
mod format;
mod local;
mod selection;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use division::{Divided, Division};
pub(crate) use exchange::{Exchange, RemoteDescription};
pub(crate) use facts::{
    fec_payload_type, h264_level, ice_credentials, is_answer_to, main_profile_payload_type,
    named_sections, payload_types, redundant_audio,
};
pub(crate) use fingerprint::Fingerprints;

/// Why a description from the other is refused before the library sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than any real one.
    #[error("it is too long")]
    TooLong,
    /// It does not begin as SDP does.
    #[error("it is not SDP")]
    NotSdp,
    /// Nothing could be sent either way.
    #[error("it offers no media")]
    NoMedia,
    /// More than any real one.
    #[error("it has too many media sections")]
    TooManyMedia,
    /// Its media is in formats that we don't know.
    #[error("it has no format in common with this app (Opus for sound, H.264 for the picture)")]
    NoFormat,
    /// An answer that rejects all that was offered.
    #[error("it accepts neither sound nor picture")]
    NothingAccepted,
    /// Without ICE there are no addresses to try.
    #[error("it names no ICE credentials, so no address can be tried")]
    NoIce,
    /// It names no certificate, and no protocol that would need one.
    #[error("it offers no encryption that this app knows (DTLS-SRTP)")]
    NotEncrypted,
    /// It names no certificate.
    #[error("it names no fingerprint, so who answers can't be verified")]
    NoFingerprint,
    /// Media would go on over the transport of other media.
    #[error("it exchanges the transports of a running call, which this app can't do")]
    ExchangesTransports,
    /// It names a certificate only by what can't be verified.
    #[error("its certificate can't be verified by {0} (sha-256 is needed)")]
    Unverifiable(&'static str),
}
