//! Offers: who calls, who calls again, two who call each other, and renegotiation.
//!
//! What always holds: nobody is asked about an offer that is not signed by who it is from, and a
//! call that rings stays the call of whoever it was.

use std::sync::Arc;
use std::time::Instant;

use visavis_shared::{
    CallId, CallSignal, CloseReason, DeclineReason, DescriptionKind, Payload, SessionDescription,
    Username,
};

use super::authentication::Authentication;
use super::deadline::{self, Deadline};
use super::event::Output;
use super::leg::OfferVerdict;
use super::machine::{Active, Call, Incoming, Stage, State};
use super::party::Party;
use crate::trust::{Known, TrustError};

/// Why nobody is asked about an offer.
enum Unusable {
    Unreadable,
    Untrusted(TrustError),
}

impl From<TrustError> for Unusable {
    fn from(error: TrustError) -> Self {
        Self::Untrusted(error)
    }
}

/// Reads a description that should be of this kind.
fn read_description(payload: &Payload, kind: DescriptionKind) -> Option<SessionDescription> {
    payload.read::<SessionDescription>().ok().filter(|description| description.kind == kind)
}

impl<C> Call<C> {
    pub(super) fn receive_offer(
        &mut self,
        (from, known): (Username, Known),
        call: Option<CallId>,
        payload: &Payload,
        now: Instant,
    ) {
        let Some(party) = self.party() else {
            self.ring((from, known), call, payload, now);
            return;
        };
        if from != party.name {
            self.decline_other(&from, call, DeclineReason::Busy, now);
            return;
        }
        let same_call = party.is_call(call.as_ref());
        // Who comes back after losing the connection names the call they are in: if that is
        // another, they have lost ours.
        let has_restarted = party.gone && !same_call;
        match &self.state {
            State::Idle | State::Ended { .. } => {}
            State::Ringing(_) if same_call => {
                self.they_are_back();
                self.receive_renewed_offer(payload);
            }
            State::Ringing(_) => self.ring_again((from, known), call, payload, now),
            State::Active(Active { stage: Stage::Calling { .. }, .. }) => {
                self.receive_offer_in_glare((from, known), call, payload, now)
            }
            State::Active(_) if has_restarted => self.ring_again((from, known), call, payload, now),
            State::Active(_) if same_call => {
                self.they_are_back();
                self.receive_further_offer(payload, now);
            }
            State::Active(_) => self.decline_other(&from, call, DeclineReason::Busy, now),
        }
    }

    /// Refuses a call that is not the one that rings or stands.
    fn decline_other(
        &mut self,
        from: &Username,
        call: Option<CallId>,
        reason: DeclineReason,
        now: Instant,
    ) {
        let signal = CallSignal::Decline(reason);
        self.ended_calls.note(from, call.as_ref(), Some(signal.clone()), now);
        self.outputs.push_back(Output::Send { to: from.clone(), call, signal });
    }

    /// What an offer of another call comes to, before anybody is asked about it.
    fn incoming(
        &self,
        (party, known): (Party, Known),
        payload: &Payload,
        now: Instant,
    ) -> Result<Incoming, Unusable> {
        let offer =
            read_description(payload, DescriptionKind::Offer).ok_or(Unusable::Unreadable)?;
        let (key, us) = (self.key.as_ref(), self.us.as_ref());
        let authentication = Authentication::called(key, us, &party, known, (payload, &offer))?;
        Ok(Incoming { party, offer, candidates: Vec::new(), since: now, authentication })
    }

    /// The offer of the call that rings, again or another one: whose it is may not change.
    fn receive_renewed_offer(&mut self, payload: &Payload) {
        let State::Ringing(before) = &self.state else { return };
        let renewed = self.incoming(
            (before.party.clone(), before.authentication.known()),
            payload,
            before.since,
        );
        if let (Ok(renewed), State::Ringing(incoming)) = (renewed, &mut self.state)
            && renewed.authentication.is_of_the_same(&incoming.authentication)
        {
            let candidates = std::mem::take(&mut incoming.candidates);
            *incoming = Incoming { candidates, ..renewed };
        }
    }

    fn ring(
        &mut self,
        (from, known): (Username, Known),
        call: Option<CallId>,
        payload: &Payload,
        now: Instant,
    ) {
        let party = Party::new(from.clone(), call.clone(), false);
        match self.incoming((party, known), payload, now) {
            Ok(incoming) => self.ring_for(incoming, now),
            Err(unusable) => {
                self.decline_other(&from, call, DeclineReason::Failed, now);
                if let Unusable::Untrusted(_) = unusable {
                    self.outputs.push_back(Output::Refused { from });
                }
            }
        }
    }

    fn ring_for(&mut self, incoming: Incoming, now: Instant) {
        let ringing = CallSignal::Ringing(incoming.authentication.ringing());
        self.outputs.push_back(incoming.party.send(ringing));
        self.state = State::Ringing(incoming);
        self.deadlines.clear_all();
        self.deadlines.set(Deadline::Ring, now + deadline::RING);
        if !self.server_is_up {
            self.deadlines.set(Deadline::ServerBack, now + deadline::COME_BACK);
        }
    }

    /// They call again, having given up the call that rings or stands here: one person has one call
    /// at a time. Where it rings already, it rings no longer for that.
    fn ring_again(
        &mut self,
        (from, known): (Username, Known),
        call: Option<CallId>,
        payload: &Payload,
        now: Instant,
    ) {
        let party = Party::new(from.clone(), call.clone(), false);
        let Ok(incoming) = self.incoming((party, known), payload, now) else {
            self.decline_other(&from, call, DeclineReason::Failed, now);
            return;
        };
        let rings_since = match &self.state {
            State::Ringing(incoming) => {
                Some(incoming.since).zip(self.deadlines.get(Deadline::Ring))
            }
            State::Idle | State::Active(_) | State::Ended { .. } => None,
        };
        self.leave(None, now);
        self.ring_for(incoming, now);
        if let (State::Ringing(incoming), Some((since, until))) = (&mut self.state, rings_since) {
            incoming.since = since;
            self.deadlines.set(Deadline::Ring, until);
        }
    }

    /// We call them and they call us: the offer of the smaller name stands.
    fn receive_offer_in_glare(
        &mut self,
        (from, known): (Username, Known),
        call: Option<CallId>,
        payload: &Payload,
        now: Instant,
    ) {
        self.they_are_back();
        if self.us.as_ref().is_some_and(|us| *us < from) {
            return;
        }
        let party = Party::new(from.clone(), call.clone(), false);
        let incoming = match self.incoming((party, known), payload, now) {
            Ok(incoming) => incoming,
            Err(Unusable::Unreadable) => return,
            Err(Unusable::Untrusted(error)) => return self.refuse(error.into(), now),
        };
        if let Some(refusal) = incoming.authentication.refusal() {
            return self.refuse(refusal, now);
        }
        let State::Active(Active { party, leg, consent, answer_nonce, .. }) = &self.state else {
            return;
        };
        // They are whom the person called, so the consent to that is the consent to this.
        let (consent, nonce) = (Arc::clone(consent), *answer_nonce);
        if leg.is_held() {
            self.outputs.push_back(Output::StartMedia(Arc::clone(&consent)));
        }
        self.outputs.push_back(Output::ClosePeer(leg.id()));
        if call.is_some() {
            // Should they have cancelled already, ours would ring there although it is dropped
            // here. Older clients, which send no id, would take this for the end of their own call.
            // Nobody has cancelled it.
            let dropped = CallSignal::Close(Some(CloseReason::Failed));
            self.outputs.push_back(party.send(dropped.clone()));
            self.ended_calls.note(&from, party.call.as_ref(), Some(dropped), now);
        }
        self.answer(incoming, nonce, consent, now);
    }

    /// Renegotiation or an ICE restart.
    pub(super) fn receive_further_offer(&mut self, payload: &Payload, now: Instant) {
        let Some(offer) = read_description(payload, DescriptionKind::Offer) else { return };
        let State::Active(Active { party, leg, authentication, .. }) = &mut self.state else {
            return;
        };
        if let Err(refusal) = authentication.described_again(&offer.sdp) {
            return self.refuse(refusal, now);
        }
        let ours_stands = self.us.as_ref().is_some_and(|us| *us < party.name);
        match leg.receive_offer(&offer, ours_stands, now) {
            OfferVerdict::Accept => self.outputs.push_back(Output::AcceptOffer(leg.id(), offer)),
            OfferVerdict::Resend => self.describe_again(),
            OfferVerdict::Ignore => {}
        }
    }
}
