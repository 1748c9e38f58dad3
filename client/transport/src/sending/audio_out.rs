//! How sound leaves: what the encoder is asked, and which copies of earlier packets go along (RED,
//! RFC 2198).
//!
//! In go encoded packets, what became of earlier ones, and the estimate; out come payloads and
//! wishes to the encoder. Everything is decided by [`AudioAdaptation`].

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Instant;

use bytes::Bytes;
use visavis_media::audio_adaptation::{AudioAdaptation, AudioPlan};
use visavis_media::audio_control::AudioControl;
use visavis_media::red::RedPacker;
use visavis_media::units::Bitrate;

use crate::feedback::sent_packets::AudioOutcome;

/// The payload types for sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AudioFormats {
    pub(crate) opus: u8,
    /// `None` where the other takes no copies.
    pub(crate) red: Option<u8>,
}

/// What was decided, and who is to know.
pub(crate) struct AudioOut {
    adaptation: AudioAdaptation,
    plan: AudioPlan,
    packer: RedPacker,
    control: SyncSender<AudioControl>,
    told: AudioControl,
}

impl AudioOut {
    pub(crate) fn new(control: SyncSender<AudioControl>) -> Self {
        Self {
            adaptation: AudioAdaptation::default(),
            plan: AudioPlan::START,
            packer: RedPacker::default(),
            control,
            told: AudioControl::START,
        }
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
        // A wish that does not fit is made again; one that nobody is left to hear counts as made.
        if self.plan.control != self.told
            && !matches!(self.control.try_send(self.plan.control), Err(TrySendError::Full(_)))
        {
            self.told = self.plan.control;
        }
    }

    /// What to send for a packet, and as which payload type.
    pub(crate) fn payload(
        &mut self,
        formats: AudioFormats,
        rtp_timestamp: u32,
        data: &Bytes,
    ) -> (u8, Bytes) {
        let packed = self.packer.pack(formats.opus, rtp_timestamp, data, self.plan.redundancy);
        match (formats.red, packed) {
            (Some(red), Some(payload)) => (red, payload),
            _ => (formats.opus, data.clone()),
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
    fn heavy_loss_calls_for_copies_where_the_other_takes_them() {
        for red in [Some(63), None] {
            let (control, wishes) = sync_channel(8);
            let (mut out, start) = (AudioOut::new(control), Instant::now());
            let formats = AudioFormats { opus: 111, red };
            let mut last = (0, Bytes::new());
            for n in 0..200_u32 {
                let now = start + n * Duration::from_millis(20);
                let outcome = AudioOutcome { number: n.into(), arrived: n % 4 != 0 };
                out.adapt(now, [outcome], None, ESTIMATE, red.is_some());
                last = out.payload(formats, n * 960, &Bytes::from(format!("packet {n}")));
            }
            let wish = wishes.try_iter().last().expect("a wish");
            if red.is_some() {
                let unpacked = unpack(&last.1).expect("redundant");
                assert_eq!((last.0, unpacked.primary.data.as_ref()), (63, b"packet 199".as_ref()));
                assert_eq!(unpacked.copies.last().expect("a copy").data.as_ref(), b"packet 198");
                assert_eq!(wish.expected_loss_percent, 0);
            } else {
                assert_eq!(last, (111, Bytes::from_static(b"packet 199")));
                assert!(wish.expected_loss_percent >= 20, "{wish:?}");
            }
        }
    }

    #[test]
    fn a_wish_that_finds_no_room_is_made_again() {
        let (control, wishes) = sync_channel(1);
        let (mut out, now) = (AudioOut::new(control.clone()), Instant::now());
        control.try_send(AudioControl::START).expect("room");
        let narrow = Bitrate::from_kbps(100);
        out.adapt(now, [], None, narrow, false);
        assert_eq!(wishes.try_iter().count(), 1);
        out.adapt(now, [], None, narrow, false);
        assert_eq!(wishes.try_iter().next().expect("a wish").bitrate, Bitrate::from_kbps(18));
        out.adapt(now, [], None, narrow, false);
        assert_eq!(wishes.try_iter().count(), 0);
    }
}
