//! The key of this device: made once, kept in one file, and the reason why a name is its owner's.
//!
//! In: the data directory, and the origin of a server. Out: a [`LoginKey`] for that server, which
//! signs challenges. What always holds: there is one key in a data directory, also when two
//! programs start there at once; it is on the disk before it is used; only its owner can read it; a
//! file that is damaged or can't be read is an error and stays as it is, because a new key would
//! own none of the old one's names.
//!
//! The file holds 32 random bytes. No server ever sees a key that is made of these alone: each
//! origin has a key of its own (HKDF with SHA-256, RFC 5869), so that a server that passes on
//! another's challenge gets a signature that is good for nothing there, and two servers can't tell
//! that a person is the same.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use visavis_shared::identity::CallStatement;
use visavis_shared::{PublicKey, Signature, login_statement};

use crate::private_file;
use crate::words::{Phrase, phrase};

/// The file's name inside the data directory.
pub const KEY_FILE: &str = "device.key";
const SEED_BYTES: usize = 32;
/// The salt of the derivation: a key for logins is a key for nothing else.
const LOGIN_KEY_DOMAIN: &[u8] = b"visavis login key v1";

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

    /// Reads the key of a data directory, or makes one when there is none. Waits for the disk.
    ///
    /// # Errors
    /// [`KeyError`] says what to do.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, KeyError> {
        let path = data_dir.join(KEY_FILE);
        match load(&path) {
            Err(KeyError::Read(_, source))
                if matches!(
                    source.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) => {}
            other => return other,
        }
        match create(&path, rand::random()) {
            Ok(()) => {}
            // Another program was quicker; then its key is the one.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(KeyError::Write(path, source)),
        }
        load(&path)
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

fn load(path: &Path) -> Result<DeviceKey, KeyError> {
    let unreadable = |source| KeyError::Read(path.to_owned(), source);
    let damaged = || KeyError::Damaged(path.to_owned());
    // Looked at first: opening a pipe would wait for somebody to write to it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(damaged());
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    if private_file::keep_private(&file).is_err() {
        tracing::warn!("others can read the device's key, and it can't be kept from them");
    }
    let mut bytes = Vec::with_capacity(SEED_BYTES + 1);
    file.take(SEED_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let seed: [u8; SEED_BYTES] = bytes.try_into().map_err(|_| damaged())?;
    // What some file systems leave behind after a power cut.
    if seed == [0; SEED_BYTES] { Err(damaged()) } else { Ok(DeviceKey { seed }) }
}

/// Puts a file in place, whole, unless there is one.
fn create(path: &Path, seed: [u8; SEED_BYTES]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    private_file::create_dir(dir)?;
    // The process id and chance keep two that do this at once from writing into each other's draft.
    let draft =
        path.with_extension(format!("key.{}-{:08x}", std::process::id(), rand::random::<u32>()));
    let written = write(private_file::create_new(&draft)?, &seed).and_then(|()| {
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // Some file systems have no links. Then a crash at this very moment leaves a
                // damaged file, which is said.
                write(private_file::create_new(path)?, &seed)
            }
            other => other,
        }
    });
    // Nothing more can be done about a draft that can't be removed; nobody else can read it.
    let _ = fs::remove_file(&draft);
    written?;
    private_file::sync_dir(dir)
}

fn write(mut file: fs::File, seed: &[u8]) -> io::Result<()> {
    file.write_all(seed)?;
    file.sync_all()
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
