//! How a call ended, in one line for a person and one word for the report.

use visavis_shared::Username;

use crate::call::event::EndReason;
use crate::cli::ExitReason;

/// The report's `outcome`, the exit code, and one line that says what happened and what to do.
#[must_use]
pub fn describe_end(reason: &EndReason, peer: &Username, talked: bool) -> (&'static str, ExitReason, String) {
    use ExitReason::{Completed, Connection, NotReached, Server};
    match reason {
        EndReason::HungUp if talked => ("completed", Completed, format!("the call with {peer} is closed")),
        EndReason::HungUp => ("cancelled", NotReached, format!("the call to {peer} was cancelled")),
        EndReason::DeclinedByUs => ("declined-here", NotReached, format!("{peer}'s call was declined")),
        EndReason::ClosedByPeer if talked => ("completed", Completed, format!("{peer} closed the call")),
        EndReason::ClosedByPeer => ("cancelled", NotReached, format!("{peer} cancelled the call")),
        EndReason::Declined => ("declined", NotReached, format!("{peer} declined the call")),
        EndReason::Busy => ("busy", NotReached, format!("{peer} is in another call: try again later")),
        EndReason::NoAnswer => ("no-answer", NotReached, format!("{peer} did not answer: try again later")),
        EndReason::Unknown => (
            "unknown-user",
            NotReached,
            format!("nobody called {peer} is online: check the name, or ask them to log in"),
        ),
        EndReason::Refused(why) => ("refused", NotReached, why.clone()),
        EndReason::PeerLost => ("peer-lost", NotReached, format!("{peer} went offline: try again when they are back")),
        EndReason::ServerLost => {
            ("server-lost", Server, "the connection to the server was lost: check the network and call again".into())
        }
        EndReason::ConnectFailed(why) => {
            ("failed", Connection, format!("no connection to {peer} could be made: {why}"))
        }
        EndReason::MediaLost => {
            ("lost", Connection, format!("the connection to {peer} was lost: check the network and call again"))
        }
    }
}
