//! How audio leaves: the encoder's targets, and which redundancy for earlier packets goes along
//! (RED, RFC 2198).
//!
//! In go encoded packets, the outcomes of earlier ones, and the estimate; out come payloads and
//! targets for the encoder. Everything is decided by [`AudioAdaptation`].

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Instant;

use bytes::Bytes;
use visavis_media::audio_adaptation::{AudioAdaptation, AudioPlan};
use visavis_media::audio_control::AudioControl;
use visavis_media::red::RedPacker;
use visavis_media::units::Bitrate;

use crate::feedback::sent_packets::AudioOutcome;

/// The plan, and what the encoder knows of it.
pub(crate) struct AudioOut {
    adaptation: AudioAdaptation,
    plan: AudioPlan,
    packer: RedPacker,
    control: SyncSender<AudioControl>,
    sent: AudioControl,
}

impl AudioOut {
    pub(crate) fn new(control: SyncSender<AudioControl>) -> Self {
        Self {
            adaptation: AudioAdaptation::default(),
            plan: AudioPlan::START,
            packer: RedPacker::default(),
            control,
            sent: AudioControl::START,
        }
    }

    /// Serves another encoder, which is as another task left it; returns the one so far.
    pub(super) fn serve(&mut self, control: SyncSender<AudioControl>) -> SyncSender<AudioControl> {
        // One that does not fit is set again with the next change.
        let _ = control.try_send(AudioControl::START);
        self.sent = AudioControl::START;
        std::mem::replace(&mut self.control, control)
    }

    /// Learns what became of packets, and which share was lost where a receiver report said so, and
    /// decides anew.
    pub(crate) fn adapt(
        &mut self,
        now: Instant,
        outcomes: impl IntoIterator<Item = AudioOutcome>,
        reported_loss: Option<f64>,
        estimate: Bitrate,
        red: bool,
    ) {
        for AudioOutcome { number, arrived } in outcomes {
            self.adaptation.packet_outcome(now, number, arrived);
        }
        if let Some(share) = reported_loss {
            self.adaptation.loss_reported(now, share);
        }
        self.plan = self.adaptation.plan(now, estimate, red);
        // What does not fit is sent again; what nobody is left to receive counts as sent.
        if self.plan.control != self.sent
            && !matches!(self.control.try_send(self.plan.control), Err(TrySendError::Full(_)))
        {
            self.sent = self.plan.control;
        }
    }

    /// What to send for a packet, and as which of the payload types. `red` is `None` where the
    /// other takes no redundancy.
    pub(crate) fn payload(
        &mut self,
        opus: u8,
        red: Option<u8>,
        rtp_timestamp: u32,
        data: &Bytes,
    ) -> (u8, Bytes) {
        let packed = self.packer.pack(opus, rtp_timestamp, data, self.plan.redundancy);
        match (red, packed) {
            (Some(red), Some(payload)) => (red, payload),
            _ => (opus, data.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;
    use visavis_media::red::unpack;

    const ESTIMATE: Bitrate = Bitrate::from_kbps(1000);

    #[test]
    fn heavy_loss_calls_for_redundancy_where_the_other_takes_it() {
        for red in [Some(63), None] {
            let (control, targets) = sync_channel(8);
            let (mut out, start) = (AudioOut::new(control), Instant::now());
            let mut last = (0, Bytes::new());
            for n in 0..200_u32 {
                let now = start + n * Duration::from_millis(20);
                let outcome = AudioOutcome { number: n.into(), arrived: n % 4 != 0 };
                out.adapt(now, [outcome], None, ESTIMATE, red.is_some());
                last = out.payload(111, red, n * 960, &Bytes::from(format!("packet {n}")));
            }
            let target = targets.try_iter().last().expect("a target");
            if red.is_some() {
                let unpacked = unpack(&last.1).expect("redundant");
                assert_eq!((last.0, unpacked.primary.data.as_ref()), (63, b"packet 199".as_ref()));
                assert_eq!(unpacked.redundant.last().expect("a copy").data.as_ref(), b"packet 198");
                assert_eq!(target.expected_loss_percent, 0);
            } else {
                assert_eq!(last, (111, Bytes::from_static(b"packet 199")));
                assert!(target.expected_loss_percent >= 20, "{target:?}");
            }
        }
    }

    #[test]
    fn a_target_that_finds_no_room_is_sent_again() {
        let (control, targets) = sync_channel(1);
        let (mut out, now) = (AudioOut::new(control.clone()), Instant::now());
        control.try_send(AudioControl::START).expect("room");
        let narrow = Bitrate::from_kbps(100);
        out.adapt(now, [], None, narrow, false);
        assert_eq!(targets.try_iter().count(), 1);
        out.adapt(now, [], None, narrow, false);
        assert_eq!(targets.try_iter().next().expect("a target").bitrate, Bitrate::from_kbps(18));
        out.adapt(now, [], None, narrow, false);
        assert_eq!(targets.try_iter().count(), 0);
    }
}
