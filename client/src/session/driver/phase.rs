//! What follows from where the call is now: what rings, what is measured, what is remembered.

use std::time::Instant;

use visavis_shared::ClientMessage;

use super::Driver;
use crate::call::event::CallPhase;
use crate::media::ringtone::RingKind;
use crate::session::media_engine::MediaCommand;

impl Driver {
    pub(super) fn on_phase(&mut self, phase: &CallPhase) {
        tracing::info!(phase = phase_name(phase), "the call");
        self.note_call(phase);
        self.note_trust(phase);
        if self.is_between_calls() {
            self.media.command(MediaCommand::TryDevice(None));
        }
        self.media.command(MediaCommand::Ring(match phase {
            CallPhase::Ringing { .. } if self.snapshot.quiet => None,
            CallPhase::Ringing { .. } => Some(RingKind::Ring),
            CallPhase::Calling { ringing: true, .. } => Some(RingKind::Ringback),
            _ => None,
        }));
        match phase {
            CallPhase::Calling { since, .. } | CallPhase::Ringing { since, .. }
                if begun_at(&self.snapshot.call) != Some(*since) =>
            {
                self.measured.begun(*since);
            }
            CallPhase::Connecting { since, .. } => self.measured.accepted(*since),
            CallPhase::InCall { since, peer, .. } => {
                self.join_conversation(peer);
                self.measured.connected(*since);
                self.diagnosis.start_again();
                self.media.command(MediaCommand::MediaFlows);
            }
            _ => {}
        }
        if let CallPhase::Ringing { peer, .. }
        | CallPhase::Calling { peer, ringing: true, .. }
        | CallPhase::Connecting { peer, .. } = phase
        {
            self.directory.remember(peer);
        }
        if let CallPhase::Ended { peer, talked: Some(_), .. } = phase
            && let Some(room) = self.room.call_ended(peer)
        {
            self.send(ClientMessage::LeaveRoom { room });
        }
        if let Some(call) = self.call.call_id() {
            self.measured.named(call);
        }
        if matches!(phase, CallPhase::Idle | CallPhase::Calling { .. } | CallPhase::Ringing { .. })
        {
            self.forget_conversation();
        }
        if let CallPhase::Ended { peer, reason, talked } = phase {
            self.end_conversation();
            self.measured.finish(peer, (reason, *talked), self.reports.clone());
        }
        if !matches!(
            phase,
            CallPhase::Connecting { .. }
                | CallPhase::InCall { .. }
                | CallPhase::Reconnecting { .. }
        ) {
            self.snapshot.remote_video_live = false;
            self.share_nothing();
        }
    }
}

/// When the call began, as long as nobody has taken it.
pub(super) fn begun_at(phase: &CallPhase) -> Option<Instant> {
    match phase {
        CallPhase::Calling { since, .. } | CallPhase::Ringing { since, .. } => Some(*since),
        _ => None,
    }
}

fn phase_name(phase: &CallPhase) -> &'static str {
    match phase {
        CallPhase::Idle => "idle",
        CallPhase::Calling { .. } => "calling",
        CallPhase::Ringing { .. } => "ringing",
        CallPhase::Connecting { .. } => "connecting",
        CallPhase::InCall { .. } => "in call",
        CallPhase::Reconnecting { .. } => "reconnecting",
        CallPhase::Ended { .. } => "ended",
    }
}
