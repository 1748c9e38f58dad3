//! The key of this device: made once, kept in the system's keyring or in one file, and the reason
//! why a name is its owner's.
//!
//! In: the data directory, and the origin of a server. Out: a [`LoginKey`] for that server, which
//! signs challenges. What always holds: there is one key in a data directory, also when two
//! programs start there at once; it is on the disk before it is used; only its owner can read it; a
//! key that is damaged or can't be read is an error and stays as it is, because a new key would
//! own none of the old one's names. `store` says where it is, `export` takes it elsewhere.
//!
//! The key is 32 random bytes. No server ever sees a key that is made of these alone: each
//! origin has a key of its own (HKDF with SHA-256, RFC 5869), so that a server that passes on
//! another's challenge gets a signature that is good for nothing there, and two servers can't tell
//! that a person is the same.

pub mod export;
mod file;
mod keyring;
pub mod passphrase;
pub mod store;

use std::io;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use visavis_shared::identity::CallStatement;
use visavis_shared::{PublicKey, Signature, login_statement};

use crate::words::{Phrase, phrase};

pub use file::KEY_FILE;
pub use keyring::KeyringError;
pub use store::{KeyPlace, KeyStore};

const SEED_BYTES: usize = 32;
/// The salt of the derivation: a key for logins is a key for nothing else.
const LOGIN_KEY_DOMAIN: &[u8] = b"visavis login key v1";
/// The same for the name in the keyring.
const ACCOUNT_DOMAIN: &[u8] = b"visavis keyring account v1";
const ACCOUNT_BYTES: usize = 16;

/// Why there is no key. Each text is for the person, and says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum KeyError {
    #[error(
        "this device's key in {0} can't be read ({1}); your names belong to this key, \
         so let this user read the file"
    )]
    Read(PathBuf, #[source] io::Error),
    #[error(
        "this device's key in {0} is damaged; restore it from a backup, or move the file away \
         to start with a new key, which does not own your names"
    )]
    Damaged(PathBuf),
    #[error(
        "this device's key can't be saved in {0} ({1}); choose another folder \
         with --data-dir"
    )]
    Write(PathBuf, #[source] io::Error),
    #[error("this device's key is in the system's keyring; {0}")]
    Keyring(#[from] KeyringError),
    #[error(
        "this device's key is not in the system's keyring any more; import the file that you \
         exported it to, or move {0} away to start with a new key, which does not own your names"
    )]
    Gone(PathBuf),
}

impl KeyError {
    /// What to tell the person; on the command line it is the error's own text.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let file = |path: &Path| path.display().to_string();
        let words = match self {
            Self::Read(path, _) => phrase!("key-unread", file = file(path)),
            Self::Damaged(path) => phrase!("key-damaged", file = file(path)),
            Self::Write(..) => phrase!("key-unsaved"),
            Self::Keyring(KeyringError::Locked) => phrase!("key-keyring-locked"),
            Self::Keyring(KeyringError::Silent) => phrase!("key-keyring-silent"),
            Self::Keyring(KeyringError::Missing | KeyringError::Failed) => {
                phrase!("key-keyring-missing")
            }
            Self::Gone(path) => phrase!("key-keyring-gone", file = file(path)),
        };
        words.or_plain(self.to_string())
    }
}

/// The key of this device. What it is made of leaves it only as keys for servers.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey {
    seed: [u8; SEED_BYTES],
}

/// Keeps it out of logs.
impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey")
    }
}

impl DeviceKey {
    /// The key that these bytes make.
    #[must_use]
    pub const fn from_seed(seed: [u8; SEED_BYTES]) -> Self {
        Self { seed }
    }

    /// The key that was kept as these bytes: so many, and not zeros, which some file systems leave
    /// behind after a power cut.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let seed: [u8; SEED_BYTES] = bytes.try_into().ok()?;
        (seed != [0; SEED_BYTES]).then_some(Self { seed })
    }

    /// Reads the key in a data directory's file, or makes one when there is none. Waits for the
    /// disk, and looks in no keyring: that is [`KeyStore`]'s to do.
    ///
    /// # Errors
    /// [`KeyError`] says what to do.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, KeyError> {
        let path = data_dir.join(KEY_FILE);
        match file::load(&path)? {
            Some(key) => Ok(key),
            None => file::create(&path),
        }
    }

    /// What the key is called in the keyring: made of the key, so that two keys never have one name
    /// and what is read under it can be checked, and good for finding nothing out about it.
    fn account(&self) -> String {
        let name = hmac(ACCOUNT_DOMAIN, &[&self.seed]);
        name[..ACCOUNT_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key for one server, which no other server ever sees. `origin` is its address without a
    /// path.
    #[must_use]
    pub fn login_key(&self, origin: &str) -> LoginKey {
        // Both steps of HKDF; the second one's first block is as long as the key.
        let extracted = hmac(LOGIN_KEY_DOMAIN, &[&self.seed]);
        LoginKey(SigningKey::from_bytes(&hmac(&extracted, &[origin.as_bytes(), &[1]])))
    }
}

fn hmac(key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("every length is a key's"));
    for part in message {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The key of this device for one server.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginKey(SigningKey);

/// Keeps it out of logs.
impl std::fmt::Debug for LoginKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoginKey({:?})", self.public())
    }
}

impl LoginKey {
    /// What the server knows the device by.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// What proves to the server that gave this challenge that the login is this device's.
    #[must_use]
    pub fn sign(&self, challenge: &str, name: &str) -> Signature {
        Signature(self.0.sign(&login_statement(challenge, name)).to_bytes())
    }

    /// What proves to the other in a call that it is between these two and nobody else.
    #[must_use]
    pub fn sign_call(&self, statement: &CallStatement<'_>) -> Signature {
        Signature(self.0.sign(&statement.bytes()).to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn somewhere() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("data").join("deeper");
        (dir, path)
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let (_dir, data) = somewhere();
        let (_other_dir, other) = somewhere();
        let key = DeviceKey::load_or_create(&data).expect("a key");
        assert_eq!(DeviceKey::load_or_create(&data).expect("a key"), key);
        assert_ne!(DeviceKey::load_or_create(&other).expect("a key"), key);
        assert_eq!(fs::read(data.join(KEY_FILE)).expect("a file"), key.seed);
        assert_eq!(fs::read_dir(&data).expect("listed").count(), 1, "no draft stays behind");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it_also_when_a_backup_was_put_back() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let (_dir, data) = somewhere();
        DeviceKey::load_or_create(&data).expect("a key");
        let path = data.join(KEY_FILE);
        assert_eq!((mode(&path), mode(&data)), (0o600, 0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        DeviceKey::load_or_create(&data).expect("a key");
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn of_many_who_start_at_once_all_have_the_same_key() {
        let (_dir, data) = somewhere();
        let start = std::sync::Barrier::new(8);
        let keys: Vec<DeviceKey> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    std::thread::Builder::new()
                        .spawn_scoped(scope, || {
                            start.wait();
                            DeviceKey::load_or_create(&data).expect("a key")
                        })
                        .expect("a thread")
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(&data).expect("listed").count(), 1, "no draft stays behind");
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays_as_it_is() {
        for bytes in [&b""[..], &[1; 31], &[1; 33], &[0; 32], &[1; 100_000]] {
            let (_dir, data) = somewhere();
            fs::create_dir_all(&data).expect("made");
            fs::write(data.join(KEY_FILE), bytes).expect("written");
            let error = DeviceKey::load_or_create(&data).expect_err("it is damaged");
            assert!(matches!(error, KeyError::Damaged { .. }), "{error:?}");
            assert!(!error.to_string().contains('\n'), "{error}");
            assert_eq!(fs::read(data.join(KEY_FILE)).expect("it is there"), bytes);
        }
    }

    #[test]
    fn what_is_no_file_is_an_error_and_no_wait() {
        let (_dir, data) = somewhere();
        fs::create_dir_all(data.join(KEY_FILE)).expect("made");
        assert!(matches!(DeviceKey::load_or_create(&data), Err(KeyError::Damaged { .. })));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error_that_names_another() {
        let (dir, _) = somewhere();
        let file = dir.path().join("file");
        fs::write(&file, "").expect("written");
        let error =
            DeviceKey::load_or_create(&file.join("inside")).expect_err("it is inside a file");
        assert!(matches!(error, KeyError::Write { .. }), "{error:?}");
        assert!(error.to_string().contains("--data-dir"), "{error}");
    }

    /// Computed by another implementation of HKDF and Ed25519.
    #[test]
    fn each_server_has_a_key_of_its_own() {
        let key = DeviceKey::from_seed([7; 32]);
        let one = key.login_key("wss://calls.example:443").public();
        assert_eq!(one.to_string(), "ceqtCPP1o4yyDRSrXinextXEnBHp3ITQMxLHDKtgq0w=");
        for other in [
            "ws://calls.example:443",
            "wss://calls.example:9090",
            "wss://calls.example.org:443",
            "",
        ] {
            assert_ne!(key.login_key(other).public(), one, "{other}");
        }
        assert_ne!(
            DeviceKey::from_seed([8; 32]).login_key("wss://calls.example:443").public(),
            one
        );
    }

    #[test]
    fn a_key_shows_itself_in_no_log() {
        let key = DeviceKey::from_seed([0xab; 32]);
        let text = format!("{key:?} {:?}", key.login_key("ws://x:1"));
        assert!(!text.contains("ab, ab") && !text.contains("171") && text.len() < 60, "{text}");
    }
}
