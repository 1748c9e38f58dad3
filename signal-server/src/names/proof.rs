//! Whether a device holds the key that it shows.
//!
//! The device signs the challenge of this very connection together with the name it asks for
//! ([`login_statement`]), so a signature is good for one login under one name.

use ed25519_dalek::VerifyingKey;
use visavis_shared::{Login, PublicKey, Signature, login_statement};

/// Why a signature proves nothing. The text is for the person who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// No private key belongs to these bytes.
    #[error("The app sent a key that can't be one. Update the app, or log in without a key.")]
    BadKey,
    /// Another key, challenge or name was signed.
    #[error(
        "The app's signature does not fit its key. Log in again; if that does not help, update the app."
    )]
    BadSignature,
}

/// Checks a login's signature. Strict: keys and signatures that more than one message could fit are
/// refused (RFC 8032 §5.1.7 without the cofactor, and no keys of small order).
pub fn verify(
    key: &PublicKey,
    challenge: &str,
    name: &str,
    signature: &Signature,
) -> Result<(), ProofError> {
    let key = VerifyingKey::from_bytes(&key.0).map_err(|_| ProofError::BadKey)?;
    if key.is_weak() {
        return Err(ProofError::BadKey);
    }
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(&login_statement(challenge, name), &signature)
        .map_err(|_| ProofError::BadSignature)
}

/// The key that a login proves to hold; `None` for a guest's, which shows none.
pub(crate) fn proven(login: &Login, challenge: &str) -> Result<Option<PublicKey>, ProofError> {
    let Some(key) = &login.public_key else { return Ok(None) };
    let key = key.parse().map_err(|_| ProofError::BadKey)?;
    let signature = login
        .signature
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|_| ProofError::BadSignature)?;
    verify(&key, challenge, &login.username, &signature)?;
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn signed(secret: u8, challenge: &str, name: &str) -> (PublicKey, Signature) {
        let secret = SigningKey::from_bytes(&[secret; 32]);
        let signature = secret.sign(&login_statement(challenge, name));
        (PublicKey(secret.verifying_key().to_bytes()), Signature(signature.to_bytes()))
    }

    #[test]
    fn a_signature_is_good_for_one_key_one_challenge_and_one_name() {
        let (key, signature) = signed(1, "Y2hhbGxlbmdl", "Alice");
        let (other_key, other_signature) = signed(2, "Y2hhbGxlbmdl", "Alice");
        assert_eq!(verify(&key, "Y2hhbGxlbmdl", "Alice", &signature), Ok(()));
        for wrong in [
            verify(&other_key, "Y2hhbGxlbmdl", "Alice", &signature),
            verify(&key, "Y2hhbGxlbmdl", "Alice", &other_signature),
            verify(&key, "Y2hhbGxlbmdm", "Alice", &signature),
            verify(&key, "Y2hhbGxlbmdl", "alice", &signature),
            verify(&key, "", "", &Signature([0; 64])),
            verify(&key, "", "", &Signature([255; 64])),
        ] {
            assert_eq!(wrong, Err(ProofError::BadSignature));
        }
    }

    /// The example of `docs/protocol.md`, which another implementation signed.
    #[test]
    fn the_example_of_the_protocol_is_right() {
        let key: PublicKey = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=".parse().unwrap();
        let signature = "AIFKdcJ2feL6zemacbtTNNbVuMFyCbw549vP6wiRGzXHg39+I3GHFZzPr/LhacBfG02ub35PX9Yqqn32g8DbDQ==";
        assert_eq!(verify(&key, "Y2hhbGxlbmdl", "Alice", &signature.parse().unwrap()), Ok(()));
        let (same_key, same_signature) = signed(1, "Y2hhbGxlbmdl", "Alice");
        assert_eq!((same_key, same_signature.to_string().as_str()), (key, signature));
    }

    #[test]
    fn a_key_that_would_fit_any_message_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        for weak in [[0; 32], identity] {
            assert_eq!(
                verify(&PublicKey(weak), "c", "alice", &Signature([0; 64])),
                Err(ProofError::BadKey)
            );
        }
        // No point of the curve.
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(
            verify(&PublicKey(off), "c", "alice", &Signature([0; 64])),
            Err(ProofError::BadKey)
        );
    }
}
