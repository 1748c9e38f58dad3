//! The machine's view of one peer connection: whose turn it is to describe it, and how it was
//! described.
//!
//! In: what the peer connection reports and what the other's client sends. Out: signals to send and
//! verdicts. What always holds: candidates leave after the first description and never before it,
//! and not before it is known who answers where that has to be known; an offer of ours is out at
//! most once; of several offers or answers that the peer connection owes, only the last is sent,
//! since that is what its state stands for then. Offers and answers follow RFC 8829 (JSEP) §3.2,
//! trickled candidates RFC 8838.

use std::time::Instant;

use serde::Serialize;
use visavis_shared::message::CallIdentity;
use visavis_shared::{CallSignal, CandidateInit, DescriptionKind, Payload, SessionDescription};

use super::event::PeerId;
use super::memory::{Descriptions, Novelty, OfferPace};

/// How many candidates are kept, of ours to send them again and of theirs until the call is
/// accepted. A host has a handful; beyond this they are most likely sent to do harm.
pub(super) const MAX_CANDIDATES: usize = 64;

/// Where an offer of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Offering {
    /// There is none out.
    #[default]
    No,
    /// The peer connection was asked for one.
    Requested,
    /// It was sent; the answer is awaited.
    Sent,
}

/// What to do about an offer of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OfferVerdict {
    /// Answer it.
    Accept,
    /// It was answered already, but they have missed that: send everything again.
    Resend,
    /// Nothing: it is out of date, or ours stands, or there were too many.
    Ignore,
}

/// A description of ours as it is sent.
#[derive(Serialize)]
struct Described<'a> {
    #[serde(flatten)]
    description: &'a SessionDescription,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<CallIdentity>,
}

/// One peer connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Leg {
    id: PeerId,
    offering: Offering,
    /// Offers that the peer connection was asked for and has not made yet.
    offers_owed: u32,
    /// Offers of theirs that the peer connection was given and has not answered yet.
    answers_owed: u32,
    /// Our last description, as it was sent.
    described: Option<CallSignal>,
    /// Our candidates since then, as they were sent; or those that wait for the first description.
    candidates: Vec<CallSignal>,
    /// Whether our candidates wait until it is known who answers.
    held: bool,
    offers: Descriptions,
    answers: Descriptions,
    pace: OfferPace,
    /// Their last offer could not be taken: no answer of ours belongs to it.
    last_refused: bool,
}

impl Leg {
    /// A peer connection that is to offer. `held`: whether our candidates wait for
    /// [`Self::release`].
    pub(super) fn to_offer(id: PeerId, held: bool) -> Self {
        Self { id, offering: Offering::Requested, offers_owed: 1, held, ..Self::default() }
    }

    /// A peer connection that is to answer this offer.
    pub(super) fn to_answer(id: PeerId, offer: &SessionDescription) -> Self {
        let mut leg = Self { id, answers_owed: 1, ..Self::default() };
        leg.offers.note(offer);
        leg
    }

    pub(super) fn id(&self) -> PeerId {
        self.id
    }

    /// Whether our candidates wait until it is known who answers.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// It is known who answers: candidates that have waited, to be sent.
    pub(super) fn release(&mut self) -> Vec<CallSignal> {
        let waited = std::mem::take(&mut self.held) && self.has_described();
        if waited { self.candidates.clone() } else { Vec::new() }
    }

    /// Whether anything was sent that tells the other how to reach us.
    pub(super) fn has_described(&self) -> bool {
        self.described.is_some()
    }

    /// Whether an offer of ours awaits its answer.
    pub(super) fn awaits_answer(&self) -> bool {
        self.offering == Offering::Sent
    }

    /// The peer connection has described itself: what to send, in order.
    pub(super) fn describe(
        &mut self,
        description: &SessionDescription,
        identity: Option<CallIdentity>,
    ) -> Result<Vec<CallSignal>, serde_json::Error> {
        let signal = match description.kind {
            DescriptionKind::Offer => {
                self.offers_owed = self.offers_owed.saturating_sub(1);
                if self.offers_owed > 0 || self.offering == Offering::No {
                    return Ok(Vec::new());
                }
                self.offering = Offering::Sent;
                CallSignal::Offer(Payload::of(&Described { description, identity })?)
            }
            DescriptionKind::Answer => {
                self.answers_owed = self.answers_owed.saturating_sub(1);
                if self.answers_owed > 0 {
                    return Ok(Vec::new());
                }
                CallSignal::Answer(Payload::of(&Described { description, identity })?)
            }
            DescriptionKind::Pranswer | DescriptionKind::Rollback => return Ok(Vec::new()),
        };
        if self.has_described() {
            self.candidates.clear();
        }
        self.described = Some(signal.clone());
        let mut signals = vec![signal];
        if !self.held {
            signals.extend_from_slice(&self.candidates);
        }
        Ok(signals)
    }

    /// The peer connection has found one of our addresses: what to send now, if it is time.
    pub(super) fn local_candidate(&mut self, candidate: &CandidateInit) -> Option<CallSignal> {
        let signal = CallSignal::Candidate(Payload::of(candidate).ok()?);
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(signal.clone());
        }
        (self.has_described() && !self.held).then_some(signal)
    }

    /// What to send again after the server was away: what it swallowed would be missed. An offer
    /// that was answered is sent as well, since it makes the other send theirs again.
    pub(super) fn resend(&self) -> Vec<CallSignal> {
        let candidates = self.candidates.iter().filter(|_| self.has_described() && !self.held);
        self.described.iter().chain(candidates).cloned().collect()
    }

    /// They offer. `ours_stands`: whether ours counts if one of ours is out as well.
    pub(super) fn receive_offer(
        &mut self,
        offer: &SessionDescription,
        ours_stands: bool,
        now: Instant,
    ) -> OfferVerdict {
        if !self.pace.has_time(now) {
            return OfferVerdict::Ignore;
        }
        match self.offers.note(offer) {
            Novelty::New if self.offering != Offering::No && ours_stands => OfferVerdict::Ignore,
            Novelty::New => {
                self.offering = Offering::No;
                self.answers_owed += 1;
                self.last_refused = false;
                OfferVerdict::Accept
            }
            Novelty::Last if self.offering == Offering::No && self.answers_owed == 0 => {
                match &self.described {
                    Some(CallSignal::Answer(_)) if !self.last_refused => OfferVerdict::Resend,
                    _ => OfferVerdict::Ignore,
                }
            }
            Novelty::Last | Novelty::Stale => OfferVerdict::Ignore,
        }
    }

    /// They answer: whether that is to be taken.
    pub(super) fn receive_answer(&mut self, answer: &SessionDescription) -> bool {
        let taken = self.awaits_answer() && self.answers.note(answer) == Novelty::New;
        if taken {
            self.offering = Offering::No;
        }
        taken
    }

    /// The peer connection is asked for a further offer.
    pub(super) fn offer_again(&mut self) {
        self.offering = Offering::Requested;
        self.offers_owed += 1;
    }

    /// The peer connection can't make an offer that it owed, so later ones wait for none.
    pub(super) fn no_offer(&mut self) {
        self.offers_owed = self.offers_owed.saturating_sub(1);
        if self.offers_owed == 0 && self.offering == Offering::Requested {
            self.offering = Offering::No;
        }
    }

    /// The peer connection can't take an offer of theirs, so it owes no answer to it.
    pub(super) fn refused_offer(&mut self) {
        self.answers_owed = self.answers_owed.saturating_sub(1);
        self.last_refused = self.answers_owed == 0;
    }

    /// The peer connection has failed, so it may never make what it owes.
    pub(super) fn failed(&mut self) {
        self.offers_owed = 0;
        self.answers_owed = 0;
    }

    /// The server could not pass our offer on: it binds nobody.
    pub(super) fn offer_was_refused(&mut self) {
        if self.awaits_answer() {
            self.offering = Offering::No;
        }
    }
}
