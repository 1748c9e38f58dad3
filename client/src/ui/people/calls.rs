//! How a call that is over is told: in a list of all, and in the list of one person's.

use std::time::{Duration, SystemTime};

use crate::session::snapshot::{CallEnd, Direction, RecentCall};
use crate::ui::design::Icon;
use crate::words::{self, text};

/// When it was, on this computer's clock.
pub(super) fn time_of(call: &RecentCall) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(call.at.0)
}

/// Which way it went.
pub(super) fn icon(call: &RecentCall) -> Icon {
    match call.direction {
        _ if call.is_missed() => Icon::CallMissed,
        Direction::Incoming => Icon::CallIn,
        Direction::Outgoing => Icon::CallOut,
    }
}

/// What came of it, beside the name of the other: how long they talked, or why they did not.
pub(super) fn outcome(call: &RecentCall) -> String {
    match (call.talked, call.end, call.direction) {
        (Some(talked), ..) => words::clock(talked),
        (None, CallEnd::NoAnswer, Direction::Incoming) => text!("call-missed"),
        (None, CallEnd::CameWhileBusy, _) => text!("call-missed-while-busy"),
        (None, CallEnd::NoAnswer, Direction::Outgoing) => text!("call-unanswered"),
        (None, CallEnd::Declined, _) => text!("call-declined"),
        (None, CallEnd::Busy, _) => text!("call-busy"),
        (None, CallEnd::Cancelled, _) => text!("call-cancelled"),
        (None, CallEnd::Offline, _) => text!("call-offline"),
        (None, CallEnd::Completed | CallEnd::Lost | CallEnd::Failed | CallEnd::Other, _) => {
            text!("call-not-connected")
        }
    }
}

/// Who called, or that it was missed, in a list where the other is known.
pub(super) fn who(call: &RecentCall, other: &str) -> String {
    match call.direction {
        _ if call.is_missed() => text!("missed-call"),
        Direction::Incoming => text!("they-called", name = other),
        Direction::Outgoing => text!("you-called"),
    }
}
