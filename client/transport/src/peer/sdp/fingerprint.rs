//! Fingerprints of certificates (RFC 8122 §5): which of those that a description states count.
//!
//! In: the values of `a=fingerprint` lines. Out: [`Fingerprints`], or why none can be verified.
//! What always holds: the strongest hash function that we know decides, and with it each of its
//! values; names and digits count in any case; a line that can't be read costs that line. Pure.

use std::fmt::Write;

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::SdpError;

/// The most values that are kept.
const MAX_VALUES: usize = 16;

/// A hash function that a certificate may be verified by, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HashFunction {
    Sha256,
    Sha384,
    Sha512,
}

/// The certificates that the other may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprints {
    hash: HashFunction,
    values: Vec<Vec<u8>>,
}

impl Fingerprints {
    /// Reads the values of `a=fingerprint` lines.
    ///
    /// # Errors
    /// When there is none, or none of a hash function that is strong enough.
    pub(super) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Self, SdpError> {
        let mut found: Option<Self> = None;
        let mut refused = None;
        for (name, value) in lines.filter_map(|line| line.split_once(char::is_whitespace)) {
            let name = name.to_ascii_lowercase();
            let hash = match name.as_str() {
                "sha-256" => HashFunction::Sha256,
                "sha-384" => HashFunction::Sha384,
                "sha-512" => HashFunction::Sha512,
                "sha-1" => {
                    refused = refused.or(Some("sha-1"));
                    continue;
                }
                "md5" | "md2" | "sha-224" => {
                    refused = refused.or(Some("a hash that is broken or too short"));
                    continue;
                }
                _ => {
                    refused = refused.or(Some("a hash that is not known here"));
                    continue;
                }
            };
            let Some(value) = bytes(value).filter(|value| value.len() == hash.len()) else {
                refused = refused.or(Some("a fingerprint that can't be read"));
                continue;
            };
            match &mut found {
                Some(kept) if kept.hash > hash => {}
                Some(kept) if kept.hash == hash => {
                    if kept.values.len() < MAX_VALUES && !kept.values.contains(&value) {
                        kept.values.push(value);
                    }
                }
                _ => found = Some(Self { hash, values: vec![value] }),
            }
        }
        match (found, refused) {
            (Some(found), _) => Ok(found),
            (None, Some(refused)) => Err(SdpError::Unverifiable(refused)),
            (None, None) => Err(SdpError::NoFingerprint),
        }
    }

    /// The one value that can be given to whoever knows SHA-256 only.
    pub(crate) fn only_sha_256(&self) -> Option<&[u8]> {
        match self.values.as_slice() {
            [value] if self.hash == HashFunction::Sha256 => Some(value),
            _ => None,
        }
    }

    /// Whether a certificate, as DER, is one of them.
    pub(crate) fn accept(&self, certificate: &[u8]) -> bool {
        let digest = self.hash.digest(certificate);
        self.values.contains(&digest)
    }
}

impl HashFunction {
    /// How many bytes come out.
    fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }
}

/// Pairs of hexadecimal digits with colons between them.
fn bytes(value: &str) -> Option<Vec<u8>> {
    let pair = |pair: &str| {
        let is_hex = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
    };
    value.trim().split(':').map(pair).collect()
}

/// As it stands behind `a=fingerprint:sha-256`.
pub(super) fn hexadecimal(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len() * 3);
    for (index, byte) in value.iter().enumerate() {
        let _ = write!(text, "{}{byte:02X}", if index == 0 { "" } else { ":" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &[u8] = b"a certificate";

    fn line(name: &str, digest: &[u8]) -> String {
        format!("{name} {}", hexadecimal(digest))
    }

    fn read(lines: &[String]) -> Result<Fingerprints, SdpError> {
        Fingerprints::read(lines.iter().map(String::as_str))
    }

    #[test]
    fn each_hash_function_is_accepted_in_any_case() {
        for (name, digest) in [
            ("sha-256", Sha256::digest(CERTIFICATE).to_vec()),
            ("SHA-384", Sha384::digest(CERTIFICATE).to_vec()),
            ("Sha-512", Sha512::digest(CERTIFICATE).to_vec()),
        ] {
            for line in [line(name, &digest), line(name, &digest).to_lowercase()] {
                let read = read(&[line]).expect("a fingerprint");
                assert!(read.accept(CERTIFICATE) && !read.accept(b"another"));
            }
        }
    }

    #[test]
    fn the_strongest_decides_in_any_order_with_each_of_its_values() {
        let weak = line("sha-256", &Sha256::digest(b"another"));
        let strong = line("sha-512", &Sha512::digest(CERTIFICATE));
        let more = line("sha-512", &Sha512::digest(b"the next"));
        let sha_1 = line("sha-1", &[7; 20]);
        for lines in [
            [weak.clone(), strong.clone(), more.clone(), sha_1.clone()],
            [sha_1, more, strong, weak],
        ] {
            let read = read(&lines).expect("fingerprints");
            assert!(read.accept(CERTIFICATE) && read.accept(b"the next"));
            assert!(!read.accept(b"another"));
            assert_eq!(read.only_sha_256(), None);
        }
    }

    #[test]
    fn what_cannot_be_verified_is_refused_by_name() {
        let refused = |lines: &[String]| read(lines).expect_err("refused").to_string();
        let sha_1 = refused(&[line("SHA-1", &[7; 20])]);
        assert_eq!(sha_1, "its certificate can't be verified by sha-1 (sha-256 is needed)");
        assert!(refused(&[line("md5", &[7; 16])]).contains("can't be verified"));
        assert!(refused(&[line("whirlpool", &[7; 64])]).contains("not known here"));
        assert!(refused(&["sha-256 0B:12".to_owned()]).contains("can't be read"));
        assert!(refused(&[line("sha-256", &[7; 32]).replace(':', "")]).contains("can't be read"));
        assert_eq!(read(&[]), Err(SdpError::NoFingerprint));
    }
}
