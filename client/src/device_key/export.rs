//! The key on its way to another computer: a small text of bytes, sealed with a passphrase.
//!
//! Pure. In: a key and a passphrase, or such bytes and the passphrase. Out: the bytes, or the key,
//! or one reason why not. What always holds: the bytes say nothing of who they belong to; whatever
//! they are, opening takes no more memory and time than [`MOST_MEMORY`] and [`MOST_PASSES`]
//! allow; no bytes but those that were sealed open, and only with their passphrase.
//!
//! The layout, with numbers as four bytes, the highest first: `"visavis key v1\r\n"`, the memory
//! in KiB, the passes, a salt (16 bytes), a nonce (24 bytes), the sealed key (32 bytes and the
//! tag, 16), a check sum (8 bytes). The passphrase in UTF-8 and NFC becomes a key by Argon2id (RFC
//! 9106, version 0x13, one lane), which seals the device's key with XChaCha20-Poly1305 (RFC 8439,
//! draft-irtf-cfrg-xchacha); everything before it is authenticated with it. The check sum is the
//! beginning of the SHA-256 of all before it: it tells damage from a wrong passphrase, and
//! protects nothing.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use super::passphrase::{Passphrase, Strength};
use super::{DeviceKey, SEED_BYTES};
use crate::words::{Phrase, phrase};

/// The name that a file for an export is proposed with.
pub const EXPORT_NAME: &str = "visavis.key-export";
/// So many bytes an export has.
pub const EXPORT_BYTES: usize =
    MAGIC.len() + 8 + SALT_BYTES + NONCE_BYTES + SEALED_BYTES + SUM_BYTES;

/// A line end of two characters: what changes those on the way changes this.
const MAGIC: &[u8; 16] = b"visavis key v1\r\n";
/// What the magic of every version begins with.
const ANY_VERSION: &[u8] = b"visavis key v";
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const SEALED_BYTES: usize = SEED_BYTES + 16;
const SUM_BYTES: usize = 8;

/// The second choice of RFC 9106 §4, with one lane: 64 MiB, three passes.
const COST: Cost = Cost { memory: 64 * 1024, passes: 3 };
/// The most memory that opening may take, in KiB.
pub const MOST_MEMORY: u32 = 256 * 1024;
/// The most passes that opening may take.
pub const MOST_PASSES: u32 = 8;
/// Less than this is no protection: whoever wrote it wanted the passphrase to be guessed.
const LEAST_MEMORY: u32 = 8 * 1024;

/// What guessing a passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    /// In KiB.
    memory: u32,
    passes: u32,
}

/// Why an export can't be made or opened. Each text is for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum ExportError {
    #[error("that passphrase is too short: use at least 8 characters, better several words")]
    TooShort,
    #[error("this is no file that Visavis has exported a key to")]
    NotAnExport,
    #[error("a newer version of Visavis has made this file: update this one")]
    Newer,
    #[error("this file is damaged: export the key again, or copy the file again")]
    Damaged,
    #[error("this file asks for more than opening an export may take: it is not from Visavis")]
    TooCostly,
    #[error("that is not the passphrase of this file")]
    WrongPassphrase,
    #[error("there is not enough memory to seal or open the file: close other programs")]
    NoMemory,
}

impl ExportError {
    /// What to tell the person in the window.
    #[must_use]
    pub fn words(self) -> Phrase {
        match self {
            Self::TooShort => phrase!("key-passphrase-too-short"),
            Self::NotAnExport => phrase!("key-export-none"),
            Self::Newer => phrase!("key-export-newer"),
            Self::Damaged => phrase!("key-export-damaged"),
            Self::TooCostly => phrase!("key-export-costly"),
            Self::WrongPassphrase => phrase!("key-passphrase-wrong"),
            Self::NoMemory => phrase!("key-export-no-memory"),
        }
    }
}

/// Seals a key. Takes a moment, because guessing is to take long.
///
/// # Errors
/// When the passphrase is too short, or there is too little memory.
pub fn seal(key: &DeviceKey, passphrase: &Passphrase) -> Result<Vec<u8>, ExportError> {
    if passphrase.strength() == Strength::TooShort {
        return Err(ExportError::TooShort);
    }
    seal_with(key, passphrase, COST, &rand::random(), &rand::random())
}

fn seal_with(
    key: &DeviceKey,
    passphrase: &Passphrase,
    cost: Cost,
    salt: &[u8; SALT_BYTES],
    nonce: &[u8; NONCE_BYTES],
) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::with_capacity(EXPORT_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&cost.memory.to_be_bytes());
    bytes.extend_from_slice(&cost.passes.to_be_bytes());
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(nonce);
    let payload = Payload { msg: &key.seed, aad: &bytes };
    let sealed = cipher(passphrase, cost, salt)?
        .encrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| ExportError::NoMemory)?;
    bytes.extend_from_slice(&sealed);
    bytes.extend_from_slice(&Sha256::digest(&bytes)[..SUM_BYTES]);
    Ok(bytes)
}

/// Opens an export.
///
/// # Errors
/// [`ExportError`] says what is wrong with the bytes or the passphrase.
pub fn open(bytes: &[u8], passphrase: &Passphrase) -> Result<DeviceKey, ExportError> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        let is_other = bytes.starts_with(ANY_VERSION);
        let sum_fits = bytes.len() == EXPORT_BYTES && sum_fits(bytes);
        return Err(match (is_other, bytes.len() == EXPORT_BYTES) {
            // Of another version, and not a flipped bit of this one.
            (true, false) => ExportError::Newer,
            (true, true) if sum_fits => ExportError::Newer,
            (_, true) => ExportError::Damaged,
            (false, false) => ExportError::NotAnExport,
        });
    };
    if bytes.len() != EXPORT_BYTES || !sum_fits(bytes) {
        return Err(ExportError::Damaged);
    }
    let (memory, rest) = number(rest)?;
    let (passes, rest) = number(rest)?;
    let cost = Cost { memory, passes };
    let bounds =
        (LEAST_MEMORY..=MOST_MEMORY).contains(&memory) && (1..=MOST_PASSES).contains(&passes);
    if !bounds {
        return Err(ExportError::TooCostly);
    }
    let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>().ok_or(ExportError::Damaged)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(ExportError::Damaged)?;
    let (sealed, _) = rest.split_first_chunk::<SEALED_BYTES>().ok_or(ExportError::Damaged)?;
    let authenticated = &bytes[..EXPORT_BYTES - SEALED_BYTES - SUM_BYTES];
    let payload = Payload { msg: sealed, aad: authenticated };
    let seed = cipher(passphrase, cost, salt)?
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| ExportError::WrongPassphrase)?;
    DeviceKey::from_bytes(&seed).ok_or(ExportError::Damaged)
}

fn sum_fits(bytes: &[u8]) -> bool {
    let Some((before, sum)) = bytes.split_last_chunk::<SUM_BYTES>() else { return false };
    Sha256::digest(before)[..SUM_BYTES] == *sum
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), ExportError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(ExportError::Damaged)?;
    Ok((u32::from_be_bytes(*number), rest))
}

fn cipher(
    passphrase: &Passphrase,
    cost: Cost,
    salt: &[u8; SALT_BYTES],
) -> Result<XChaCha20Poly1305, ExportError> {
    let params = Params::new(cost.memory, cost.passes, 1, Some(32));
    let argon = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params.map_err(|_| ExportError::TooCostly)?,
    );
    let mut key = [0; 32];
    argon
        .hash_password_into(passphrase.bytes(), salt, &mut key)
        .map_err(|_| ExportError::NoMemory)?;
    Ok(XChaCha20Poly1305::new(&key.into()))
}

#[cfg(test)]
mod tests;
