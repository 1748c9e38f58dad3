//! What the other's client and the server do to a call. The table of it is in [`super`].

use std::time::Instant;

use visavis_shared::identity::Nonce;
use visavis_shared::{
    CallId, CallSignal, CandidateInit, CloseReason, DeclineReason, DescriptionKind, ErrorCode,
    Payload, SessionDescription, Username,
};

use super::deadline::{self, Deadline};
use super::event::{EndReason, Output};
use super::leg::MAX_CANDIDATES;
use super::machine::{Active, Call, Stage, State, no_connection};
use crate::trust::Known;
use crate::words::{Phrase, phrase};

impl<C> Call<C> {
    /// Somebody's client sends something.
    pub(super) fn receive(
        &mut self,
        from: Username,
        call: Option<CallId>,
        signal: CallSignal,
        known: Known,
        now: Instant,
    ) {
        if self.us.as_ref() == Some(&from) {
            return;
        }
        if let Some(final_signal) = self.ended_calls.find(&from, call.as_ref()) {
            // Who rings for it, answers or offers has missed how it ended.
            if matches!(
                signal,
                CallSignal::Offer(_) | CallSignal::Ringing(_) | CallSignal::Answer(_)
            ) {
                self.outputs.extend(final_signal);
            }
            return;
        }
        let was_gone = self.party().is_some_and(|party| party.gone);
        match signal {
            CallSignal::Offer(payload) => self.receive_offer((from, known), call, &payload, now),
            signal => self.receive_in_call(&from, call.as_ref(), signal, now),
        }
        let is_back = was_gone && self.party().is_some_and(|party| !party.gone);
        if is_back && self.stands() {
            // A call that stands is mended by restarting ICE.
            self.open_again();
        } else if is_back {
            // They have missed what was sent to them meanwhile.
            self.describe_again();
        }
    }

    /// Whatever is no offer counts only if it is of the call that rings or stands.
    fn receive_in_call(
        &mut self,
        from: &Username,
        call: Option<&CallId>,
        signal: CallSignal,
        now: Instant,
    ) {
        if !self.party().is_some_and(|party| party.is_sender(from, call)) {
            return;
        }
        if signal != CallSignal::Close(Some(CloseReason::Disconnected)) {
            self.they_are_back();
        }
        match signal {
            CallSignal::Offer(payload) => self.receive_further_offer(&payload, now),
            CallSignal::Ringing(identity) => self.receive_ringing(identity.as_ref(), now),
            CallSignal::Opening(nonce) => self.receive_opening(nonce, now),
            CallSignal::Answer(payload) => self.receive_answer(&payload, now),
            CallSignal::Candidate(payload) => {
                if let Ok(candidate) = payload.read() {
                    self.receive_candidate(candidate);
                }
            }
            CallSignal::Decline(reason) => self.receive_decline(reason, now),
            CallSignal::Close(Some(CloseReason::Disconnected)) => self.they_are_gone(now),
            CallSignal::Close(reason) => self.receive_close(reason, now),
        }
    }

    fn receive_ringing(&mut self, identity: Option<&Payload>, now: Instant) {
        let State::Active(Active { stage: Stage::Calling { ringing, .. }, authentication, .. }) =
            &mut self.state
        else {
            return;
        };
        *ringing = true;
        match authentication.rang(identity) {
            Err(refusal) => self.refuse(refusal, now),
            Ok(()) if !authentication.waits_for_key() => self.go_on(),
            Ok(()) => {}
        }
    }

    fn receive_opening(&mut self, nonce: Nonce, now: Instant) {
        let State::Active(Active { authentication, .. }) = &mut self.state else { return };
        match authentication.opened(nonce) {
            Ok(()) if !authentication.awaits_opening() => self.deadlines.clear(Deadline::Opening),
            Ok(()) => {}
            Err(refusal) => self.refuse(refusal, now),
        }
    }

    /// Something of this call came from them, so their connection is there.
    pub(super) fn they_are_back(&mut self) {
        if let Some(party) = self.party_mut() {
            party.gone = false;
            self.deadlines.clear(Deadline::PeerBack);
        }
    }

    fn they_are_gone(&mut self, now: Instant) {
        let stands = self.stands();
        let Some(party) = self.party_mut() else { return };
        party.gone = true;
        if !stands {
            self.deadlines.start(Deadline::PeerBack, now + deadline::COME_BACK);
        }
    }

    fn stands(&self) -> bool {
        self.stage().is_some_and(Stage::stands)
    }

    fn receive_answer(&mut self, payload: &Payload, now: Instant) {
        let State::Active(Active { leg, stage, authentication, .. }) = &mut self.state else {
            return;
        };
        let Ok(answer) = payload.read::<SessionDescription>() else {
            // Nothing else is going to answer; a running call goes on as it was.
            if matches!(stage, Stage::Calling { .. }) {
                let words = "Their app sent an answer that can't be read.";
                self.set_up_failed(phrase!("call-not-set-up").or_plain(words), now);
            }
            return;
        };
        if answer.kind != DescriptionKind::Answer || !leg.receive_answer(&answer) {
            return;
        }
        let id = leg.id();
        if !matches!(stage, Stage::Calling { .. }) {
            match authentication.described_again(&answer.sdp) {
                Ok(()) => self.outputs.push_back(Output::AcceptAnswer(id, answer)),
                Err(refusal) => self.refuse(refusal, now),
            }
            return;
        }
        if let Err(refusal) = authentication.answered(payload, &answer) {
            return self.refuse(refusal, now);
        }
        let opening = authentication.opening();
        *stage = Stage::Connecting { since: now };
        self.deadlines.clear(Deadline::Ring);
        self.deadlines.set(Deadline::Connect, now + deadline::CONNECT);
        self.outputs.push_back(Output::AcceptAnswer(id, answer));
        self.go_on();
        if let Some(nonce) = opening {
            self.send_to_party(CallSignal::Opening(nonce));
        }
    }

    fn send_to_party(&mut self, signal: CallSignal) {
        let send = self.party().map(|party| party.send(signal));
        self.outputs.extend(send);
    }

    /// Opens our commitment again, which may have been lost.
    fn open_again(&mut self) {
        if let State::Active(Active { authentication, .. }) = &self.state
            && let Some(nonce) = authentication.opening()
        {
            self.send_to_party(CallSignal::Opening(nonce));
        }
    }

    fn receive_candidate(&mut self, candidate: CandidateInit) {
        match &mut self.state {
            State::Ringing(incoming) => {
                if incoming.candidates.len() < MAX_CANDIDATES {
                    incoming.candidates.push(candidate);
                }
            }
            State::Active(active) => {
                self.outputs.push_back(Output::AddCandidate(active.leg.id(), candidate))
            }
            State::Idle | State::Ended { .. } => {}
        }
    }

    /// They end the call, or their client does.
    fn receive_close(&mut self, reason: Option<CloseReason>, now: Instant) {
        let not_connected = EndReason::ConnectFailed(no_connection());
        let reason = match (self.stage(), reason) {
            // Media may have connected at this end alone.
            (_, Some(CloseReason::Failed)) => not_connected,
            (Some(Stage::Calling { .. }), Some(CloseReason::Timeout)) => EndReason::NoAnswer,
            // It was taken here, and they never learned of it.
            (Some(Stage::Connecting { .. }), Some(CloseReason::Timeout)) => not_connected,
            // Older clients have no other word for declining.
            (Some(Stage::Calling { .. }), None) => EndReason::Declined,
            _ => EndReason::ClosedByPeer,
        };
        self.end(reason, None, now);
    }

    fn receive_decline(&mut self, reason: DeclineReason, now: Instant) {
        let placed = self.party().is_some_and(|party| party.placed);
        let reason = match (self.stage(), reason) {
            (Some(Stage::Calling { .. }), DeclineReason::Failed) => {
                EndReason::ConnectFailed(phrase!("their-app-failed"))
            }
            // As for `close`: media may have connected at this end alone, or it was taken here and
            // they never learned of it.
            (_, DeclineReason::Failed)
            | (Some(Stage::Connecting { .. }), DeclineReason::Timeout) => {
                EndReason::ConnectFailed(no_connection())
            }
            (Some(stage), reason) if placed && !stage.stands() => match reason {
                DeclineReason::Declined | DeclineReason::Failed => EndReason::Declined,
                DeclineReason::Busy => EndReason::Busy,
                DeclineReason::Timeout => EndReason::NoAnswer,
            },
            // They can't decline a call of their own, nor one that stands: they take it back, or
            // close it.
            _ => EndReason::ClosedByPeer,
        };
        self.end(reason, None, now);
    }

    /// The server refused something we sent.
    pub(super) fn receive_refusal(
        &mut self,
        code: ErrorCode,
        in_reply_to: Option<&str>,
        call: Option<&CallId>,
        now: Instant,
    ) {
        let Some(party) = self.party().filter(|party| party.is_call(call)) else { return };
        // What names neither a message nor a call may well be about something else.
        let in_reply_to =
            in_reply_to.or(if call.is_some() && party.placed { Some("offer") } else { None });
        let stands = self.stands();
        match (&mut self.state, in_reply_to) {
            (
                State::Active(Active { stage: Stage::Calling { ringing, .. }, .. }),
                Some("offer"),
            ) => {
                if code != ErrorCode::UnknownUser {
                    self.end(EndReason::Refused(refusal_words(code)), None, now);
                } else if *ringing {
                    // It rang there, so they have the offer: their connection is lost as ours was.
                    self.they_are_gone(now);
                } else {
                    self.end(EndReason::Unknown, None, now);
                }
            }
            (State::Active(Active { leg, .. }), Some("offer")) if stands => leg.offer_was_refused(),
            (State::Active(Active { stage: Stage::Connecting { .. }, .. }), Some("answer"))
                if code != ErrorCode::UnknownUser =>
            {
                self.end(EndReason::Refused(refusal_words(code)), Some(self.failure_signal()), now);
            }
            (State::Ringing(_) | State::Active(_), Some("ringing" | "answer" | "candidate"))
                if code == ErrorCode::UnknownUser && !stands =>
            {
                self.they_are_gone(now);
            }
            _ => {}
        }
    }

    /// We are logged in, for the first time or again. What was sent meanwhile, and shortly before,
    /// may be lost.
    pub(super) fn server_up(&mut self, username: Username, now: Instant) {
        if self.us.as_ref().is_some_and(|us| *us != username) {
            self.ended_calls.clear();
        }
        self.us = Some(username);
        self.server_is_up = true;
        self.deadlines.clear(Deadline::ServerBack);
        self.outputs.extend(self.ended_calls.resend(now));
        match &mut self.state {
            State::Idle | State::Ended { .. } => {}
            State::Ringing(incoming) => {
                let ringing = CallSignal::Ringing(incoming.authentication.ringing());
                self.outputs.push_back(incoming.party.send(ringing))
            }
            State::Active(Active { leg, stage, .. }) => match stage {
                Stage::Calling { .. } | Stage::Connecting { .. } => self.describe_again(),
                // The addresses may be others than before: a new offer is better than the old one
                // again.
                Stage::InCall { degraded: true, .. } | Stage::Reconnecting { .. } => {
                    self.restart_ice(now)
                }
                Stage::InCall { .. } if leg.awaits_answer() => self.describe_again(),
                Stage::InCall { .. } => self.open_again(),
            },
        }
    }

    /// Sends again what may have been lost. Whoever has received it before is not disturbed by it.
    pub(super) fn describe_again(&mut self) {
        if let State::Active(Active { party, leg, .. }) = &self.state {
            self.outputs.extend(leg.resend().into_iter().map(|signal| party.send(signal)));
            self.open_again();
        }
    }

    /// The server can't be reached.
    pub(super) fn server_down(&mut self, now: Instant) {
        let was_up = std::mem::replace(&mut self.server_is_up, false);
        if was_up && self.party().is_some() && !self.stands() {
            self.deadlines.start(Deadline::ServerBack, now + deadline::COME_BACK);
        }
    }
}

/// Why the server would not pass a call on, in words for a person.
fn refusal_words(code: ErrorCode) -> Phrase {
    match code {
        ErrorCode::InvalidJson | ErrorCode::UnknownType => phrase!("refused-version"),
        ErrorCode::NotLoggedIn => phrase!("refused-logged-out"),
        ErrorCode::UnknownUser => phrase!("refused-unknown"),
        ErrorCode::NotAllowed => phrase!("refused-not-allowed"),
        ErrorCode::TooLarge => phrase!("refused-too-large"),
        ErrorCode::RateLimited => phrase!("refused-too-often"),
        ErrorCode::RoomFull => phrase!("refused-room-full"),
        ErrorCode::Unavailable => phrase!("refused-unavailable"),
        ErrorCode::Other => phrase!("refused-call"),
    }
}
