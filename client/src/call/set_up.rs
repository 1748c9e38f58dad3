//! How far the set-up of a call has come, for the log line of one that fails.
//!
//! In: the machine's state. Out: words for the log. It changes nothing.

use super::machine::{Active, Call, Stage, State};

impl<C> Call<C> {
    /// How far the set-up of the call has come; `None` when there is no call.
    #[must_use]
    pub fn set_up_step(&self) -> Option<&'static str> {
        let Active { party, leg, stage, .. } = match &self.state {
            State::Ringing(_) => return Some("signaling: it rang here and was not taken"),
            State::Active(active) => active,
            State::Idle | State::Ended { .. } => return None,
        };
        Some(match stage {
            Stage::Calling { .. } if !leg.has_described() => "signaling: our offer was not made",
            Stage::Calling { ringing: false, .. } => {
                "signaling: neither ringing nor an answer came"
            }
            Stage::Calling { ringing: true, .. } => "signaling: it rang, and no answer came",
            Stage::Connecting { .. } if party.placed => {
                "connecting: their answer came, no connection"
            }
            Stage::Connecting { .. } if leg.has_described() => {
                "connecting: our answer was sent, no connection"
            }
            Stage::Connecting { .. } => "signaling: our answer was not made",
            Stage::InCall { .. } | Stage::Reconnecting { .. } => {
                "media: it connected at this end alone"
            }
        })
    }
}
