//! What becomes of the device's key in a session: the log-in that waits for it, its way to another
//! computer and to the keyring.

use std::path::PathBuf;

use super::Driver;
use crate::device_key::passphrase::Passphrase;
use crate::session::keys::KeyEvent;
use crate::session::options::Identity;
use crate::session::snapshot::{KeyWork, LoginPhase};
use crate::words::phrase;

impl Driver {
    pub(super) fn export_key(&mut self, to: PathBuf, passphrase: Passphrase) {
        let begun = self.keys.export(to, passphrase);
        self.works(begun);
    }

    pub(super) fn import_key(&mut self, from: PathBuf, passphrase: Passphrase) {
        let begun = self.keys.import(from, passphrase);
        self.works(begun);
    }

    fn works(&mut self, begun: bool) {
        self.snapshot.key.work =
            if begun { KeyWork::Underway } else { KeyWork::Failed(phrase!("key-busy")) };
    }

    pub(super) fn on_key(&mut self, event: KeyEvent) {
        match event {
            KeyEvent::Read(login, Ok((key, place))) => {
                self.options.identity = Identity::Device(key);
                self.snapshot.key.place = Some(place);
                // It is tried again behind the words that say why it failed, and they stay.
                let failed = match &self.snapshot.login {
                    LoginPhase::Failed(words) => Some(words.clone()),
                    _ => None,
                };
                self.log_in_with_key(login.server, login.username);
                if let (Some(words), LoginPhase::LoggingIn) = (failed, &self.snapshot.login) {
                    self.snapshot.login = LoginPhase::Failed(words);
                }
                self.keys.move_to_keyring();
            }
            KeyEvent::Read(_, Err(words)) => {
                self.snapshot.login = LoginPhase::Failed(words);
                self.snapshot.key.place = self.keys.place();
                self.retry_later();
            }
            KeyEvent::Moved(place) => self.snapshot.key.place = place,
            KeyEvent::Worked(work, place) => {
                self.snapshot.key.work = work;
                self.snapshot.key.place = place;
            }
        }
    }
}
