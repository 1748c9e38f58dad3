//! The state of a call, joined from the states of its connections. Pure.
//!
//! In: what a connection reports of itself. Out: what the owner hears. What always holds:
//! `Connected` alternates with `Disconnected` or `Failed`, as it does for the first connection; and
//! `PathDegraded` with `PathRecovered`, whichever connections it is about. That the second is
//! silent says nothing: who has the camera off sends no picture. Whether its path works, its path
//! watch says.

use crate::PeerEvent;
use crate::peer::negotiator::WRONG_CERTIFICATE;
use crate::peer::place::{Both, Place};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Whose path is degraded.
    degraded: Both<bool>,
    /// Whether the owner was told that one is.
    told: bool,
}

impl Health {
    /// What the owner hears of an event.
    pub(super) fn note(&mut self, place: Place, event: PeerEvent) -> Option<PeerEvent> {
        match event {
            PeerEvent::PathDegraded => self.degraded[place] = true,
            PeerEvent::PathRecovered => self.degraded[place] = false,
            event if place == Place::First => return Some(event),
            PeerEvent::Failed(why) if why == WRONG_CERTIFICATE => {
                return Some(PeerEvent::Failed(why));
            }
            PeerEvent::Failed(why) => {
                // To restart ICE again and again would not bring it back.
                self.degraded[Place::Second] = false;
                tracing::warn!("one of two transports is lost, and what it carried: {why}");
            }
            _ => {}
        }
        self.tell()
    }

    /// There is no second connection any more.
    pub(super) fn forget_second(&mut self) -> Option<PeerEvent> {
        self.degraded[Place::Second] = false;
        self.tell()
    }

    /// What the owner does not know yet.
    fn tell(&mut self) -> Option<PeerEvent> {
        let degraded = self.degraded.iter().any(|degraded| *degraded);
        match (std::mem::replace(&mut self.told, degraded), degraded) {
            (false, true) => Some(PeerEvent::PathDegraded),
            (true, false) => Some(PeerEvent::PathRecovered),
            _ => None,
        }
    }
}
