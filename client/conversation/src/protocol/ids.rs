//! Ids and hashes as they stand in JSON: hexadecimal digits, because no number of JSON holds them.
//! Pure.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::view::TransferId;

/// Tells one run of a program from the next: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub u64);

/// The BLAKE3 of a file's bytes: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FileHash(pub [u8; 32]);

impl std::fmt::Debug for FileHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileHash")
    }
}

/// `digits` hexadecimal digits, small ones, as a number.
fn from_hex(text: &str, digits: usize) -> Option<u128> {
    let hex =
        text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = from_hex(&text, 16).and_then(|number| u64::try_from(number).ok());
        number.map(Self).ok_or_else(|| de::Error::custom("no session id"))
    }
}

impl TransferId {
    /// The id that these 32 hexadecimal digits stand for.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        from_hex(text, 32).map(Self)
    }
}

impl std::fmt::Display for TransferId {
    /// As 32 hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for TransferId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TransferId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| de::Error::custom("no transfer id"))
    }
}

impl Serialize for FileHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for FileHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let half = |at: usize| from_hex(text.get(at..at + 32)?, 32);
        let hash = (text.len() == 64).then(|| {
            let mut bytes = [0; 32];
            bytes[..16].copy_from_slice(&half(0)?.to_be_bytes());
            bytes[16..].copy_from_slice(&half(32)?.to_be_bytes());
            Some(Self(bytes))
        });
        hash.flatten().ok_or_else(|| de::Error::custom("no hash"))
    }
}
