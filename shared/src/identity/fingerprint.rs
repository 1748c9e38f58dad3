//! The certificates that a session description vouches for, in the one form that is signed.
//!
//! The text of a description goes in; its fingerprints (RFC 8122 §5) come out, of the session and
//! of every section, each once and in order. What always holds: two texts that state the same
//! certificates give the same list, whatever their case and order; a description that states one
//! that can't be read gives none, because what is not signed must not count either.

/// The most fingerprints that a description may state: one for each hash function and section.
pub const MAX_FINGERPRINTS: usize = 64;

/// The longest value is that of SHA-512: 64 pairs of digits with a colon between them.
const MAX_VALUE: usize = 64 * 3 - 1;
/// The longest name of a hash function that is registered (RFC 8122 §5), and some room.
const MAX_FUNCTION: usize = 16;

/// Why a description has no fingerprints to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what is wrong")]
pub enum FingerprintError {
    #[error("the description states no certificate")]
    None,
    #[error("the description states a certificate that can't be read")]
    Unreadable,
    #[error("the description states more than {MAX_FINGERPRINTS} certificates")]
    TooMany,
}

/// One certificate: the hash function in small letters, a space, and pairs of hexadecimal digits in
/// capitals with colons between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Reads what stands behind `a=fingerprint:`.
    #[must_use]
    pub fn read(value: &str) -> Option<Self> {
        let (function, digits) = value.trim().split_once([' ', '\t'])?;
        let digits = digits.trim_start_matches([' ', '\t']);
        let is_function = (1..=MAX_FUNCTION).contains(&function.len())
            && function.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_value = digits.len() <= MAX_VALUE
            && digits
                .split(':')
                .all(|pair| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit()));
        (is_function && is_value).then(|| {
            Self(format!("{} {}", function.to_ascii_lowercase(), digits.to_ascii_uppercase()))
        })
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The certificates of a description, sorted by their bytes, each once.
///
/// # Errors
/// When there is none, one can't be read, or there are too many.
pub fn fingerprints(sdp: &str) -> Result<Vec<Fingerprint>, FingerprintError> {
    let mut found = Vec::new();
    for line in sdp.split(['\r', '\n']) {
        let Some(value) = line.trim_end().strip_prefix("a=fingerprint:") else { continue };
        let fingerprint = Fingerprint::read(value).ok_or(FingerprintError::Unreadable)?;
        if found.contains(&fingerprint) {
            continue;
        }
        if found.len() >= MAX_FINGERPRINTS {
            return Err(FingerprintError::TooMany);
        }
        found.push(fingerprint);
    }
    if found.is_empty() {
        return Err(FingerprintError::None);
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sdp: &str) -> Vec<String> {
        let found = fingerprints(sdp).expect("fingerprints");
        found.iter().map(|found| found.as_str().to_owned()).collect()
    }

    #[test]
    fn case_order_and_repetition_make_no_difference() {
        let one =
            "v=0\r\na=fingerprint:SHA-256 ab:cd\r\nm=audio 9\r\na=fingerprint:sha-1 01:02\r\n";
        let two = "v=0\na=fingerprint:sha-1   01:02 \nm=audio 9\na=fingerprint:sha-256 AB:CD\n\
                   m=video 9\na=fingerprint:sha-256 Ab:Cd\n";
        assert_eq!(texts(one), ["sha-1 01:02", "sha-256 AB:CD"]);
        assert_eq!(texts(two), texts(one));
    }

    #[test]
    fn one_that_can_not_be_read_spoils_the_description() {
        for value in [
            "sha-256",
            "sha-256 ",
            "sha-256 AB:C",
            "sha-256 AB::CD",
            "sha-256 AB:CG",
            "sha-256 AB:CD extra",
            "sha/256 AB:CD",
            " AB:CD",
            "sha-256 ÀB:CD",
        ] {
            let sdp = format!("a=fingerprint:sha-256 01:02\r\na=fingerprint:{value}\r\n");
            assert_eq!(fingerprints(&sdp), Err(FingerprintError::Unreadable), "{value:?}");
        }
    }

    #[test]
    fn none_and_too_many_are_told_apart() {
        assert_eq!(fingerprints("v=0\r\n"), Err(FingerprintError::None));
        let many = |count: usize| {
            let line = |n| format!("a=fingerprint:sha-256 {:02X}:{:02X}\r\n", n / 256, n % 256);
            (0..count).map(line).collect::<String>()
        };
        assert_eq!(texts(&many(MAX_FINGERPRINTS)).len(), MAX_FINGERPRINTS);
        assert_eq!(fingerprints(&many(MAX_FINGERPRINTS + 1)), Err(FingerprintError::TooMany));
    }
}
