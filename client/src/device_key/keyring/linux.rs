//! The Secret Service of a Linux desktop (org.freedesktop.secrets), as GNOME Keyring, KWallet and
//! KeePassXC are.
//!
//! Each question has a connection of its own: a service that was restarted is found again. The
//! secret crosses the bus encrypted.

use std::collections::HashMap;

use secret_service::blocking::SecretService;
use secret_service::{EncryptionType, Error};

use super::{KeyringError, LABEL, SERVICE, Vault};

pub(super) struct System;

fn attributes(account: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", account)])
}

impl Vault for System {
    fn read(&self, account: &str) -> Result<Option<Vec<u8>>, KeyringError> {
        let service = connect()?;
        let found = service.search_items(attributes(account)).map_err(why)?;
        if let Some(item) = found.unlocked.first() {
            return item.get_secret().map(Some).map_err(why);
        }
        let Some(item) = found.locked.first() else { return Ok(None) };
        // Here the system may ask the person.
        item.unlock().map_err(why)?;
        if item.is_locked().map_err(why)? {
            return Err(KeyringError::Locked);
        }
        item.get_secret().map(Some).map_err(why)
    }

    fn write(&self, account: &str, secret: &[u8]) -> Result<(), KeyringError> {
        let service = connect()?;
        let collection = service.get_default_collection().map_err(why)?;
        if collection.is_locked().map_err(why)? {
            return Err(KeyringError::Locked);
        }
        let kind = "application/octet-stream";
        let written = collection.create_item(LABEL, attributes(account), secret, true, kind);
        written.map(drop).map_err(why)
    }
}

fn connect<'a>() -> Result<SecretService<'a>, KeyringError> {
    SecretService::connect(EncryptionType::Dh).map_err(|error| match error {
        Error::Crypto(_) => KeyringError::Failed,
        _ => KeyringError::Missing,
    })
}

/// What an error comes to; its text could name anything, so it goes nowhere.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn why(error: Error) -> KeyringError {
    match error {
        Error::Locked | Error::Prompt | Error::PromptDisconnected => KeyringError::Locked,
        // No default collection: there is a service, and nothing in it yet.
        Error::NoResult | Error::Unavailable => KeyringError::Missing,
        _ => KeyringError::Failed,
    }
}
