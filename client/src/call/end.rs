//! How a call ends, and what happens when a deadline passes.
//!
//! What always holds: first what runs for the call is stopped, then the other is notified.

use std::time::{Duration, Instant};

use visavis_shared::{CallSignal, CloseReason, DeclineReason, Username};

use super::authentication::Refusal;
use super::deadline::{self, Deadline};
use super::event::{EndReason, Output};
use super::machine::{Active, Call, State, no_connection};
use super::party::Party;
use crate::words::Phrase;

impl<C> Call<C> {
    pub(super) fn deadline_passed(&mut self, deadline: Deadline, now: Instant) {
        match deadline {
            Deadline::Ring => {
                let placed = self.party().is_some_and(|party| party.placed);
                let final_signal = if placed {
                    CallSignal::Close(Some(CloseReason::Timeout))
                } else {
                    CallSignal::Decline(DeclineReason::Timeout)
                };
                self.end(EndReason::NoAnswer, Some(final_signal), now);
            }
            Deadline::Connect => {
                let reason = if self.deadlines.is_set(Deadline::ServerBack) {
                    EndReason::ServerLost
                } else if self.deadlines.is_set(Deadline::PeerBack) {
                    EndReason::PeerLost
                } else {
                    EndReason::ConnectFailed(no_connection())
                };
                self.end(reason, Some(self.failure_signal()), now);
            }
            Deadline::Reconnect => {
                self.end(EndReason::MediaLost, Some(CallSignal::Close(None)), now)
            }
            Deadline::RestartIce => self.restart_ice(now),
            Deadline::PeerBack => self.end(EndReason::PeerLost, Some(self.failure_signal()), now),
            Deadline::ServerBack => {
                self.end(EndReason::ServerLost, Some(self.failure_signal()), now)
            }
            Deadline::Opening => {
                if let State::Active(Active { authentication, .. }) = &mut self.state {
                    authentication.opening_is_late();
                }
            }
            Deadline::Notice => self.clear_notice(),
        }
    }

    /// The call can't be set up.
    pub(super) fn set_up_failed(&mut self, words: Phrase, now: Instant) {
        self.end(EndReason::ConnectFailed(words), Some(self.failure_signal()), now);
    }

    /// The final signal of a call that could not be set up. A call of theirs is declined when it
    /// was not answered, or when it has an id: whoever gives ids understands `decline` at any time.
    /// Older pages understand `close` alone.
    pub(super) fn failure_signal(&self) -> CallSignal {
        let declines = match &self.state {
            State::Ringing(_) => true,
            State::Active(Active { party, leg, .. }) => {
                !party.placed && (party.call.is_some() || !leg.has_described())
            }
            State::Idle | State::Ended { .. } => false,
        };
        if declines {
            CallSignal::Decline(DeclineReason::Failed)
        } else {
            CallSignal::Close(Some(CloseReason::Failed))
        }
    }

    /// What came from them is not theirs, or their key is another than before: nothing of the call
    /// goes on.
    pub(super) fn refuse(&mut self, refusal: Refusal, now: Instant) {
        let Some(party) = self.party() else { return };
        let reason = refusal.end(&party.name);
        self.end(reason, Some(self.failure_signal()), now);
    }

    /// Ends the call: first what runs is stopped, then the other is notified.
    pub(super) fn end(
        &mut self,
        reason: EndReason,
        final_signal: Option<CallSignal>,
        now: Instant,
    ) {
        let Some((party, talked)) = self.leave(final_signal.clone(), now) else { return };
        self.outputs.extend(final_signal.map(|signal| party.send(signal)));
        self.show_end(party.name, reason, talked, now);
    }

    /// Stops whatever runs for the call and remembers that it is over. Sends nothing.
    pub(super) fn leave(
        &mut self,
        final_signal: Option<CallSignal>,
        now: Instant,
    ) -> Option<(Party, Option<Duration>)> {
        let (party, talked) = match std::mem::take(&mut self.state) {
            State::Ringing(incoming) => (incoming.party, None),
            State::Active(Active { party, leg, stage, .. }) => {
                if !leg.is_held() {
                    self.outputs.push_back(Output::StopMedia);
                }
                self.outputs.push_back(Output::ClosePeer(leg.id()));
                (party, stage.talked(now))
            }
            other @ (State::Idle | State::Ended { .. }) => {
                self.state = other;
                return None;
            }
        };
        self.deadlines.clear_all();
        self.ended_calls.note(&party.name, party.call.as_ref(), final_signal, now);
        Some((party, talked))
    }

    pub(super) fn show_end(
        &mut self,
        peer: Username,
        reason: EndReason,
        talked: Option<Duration>,
        now: Instant,
    ) {
        // What the person has to decide about stays until they have.
        if !matches!(reason, EndReason::KeyChanged(_)) {
            self.deadlines.set(Deadline::Notice, now + deadline::NOTICE);
        }
        self.state = State::Ended { peer, reason, talked };
    }
}
