//! The targets of the video encoder: its rate, its level and profile, and key frames.
//!
//! In go the estimate, the negotiated format and key-frame requests; [`VideoControl`]s come out.
//! One for which there is no room in the encoder's queue is sent again. A request that the other
//! sent before the last key frame can have arrived is answered by that one. How close together key
//! frames are made is the encoder's own limit (`visavis_media::video_send`). Time is an argument.

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use crate::{KeyFrame, VideoControl};
use visavis_media::h264_level::H264Level;
use visavis_media::h264_profile::H264Profile;
use visavis_media::units::Bitrate;

/// A key frame takes so much longer to the other than a small packet does. A later request may mean
/// that it came damaged.
const SPREAD: Duration = Duration::from_millis(30);
/// A target that differs by less than this from the last is not worth a message to the encoder.
const TARGET_STEP: f64 = 0.03;

#[derive(Debug)]
pub(crate) struct EncoderTargets {
    control: SyncSender<VideoControl>,
    key_frame: Option<KeyFrame>,
    /// When the last key frame went to the pacer.
    pub(super) key_frame_sent: Option<Instant>,
    sent_target: Option<Bitrate>,
    sent_level: Option<H264Level>,
    sent_profile: Option<H264Profile>,
    sent_wanted: Option<bool>,
}

impl EncoderTargets {
    pub(crate) fn new(control: SyncSender<VideoControl>) -> Self {
        Self {
            control,
            key_frame: None,
            key_frame_sent: None,
            sent_target: None,
            sent_level: None,
            sent_profile: None,
            sent_wanted: None,
        }
    }

    /// Serves another encoder, which knows nothing yet; returns the one so far.
    pub(super) fn serve(&mut self, control: SyncSender<VideoControl>) -> SyncSender<VideoControl> {
        std::mem::replace(self, Self::new(control)).control
    }

    /// A connection begins, with a key frame if it carries video: what was sent on another is of no
    /// use.
    pub(crate) fn begin(&mut self, video: bool) {
        self.key_frame = video.then_some(KeyFrame::Fine);
        self.key_frame_sent = None;
    }

    /// Video is to begin again with a key frame; a coarse one where it matters that it is there
    /// soon.
    pub(crate) fn key_frame(&mut self, kind: KeyFrame) {
        self.key_frame = self.key_frame.max(Some(kind));
    }

    /// The other requests a key frame. The last one answers that while it can't have arrived when
    /// the request was sent.
    pub(crate) fn key_frame_requested(&mut self, now: Instant, rtt: Option<Duration>) {
        let on_its_way = rtt.unwrap_or_default() + SPREAD;
        if self.key_frame_sent.is_none_or(|sent| now.saturating_duration_since(sent) > on_its_way) {
            self.key_frame(KeyFrame::Fine);
        }
    }

    /// Sends the encoder whether anybody takes what it encodes, if it does not know.
    pub(crate) fn wanted(&mut self, wanted: bool) {
        if self.sent_wanted != Some(wanted) && self.send_one(VideoControl::Wanted(wanted)) {
            self.sent_wanted = Some(wanted);
        }
    }

    /// Sends the encoder what it does not know yet: of the target, of the level, where the other
    /// said up to which it takes video, of the profile, and of key frames.
    pub(crate) fn send(
        &mut self,
        target: Option<Bitrate>,
        level: Option<H264Level>,
        profile: Option<H264Profile>,
    ) {
        if let Some(level) = level
            && self.sent_level != Some(level)
            && self.send_one(VideoControl::Level(level))
        {
            self.sent_level = Some(level);
        }
        if let Some(profile) = profile
            && self.sent_profile != Some(profile)
            && self.send_one(VideoControl::Profile(profile))
        {
            self.sent_profile = Some(profile);
        }
        let differs = |a: Bitrate, b: Bitrate| {
            a.bps().abs_diff(b.bps()) as f64 > TARGET_STEP * b.bps() as f64
        };
        if let Some(target) = target
            && self.sent_target.is_none_or(|sent| differs(target, sent))
            && self.send_one(VideoControl::Target(target))
        {
            self.sent_target = Some(target);
        }
        if let Some(kind) = self.key_frame
            && self.send_one(VideoControl::KeyFrame(kind))
        {
            self.key_frame = None;
        }
    }

    /// One that nobody is left to receive counts as sent.
    fn send_one(&self, control: VideoControl) -> bool {
        !matches!(self.control.try_send(control), Err(TrySendError::Full(_)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const RTT: Option<Duration> = Some(Duration::from_millis(60));
    const FINE: VideoControl = VideoControl::KeyFrame(KeyFrame::Fine);
    const COARSE: VideoControl = VideoControl::KeyFrame(KeyFrame::Coarse);

    fn targets(room: usize) -> (EncoderTargets, Receiver<VideoControl>, Instant) {
        let (control, received) = sync_channel(room);
        (EncoderTargets::new(control), received, Instant::now())
    }

    #[test]
    fn key_frames_that_are_wanted_together_become_one_and_a_coarse_one_if_any_is() {
        let (mut targets, received, _) = targets(8);
        targets.key_frame(KeyFrame::Fine);
        targets.key_frame(KeyFrame::Coarse);
        targets.key_frame(KeyFrame::Fine);
        targets.send(None, None, None);
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [COARSE]);
        targets.send(None, None, None);
        assert_eq!(received.try_iter().count(), 0);
        targets.key_frame(KeyFrame::Fine);
        targets.send(None, None, None);
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [FINE]);
    }

    #[test]
    fn a_request_from_before_the_last_key_frame_can_have_come_gets_no_other() {
        let (mut targets, received, start) = targets(8);
        targets.key_frame_sent = Some(start);
        targets.key_frame_requested(start + 80 * MS, RTT);
        targets.send(None, None, None);
        assert_eq!(received.try_iter().count(), 0);
        targets.key_frame_requested(start + 100 * MS, RTT);
        targets.send(None, None, None);
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [FINE]);
    }

    #[test]
    fn what_finds_no_room_is_sent_later_and_what_hardly_changed_is_not_sent() {
        let (mut targets, received, _) = targets(1);
        targets.key_frame(KeyFrame::Fine);
        targets.send(Some(Bitrate::from_kbps(500)), None, None);
        assert_eq!(
            received.try_iter().collect::<Vec<_>>(),
            [VideoControl::Target(Bitrate::from_kbps(500))]
        );
        targets.send(Some(Bitrate::from_kbps(510)), None, None);
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [FINE]);
    }

    #[test]
    fn the_encoder_learns_once_that_nobody_takes_video_and_once_that_somebody_does() {
        let (mut targets, received, _) = targets(1);
        for wanted in [false, false, true, true] {
            targets.wanted(wanted);
        }
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [VideoControl::Wanted(false)]);
        targets.wanted(true);
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [VideoControl::Wanted(true)]);
    }

    #[test]
    fn a_new_connection_begins_with_a_key_frame_at_once() {
        let (mut targets, received, _) = targets(8);
        targets.key_frame(KeyFrame::Coarse);
        targets.send(None, None, None);
        targets.begin(true);
        targets.send(None, None, None);
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [COARSE, FINE]);
    }
}
