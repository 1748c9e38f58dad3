//! Checks every step of one client against the rules, from the outside: it keeps its own books.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use visavis_client::call::{CallPhase, EndReason, PeerId};
use visavis_shared::{CallId, CallSignal, CloseReason, Username};

use crate::world::{Call, Consent, Input, Outcome, Output};

/// One input and what came of it.
pub(crate) struct Step<'a> {
    pub(crate) before: &'a Call,
    pub(crate) after: &'a Call,
    pub(crate) input: &'a Input,
    pub(crate) outputs: &'a [Output],
    pub(crate) now: Instant,
}

/// What one client has opened and closed so far, and what it was notified of.
pub(crate) struct Ledger {
    us: Username,
    media_runs: bool,
    /// The consent by which media runs.
    consent: Option<Consent>,
    /// Every consent that ever opened anything.
    spent: BTreeSet<Consent>,
    open: Option<PeerId>,
    opened: BTreeSet<PeerId>,
    /// The server reported that the other's connection was lost, and since then neither a message
    /// of the call came nor did media connect.
    peer_gone: bool,
    /// The calls that were ever offered to us, or by us.
    offered: BTreeSet<(Username, CallId)>,
}

/// Whom a call that rings or stands is with.
fn peer_of(phase: &CallPhase) -> Option<&Username> {
    match phase {
        CallPhase::Idle | CallPhase::Ended { .. } => None,
        CallPhase::Calling { peer, .. }
        | CallPhase::Ringing { peer, .. }
        | CallPhase::Connecting { peer, .. }
        | CallPhase::InCall { peer, .. }
        | CallPhase::Reconnecting { peer, .. } => Some(peer),
    }
}

fn stands(phase: &CallPhase) -> bool {
    matches!(phase, CallPhase::InCall { .. } | CallPhase::Reconnecting { .. })
}

/// Media may run and a peer connection may be there in these phases, and has to.
fn consented(phase: &CallPhase) -> bool {
    peer_of(phase).is_some() && !matches!(phase, CallPhase::Ringing { .. })
}

/// Whether a call is over when a client sends this.
fn is_final(signal: &CallSignal) -> bool {
    match signal {
        CallSignal::Close(reason) => *reason != Some(CloseReason::Disconnected),
        CallSignal::Decline(_) => true,
        _ => false,
    }
}

fn is_final_signal(output: &Output, to: &Username, of: Option<&CallId>) -> bool {
    matches!(output, Output::Send { to: whom, call, signal } if whom == to && call.as_ref() == of && is_final(signal))
}

impl Ledger {
    pub(crate) fn new(us: Username) -> Self {
        Self {
            us,
            media_runs: false,
            consent: None,
            spent: BTreeSet::new(),
            open: None,
            opened: BTreeSet::new(),
            peer_gone: false,
            offered: BTreeSet::new(),
        }
    }

    /// Every rule that one step shows.
    pub(crate) fn check(&mut self, step: &Step<'_>) -> Outcome {
        let (before, after) = (step.before.phase(), step.after.phase());
        self.outputs_are_in_order(step)?;
        prop_assert_eq!(self.media_runs, consented(&after), "media runs in {:?}", &after);
        prop_assert_eq!(
            self.open.is_some(),
            consented(&after),
            "a peer connection is open in {:?}",
            &after
        );
        self.strangers_change_nothing(step, &before, &after)?;
        only_whom_the_person_has_seen_is_accepted(step, &before)?;
        self.a_call_that_stands_ends_for_a_reason(step, &before, &after)?;
        hanging_up_comes_first(step, &before, &after)?;
        phases_follow_one_another(step, &before, &after)?;
        deadlines_are_kept(step, &after)?;
        self.note_whether_they_are_gone(step, &before);
        Ok(())
    }

    /// Media starts and stops in turn and only by the person's doing, once for each time that they
    /// consent; peer connections are opened one at a time, by the consent to this very call, and
    /// closed once; nothing is asked of one that is closed; nothing about us leaves without
    /// consent.
    fn outputs_are_in_order(&mut self, step: &Step<'_>) -> Outcome {
        let by_the_person = match step.input {
            Input::Call { consent, .. } | Input::Accept { consent, .. } => Some(*consent),
            _ => None,
        };
        for output in step.outputs {
            match output {
                Output::StartMedia(consent) => {
                    prop_assert_eq!(
                        by_the_person,
                        Some(**consent),
                        "media started by {:?}",
                        step.input
                    );
                    prop_assert!(
                        self.spent.insert(**consent),
                        "media started again by {:?}",
                        consent
                    );
                    prop_assert!(!self.media_runs, "media started twice");
                    self.media_runs = true;
                    self.consent = Some(**consent);
                }
                Output::Refused { .. } => prop_assert!(false, "nothing is signed here"),
                Output::StopMedia => {
                    prop_assert!(self.media_runs, "media stopped twice");
                    self.media_runs = false;
                    self.consent = None;
                }
                Output::OpenPeer(peer, consent) => {
                    prop_assert!(self.media_runs, "opened without consent");
                    prop_assert_eq!(
                        self.consent,
                        Some(**consent),
                        "opened by another call's consent"
                    );
                    prop_assert_eq!(self.open, None, "two are open");
                    prop_assert!(self.opened.insert(*peer), "opened twice");
                    self.open = Some(*peer);
                }
                Output::ClosePeer(peer) => {
                    prop_assert_eq!(self.open, Some(*peer), "closed what is not open");
                    self.open = None;
                }
                Output::AcceptOffer(peer, _)
                | Output::AcceptAnswer(peer, _)
                | Output::AddCandidate(peer, _)
                | Output::CreateOffer { peer, .. } => {
                    prop_assert_eq!(self.open, Some(*peer), "asked of one that is closed")
                }
                Output::Send { to, signal, .. } => {
                    prop_assert_ne!(to, &self.us, "we talk to ourselves");
                    let discloses = matches!(
                        signal,
                        CallSignal::Offer(_) | CallSignal::Answer(_) | CallSignal::Candidate(_)
                    );
                    prop_assert!(
                        !discloses || self.media_runs,
                        "{} left without consent",
                        signal.type_name()
                    );
                    prop_assert!(
                        *signal != CallSignal::Close(Some(CloseReason::Disconnected)),
                        "only servers send that"
                    );
                }
            }
        }
        Ok(())
    }

    fn strangers_change_nothing(
        &mut self,
        step: &Step<'_>,
        before: &CallPhase,
        after: &CallPhase,
    ) -> Outcome {
        if let Input::Call { peer, call, .. } = step.input {
            self.offered.insert((peer.clone(), call.clone()));
        }
        let Input::Signal { from, call, signal, .. } = step.input else { return Ok(()) };
        let other_person = peer_of(before) != Some(from);
        let other_call =
            matches!((step.before.call_id(), call), (Some(ours), Some(theirs)) if ours != theirs);
        let is_offer = matches!(signal, CallSignal::Offer(_));
        let unknown_call = is_offer
            && call.as_ref().is_none_or(|call| self.offered.insert((from.clone(), call.clone())));
        let final_signals_only =
            || step.outputs.iter().all(|output| is_final_signal(output, from, call.as_ref()));
        if *from == self.us {
            prop_assert!(
                step.before == step.after && step.outputs.is_empty(),
                "our own echo counted"
            );
        } else if !is_offer && (other_person || other_call) {
            prop_assert!(step.before == step.after, "a stranger's {} counted", signal.type_name());
            // Who has missed how a call of theirs ended is notified again.
            prop_assert!(
                step.outputs.len() <= 1 && final_signals_only(),
                "answered by {:?}",
                step.outputs
            );
        } else if is_offer && other_person && peer_of(before).is_some() {
            prop_assert_eq!(before, after, "somebody else's offer counted");
            prop_assert_eq!(step.before.poll_timeout(), step.after.poll_timeout());
            // A call that they have ended themselves needs no final signal.
            prop_assert!(
                step.outputs.len() == 1 || !unknown_call && step.outputs.is_empty(),
                "they are sent nothing"
            );
            prop_assert!(final_signals_only(), "answered by {:?}", step.outputs);
        }
        Ok(())
    }

    fn a_call_that_stands_ends_for_a_reason(
        &self,
        step: &Step<'_>,
        before: &CallPhase,
        after: &CallPhase,
    ) -> Outcome {
        if !stands(before) {
            return Ok(());
        }
        if matches!(step.input, Input::SignalingDown | Input::SignalRefused { .. }) {
            prop_assert_eq!(before, after, "the server has a say in a running call");
            prop_assert!(step.outputs.is_empty());
        }
        if stands(after) {
            return Ok(());
        }
        let allowed = match (step.input, before) {
            (Input::HangUp, _) => true,
            (Input::Signal { signal, .. }, _) if is_final(signal) => true,
            // Their client was restarted: they call again.
            (Input::Signal { signal: CallSignal::Offer(_), .. }, _) => self.peer_gone,
            (Input::Timeout, CallPhase::Reconnecting { lost_at, .. }) => {
                step.now.duration_since(*lost_at) >= Duration::from_secs(30)
            }
            _ => false,
        };
        prop_assert!(allowed, "a running call was ended by {:?}", step.input);
        Ok(())
    }

    fn note_whether_they_are_gone(&mut self, step: &Step<'_>, before: &CallPhase) {
        if let Input::Signal { from, call, signal, .. } = step.input {
            let same_call = !matches!((step.before.call_id(), call), (Some(ours), Some(theirs)) if ours != theirs);
            if peer_of(before) == Some(from) && same_call {
                self.peer_gone = *signal == CallSignal::Close(Some(CloseReason::Disconnected));
            }
        }
        let after = step.after.phase();
        let connects = matches!(after, CallPhase::InCall { .. })
            && !matches!(before, CallPhase::InCall { .. });
        if connects || peer_of(&after).is_none() {
            self.peer_gone = false;
        }
    }

    /// Nothing is left behind.
    pub(crate) fn check_all_closed(&self) -> Outcome {
        prop_assert!(!self.media_runs, "media still runs");
        prop_assert_eq!(self.open, None, "a peer connection was left open");
        Ok(())
    }
}

fn only_whom_the_person_has_seen_is_accepted(step: &Step<'_>, before: &CallPhase) -> Outcome {
    let Input::Accept { from, .. } = step.input else { return Ok(()) };
    if !matches!(before, CallPhase::Ringing { peer, .. } if peer == from) {
        prop_assert!(
            step.before == step.after && step.outputs.is_empty(),
            "accepted {from} in {before:?}"
        );
    }
    Ok(())
}

fn hanging_up_comes_first(step: &Step<'_>, before: &CallPhase, after: &CallPhase) -> Outcome {
    if *step.input != Input::HangUp || peer_of(before).is_none() {
        return Ok(());
    }
    let ended = matches!(after, CallPhase::Ended { .. });
    prop_assert!(ended, "hanging up leads to {after:?}");
    let told = match step.outputs {
        [Output::StopMedia, Output::ClosePeer(_), rest @ ..] if consented(before) => rest,
        rest => {
            prop_assert!(!consented(before), "hanging up starts with {:?}", step.outputs);
            rest
        }
    };
    let says_so = matches!(
        told,
        [Output::Send { signal: CallSignal::Close(None) | CallSignal::Decline(_), .. }]
    );
    prop_assert!(says_so, "hanging up goes on with {told:?}");
    Ok(())
}

fn phases_follow_one_another(step: &Step<'_>, before: &CallPhase, after: &CallPhase) -> Outcome {
    use CallPhase::{Calling, Connecting, Ended, Idle, InCall, Reconnecting, Ringing};
    let possible = match (before, after) {
        (Idle | Ended { .. }, Idle | Calling { .. } | Ringing { .. } | Ended { .. }) => true,
        // They call again after their client was restarted.
        (Calling { .. }, Ringing { .. }) => false,
        (
            Ringing { .. } | Connecting { .. } | InCall { .. } | Reconnecting { .. },
            Ringing { .. },
        ) => {
            before == after
                || matches!(step.input, Input::Signal { signal: CallSignal::Offer(_), .. })
        }
        (Calling { .. }, Calling { .. } | Connecting { .. } | Ended { .. }) => true,
        (Ringing { .. }, Connecting { .. }) => matches!(step.input, Input::Accept { .. }),
        (Ringing { .. }, Ended { .. }) => true,
        (Connecting { .. }, Connecting { .. } | InCall { .. } | Ended { .. }) => true,
        (InCall { .. }, InCall { .. } | Reconnecting { .. } | Ended { .. }) => true,
        (Reconnecting { .. }, InCall { .. } | Reconnecting { .. } | Ended { .. }) => true,
        // A sleeper wakes up to find even the notice out of date.
        (_, Idle) => *step.input == Input::Timeout,
        _ => false,
    };
    prop_assert!(possible, "{:?} leads from {before:?} to {after:?}", step.input);
    if let (Some(_), Ended { talked, .. }) = (peer_of(before), after) {
        prop_assert_eq!(
            talked.is_some(),
            stands(before),
            "talked for {:?} in {:?}",
            talked,
            before
        );
    }
    if let (Some(_), Ended { reason: EndReason::Unknown, .. }) = (peer_of(before), after) {
        let is_calling = matches!(before, Calling { .. });
        prop_assert!(is_calling, "unknown after {before:?}");
    }
    Ok(())
}

/// A deadline that has passed is never left standing, and what is due next is in the future.
fn deadlines_are_kept(step: &Step<'_>, after: &CallPhase) -> Outcome {
    let limit = match after {
        CallPhase::Idle | CallPhase::InCall { .. } => {
            prop_assert_eq!(step.after.poll_timeout(), None, "{:?} waits for something", after);
            return Ok(());
        }
        CallPhase::Calling { since, .. } | CallPhase::Ringing { since, .. } => {
            Some(*since + Duration::from_secs(45))
        }
        CallPhase::Connecting { since, .. } => Some(*since + Duration::from_secs(15)),
        CallPhase::Reconnecting { lost_at, .. } => Some(*lost_at + Duration::from_secs(30)),
        CallPhase::Ended { .. } => None,
    };
    let due = step
        .after
        .poll_timeout()
        .ok_or_else(|| TestCaseError::fail(format!("{after:?} has no deadline")))?;
    prop_assert!(limit.is_none_or(|limit| due <= limit), "{after:?} may last too long");
    if *step.input == Input::Timeout {
        prop_assert!(due > step.now, "a deadline that has passed is left standing in {after:?}");
    }
    Ok(())
}
