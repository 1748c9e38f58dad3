//! One call's signatures and its safety code, on the caller's side and on the callee's.
//!
//! The construction is that of ZRTP's short authentication string (RFC 6189 §4.4.1, §5.1.4) over
//! DTLS: the caller commits to a nonce, the callee gives theirs, the caller opens the commitment.
//! Whoever stands between has to choose before knowing what matters, and has one guess.
//!
//! What always holds: a code is made of what both sides signed, and there is none before the
//! commitment was opened rightly; a signature counts for this call, these two names, this direction
//! and these certificates only; a description that signs nothing gives [`Other::Unsigned`] and
//! never an error, one that signs wrongly always an error.

use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};
use visavis_shared::identity::{
    CallStatement, Commitment, Fingerprint, FingerprintError, Nonce, Party, Promise,
    commitment_bytes, fingerprints, safety_code_bytes,
};
use visavis_shared::message::{CallIdentity, IdentityMember, Share};
use visavis_shared::{CallId, PublicKey, Signature, Username};

use super::SafetyCode;
use crate::device_key::LoginKey;

/// Why a call must not go on. The texts are for logs; none holds a key or a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what is wrong")]
pub enum TrustError {
    #[error("the other's identity can't be read")]
    Unreadable,
    #[error("the other's signature is not for this call")]
    WrongSignature,
    /// Which is as good as a wrong signature: nothing can be verified.
    #[error("the other's certificates can't be verified: {0}")]
    Certificates(#[from] FingerprintError),
    #[error("the other has opened another commitment than their own")]
    WrongOpening,
    #[error("the other's certificates have changed in the middle of the call")]
    OtherCertificates,
}

/// Whom a call is between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The call.
    pub call: CallId,
    /// Our own name, as the server tells it.
    pub own: Username,
    /// The other's.
    pub other: Username,
}

/// What a description says of who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Nothing: a page, or an app from before.
    Unsigned,
    /// It is signed by whoever has this key.
    Signed(PublicKey),
}

/// One side of the call, with what the code is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Side {
    key: PublicKey,
    fingerprints: Vec<Fingerprint>,
}

impl Side {
    fn party(&self, nonce: Nonce) -> Party<'_> {
        Party { key: self.key, nonce, fingerprints: &self.fingerprints }
    }
}

/// The commitment to a nonce.
#[must_use]
pub fn commit(nonce: &Nonce) -> Commitment {
    Commitment(Sha256::digest(commitment_bytes(nonce)).into())
}

/// Whether a description states the certificates that one before it stated.
///
/// # Errors
/// When it states others, or none that can be read.
pub fn same_certificates(before: &str, now: &str) -> Result<(), TrustError> {
    match fingerprints(before)? == fingerprints(now)? {
        true => Ok(()),
        false => Err(TrustError::OtherCertificates),
    }
}

fn verify(key: PublicKey, statement: &CallStatement<'_>, signature: &Signature) -> bool {
    // Strictly: no key of small order, and one encoding of each signature.
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&statement.bytes(), &signature).is_ok()
    })
}

/// The caller's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    names: Names,
    own: Side,
    nonce: Nonce,
}

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It is not signed: there is no code.
    Unsigned,
    /// It is signed.
    Signed {
        /// By whoever has this key.
        key: PublicKey,
        /// What the other is to get now, which opens our commitment.
        opening: Nonce,
        /// To be compared aloud.
        code: SafetyCode,
    },
}

impl Caller {
    /// Signs an offer. The nonce is fresh for each call.
    ///
    /// # Errors
    /// When the description states no certificate that can be signed.
    pub fn offer(
        key: &LoginKey,
        names: Names,
        nonce: Nonce,
        sdp: &str,
    ) -> Result<(Self, CallIdentity), TrustError> {
        let own = Side { key: key.public(), fingerprints: fingerprints(sdp)? };
        let commitment = commit(&nonce);
        let statement = CallStatement {
            call: &names.call,
            from: &names.own,
            to: &names.other,
            fingerprints: &own.fingerprints,
            promise: Promise::Offer(commitment),
        };
        let signature = key.sign_call(&statement);
        let identity = CallIdentity {
            key: own.key,
            signature,
            share: Share::Commitment(commitment),
            page: false,
        };
        Ok((Self { names, own, nonce }, identity))
    }

    /// It rings there.
    ///
    /// # Errors
    /// When that is signed and the signature is not for this call.
    pub fn rang(&self, identity: IdentityMember) -> Result<Other, TrustError> {
        let identity = match identity {
            IdentityMember::Absent => return Ok(Other::Unsigned),
            IdentityMember::Unreadable => return Err(TrustError::Unreadable),
            IdentityMember::Present(identity) => identity,
        };
        let statement = CallStatement {
            call: &self.names.call,
            from: &self.names.other,
            to: &self.names.own,
            fingerprints: &[],
            promise: Promise::Ringing(commit(&self.nonce)),
        };
        match verify(identity.key, &statement, &identity.signature) {
            true => Ok(Other::Signed(identity.key)),
            false => Err(TrustError::WrongSignature),
        }
    }

    /// The answer has come.
    ///
    /// # Errors
    /// When it is signed and the signature is not for it.
    pub fn answered(&self, sdp: &str, identity: IdentityMember) -> Result<Answered, TrustError> {
        let identity = match identity {
            IdentityMember::Absent => return Ok(Answered::Unsigned),
            IdentityMember::Unreadable => return Err(TrustError::Unreadable),
            IdentityMember::Present(identity) => identity,
        };
        let Share::Nonce(nonce) = identity.share else { return Err(TrustError::Unreadable) };
        let other = Side { key: identity.key, fingerprints: fingerprints(sdp)? };
        let statement = CallStatement {
            call: &self.names.call,
            from: &self.names.other,
            to: &self.names.own,
            fingerprints: &other.fingerprints,
            promise: Promise::Answer(nonce, commit(&self.nonce)),
        };
        if !verify(identity.key, &statement, &identity.signature) {
            return Err(TrustError::WrongSignature);
        }
        let (caller, callee) = (self.own.party(self.nonce), other.party(nonce));
        let bytes = safety_code_bytes(&self.names.call, &caller, &callee);
        Ok(Answered::Signed {
            key: identity.key,
            opening: self.nonce,
            code: SafetyCode::of(&bytes),
        })
    }
}

/// The callee's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    names: Names,
    other: Side,
    commitment: Commitment,
    /// Once the answer is signed.
    own: Option<(Side, Nonce)>,
}

impl Callee {
    /// An offer has come. `None` when it signs nothing; then the answer need not either.
    ///
    /// # Errors
    /// When it is signed and the signature is not for it.
    pub fn offered(
        names: Names,
        sdp: &str,
        identity: IdentityMember,
    ) -> Result<Option<Self>, TrustError> {
        let identity = match identity {
            IdentityMember::Absent => return Ok(None),
            IdentityMember::Unreadable => return Err(TrustError::Unreadable),
            IdentityMember::Present(identity) => identity,
        };
        let Share::Commitment(commitment) = identity.share else {
            return Err(TrustError::Unreadable);
        };
        let other = Side { key: identity.key, fingerprints: fingerprints(sdp)? };
        let statement = CallStatement {
            call: &names.call,
            from: &names.other,
            to: &names.own,
            fingerprints: &other.fingerprints,
            promise: Promise::Offer(commitment),
        };
        if !verify(identity.key, &statement, &identity.signature) {
            return Err(TrustError::WrongSignature);
        }
        Ok(Some(Self { names, other, commitment, own: None }))
    }

    /// Whose offer it is.
    #[must_use]
    pub fn other(&self) -> PublicKey {
        self.other.key
    }

    /// Signs that it rings, so that the caller knows whom they have reached before anything of
    /// theirs starts.
    #[must_use]
    pub fn ringing(&self, key: &LoginKey) -> CallIdentity {
        let statement = CallStatement {
            call: &self.names.call,
            from: &self.names.own,
            to: &self.names.other,
            fingerprints: &[],
            promise: Promise::Ringing(self.commitment),
        };
        let signature = key.sign_call(&statement);
        let share = Share::Commitment(self.commitment);
        CallIdentity { key: key.public(), signature, share, page: false }
    }

    /// Signs the answer. The nonce is fresh for each call.
    ///
    /// # Errors
    /// When the description states no certificate that can be signed.
    pub fn answer(
        &mut self,
        key: &LoginKey,
        nonce: Nonce,
        sdp: &str,
    ) -> Result<CallIdentity, TrustError> {
        let own = Side { key: key.public(), fingerprints: fingerprints(sdp)? };
        let statement = CallStatement {
            call: &self.names.call,
            from: &self.names.own,
            to: &self.names.other,
            fingerprints: &own.fingerprints,
            promise: Promise::Answer(nonce, self.commitment),
        };
        let signature = key.sign_call(&statement);
        let identity =
            CallIdentity { key: own.key, signature, share: Share::Nonce(nonce), page: false };
        self.own = Some((own, nonce));
        Ok(identity)
    }

    /// The caller has opened their commitment. `None` before the answer is signed: then nothing was
    /// to be opened yet.
    ///
    /// # Errors
    /// When it is not the nonce that they committed to.
    pub fn opened(&self, nonce: Nonce) -> Result<Option<SafetyCode>, TrustError> {
        if commit(&nonce) != self.commitment {
            return Err(TrustError::WrongOpening);
        }
        Ok(self.own.as_ref().map(|(own, own_nonce)| {
            let (caller, callee) = (self.other.party(nonce), own.party(*own_nonce));
            SafetyCode::of(&safety_code_bytes(&self.names.call, &caller, &callee))
        }))
    }
}

#[cfg(test)]
mod tests;
