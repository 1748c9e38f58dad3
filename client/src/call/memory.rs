//! What a call remembers so that a message that comes twice, or late, counts once.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use visavis_shared::{CallId, CallSignal, SessionDescription, Username};

use super::deadline;
use super::event::Output;

/// How many descriptions of one call are told apart.
const DESCRIPTIONS_KEPT: usize = 16;
/// How many calls that are over are remembered.
const CALLS_KEPT: usize = 8;

/// Whether a description has been received before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Novelty {
    /// It has never been received.
    New,
    /// It is the last one again.
    Last,
    /// Before the last one: out of date.
    Stale,
}

/// The descriptions that were received in one call. Keeps digests only, of the last 16.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Descriptions(VecDeque<u64>);

impl Descriptions {
    /// Says whether a description is new, and remembers it.
    pub(super) fn note(&mut self, description: &SessionDescription) -> Novelty {
        let mut hasher = DefaultHasher::new();
        description.sdp.hash(&mut hasher);
        let digest = hasher.finish();
        if self.0.back() == Some(&digest) {
            return Novelty::Last;
        }
        if self.0.contains(&digest) {
            return Novelty::Stale;
        }
        if self.0.len() >= DESCRIPTIONS_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(digest);
        Novelty::New
    }
}

/// How many offers of one call are answered in [`PACE`]. Each costs a negotiation and a message.
const OFFERS_IN_PACE: usize = 8;
/// ICE is restarted every five seconds at most.
const PACE: Duration = Duration::from_secs(8);

/// How fast the other offers within a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct OfferPace(VecDeque<Instant>);

impl OfferPace {
    /// Whether there is time for another offer; if so, it counts.
    pub(super) fn has_time(&mut self, now: Instant) -> bool {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= PACE;
        while self.0.front().is_some_and(is_old) {
            self.0.pop_front();
        }
        let has_time = self.0.len() < OFFERS_IN_PACE;
        if has_time {
            self.0.push_back(now);
        }
        has_time
    }
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EndedCall {
    name: Username,
    call: CallId,
    /// What we sent at the end; `None` when they ended it.
    final_signal: Option<CallSignal>,
    at: Instant,
}

impl EndedCall {
    fn resend<C>(&self) -> Option<Output<C>> {
        let signal = self.final_signal.clone()?;
        Some(Output::Send { to: self.name.clone(), call: Some(self.call.clone()), signal })
    }
}

/// The last calls that are over, those that we were too busy for included. Calls without an id
/// can't be told apart, so they are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EndedCalls(VecDeque<EndedCall>);

impl EndedCalls {
    /// Remembers one, and what was sent at its end.
    pub(super) fn note(
        &mut self,
        name: &Username,
        call: Option<&CallId>,
        final_signal: Option<CallSignal>,
        at: Instant,
    ) {
        let Some(call) = call else { return };
        self.0.retain(|over| over.call != *call || over.name != *name);
        if self.0.len() >= CALLS_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(EndedCall { name: name.clone(), call: call.clone(), final_signal, at });
    }

    /// Whether a call is over; if so, what to send again about it, if anything was sent.
    pub(super) fn find<C>(
        &self,
        name: &Username,
        call: Option<&CallId>,
    ) -> Option<Option<Output<C>>> {
        let call = call?;
        self.0.iter().find(|over| over.call == *call && over.name == *name).map(EndedCall::resend)
    }

    /// What to send again once the server is back: the final signals of the last half minute may
    /// have been lost with the connection, and whoever missed one has given the call up after that.
    pub(super) fn resend<C>(&self, now: Instant) -> Vec<Output<C>> {
        let recent =
            |ended: &&EndedCall| now.saturating_duration_since(ended.at) < deadline::RECONNECT;
        self.0.iter().filter(recent).filter_map(EndedCall::resend).collect()
    }

    /// Forgets everything (somebody else is logged in now).
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use visavis_shared::DescriptionKind;

    use super::*;

    fn offer(sdp: &str) -> SessionDescription {
        SessionDescription { kind: DescriptionKind::Offer, sdp: sdp.to_owned() }
    }

    #[test]
    fn a_description_is_new_once_then_last_then_stale() {
        let mut received = Descriptions::default();
        assert_eq!(received.note(&offer("1")), Novelty::New);
        assert_eq!(received.note(&offer("1")), Novelty::Last);
        assert_eq!(received.note(&offer("2")), Novelty::New);
        assert_eq!(received.note(&offer("1")), Novelty::Stale);
        assert_eq!(received.note(&offer("2")), Novelty::Last);
    }

    #[test]
    fn forty_offers_a_second_are_too_many_and_one_in_two_seconds_is_not() {
        let (mut pace, start) = (OfferPace::default(), Instant::now());
        let taken = (0..400u32).filter(|n| pace.has_time(start + Duration::from_millis(25) * *n));
        assert_eq!(taken.count(), 2 * OFFERS_IN_PACE);
        let later = start + Duration::from_secs(60);
        assert!((0..100).all(|n| pace.has_time(later + Duration::from_secs(2) * n)));
        assert!(pace.0.len() <= OFFERS_IN_PACE);
    }

    #[test]
    fn only_so_many_descriptions_and_calls_are_kept() {
        let mut received = Descriptions::default();
        let mut ended = EndedCalls::default();
        let name = Username::parse("bob").expect("a name");
        for i in 0..100 {
            received.note(&offer(&i.to_string()));
            let call = CallId::parse(&i.to_string()).expect("an id");
            ended.note(&name, Some(&call), None, Instant::now());
        }
        assert_eq!(received.0.len(), DESCRIPTIONS_KEPT);
        assert_eq!(ended.0.len(), CALLS_KEPT);
    }
}
