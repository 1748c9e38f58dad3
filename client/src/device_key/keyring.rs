//! The system's keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
//!
//! In: what a key is called there, and its bytes. Out: the bytes, or why there are none. What
//! always holds: whoever asks waits no longer than [`ANSWER_WITHIN`], whatever the keyring does;
//! one question at a time is open, so that a keyring that hangs costs one thread and shows one
//! prompt; what is written asks nobody to unlock anything, what is read does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::System;
#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(any(target_os = "macos", windows))]
use native::System;

/// How long an answer may take. Somebody who is asked to unlock the keyring may take longer; then
/// the next try finds it unlocked.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// What every entry of this program is under.
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
const SERVICE: &str = "visavis";
/// What the system's own programs for the keyring show.
#[cfg(target_os = "linux")]
const LABEL: &str = "Visavis: the key of this device";

/// Why a keyring is of no use now. Each text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum KeyringError {
    #[error("which can't be reached from here: log in to the desktop, and try again there")]
    Missing,
    #[error("which is locked: unlock it, and try again")]
    Locked,
    #[error("which does not answer: unlock or restart it, and try again")]
    Silent,
    #[error("which refused to give or keep it: look at it with the system's own program")]
    Failed,
}

/// Something that keeps secrets by name. Its questions may take as long as they like.
pub(super) trait Vault: Send + Sync {
    /// The secret of this name, when there is one.
    fn read(&self, account: &str) -> Result<Option<Vec<u8>>, KeyringError>;
    /// Keeps a secret under this name. Asks nobody for anything: one that is locked is an error.
    fn write(&self, account: &str, secret: &[u8]) -> Result<(), KeyringError>;
}

/// The keyring, which is never waited for without an end.
#[derive(Clone)]
pub(super) struct Keyring {
    vault: Arc<dyn Vault>,
    within: Duration,
    /// Whether a question is open.
    busy: Arc<AtomicBool>,
}

impl Keyring {
    /// That of the system.
    pub(super) fn of_the_system() -> Self {
        Self::with(Arc::new(System), ANSWER_WITHIN)
    }

    pub(super) fn with(vault: Arc<dyn Vault>, within: Duration) -> Self {
        Self { vault, within, busy: Arc::default() }
    }

    pub(super) fn read(&self, account: &str) -> Result<Option<Vec<u8>>, KeyringError> {
        let account = account.to_owned();
        self.ask(move |vault| vault.read(&account))
    }

    pub(super) fn write(&self, account: &str, secret: &[u8]) -> Result<(), KeyringError> {
        let (account, secret) = (account.to_owned(), secret.to_owned());
        self.ask(move |vault| vault.write(&account, &secret))
    }

    /// Asks on a thread of its own, which is left behind when it takes too long.
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Vault) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err(KeyringError::Silent);
        }
        let open = Open(Arc::clone(&self.busy));
        let vault = Arc::clone(&self.vault);
        let (answer, answers) = sync_channel(1);
        let asked = thread::Builder::new().name("keyring".to_owned()).spawn(move || {
            let result = question(&*vault);
            drop(open);
            // Nobody waits any more when it took too long.
            let _ = answer.try_send(result);
        });
        if asked.is_err() {
            return Err(KeyringError::Silent);
        }
        // A question that panics sends nothing.
        answers.recv_timeout(self.within).unwrap_or(Err(KeyringError::Silent))
    }
}

/// A question that is open, until it is dropped.
struct Open(Arc<AtomicBool>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
struct System;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
impl Vault for System {
    fn read(&self, _: &str) -> Result<Option<Vec<u8>>, KeyringError> {
        Err(KeyringError::Missing)
    }

    fn write(&self, _: &str, _: &[u8]) -> Result<(), KeyringError> {
        Err(KeyringError::Missing)
    }
}
