//! What the sending task wants of the video encoder: its rate, its level, and key frames.
//!
//! A wish for which there is no room in the encoder's queue is made again. Key frames are large, so
//! they are wished for no closer together than [`KEY_FRAME_INTERVAL`], however often the other
//! asks; and who asks before the last one can have arrived is given no other. Time is an argument.

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use crate::{KeyFrame, VideoControl};
use visavis_media::h264_level::H264Level;
use visavis_media::units::Bitrate;

/// The encoder is asked for key frames no closer together than this.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(250);
/// A key frame takes so much longer to the other than a small packet does. Whoever asks later may
/// have seen it damaged.
const SPREAD: Duration = Duration::from_millis(30);
/// A target that differs by less than this from the last is not worth telling the encoder.
const TARGET_STEP: f64 = 0.03;

/// The wishes to one encoder.
#[derive(Debug)]
pub(crate) struct EncoderWishes {
    control: SyncSender<VideoControl>,
    key_frame: Option<KeyFrame>,
    key_frame_told: Option<Instant>,
    /// When the last key frame went to the pacer.
    key_frame_sent: Option<Instant>,
    target: Option<Bitrate>,
    target_told: Option<Bitrate>,
    level: Option<H264Level>,
    level_told: Option<H264Level>,
}

impl EncoderWishes {
    pub(crate) fn new(control: SyncSender<VideoControl>) -> Self {
        Self {
            control,
            key_frame: None,
            key_frame_told: None,
            key_frame_sent: None,
            target: None,
            target_told: None,
            level: None,
            level_told: None,
        }
    }

    /// A connection begins, with a key frame if it carries video: what was sent on another is of no
    /// use.
    pub(crate) fn begin(&mut self, video: bool) {
        self.key_frame = video.then_some(KeyFrame::Fine);
        (self.key_frame_told, self.key_frame_sent) = (None, None);
    }

    /// Pictures are to begin again with a key frame; a coarse one where it matters that it is there
    /// soon.
    pub(crate) fn key_frame(&mut self, wished: KeyFrame) {
        self.key_frame = self.key_frame.max(Some(wished));
    }

    /// The other asks for a key frame. The last one answers that while it can't have arrived when
    /// the other asked.
    pub(crate) fn key_frame_asked_for(&mut self, now: Instant, rtt: Option<Duration>) {
        let on_its_way = rtt.unwrap_or_default() + SPREAD;
        if self.key_frame_sent.is_none_or(|sent| now.saturating_duration_since(sent) > on_its_way) {
            self.key_frame(KeyFrame::Fine);
        }
    }

    /// A key frame goes to the pacer.
    pub(crate) fn key_frame_sent(&mut self, now: Instant) {
        self.key_frame_sent = Some(now);
    }

    pub(crate) fn target(&mut self, target: Bitrate) {
        self.target = Some(target);
    }

    pub(crate) fn level(&mut self, level: Option<H264Level>) {
        self.level = level;
    }

    /// Tells the encoder what it does not know yet.
    pub(crate) fn make(&mut self, now: Instant) {
        if let Some(level) = self.level
            && self.level_told != Some(level)
            && self.tell(VideoControl::Level(level))
        {
            self.level_told = Some(level);
        }
        let differs = |a: Bitrate, b: Bitrate| {
            a.bps().abs_diff(b.bps()) as f64 > TARGET_STEP * b.bps() as f64
        };
        if let Some(target) = self.target
            && self.target_told.is_none_or(|told| differs(target, told))
            && self.tell(VideoControl::Target(target))
        {
            self.target_told = Some(target);
        }
        let due = self
            .key_frame_told
            .is_none_or(|last| now.saturating_duration_since(last) >= KEY_FRAME_INTERVAL);
        if let Some(wished) = self.key_frame
            && due
            && self.tell(VideoControl::KeyFrame(wished))
        {
            self.key_frame = None;
            self.key_frame_told = Some(now);
        }
    }

    /// A wish that nobody is left to hear counts as made.
    fn tell(&self, wish: VideoControl) -> bool {
        !matches!(self.control.try_send(wish), Err(TrySendError::Full(_)))
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

    fn wishes(room: usize) -> (EncoderWishes, Receiver<VideoControl>, Instant) {
        let (control, heard) = sync_channel(room);
        (EncoderWishes::new(control), heard, Instant::now())
    }

    #[test]
    fn key_frames_that_are_wished_for_together_become_one_and_a_coarse_one_if_any_is() {
        let (mut wishes, heard, start) = wishes(8);
        wishes.key_frame(KeyFrame::Fine);
        wishes.key_frame(KeyFrame::Coarse);
        wishes.key_frame(KeyFrame::Fine);
        wishes.make(start);
        wishes.key_frame(KeyFrame::Fine);
        wishes.make(start + 200 * MS);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [COARSE]);
        wishes.make(start + 260 * MS);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [FINE]);
    }

    #[test]
    fn who_asks_before_the_last_key_frame_can_have_come_gets_no_other() {
        let (mut wishes, heard, start) = wishes(8);
        wishes.key_frame_sent(start);
        wishes.key_frame_asked_for(start + 80 * MS, RTT);
        wishes.make(start + 400 * MS);
        assert_eq!(heard.try_iter().count(), 0);
        wishes.key_frame_asked_for(start + 100 * MS, RTT);
        wishes.make(start + 400 * MS);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [FINE]);
    }

    #[test]
    fn what_finds_no_room_is_told_later_and_what_hardly_changed_is_not_told() {
        let (mut wishes, heard, start) = wishes(1);
        wishes.target(Bitrate::from_kbps(500));
        wishes.key_frame(KeyFrame::Fine);
        wishes.make(start);
        assert_eq!(
            heard.try_iter().collect::<Vec<_>>(),
            [VideoControl::Target(Bitrate::from_kbps(500))]
        );
        wishes.target(Bitrate::from_kbps(510));
        wishes.make(start);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [FINE]);
    }

    #[test]
    fn a_new_connection_begins_with_a_key_frame_at_once() {
        let (mut wishes, heard, start) = wishes(8);
        wishes.key_frame(KeyFrame::Coarse);
        wishes.make(start);
        wishes.begin(true);
        wishes.make(start + MS);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [COARSE, FINE]);
    }
}
