//! Something that has to do with descriptions, while it is under way. Pure.
//!
//! In: what the connections say to it, and that they are done. Out: whether all whom it concerns
//! are done. What always holds: a connection is done with its requests in their order.

use visavis_shared::{CandidateInit, SessionDescription};

use crate::peer::place::{Both, Place};
use crate::peer::sdp::Division;
use crate::{PeerCommand, PeerEvent};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// An offer of ours.
    Offer,
    /// Our answer to an offer.
    Answer,
    /// The other's answer.
    TheirAnswer,
    /// An offer that the other never sees, because it has the first connection's.
    Silent,
}

/// What a connection has said to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Description(SessionDescription),
    Refusal,
}

/// Something that has to do with descriptions, until all whom it concerns are done with it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) subject: Subject,
    /// Who is asked.
    pub(super) asked: Both<bool>,
    pub(super) said: Both<Option<Said>>,
    /// The owner has heard it already.
    pub(super) passed: bool,
    pub(super) settled: Both<bool>,
    /// How sections are divided if it comes to something; `None` where that changes nothing.
    pub(super) division: Option<Division>,
    /// The second connection is there for it.
    pub(super) opens: bool,
    /// Candidates of ours that are sent after it.
    pub(super) held: Vec<CandidateInit>,
}

impl Request {
    pub(super) fn new(
        subject: Subject,
        asked: Both<bool>,
        division: Option<Division>,
        opens: bool,
    ) -> Self {
        Self {
            subject,
            asked,
            said: Both::default(),
            passed: false,
            settled: Both::default(),
            division,
            opens,
            held: Vec::new(),
        }
    }

    /// Whether all whom it concerns are done with it.
    pub(super) fn is_done(&self) -> bool {
        Place::BOTH.iter().all(|place| !self.asked[*place] || self.settled[*place])
    }
}

impl Subject {
    /// What a connection is to do with a description of the other's.
    pub(super) fn of_theirs(self, theirs: SessionDescription) -> PeerCommand {
        match self {
            Self::TheirAnswer => PeerCommand::AcceptAnswer(theirs),
            Self::Offer | Self::Answer | Self::Silent => PeerCommand::AcceptOffer(theirs),
        }
    }

    /// What the owner hears when it comes to nothing.
    pub(super) fn refusal(self) -> PeerEvent {
        match self {
            Self::Offer | Self::Silent => PeerEvent::NoOffer,
            Self::Answer | Self::TheirAnswer => PeerEvent::OfferRefused,
        }
    }
}
