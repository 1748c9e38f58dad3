//! How far the set-up of a call has come, for the log line of one that fails.
//!
//! In: the machine's state. Out: a [`SetUpStep`]. It changes nothing.

use std::fmt;

use super::machine::{Active, Call, Stage, State};

/// How far the set-up of a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetUpStep {
    /// We call, and our own offer is not made yet.
    NoOffer,
    /// Our offer is sent, and their client has not sent that it rings.
    NoRinging,
    /// Their client has sent that it rings.
    NoAnswer,
    /// It rings here.
    NotTaken,
    /// It was taken here, and our answer is not made yet.
    AnswerNotMade,
    /// Our answer is sent, and media has not connected.
    AnswerSent,
    /// Their answer has come, and media has not connected.
    AnswerCame,
    /// Media has connected here.
    Connected,
}

impl fmt::Display for SetUpStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoOffer => "signaling: our offer was not made",
            Self::NoRinging => "signaling: neither ringing nor an answer came",
            Self::NoAnswer => "signaling: it rang, and no answer came",
            Self::NotTaken => "signaling: it rang here and was not taken",
            Self::AnswerNotMade => "signaling: our answer was not made",
            Self::AnswerSent => "connecting: our answer was sent, no connection",
            Self::AnswerCame => "connecting: their answer came, no connection",
            Self::Connected => "media: it connected at this end alone",
        })
    }
}

impl<C> Call<C> {
    /// How far the set-up of the call has come; `None` when there is no call.
    #[must_use]
    pub fn set_up_step(&self) -> Option<SetUpStep> {
        let Active { party, leg, stage, .. } = match &self.state {
            State::Ringing(_) => return Some(SetUpStep::NotTaken),
            State::Active(active) => active,
            State::Idle | State::Ended { .. } => return None,
        };
        match stage {
            Stage::Calling { .. } if !leg.has_described() => Some(SetUpStep::NoOffer),
            Stage::Calling { ringing: false, .. } => Some(SetUpStep::NoRinging),
            Stage::Calling { ringing: true, .. } => Some(SetUpStep::NoAnswer),
            Stage::Connecting { .. } if party.placed => Some(SetUpStep::AnswerCame),
            Stage::Connecting { .. } if leg.has_described() => Some(SetUpStep::AnswerSent),
            Stage::Connecting { .. } => Some(SetUpStep::AnswerNotMade),
            Stage::InCall { .. } | Stage::Reconnecting { .. } => Some(SetUpStep::Connected),
        }
    }
}
