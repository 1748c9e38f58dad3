//! How a call ended: in words for a person, in one word for the report, and as an exit code.
//!
//! Pure text in, text out. What always holds: every [`EndReason`] has a sentence; a line that came
//! from elsewhere is short and on one line.

use std::time::Duration;

use crate::call::event::EndReason;
use crate::cli::ExitReason;

/// The longest text from elsewhere that is shown, in characters.
const MAX_FOREIGN_CHARS: usize = 240;

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What happened.
    pub what: String,
    /// What to do now, where there is something to do.
    pub advice: Option<String>,
}

/// Puts the end of a call with `peer` into words. `talked` is how long media flowed, if it ever
/// did.
#[must_use]
pub fn ending(peer: &str, reason: &EndReason, talked: Option<Duration>) -> Ending {
    let advise = |advice: &str| Some(advice.to_owned());
    let (what, advice) = match reason {
        EndReason::HungUp if talked.is_some() => (format!("You ended the call with {peer}."), None),
        EndReason::HungUp => (format!("You cancelled the call with {peer}."), None),
        EndReason::DeclinedByUs => (format!("You declined {peer}'s call."), None),
        EndReason::ClosedByPeer if talked.is_some() => (format!("{peer} ended the call."), None),
        EndReason::ClosedByPeer => {
            (format!("{peer} cancelled the call."), advise("Call back to hear what it was about."))
        }
        EndReason::Declined => (format!("{peer} declined the call."), advise("Try again later.")),
        EndReason::Busy => (format!("{peer} is in another call."), advise("Try again later.")),
        EndReason::NoAnswer => {
            ("Nobody answered.".to_owned(), Some(format!("Perhaps {peer} is away.")))
        }
        EndReason::Unknown => (
            format!("{peer} is not online."),
            advise(
                "Check how the name is spelled, and that they are logged in to the same server.",
            ),
        ),
        EndReason::Refused(why) => {
            ("The server did not pass the call on.".to_owned(), foreign(why))
        }
        EndReason::PeerLost => (
            format!("{peer} went offline before the call could begin."),
            advise("Call again when they are back."),
        ),
        EndReason::ServerLost => (
            "The connection to the server was lost before the call could begin.".to_owned(),
            advise("Check your network connection, then call again."),
        ),
        EndReason::ConnectFailed(why) => (
            format!("Couldn't connect to {peer}."),
            foreign(why).or_else(|| advise("A firewall at either end may be in the way.")),
        ),
        EndReason::MediaLost => (
            format!("The connection to {peer} was lost."),
            advise("Check your network connection, then call again."),
        ),
    };
    Ending { what, advice }
}

/// A text from elsewhere as it may be shown: one line, not too long; `None` when nothing is left.
#[must_use]
pub fn foreign(text: &str) -> Option<String> {
    let mut chars = text.trim().chars().filter(|c| !turns_text_round(*c));
    let mut line: String = chars
        .by_ref()
        .take(MAX_FOREIGN_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if chars.next().is_some() {
        line.push('…');
    }
    (!line.trim().is_empty()).then_some(line)
}

/// Whether a character is there only to change the direction of its neighbours, which can make one
/// text look like another (Unicode UAX #9).
fn turns_text_round(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl std::fmt::Display for Ending {
    /// Both sentences on one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        self.advice.as_ref().map_or(Ok(()), |advice| write!(f, " {advice}"))
    }
}

/// The report's `outcome`, and the exit code.
#[must_use]
pub fn outcome(reason: &EndReason, talked: Option<Duration>) -> (&'static str, ExitReason) {
    use ExitReason::{Completed, Connection, NotReached, Server};
    match reason {
        EndReason::HungUp | EndReason::ClosedByPeer if talked.is_some() => ("completed", Completed),
        EndReason::HungUp | EndReason::ClosedByPeer => ("cancelled", NotReached),
        EndReason::DeclinedByUs => ("declined-here", NotReached),
        EndReason::Declined => ("declined", NotReached),
        EndReason::Busy => ("busy", NotReached),
        EndReason::NoAnswer => ("no-answer", NotReached),
        EndReason::Unknown => ("unknown-user", NotReached),
        EndReason::Refused(_) => ("refused", NotReached),
        EndReason::PeerLost => ("peer-lost", NotReached),
        EndReason::ServerLost => ("server-lost", Server),
        EndReason::ConnectFailed(_) => ("failed", Connection),
        EndReason::MediaLost => ("lost", Connection),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_reason() -> Vec<EndReason> {
        vec![
            EndReason::HungUp,
            EndReason::DeclinedByUs,
            EndReason::ClosedByPeer,
            EndReason::Declined,
            EndReason::Busy,
            EndReason::NoAnswer,
            EndReason::Unknown,
            EndReason::Refused("You call too often; wait a minute.".to_owned()),
            EndReason::PeerLost,
            EndReason::ServerLost,
            EndReason::ConnectFailed("No network.".to_owned()),
            EndReason::MediaLost,
        ]
    }

    #[test]
    fn every_reason_has_a_sentence_of_its_own() {
        let mut sentences: Vec<String> =
            every_reason().iter().map(|r| ending("bob", r, None).what).collect();
        assert!(sentences.iter().all(|s| s.ends_with('.') && s.len() > 10), "{sentences:?}");
        sentences.sort();
        let count = sentences.len();
        sentences.dedup();
        assert_eq!(sentences.len(), count);
    }

    #[test]
    fn closing_a_call_and_cancelling_one_are_told_apart() {
        let talked = Some(Duration::from_secs(5));
        assert_eq!(ending("bob", &EndReason::HungUp, talked).what, "You ended the call with bob.");
        assert_eq!(
            ending("bob", &EndReason::HungUp, None).what,
            "You cancelled the call with bob."
        );
        assert_eq!(ending("bob", &EndReason::ClosedByPeer, talked).what, "bob ended the call.");
        assert_eq!(ending("bob", &EndReason::ClosedByPeer, None).what, "bob cancelled the call.");
    }

    #[test]
    fn what_the_server_said_is_passed_on_and_an_empty_reason_gets_ours() {
        let refused = ending("bob", &EndReason::Refused("Not today.".to_owned()), None);
        assert_eq!(refused.advice.as_deref(), Some("Not today."));
        let failed = ending("bob", &EndReason::ConnectFailed(" ".to_owned()), None);
        assert_eq!(failed.advice.as_deref(), Some("A firewall at either end may be in the way."));
    }

    #[test]
    fn a_call_that_failed_reads_as_that_whether_or_not_media_had_connected_here() {
        let failed =
            EndReason::ConnectFailed("A firewall on one side may be in the way.".to_owned());
        for talked in [None, Some(Duration::from_secs(9))] {
            let words = ending("bob", &failed, talked).to_string();
            assert_eq!(words, "Couldn't connect to bob. A firewall on one side may be in the way.");
            assert_eq!(outcome(&failed, talked), ("failed", ExitReason::Connection));
        }
    }

    #[test]
    fn a_text_from_elsewhere_is_one_short_line() {
        assert_eq!(foreign("  a\nb\t\u{7}c "), Some("a b  c".to_owned()));
        assert_eq!(foreign("a\u{202e}b"), Some("ab".to_owned()));
        assert_eq!(foreign(" \n "), None);
        let long = foreign(&"x".repeat(10_000)).expect("a line");
        assert_eq!(long.chars().count(), MAX_FOREIGN_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn only_a_call_in_which_media_flowed_is_completed() {
        for reason in every_reason() {
            assert_ne!(outcome(&reason, None).1, ExitReason::Completed, "{reason:?}");
        }
        assert_eq!(outcome(&EndReason::ClosedByPeer, Some(Duration::ZERO)).1.code(), 0);
    }
}
