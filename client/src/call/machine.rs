//! The call machine: what the person, the peer connection and the clock do to a call.
//!
//! What the server and the other's client send is in [`super::signals`]; the table of both is in
//! [`super`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_shared::identity::Nonce;
use visavis_shared::{
    CallId, CallSignal, CandidateInit, DeclineReason, SessionDescription, Username,
};

use super::authentication::{Authentication, CallNonces};
use super::deadline::{self, Deadline, Deadlines};
use super::event::{CallPhase, EndReason, Input, Output, PeerId, PeerInput};
use super::leg::Leg;
use super::memory::EndedCalls;
use super::party::Party;
use crate::device_key::LoginKey;
use crate::trust::{CallTrust, Known};
use crate::words::{Phrase, phrase};

/// Why a call could not be connected, when nothing more is known.
pub(super) fn no_connection() -> Phrase {
    phrase!("firewall-try")
}

/// Where a call that the person has placed or accepted is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    Calling {
        ringing: bool,
        since: Instant,
    },
    Connecting {
        since: Instant,
    },
    /// `degraded`: ICE is being restarted although media may still flow.
    InCall {
        since: Instant,
        degraded: bool,
    },
    Reconnecting {
        since: Instant,
        lost_at: Instant,
        restarted: bool,
    },
}

impl Stage {
    /// Whether media has flowed: from then on only the media, the other or the person ends the
    /// call.
    pub(super) fn stands(&self) -> bool {
        matches!(self, Self::InCall { .. } | Self::Reconnecting { .. })
    }

    pub(super) fn talked(&self, now: Instant) -> Option<Duration> {
        match self {
            Self::Calling { .. } | Self::Connecting { .. } => None,
            Self::InCall { since, .. } => Some(now.saturating_duration_since(*since)),
            Self::Reconnecting { since, lost_at, .. } => {
                Some(lost_at.saturating_duration_since(*since))
            }
        }
    }
}

/// A call that rings here. It has no peer connection, and no device is open for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Incoming {
    pub(super) party: Party,
    pub(super) offer: SessionDescription,
    /// What came ahead of accept; at most [`super::leg::MAX_CANDIDATES`], later ones are lost.
    pub(super) candidates: Vec<CandidateInit>,
    pub(super) since: Instant,
    pub(super) authentication: Authentication,
}

/// A call that the person has placed or accepted: media runs, and there is a peer connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Active<C> {
    /// By what all this may be. It ends with the call.
    pub(super) consent: Arc<C>,
    pub(super) party: Party,
    pub(super) leg: Leg,
    pub(super) stage: Stage,
    pub(super) authentication: Authentication,
    /// For an answer, should we have to give one to the offer of whom we call.
    pub(super) answer_nonce: Nonce,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum State<C> {
    #[default]
    Idle,
    Ringing(Incoming),
    Active(Active<C>),
    Ended {
        peer: Username,
        reason: EndReason,
        talked: Option<Duration>,
    },
}

/// One person's calls, one at a time. See [`super`] for its rules.
///
/// `C` is the person's consent to a call. It comes in with [`Input::Call`] and [`Input::Accept`]
/// alone; nothing here can make one or tell one from another, which the compiler sees to as nothing
/// is known of `C`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<C> {
    /// Our name, once it was ever known.
    pub(super) us: Option<Username>,
    /// What we sign with; none for a guest.
    pub(super) key: Option<Arc<LoginKey>>,
    pub(super) server_is_up: bool,
    pub(super) state: State<C>,
    pub(super) deadlines: Deadlines,
    pub(super) outputs: VecDeque<Output<C>>,
    pub(super) ended_calls: EndedCalls,
    peers_made: u64,
}

impl<C> Default for Call<C> {
    /// No call, not logged in.
    fn default() -> Self {
        Self {
            us: None,
            key: None,
            server_is_up: false,
            state: State::Idle,
            deadlines: Deadlines::default(),
            outputs: VecDeque::new(),
            ended_calls: EndedCalls::default(),
            peers_made: 0,
        }
    }
}

impl<C> Call<C> {
    /// Takes in what happened. Drain [`Self::poll_output`] afterwards, then look at
    /// [`Self::poll_timeout`].
    pub fn handle_input(&mut self, input: Input<C>, now: Instant) {
        match input {
            Input::Call { peer, call, nonces, known, consent } => {
                self.place_call((peer, known), (call, nonces), consent, now)
            }
            Input::Accept { from, nonce, consent } => self.accept(&from, nonce, consent, now),
            Input::Decline => {
                if matches!(self.state, State::Ringing(_)) {
                    self.handle_input(Input::HangUp, now);
                }
            }
            Input::GiveUp => match self.stage() {
                Some(Stage::Connecting { .. }) => {
                    self.set_up_failed(no_connection(), now);
                }
                _ => self.handle_input(Input::HangUp, now),
            },
            Input::HangUp => match self.state {
                State::Ringing(_) => {
                    self.end(
                        EndReason::DeclinedByUs,
                        Some(CallSignal::Decline(DeclineReason::Declined)),
                        now,
                    );
                }
                State::Active(_) => self.end(EndReason::HungUp, Some(CallSignal::Close(None)), now),
                State::Idle | State::Ended { .. } => {}
            },
            Input::Dismiss => {
                if matches!(self.state, State::Ended { .. }) {
                    self.clear_notice();
                }
            }
            Input::Signal { from, call, signal, known } => {
                self.receive(from, call, signal, known, now)
            }
            Input::Known { of, known } => self.learn(&of, known),
            Input::SignalRefused { code, in_reply_to, call } => {
                self.receive_refusal(code, in_reply_to.as_deref(), call.as_ref(), now);
            }
            Input::SignalingUp { username, key } => {
                self.key = key;
                self.server_up(username, now);
            }
            Input::SignalingDown => self.server_down(now),
            Input::Peer { peer, event } => {
                if matches!(&self.state, State::Active(active) if active.leg.id() == peer) {
                    self.peer_reports(event, now);
                }
            }
            Input::Timeout => {
                while let Some(deadline) = self.deadlines.take_passed(now) {
                    self.deadline_passed(deadline, now);
                }
            }
        }
    }

    /// What to do next, in order; `None` when nothing is left.
    pub fn poll_output(&mut self) -> Option<Output<C>> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due, unless something else happens before. `None` when idle, and
    /// while media flows and nothing is awaited: then the peer connection reports when that is
    /// over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Where the call is.
    #[must_use]
    pub fn phase(&self) -> CallPhase {
        match &self.state {
            State::Idle => CallPhase::Idle,
            State::Ringing(Incoming { party, since, .. }) => {
                CallPhase::Ringing { peer: party.name.clone(), since: *since }
            }
            State::Active(Active { party, stage, .. }) => {
                let peer = party.name.clone();
                match *stage {
                    Stage::Calling { ringing, since } => {
                        CallPhase::Calling { peer, ringing, since }
                    }
                    Stage::Connecting { since } => CallPhase::Connecting { peer, since },
                    Stage::InCall { since, .. } => CallPhase::InCall { peer, since },
                    Stage::Reconnecting { since, lost_at, .. } => {
                        CallPhase::Reconnecting { peer, since, lost_at }
                    }
                }
            }
            State::Ended { peer, reason, talked } => {
                CallPhase::Ended { peer: peer.clone(), reason: reason.clone(), talked: *talked }
            }
        }
    }

    /// The id of the call that rings or stands; `None` when there is none, or when an older client
    /// placed it.
    #[must_use]
    pub fn call_id(&self) -> Option<&CallId> {
        self.party().and_then(|party| party.call.as_ref())
    }

    /// Who is at the other end of the call that rings or stands, once that is known.
    #[must_use]
    pub fn trust(&self) -> Option<CallTrust> {
        match &self.state {
            State::Ringing(incoming) => incoming.authentication.trust(),
            State::Active(active) => active.authentication.trust(),
            State::Idle | State::Ended { .. } => None,
        }
    }

    fn learn(&mut self, of: &Username, known: Known) {
        match &mut self.state {
            State::Ringing(Incoming { party, authentication, .. })
            | State::Active(Active { party, authentication, .. })
                if party.name == *of =>
            {
                authentication.learn(known)
            }
            _ => {}
        }
    }

    pub(super) fn party(&self) -> Option<&Party> {
        match &self.state {
            State::Ringing(incoming) => Some(&incoming.party),
            State::Active(active) => Some(&active.party),
            State::Idle | State::Ended { .. } => None,
        }
    }

    pub(super) fn party_mut(&mut self) -> Option<&mut Party> {
        match &mut self.state {
            State::Ringing(incoming) => Some(&mut incoming.party),
            State::Active(active) => Some(&mut active.party),
            State::Idle | State::Ended { .. } => None,
        }
    }

    /// Where a call that the person has placed or accepted is.
    pub(super) fn stage(&self) -> Option<&Stage> {
        match &self.state {
            State::Active(active) => Some(&active.stage),
            State::Idle | State::Ringing(_) | State::Ended { .. } => None,
        }
    }

    pub(super) fn next_peer(&mut self) -> PeerId {
        self.peers_made += 1;
        PeerId(self.peers_made)
    }

    pub(super) fn clear_notice(&mut self) {
        self.state = State::Idle;
        self.deadlines.clear_all();
    }

    fn place_call(
        &mut self,
        (peer, known): (Username, Known),
        (call, nonces): (CallId, CallNonces),
        consent: C,
        now: Instant,
    ) {
        if matches!(self.state, State::Ringing(_) | State::Active(_)) {
            return;
        }
        self.clear_notice();
        let refused = match &self.us {
            None => Some(phrase!("log-in-first")),
            Some(us) if *us == peer => Some(phrase!("own-name")),
            Some(_) => None,
        };
        if let Some(words) = refused {
            self.show_end(peer, EndReason::Refused(words), None, now);
            return;
        }
        let party = Party::new(peer, Some(call), true);
        let (key, us) = (self.key.as_ref(), self.us.as_ref());
        let authentication = Authentication::to_call(key, us, &party, known, nonces.offer);
        let held = authentication.waits_for_key();
        let leg = Leg::to_offer(self.next_peer(), held);
        let consent = Arc::new(consent);
        if !held {
            self.outputs.push_back(Output::StartMedia(Arc::clone(&consent)));
        }
        self.outputs.push_back(Output::OpenPeer(leg.id(), Arc::clone(&consent)));
        self.outputs.push_back(Output::CreateOffer { peer: leg.id(), ice_restart: false });
        let stage = Stage::Calling { ringing: false, since: now };
        let answer_nonce = nonces.answer;
        self.state =
            State::Active(Active { consent, party, leg, stage, authentication, answer_nonce });
        self.deadlines.set(Deadline::Ring, now + deadline::RING);
        if !self.server_is_up {
            self.deadlines.set(Deadline::ServerBack, now + deadline::COME_BACK);
        }
    }

    fn accept(&mut self, from: &Username, nonce: Nonce, consent: C, now: Instant) {
        let takes = |incoming: &Incoming| {
            incoming.party.name == *from && incoming.authentication.refusal().is_none()
        };
        let incoming = match std::mem::take(&mut self.state) {
            State::Ringing(incoming) if takes(&incoming) => incoming,
            other => {
                self.state = other;
                return;
            }
        };
        let consent = Arc::new(consent);
        self.outputs.push_back(Output::StartMedia(Arc::clone(&consent)));
        self.answer(incoming, nonce, consent, now);
    }

    /// Takes a call that the person has consented to (media runs already): a network path
    /// for it is looked for.
    pub(super) fn answer(
        &mut self,
        incoming: Incoming,
        answer_nonce: Nonce,
        consent: Arc<C>,
        now: Instant,
    ) {
        let Incoming { party, offer, candidates, mut authentication, .. } = incoming;
        authentication.answer_with(answer_nonce);
        let leg = Leg::to_answer(self.next_peer(), &offer);
        let id = leg.id();
        self.outputs.push_back(Output::OpenPeer(id, Arc::clone(&consent)));
        self.outputs.push_back(Output::AcceptOffer(id, offer));
        self.outputs
            .extend(candidates.into_iter().map(|candidate| Output::AddCandidate(id, candidate)));
        let stage = Stage::Connecting { since: now };
        self.state =
            State::Active(Active { consent, party, leg, stage, authentication, answer_nonce });
        self.deadlines.clear(Deadline::Ring);
        self.deadlines.set(Deadline::Connect, now + deadline::CONNECT);
    }

    /// It is known who is at the other end, and it is whom it should be: what has waited for that
    /// goes on.
    pub(super) fn go_on(&mut self) {
        let State::Active(Active { consent, party, leg, .. }) = &mut self.state else { return };
        if leg.is_held() {
            self.outputs.push_back(Output::StartMedia(Arc::clone(consent)));
            self.outputs.extend(leg.release().into_iter().map(|signal| party.send(signal)));
        }
    }

    fn peer_reports(&mut self, event: PeerInput, now: Instant) {
        let State::Active(Active { party, leg, stage, authentication, .. }) = &mut self.state
        else {
            return;
        };
        match event {
            PeerInput::LocalDescription(description) => {
                let signed = authentication.sign(&description).map_err(|error| error.to_string());
                let signals = signed.and_then(|identity| {
                    leg.describe(&description, identity).map_err(|error| error.to_string())
                });
                match signals {
                    Ok(signals) => {
                        self.outputs.extend(signals.into_iter().map(|signal| party.send(signal)))
                    }
                    Err(why) => self.set_up_failed(phrase!("call-not-set-up").or_plain(why), now),
                }
            }
            PeerInput::LocalCandidate(candidate) => {
                self.outputs
                    .extend(leg.local_candidate(&candidate).map(|signal| party.send(signal)));
            }
            PeerInput::Connected => {
                let since = match *stage {
                    Stage::Connecting { .. } => now,
                    Stage::Reconnecting { since, .. } => since,
                    Stage::Calling { .. } | Stage::InCall { .. } => return,
                };
                *stage = Stage::InCall { since, degraded: false };
                party.gone = false;
                let awaits_opening = authentication.awaits_opening();
                self.deadlines.clear_all();
                if awaits_opening {
                    self.deadlines.set(Deadline::Opening, now + deadline::OPENING);
                }
            }
            PeerInput::Disconnected => {
                let Stage::InCall { since, degraded } = *stage else { return };
                *stage = Stage::Reconnecting { since, lost_at: now, restarted: degraded };
                self.deadlines.set(Deadline::Reconnect, now + deadline::RECONNECT);
                if party.can_offer_again() {
                    // If it was degraded, the next try is due by itself.
                    self.deadlines.start(Deadline::RestartIce, now + deadline::RESTART_GRACE);
                }
            }
            PeerInput::PathDegraded => {
                if let Stage::InCall { degraded: degraded @ false, .. } = stage {
                    *degraded = true;
                    self.restart_ice(now);
                }
            }
            PeerInput::PathRecovered => {
                if let Stage::InCall { degraded: degraded @ true, .. } = stage {
                    *degraded = false;
                    self.deadlines.clear(Deadline::RestartIce);
                }
            }
            PeerInput::NoOffer => leg.no_offer(),
            PeerInput::OfferRefused => leg.refused_offer(),
            PeerInput::Failed(words) => {
                leg.failed();
                match *stage {
                    Stage::Calling { .. } | Stage::Connecting { .. } => {
                        self.set_up_failed(words, now)
                    }
                    Stage::InCall { since, .. } => {
                        *stage = Stage::Reconnecting { since, lost_at: now, restarted: false };
                        self.deadlines.set(Deadline::Reconnect, now + deadline::RECONNECT);
                        self.restart_ice(now);
                    }
                    Stage::Reconnecting { restarted: false, .. } => self.restart_ice(now),
                    // The next try is due by itself.
                    Stage::Reconnecting { restarted: true, .. } => {}
                }
            }
        }
    }

    /// Restarts ICE, if media is gone or the path degraded; and again after a while. Either end
    /// may, and the rule for two offers at once decides if both do.
    pub(super) fn restart_ice(&mut self, now: Instant) {
        let State::Active(Active { party, leg, stage, .. }) = &mut self.state else { return };
        match stage {
            _ if !party.can_offer_again() => return,
            Stage::Reconnecting { restarted, .. } => *restarted = true,
            Stage::InCall { degraded: true, .. } => {}
            _ => return,
        }
        leg.offer_again();
        self.outputs.push_back(Output::CreateOffer { peer: leg.id(), ice_restart: true });
        self.deadlines.set(Deadline::RestartIce, now + deadline::RESTART_RETRY);
    }
}
