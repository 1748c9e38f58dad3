//! A call that is over, as the history keeps it. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use visavis_shared::Username;

use super::UnixTime;

/// Who placed a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// They called us.
    Incoming,
    /// We called them.
    Outgoing,
}

/// How a call ended, as far as the history tells. What went wrong stands in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallEnd {
    /// They talked, and one of them closed it.
    Completed,
    /// They talked, and the connection was lost.
    Lost,
    /// It was taken, and no connection came about; or it could not be placed.
    Failed,
    /// It rang, and nobody took it: a missed call when it was incoming.
    NoAnswer,
    /// It came while another call was running, and the caller was told that.
    CameWhileBusy,
    /// Whom it was for declined it.
    Declined,
    /// Whom it was for was in another call.
    Busy,
    /// We took it back before anybody answered.
    Cancelled,
    /// They were not online.
    Offline,
    /// Anything that this version does not know.
    #[serde(other)]
    Other,
}

/// One call of the history.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecentCall {
    /// Tells it from every other of its book; later ones have larger numbers.
    pub number: u64,
    /// With whom.
    pub with: Username,
    /// When it began to ring, or was placed.
    pub at: UnixTime,
    /// Who placed it.
    pub direction: Direction,
    /// How it ended.
    pub end: CallEnd,
    /// How long they talked, in whole seconds; `None` when they did not.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    pub talked: Option<Duration>,
    /// Whether the person has seen that it was missed. True for every other call.
    pub seen: bool,
    /// Whether the server told it at a log-in, by its own clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub while_away: bool,
}

impl RecentCall {
    /// Whether somebody called in vain.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.direction == Direction::Incoming
            && matches!(self.end, CallEnd::NoAnswer | CallEnd::CameWhileBusy)
    }
}

/// Whole seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde gives it so")]
    pub(super) fn serialize<S: Serializer>(
        talked: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_u64(talked.unwrap_or_default().as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        u64::deserialize(from).map(|seconds| Some(Duration::from_secs(seconds)))
    }
}
