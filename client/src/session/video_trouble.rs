//! Why the video of one side can't be shown at the other, where better devices or a better network
//! would not help.
//!
//! In: what was agreed, and what was received and decoded. Out: a trouble for each direction, its
//! words for the person and its name for the report. Pure: time is an argument.

use std::time::{Duration, Instant};

use crate::media::h264_sps::Unsupported;
use crate::session::pipeline::PipelineStatistics;
use crate::transport::{PeerStats, VideoFlow};
use crate::words::{Phrase, phrase};

/// Video that comes for so long without a frame that can be shown is a trouble.
const NO_KEY_FRAME_AFTER: Duration = Duration::from_secs(5);

/// Why video does not work in a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VideoTrouble {
    /// The other's program has no H.264.
    NoCommonFormat,
    /// The other's program refused video.
    Refused,
    /// The other wants none.
    Unwanted,
    /// It is of a kind that can't be decoded here.
    Unsupported(Unsupported),
    /// It comes, but without a key frame that decodes.
    NoKeyFrame,
}

/// The troubles of both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct VideoTroubles {
    pub(super) theirs: Option<VideoTrouble>,
    pub(super) ours: Option<VideoTrouble>,
}

impl VideoTroubles {
    /// Those that show at once. `we_send` says whether there is a camera whose video they could
    /// get.
    pub(super) fn of(peer: &PeerStats, pipeline: &PipelineStatistics, we_send: bool) -> Self {
        let Some(agreed) = peer.video else { return Self::default() };
        let unsupported = pipeline.unsupported_video.map(VideoTrouble::Unsupported);
        Self {
            // Who sends none by choice has no trouble.
            theirs: of_flow(agreed.theirs)
                .filter(|trouble| *trouble != VideoTrouble::Unwanted)
                .or(unsupported),
            ours: of_flow(agreed.ours).filter(|_| we_send),
        }
    }
}

fn of_flow(flow: VideoFlow) -> Option<VideoTrouble> {
    match flow {
        VideoFlow::Agreed => None,
        VideoFlow::NoCommonFormat => Some(VideoTrouble::NoCommonFormat),
        VideoFlow::Refused => Some(VideoTrouble::Refused),
        VideoFlow::Unwanted => Some(VideoTrouble::Unwanted),
    }
}

/// Follows the video of a connection.
#[derive(Debug, Default)]
pub(super) struct VideoWatch {
    bytes: u64,
    frames: u64,
    /// Since when bytes come without a frame.
    starved_since: Option<Instant>,
}

impl VideoWatch {
    /// Takes what was counted up to now, and gives the troubles that there are.
    pub(super) fn note(
        &mut self,
        now: Instant,
        peer: &PeerStats,
        pipeline: &PipelineStatistics,
        we_send: bool,
    ) -> VideoTroubles {
        let decoded = pipeline.video_received.as_ref().and_then(|video| video.frames_decoded);
        let (bytes, frames) = (peer.video_bytes_received, decoded.unwrap_or_default());
        let starves = bytes > self.bytes && frames == self.frames && !pipeline.video_rests;
        self.starved_since = if starves { self.starved_since.or(Some(now)) } else { None };
        (self.bytes, self.frames) = (bytes, frames);
        let starved = self
            .starved_since
            .is_some_and(|since| now.saturating_duration_since(since) >= NO_KEY_FRAME_AFTER);
        let mut troubles = VideoTroubles::of(peer, pipeline, we_send);
        troubles.theirs = troubles.theirs.or(starved.then_some(VideoTrouble::NoKeyFrame));
        troubles
    }
}

impl VideoTrouble {
    /// What is wrong with their video, for the person: one line.
    pub(super) fn words_of_theirs(self, peer: &str) -> Phrase {
        match self {
            Self::NoCommonFormat => phrase!("their-picture-no-format", peer = peer),
            Self::Refused => phrase!("their-picture-refused", peer = peer),
            Self::Unwanted => phrase!("their-picture-none", peer = peer),
            Self::Unsupported(Unsupported::Interlaced) => {
                phrase!("their-picture-interlaced", peer = peer)
            }
            Self::Unsupported(Unsupported::BitDepth(bits)) => {
                phrase!("their-picture-bits", peer = peer, bits = u64::from(bits))
            }
            Self::Unsupported(Unsupported::Chroma(_)) => {
                phrase!("their-picture-colours", peer = peer)
            }
            Self::Unsupported(Unsupported::Size(width, height)) => {
                phrase!("their-picture-size", peer = peer, size = format!("{width}x{height}"))
            }
            Self::Unsupported(Unsupported::References(_)) => {
                phrase!("their-picture-memory", peer = peer)
            }
            Self::Unsupported(Unsupported::Profile) => {
                phrase!("their-picture-profile", peer = peer)
            }
            Self::NoKeyFrame => phrase!("their-picture-no-key-frame", peer = peer),
        }
    }

    /// What keeps them from seeing us, for the person: one line.
    pub(super) fn words_of_ours(self, peer: &str) -> Phrase {
        match self {
            Self::NoCommonFormat => phrase!("cannot-see-you-no-format", peer = peer),
            Self::Refused => phrase!("cannot-see-you-refused", peer = peer),
            Self::Unwanted | Self::Unsupported(_) | Self::NoKeyFrame => {
                phrase!("cannot-see-you-none", peer = peer)
            }
        }
    }

    /// Its name in the report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NoCommonFormat => "no-common-format",
            Self::Refused => "refused",
            Self::Unwanted => "unwanted",
            Self::Unsupported(Unsupported::Interlaced) => "interlaced",
            Self::Unsupported(Unsupported::BitDepth(_)) => "bit-depth",
            Self::Unsupported(Unsupported::Chroma(_)) => "chroma-format",
            Self::Unsupported(Unsupported::Size(..)) => "too-large",
            Self::Unsupported(Unsupported::References(_)) => "too-many-references",
            Self::Unsupported(Unsupported::Profile) => "unknown-profile",
            Self::NoKeyFrame => "no-key-frame",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::VideoReceived;
    use crate::transport::VideoAgreement;

    fn peer(ours: VideoFlow, theirs: VideoFlow, bytes: u64) -> PeerStats {
        PeerStats {
            video: Some(VideoAgreement { ours, theirs }),
            video_bytes_received: bytes,
            ..PeerStats::default()
        }
    }

    fn decoded(frames: u64) -> PipelineStatistics {
        let received = VideoReceived { frames_decoded: Some(frames), ..VideoReceived::default() };
        PipelineStatistics { video_received: Some(received), ..PipelineStatistics::default() }
    }

    #[test]
    fn what_was_not_agreed_is_a_trouble_of_each_side_and_of_ours_only_with_a_camera() {
        let none = PipelineStatistics::default();
        let refused = peer(VideoFlow::Refused, VideoFlow::Refused, 0);
        let trouble = Some(VideoTrouble::Refused);
        assert_eq!(
            VideoTroubles::of(&refused, &none, true),
            VideoTroubles { theirs: trouble, ours: trouble }
        );
        assert_eq!(VideoTroubles::of(&refused, &none, false).ours, None);
        let one_way = peer(VideoFlow::Unwanted, VideoFlow::Unwanted, 0);
        let expected = VideoTroubles { theirs: None, ours: Some(VideoTrouble::Unwanted) };
        assert_eq!(VideoTroubles::of(&one_way, &none, true), expected);
        assert_eq!(VideoTroubles::of(&PeerStats::default(), &none, true), VideoTroubles::default());
    }

    #[test]
    fn video_that_comes_for_five_seconds_without_a_frame_is_a_trouble_until_one_comes() {
        let (start, mut watch) = (Instant::now(), VideoWatch::default());
        let mut at = |second: u64, bytes, frames| {
            let stats = peer(VideoFlow::Agreed, VideoFlow::Agreed, bytes);
            let now = start + Duration::from_secs(second);
            watch.note(now, &stats, &decoded(frames), true).theirs
        };
        for second in 0..5 {
            assert_eq!(at(second, 1000 * (second + 1), 0), None, "second {second}");
        }
        // Nothing comes at all: nobody is to blame.
        assert_eq!(at(5, 5000, 0), None);
        for second in 7..12 {
            assert_eq!(at(second, 1000 * second, 0), None, "second {second}");
        }
        assert_eq!(at(12, 12_000, 0), Some(VideoTrouble::NoKeyFrame));
        assert_eq!(at(13, 13_000, 20), None);
    }

    #[test]
    fn what_nobody_sees_is_not_decoded_and_no_trouble() {
        let (mut watch, start) = (VideoWatch::default(), Instant::now());
        let unseen = PipelineStatistics { video_rests: true, ..decoded(100) };
        for second in 0..60 {
            let stats = peer(VideoFlow::Agreed, VideoFlow::Agreed, 1000 * (second + 1));
            let now = start + Duration::from_secs(second);
            assert_eq!(watch.note(now, &stats, &unseen, true).theirs, None, "second {second}");
        }
    }

    #[test]
    fn a_kind_that_can_not_be_decoded_is_told_at_once_and_by_its_name() {
        let measured = PipelineStatistics {
            unsupported_video: Some(Unsupported::Size(4096, 2304)),
            ..PipelineStatistics::default()
        };
        let stats = peer(VideoFlow::Agreed, VideoFlow::Agreed, 1000);
        let trouble = VideoTroubles::of(&stats, &measured, true).theirs.expect("a trouble");
        assert_eq!(trouble.name(), "too-large");
        assert_eq!(
            trouble.words_of_theirs("bob").plain(),
            "bob's picture can't be shown: it is 4096x2304, and no more than 1920x1080 can be \
             shown. They can choose a smaller picture."
        );
        assert_eq!(
            VideoTrouble::Refused.words_of_ours("bob").plain(),
            "bob can't see you: their program refused video."
        );
    }
}
