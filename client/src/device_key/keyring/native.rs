//! The Keychain of macOS and the Credential Manager of Windows.

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};
#[cfg(windows)]
use windows_native_keyring_store::Store;

use super::{KeyringError, SERVICE, Vault};

pub(super) struct System;

impl Vault for System {
    fn read(&self, account: &str) -> Result<Option<Vec<u8>>, KeyringError> {
        match entry(account)?.get_secret() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(why(&error)),
        }
    }

    fn write(&self, account: &str, secret: &[u8]) -> Result<(), KeyringError> {
        entry(account)?.set_secret(secret).map_err(|error| why(&error))
    }
}

fn entry(account: &str) -> Result<Entry, KeyringError> {
    let store = Store::new().map_err(|_| KeyringError::Missing)?;
    store.build(SERVICE, account, None).map_err(|error| why(&error))
}

/// What an error comes to; its text could name anything, so it goes nowhere.
fn why(error: &Error) -> KeyringError {
    match error {
        Error::NoStorageAccess(_) => KeyringError::Locked,
        Error::NoDefaultStore => KeyringError::Missing,
        _ => KeyringError::Failed,
    }
}
