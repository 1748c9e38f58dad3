//! How a call ended: in words for a person, in one word for the report, and as an exit code.
//!
//! Pure. What always holds: every [`EndReason`] has a sentence.

use std::time::Duration;

use crate::call::event::EndReason;
use crate::cli::ExitReason;
use crate::words::{Phrase, phrase};

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What happened.
    pub what: Phrase,
    /// What to do now, where there is something to do.
    pub advice: Option<Phrase>,
}

/// Puts the end of a call with `peer` into words. `talked` is how long media flowed, if it ever
/// did.
#[must_use]
pub fn ending(peer: &str, reason: &EndReason, talked: Option<Duration>) -> Ending {
    let (what, advice) = match reason {
        EndReason::HungUp if talked.is_some() => (phrase!("ended-by-us", peer = peer), None),
        EndReason::HungUp => (phrase!("cancelled-by-us", peer = peer), None),
        EndReason::DeclinedByUs => (phrase!("declined-by-us", peer = peer), None),
        EndReason::ClosedByPeer if talked.is_some() => {
            (phrase!("ended-by-them", peer = peer), None)
        }
        EndReason::ClosedByPeer => {
            (phrase!("cancelled-by-them", peer = peer), Some(phrase!("call-back-to-hear")))
        }
        EndReason::Declined => {
            (phrase!("declined-by-them", peer = peer), Some(phrase!("try-later")))
        }
        EndReason::Busy => (phrase!("on-another-call", peer = peer), Some(phrase!("try-later"))),
        EndReason::NoAnswer => (phrase!("no-answer", peer = peer), Some(phrase!("try-later"))),
        EndReason::Unknown => (phrase!("not-online", peer = peer), Some(phrase!("check-name"))),
        EndReason::Refused(why) => (phrase!("not-passed-on"), Some(why.clone())),
        EndReason::PeerLost => {
            (phrase!("went-offline", peer = peer), Some(phrase!("call-when-back")))
        }
        EndReason::ServerLost => (phrase!("server-lost"), Some(phrase!("check-network"))),
        EndReason::ConnectFailed(why) => {
            (phrase!("not-connected-to", peer = peer), Some(why.clone()))
        }
        EndReason::MediaLost => {
            (phrase!("connection-lost", peer = peer), Some(phrase!("check-network")))
        }
        EndReason::KeyChanged(change) if change.now.is_none() => {
            (phrase!("key-missing", peer = peer), Some(phrase!("key-changed-advice", peer = peer)))
        }
        EndReason::KeyChanged(_) => {
            (phrase!("key-changed", peer = peer), Some(phrase!("key-changed-advice", peer = peer)))
        }
        EndReason::Untrusted(why) => (phrase!("call-untrusted", peer = peer), Some(why.clone())),
    };
    Ending { what, advice }
}

impl std::fmt::Display for Ending {
    /// Both sentences on one line, for the command line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what.plain())?;
        self.advice.as_ref().map_or(Ok(()), |advice| write!(f, " {}", advice.plain()))
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
        EndReason::KeyChanged(_) => ("key-changed", NotReached),
        EndReason::Untrusted(_) => ("untrusted", Connection),
    }
}

#[cfg(test)]
mod tests {
    use visavis_shared::{PublicKey, Username};

    use super::*;
    use crate::trust::KeyChange;

    fn key_change(now: Option<PublicKey>) -> KeyChange {
        KeyChange { peer: Username::parse("bob").expect("a name"), now }
    }

    fn every_reason() -> Vec<EndReason> {
        vec![
            EndReason::HungUp,
            EndReason::DeclinedByUs,
            EndReason::ClosedByPeer,
            EndReason::Declined,
            EndReason::Busy,
            EndReason::NoAnswer,
            EndReason::Unknown,
            EndReason::Refused("You call too often; wait a minute.".into()),
            EndReason::PeerLost,
            EndReason::ServerLost,
            EndReason::ConnectFailed("No network.".into()),
            EndReason::MediaLost,
            EndReason::KeyChanged(key_change(None)),
            EndReason::KeyChanged(key_change(Some(PublicKey([1; 32])))),
            EndReason::Untrusted("It was changed.".into()),
        ]
    }

    #[test]
    fn every_reason_has_a_sentence_of_its_own() {
        let mut sentences: Vec<String> =
            every_reason().iter().map(|r| ending("bob", r, None).what.plain()).collect();
        assert!(sentences.iter().all(|s| s.ends_with('.') && s.len() > 10), "{sentences:?}");
        sentences.sort();
        let count = sentences.len();
        sentences.dedup();
        assert_eq!(sentences.len(), count);
    }

    #[test]
    fn closing_a_call_and_cancelling_one_are_told_apart() {
        let talked = Some(Duration::from_secs(5));
        let what = |reason, talked| ending("bob", &reason, talked).what.plain();
        assert_eq!(what(EndReason::HungUp, talked), "You ended the call with bob.");
        assert_eq!(what(EndReason::HungUp, None), "You cancelled the call with bob.");
        assert_eq!(what(EndReason::ClosedByPeer, talked), "bob ended the call.");
        assert_eq!(what(EndReason::ClosedByPeer, None), "bob cancelled the call.");
    }

    #[test]
    fn what_the_server_said_is_passed_on() {
        let refused = ending("bob", &EndReason::Refused("Not today.".into()), None);
        assert_eq!(refused.advice, Some("Not today.".into()));
        assert_eq!(refused.to_string(), "The server did not pass the call on. Not today.");
    }

    #[test]
    fn who_is_on_another_call_or_does_not_answer_can_be_called_later() {
        let said = |reason| ending("bob", &reason, None).to_string();
        assert_eq!(said(EndReason::Busy), "bob is on another call. Try again later.");
        assert_eq!(said(EndReason::NoAnswer), "bob didn't answer. Try again later.");
    }

    #[test]
    fn a_call_that_failed_reads_as_that_whether_or_not_media_had_connected_here() {
        let failed = EndReason::ConnectFailed("A firewall on one side may be in the way.".into());
        for talked in [None, Some(Duration::from_secs(9))] {
            let words = ending("bob", &failed, talked).to_string();
            assert_eq!(words, "Couldn't connect to bob. A firewall on one side may be in the way.");
            assert_eq!(outcome(&failed, talked), ("failed", ExitReason::Connection));
        }
    }

    #[test]
    fn only_a_call_in_which_media_flowed_is_completed() {
        for reason in every_reason() {
            assert_ne!(outcome(&reason, None).1, ExitReason::Completed, "{reason:?}");
        }
        assert_eq!(outcome(&EndReason::ClosedByPeer, Some(Duration::ZERO)).1.code(), 0);
    }
}
