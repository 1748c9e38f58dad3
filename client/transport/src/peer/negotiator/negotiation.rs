//! How far the negotiation with the other is, as a state machine: no library, no task, no clock.
//!
//! In: commands, what came from the other, and what the library says ([`Input`]). Out: what the
//! library, the network path and the owner are to be given, in order ([`Action`]). Offer and answer
//! follow RFC 8829 §3.2, ICE restarts RFC 8839 §4.4.
//!
//! # Offer and answer: [`Signaling`]
//!
//! "Running" means that ICE has had a pair and has not failed.
//!
//! | | Stable | HaveLocalOffer | RestartOffered | RestartAbandoned |
//! | --- | --- | --- | --- | --- |
//! | offer | → HaveLocalOffer | offers again | the same again | as a restart |
//! | restart, running | → RestartOffered | → RestartOffered | the same again | → RestartOffered |
//! | restart, else | → HaveLocalOffer | offers again | the same again | → HaveLocalOffer |
//! | their offer | answers | → Stable, answers | → Stable, answers | → Stable, answers |
//! | refused | – | → Stable | – | – |
//! | their answer | refused | → Stable | → Stable | refused |
//! | refused unread | – | – | → RestartAbandoned | – |
//! | refused by the library | – | → Stable | → Stable, ICE is lost | – |
//!
//! An offer of ours that the library has is rolled back wherever HaveLocalOffer is left without an
//! answer. A dash: nothing changes.
//!
//! While the connection runs, the library gets an offer to restart ICE only together with its
//! answer (RestartOffered): until then it keeps its pair, and nothing is lost if no answer comes.
//! It makes its credentials for the restart with the offer, and can't be made to forget them: it
//! applies them with whatever local description comes next, and forgets the other's with that. So
//! an offer that does not restart ICE, and comes while it holds them (RestartOffered,
//! RestartAbandoned), is given to it a second time after it has applied them.
//!
//! # Connection: [`Connectivity`]
//!
//! | | New | Connected | Silent | Disconnected | Failed |
//! | --- | --- | --- | --- | --- | --- |
//! | `Connected` | `Connected` | – | `Connected` | `Connected` | `Connected` |
//! | `Disconnected` | – | `Disconnected` | – | – | – |
//! | `Failed` | `Failed` | `Failed` | `Failed` | `Failed` | `Failed` |
//! | `WrongCertificate` | `Failed` | – | – | – | – |
//! | `MediaSilent` | – | `Disconnected` → Silent | – | – | – |
//! | media again | – | – | `Connected` → Connected | – | – |
//! | ICE is lost | `Failed` | `Failed` → Failed | `Failed` → Failed | the same | `Failed` |
//! | a refusal | `Failed` | – | – | `Failed` | `Failed` |
//!
//! The cells show the event that the owner gets. The library's events lead to the state of their
//! name. ICE is lost by a refusal that comes after the library has restarted it.
//!
//! # What always holds
//!
//! - `Connected` alternates with `Disconnected` or `Failed`.
//! - The network path buffers media ([`Action::BeginRestart`]) only after the library has restarted
//!   ICE, and until it is connected, has failed, or ICE is lost by a refusal
//!   ([`Action::EndRestart`]). It is the first action after the library has accepted a description.
//! - A refusal that leaves ICE alone changes nothing for media. One that does not fails the
//!   connection with a reason: only another restart brings it back.
//! - [`Gathering`]: the library is not told of servers while it gathers, because a gathering whose
//!   servers change never ends.

use std::collections::VecDeque;

use visavis_shared::{DescriptionKind, SessionDescription};

use super::event::{Action, Answer, Input};
use crate::PeerEvent;
use crate::peer::sdp;

const NO_PATH: &str = "No network path to the other was found that lets calls through";
/// Why a connection whose certificate is not the one that was stated has failed.
pub(in super::super) const WRONG_CERTIFICATE: &str = "The other has another certificate than their description states, so somebody may be between \
     you";
const NO_OFFER: &str = "The other's description can't be used: no offer of ours awaits an answer";
const NO_RESTART: &str = "The other's description can't be used: it answers another offer";

/// Which offer stands between us and the other.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Signaling {
    Stable,
    /// The library has our offer, and no answer has come.
    HaveLocalOffer,
    /// The other has this offer to restart ICE; of it the library has only the credentials.
    RestartOffered(String),
    /// No offer stands, but the library still holds the credentials of one to restart ICE.
    RestartAbandoned,
}

/// What the library has been given and not answered. Between inputs from outside it is `Idle`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Idle,
    CreatingOffer { ice_restart: bool },
    SettingOffer { sdp: String },
    SettingRemoteOffer { offer: String, ice_lost: bool },
    CreatingAnswer { restarted: bool },
    SettingAnswer { sdp: String, restarted: bool },
    ApplyingRestart(Answer),
    SettingRemoteAnswer { provisional: bool, restarted: bool },
}

/// Where the connection is. The owner's last event was `Connected` in that state alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connectivity {
    New,
    Connected,
    /// ICE is connected, but no media comes.
    Silent,
    Disconnected,
    Failed,
}

/// What the library does about candidates of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gathering {
    Idle,
    Running,
    /// It gathers, without a server that became known since.
    Outdated,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Negotiation {
    signaling: Signaling,
    step: Step,
    connectivity: Connectivity,
    gathering: Gathering,
    /// An ICE restart was offered, and the network path has not been seen to work since.
    restart_unproven: bool,
    /// The relays' allocations are given up, and the library does not know it yet.
    allocations_outdated: bool,
    actions: VecDeque<Action>,
}

impl Negotiation {
    pub(super) fn new() -> Self {
        Self {
            signaling: Signaling::Stable,
            step: Step::Idle,
            connectivity: Connectivity::New,
            gathering: Gathering::Idle,
            restart_unproven: false,
            allocations_outdated: false,
            actions: VecDeque::new(),
        }
    }

    /// What to do next; ask after every input until there is nothing.
    pub(super) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether ICE has had a pair and has not failed.
    pub(super) fn is_running(&self) -> bool {
        !matches!(self.connectivity, Connectivity::New | Connectivity::Failed)
    }

    /// Whether ICE is connected, by the library's account.
    pub(super) fn has_pair(&self) -> bool {
        matches!(self.connectivity, Connectivity::Connected | Connectivity::Silent)
    }

    pub(super) fn handle(&mut self, input: Input) {
        match input {
            Input::CreateOffer { ice_restart } => self.create_offer(ice_restart),
            Input::RemoteOffer(Ok(offer)) => self.remote_offer(offer),
            Input::RemoteOffer(Err(why)) => self.refuse_offer(why, false),
            Input::RemoteAnswer(answer) => self.remote_answer(answer),
            Input::Created(sdp) => self.created(sdp),
            Input::Accepted { restarted } => self.accepted(restarted),
            Input::Refused { why, restarted } => self.refused(why, restarted),
            Input::Connected => self.connected(),
            Input::Disconnected => {
                self.disconnected();
                self.connectivity = Connectivity::Disconnected;
            }
            Input::Failed => self.fail(NO_PATH.to_owned()),
            // Once connected, the certificate was the right one.
            Input::WrongCertificate if self.connectivity == Connectivity::New => {
                self.fail(WRONG_CERTIFICATE.to_owned());
            }
            Input::WrongCertificate => {}
            Input::MediaSilent(true) if self.connectivity == Connectivity::Connected => {
                self.disconnected();
                self.connectivity = Connectivity::Silent;
            }
            Input::MediaSilent(false) if self.connectivity == Connectivity::Silent => {
                self.connectivity = Connectivity::Connected;
                self.act(Action::Permit { connected: true, begins: false });
                self.act(Action::Emit(PeerEvent::Connected));
            }
            Input::MediaSilent(_) => {}
            Input::PathWorks => self.restart_unproven = false,
            Input::AllocationsLost => self.renew_relays(),
            Input::ServerResolved if self.gathering == Gathering::Idle => self.configure_late(),
            Input::ServerResolved => self.gathering = Gathering::Outdated,
            Input::GatheringAgain => self.gathering = Gathering::Running,
            Input::Gathered => {
                if std::mem::replace(&mut self.gathering, Gathering::Idle) == Gathering::Outdated {
                    self.configure_late();
                }
            }
        }
    }

    fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    fn emit_description(&mut self, kind: DescriptionKind, sdp: String) {
        self.act(Action::Emit(PeerEvent::LocalDescription(SessionDescription { kind, sdp })));
    }

    fn create_offer(&mut self, ice_restart: bool) {
        if let Signaling::RestartOffered(offer) = &self.signaling {
            // Whoever has received it before gives the same answer again, and whichever comes
            // first fits.
            let offer = offer.clone();
            return self.emit_description(DescriptionKind::Offer, offer);
        }
        let ice_restart = ice_restart || self.signaling == Signaling::RestartAbandoned;
        if ice_restart && std::mem::replace(&mut self.restart_unproven, true) {
            // The last one did not help. What was allocated at a relay may be what is lost.
            self.renew_relays();
        }
        // The library is told of servers before it gathers, and of new allocations in any case.
        if self.gathering == Gathering::Idle || self.allocations_outdated {
            self.configure();
        }
        if ice_restart && self.is_running() {
            self.roll_back_offer();
        }
        self.act(Action::CreateOffer { ice_restart });
        self.step = Step::CreatingOffer { ice_restart };
    }

    fn remote_offer(&mut self, offer: String) {
        // Both offered, and the owner decided for the other's (RFC 8829 §4.1.10.2).
        self.roll_back_offer();
        self.set_remote(DescriptionKind::Offer, offer.clone());
        self.step = Step::SettingRemoteOffer { offer, ice_lost: false };
    }

    fn remote_answer(&mut self, answer: Result<Answer, String>) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => {
                self.abandon_restart();
                self.refuse(why, false);
                return;
            }
        };
        match &self.signaling {
            Signaling::HaveLocalOffer => self.set_remote_answer(answer, false),
            Signaling::RestartOffered(offer)
                if answer.restarts && sdp::is_answer_to(offer, &answer.sdp) =>
            {
                let offer = offer.clone();
                self.set_local(DescriptionKind::Offer, offer);
                self.step = Step::ApplyingRestart(answer);
            }
            Signaling::RestartOffered(_) => {
                self.abandon_restart();
                self.refuse(NO_RESTART.to_owned(), false);
            }
            Signaling::Stable | Signaling::RestartAbandoned => {
                self.refuse(NO_OFFER.to_owned(), false);
            }
        }
    }

    fn created(&mut self, sdp: String) {
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::CreatingOffer { ice_restart } => {
                if ice_restart {
                    self.act(Action::CountRestart);
                }
                if ice_restart && self.is_running() {
                    self.act(Action::ExpectRestart);
                    self.emit_description(DescriptionKind::Offer, sdp.clone());
                    self.signaling = Signaling::RestartOffered(sdp);
                } else {
                    if ice_restart && self.connectivity == Connectivity::Failed {
                        // The library gives up the pair that it may still be looking for.
                        self.act(Action::EndRestart);
                    }
                    self.set_local(DescriptionKind::Offer, sdp.clone());
                    self.step = Step::SettingOffer { sdp };
                }
            }
            Step::CreatingAnswer { restarted } => {
                self.set_local(DescriptionKind::Answer, sdp.clone());
                self.step = Step::SettingAnswer { sdp, restarted };
            }
            step => self.step = step,
        }
    }

    fn accepted(&mut self, restarted: bool) {
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::SettingOffer { sdp } => {
                self.signaling = Signaling::HaveLocalOffer;
                // Candidates follow through the library's queue, which is read after this.
                self.emit_description(DescriptionKind::Offer, sdp);
            }
            Step::SettingRemoteOffer { offer, .. }
                if self.signaling != Signaling::Stable && !restarted =>
            {
                self.signaling = Signaling::Stable;
                self.act(Action::RollBackRemote);
                self.act(Action::ApplyCredentials);
                self.set_remote(DescriptionKind::Offer, offer.clone());
                self.step = Step::SettingRemoteOffer { offer, ice_lost: true };
            }
            Step::SettingRemoteOffer { ice_lost, .. } => {
                self.signaling = Signaling::Stable;
                let restarted = restarted || ice_lost;
                if restarted {
                    self.begin_restart();
                }
                self.act(Action::RemoteDescribed { restarted });
                if self.allocations_outdated {
                    self.configure();
                }
                self.act(Action::CreateAnswer);
                self.step = Step::CreatingAnswer { restarted };
            }
            Step::SettingAnswer { sdp, .. } => {
                self.emit_description(DescriptionKind::Answer, sdp);
                self.act(Action::Negotiated);
            }
            Step::ApplyingRestart(answer) => {
                self.signaling = Signaling::HaveLocalOffer;
                self.begin_restart();
                self.set_remote_answer(answer, true);
            }
            Step::SettingRemoteAnswer { provisional, restarted } => {
                if !provisional {
                    self.signaling = Signaling::Stable;
                }
                self.act(Action::RemoteDescribed { restarted });
                self.act(Action::Negotiated);
            }
            step => self.step = step,
        }
    }

    fn refused(&mut self, why: String, restarted: bool) {
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::CreatingOffer { ice_restart } => {
                // The library may hold the credentials already, and applies them as it rolls back.
                let ice_lost = ice_restart && self.signaling == Signaling::HaveLocalOffer;
                if ice_restart && self.signaling == Signaling::Stable {
                    self.signaling = Signaling::RestartAbandoned;
                }
                if ice_lost {
                    self.roll_back_offer();
                }
                self.offer_not_made(why, ice_lost);
            }
            Step::SettingOffer { .. } => {
                self.act(Action::RollBackLocal);
                self.signaling = Signaling::Stable;
                self.offer_not_made(why, false);
            }
            Step::SettingRemoteOffer { ice_lost, .. } => {
                self.act(Action::RollBackRemote);
                if restarted {
                    self.signaling = Signaling::Stable;
                }
                self.refuse_offer(why, restarted || ice_lost);
            }
            Step::CreatingAnswer { restarted } | Step::SettingAnswer { restarted, .. } => {
                self.act(Action::RollBackRemote);
                self.refuse_offer(why, restarted);
            }
            Step::ApplyingRestart(_) => {
                self.act(Action::RollBackLocal);
                self.signaling = Signaling::Stable;
                // The library applies the credentials before it looks at the description.
                self.refuse(why, true);
            }
            Step::SettingRemoteAnswer { restarted, .. } => {
                self.act(Action::RollBackLocal);
                self.signaling = Signaling::Stable;
                self.refuse(why, restarted);
            }
            Step::Idle => {}
        }
    }

    /// The owner's offer is not made, and nothing else will come of it.
    fn offer_not_made(&mut self, why: String, ice_lost: bool) {
        if self.refuse(why, ice_lost) {
            self.act(Action::Emit(PeerEvent::NoOffer));
        }
    }

    /// The other's offer gets no answer, and the owner waits for none.
    fn refuse_offer(&mut self, why: String, ice_lost: bool) {
        if self.refuse(why, ice_lost) {
            self.act(Action::Emit(PeerEvent::OfferRefused));
        }
    }

    /// Something could not be done. A connection that stands is not lost over that, unless ICE is.
    /// Returns whether it stands.
    fn refuse(&mut self, why: String, ice_lost: bool) -> bool {
        if ice_lost && self.connectivity != Connectivity::New {
            self.fail(why);
        } else if self.has_pair() {
            self.act(Action::Warn(why));
            return true;
        } else {
            self.act(Action::Emit(PeerEvent::Failed(why)));
        }
        false
    }

    fn fail(&mut self, why: String) {
        self.connectivity = Connectivity::Failed;
        self.act(Action::EndRestart);
        self.act(Action::Permit { connected: false, begins: false });
        self.act(Action::Emit(PeerEvent::Failed(why)));
    }

    fn connected(&mut self) {
        let begins = self.connectivity != Connectivity::Connected;
        self.connectivity = Connectivity::Connected;
        self.restart_unproven = false;
        self.act(Action::Secured);
        self.act(Action::EndRestart);
        if begins {
            self.act(Action::Negotiated);
        }
        self.act(Action::Permit { connected: true, begins });
        if begins {
            self.act(Action::Emit(PeerEvent::Connected));
        }
    }

    fn disconnected(&mut self) {
        if self.connectivity == Connectivity::Connected {
            self.act(Action::Emit(PeerEvent::Disconnected));
        }
    }

    fn set_local(&mut self, kind: DescriptionKind, sdp: String) {
        if kind == DescriptionKind::Offer && self.gathering == Gathering::Idle {
            self.gathering = Gathering::Running;
        }
        self.act(Action::SetLocal(SessionDescription { kind, sdp }));
    }

    fn set_remote(&mut self, kind: DescriptionKind, sdp: String) {
        self.act(Action::SetRemote(SessionDescription { kind, sdp }));
    }

    fn set_remote_answer(&mut self, answer: Answer, restarted: bool) {
        let provisional = answer.provisional;
        self.set_remote(answer.kind(), answer.sdp);
        self.step = Step::SettingRemoteAnswer { provisional, restarted };
    }

    fn roll_back_offer(&mut self) {
        if self.signaling == Signaling::HaveLocalOffer {
            self.act(Action::RollBackLocal);
            self.signaling = Signaling::Stable;
        }
    }

    fn abandon_restart(&mut self) {
        if matches!(self.signaling, Signaling::RestartOffered(_)) {
            self.signaling = Signaling::RestartAbandoned;
        }
    }

    /// Before the first connection there is nothing to lose.
    fn begin_restart(&mut self) {
        if self.connectivity != Connectivity::New {
            self.act(Action::BeginRestart);
        }
    }

    fn renew_relays(&mut self) {
        self.allocations_outdated = true;
        self.act(Action::RenewRelays);
    }

    fn configure(&mut self) {
        self.allocations_outdated = false;
        self.act(Action::Configure);
    }

    /// An offer that was not answered yet is set again, which makes the library gather again;
    /// later than that it would disturb the checks that are under way.
    fn configure_late(&mut self) {
        let gather = self.signaling == Signaling::HaveLocalOffer;
        self.act(Action::ConfigureLate { gather });
    }
}

#[cfg(test)]
mod tests;
