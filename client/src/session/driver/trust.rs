//! Who is at the other end: keys that are kept, and what the person decides about them.
//!
//! The call machine judges ([`crate::call`]); here is what it judges by, and what comes of it.

use visavis_shared::Username;
use visavis_shared::identity::Nonce;

use super::Driver;
use super::people::peer_of;
use crate::call::CallNonces;
use crate::call::event::{CallPhase, Input};
use crate::people::Change;
use crate::trust::{CodeState, KeyChange, Known, Standing};

/// 256 random bits.
pub(super) fn fresh_nonce() -> Nonce {
    Nonce(rand::random())
}

pub(super) fn fresh_nonces() -> CallNonces {
    CallNonces { offer: fresh_nonce(), answer: fresh_nonce() }
}

impl Driver {
    /// What is kept of a name, and allowed for one call.
    pub(super) fn known(&self, name: &Username) -> Known {
        let unsigned_allowed = self.unsigned_allowed.as_ref() == Some(name);
        Known { unsigned_allowed, ..self.people.known(name) }
    }

    /// The call is somewhere else than before: keys are kept once both have taken it and media
    /// flows, and what was allowed for one call is over with it.
    pub(super) fn note_trust(&mut self, phase: &CallPhase) {
        match phase {
            CallPhase::InCall { peer, .. } => {
                // Also the one that is kept: it puts away that another was seen.
                if let Some(Standing::New(key) | Standing::Same { key, .. }) =
                    self.call.trust().map(|trust| trust.standing)
                {
                    self.change_key(Change::Pin(peer.clone(), key));
                }
            }
            CallPhase::Ended { .. } => self.unsigned_allowed = None,
            CallPhase::Calling { .. } | CallPhase::Ringing { .. } => {
                self.snapshot.codes_differ = false;
            }
            _ => {}
        }
    }

    /// What is kept of somebody is another thing now, also for the call with them.
    pub(super) fn learn(&mut self, name: Username) {
        let known = self.known(&name);
        self.handle(Input::Known { of: name, known });
    }

    /// The person goes on although a key has changed.
    pub(super) fn allow_key(&mut self, change: KeyChange) {
        let KeyChange { peer, now } = change;
        match now {
            Some(key) => self.change_key(Change::ReplaceKey(peer.clone(), key)),
            None => self.unsigned_allowed = Some(peer.clone()),
        }
        self.learn(peer);
    }

    /// Both have read the same words aloud.
    pub(super) fn confirm_code(&mut self) {
        let Some(trust) = self.call.trust() else { return };
        let (Some(peer), Some(key), CodeState::Here(_)) =
            (peer_of(&self.snapshot.call).cloned(), trust.standing.key(), trust.code)
        else {
            return;
        };
        self.snapshot.codes_differ = false;
        self.change_key(Change::ConfirmKey(peer.clone(), key));
        self.learn(peer);
    }

    /// They have read different words.
    pub(super) fn codes_differ(&mut self) {
        let Some(peer) = peer_of(&self.snapshot.call).cloned() else { return };
        self.snapshot.codes_differ = true;
        self.change_key(Change::UnconfirmKey(peer.clone()));
        self.learn(peer);
    }
}
