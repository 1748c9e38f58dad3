//! A device's public key, its signatures, and the bytes that it signs to log in.
//!
//! Ed25519 (RFC 8032) as bytes and as base64 (RFC 4648 §4, padded); whether a signature is right is
//! for those to say who have the cryptography. A text is either the one text of its bytes, or
//! refused: so two texts are never one key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What every login statement begins with, so that a signature for a login is a signature for
/// nothing else.
const LOGIN_DOMAIN: &[u8] = b"visavis login v1\0";

/// A text is no key or no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not the base64 text of {expected} bytes")]
pub struct EncodingError {
    /// How many bytes there should be.
    pub expected: usize,
}

pub(super) fn decode<const N: usize>(text: &str) -> Result<[u8; N], EncodingError> {
    let wrong = EncodingError { expected: N };
    if text.len() != N.div_ceil(3) * 4 {
        return Err(wrong);
    }
    let bytes = STANDARD.decode(text).map_err(|_| wrong)?;
    bytes.try_into().map_err(|_| wrong)
}

pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads and writes bytes as base64.
macro_rules! base64_text {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = EncodingError;

            fn from_str(text: &str) -> Result<Self, EncodingError> {
                decode(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode(&self.0))
            }
        }
    };
}
pub(super) use base64_text;

/// An Ed25519 public key, which stands for a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

base64_text!(PublicKey);

/// Enough to tell two keys apart in a log, and no more.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, ..] = self.0;
        write!(f, "PublicKey({a:02x}{b:02x}{c:02x}…)")
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

base64_text!(Signature);

/// Whoever holds a signature can use it for as long as its challenge counts, so it stays out of
/// logs.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(64 bytes)")
    }
}

/// The bytes that a device signs to log in: `visavis login v1`, a zero byte, the challenge as it
/// stands in `hello`, a zero byte, and the name as it stands in `login`.
///
/// The challenge is base64 and holds no zero byte, so no two pairs of challenge and name make the
/// same bytes.
#[must_use]
pub fn login_statement(challenge: &str, name: &str) -> Vec<u8> {
    let mut statement = Vec::with_capacity(LOGIN_DOMAIN.len() + challenge.len() + 1 + name.len());
    statement.extend_from_slice(LOGIN_DOMAIN);
    statement.extend_from_slice(challenge.as_bytes());
    statement.push(0);
    statement.extend_from_slice(name.as_bytes());
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_signatures_survive_their_text() {
        let key = PublicKey(std::array::from_fn(|i| i as u8 * 7));
        assert_eq!(key.to_string().len(), 44);
        assert_eq!(key.to_string().parse(), Ok(key));
        let signature = Signature(std::array::from_fn(|i| 255 - i as u8));
        assert_eq!(signature.to_string().len(), 88);
        assert_eq!(signature.to_string().parse(), Ok(signature));
    }

    #[test]
    fn only_the_one_text_of_a_key_is_read() {
        let text = PublicKey([0; 32]).to_string();
        assert_eq!(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let short = &text[..43];
        for wrong in [
            String::new(),
            short.to_owned(),
            format!("{text}="),
            format!(" {text}"),
            format!("{text}\n"),
            // Bits set that belong to no byte.
            format!("{}B=", &text[..42]),
            // The URL alphabet.
            format!("_{}", &text[1..]),
            // One byte less, and one more.
            STANDARD.encode([0; 31]),
            STANDARD.encode([0; 33]),
            "é".repeat(22),
        ] {
            assert_eq!(
                wrong.parse::<PublicKey>(),
                Err(EncodingError { expected: 32 }),
                "{wrong:?}"
            );
        }
        assert_eq!("".parse::<Signature>(), Err(EncodingError { expected: 64 }));
    }

    #[test]
    fn a_log_shows_the_beginning_of_a_key_and_nothing_of_a_signature() {
        assert_eq!(format!("{:?}", PublicKey([0xab; 32])), "PublicKey(ababab…)");
        assert_eq!(format!("{:?}", Signature([0xab; 64])), "Signature(64 bytes)");
    }

    #[test]
    fn a_statement_says_what_it_is_for() {
        assert_eq!(
            login_statement("Y2hhbGxlbmdl", "Alice"),
            b"visavis login v1\0Y2hhbGxlbmdl\0Alice"
        );
        assert_ne!(login_statement("a", "bc"), login_statement("ab", "c"));
    }
}
