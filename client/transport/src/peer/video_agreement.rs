//! What the other agreed to about video, read from its description.
//!
//! Text goes in (RFC 8866; RFC 3264 §6 for refused sections, RFC 6184 §8.2.2 for formats), an
//! agreement comes out. What always holds: whatever the text is, there is an answer. Pure.

use super::sdp::payload_types;
use crate::formats::MediaKind;

/// Whether video flows in a direction, by what the other described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoFlow {
    /// It may.
    Agreed,
    /// The other has no format in common with us.
    NoCommonFormat,
    /// The other refused it, and need not say why: a program without H.264 does, too.
    Refused,
    /// The other wants none in this direction.
    Unwanted,
}

/// What was agreed about video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoAgreement {
    /// Ours, towards the other.
    pub ours: VideoFlow,
    /// Theirs, towards us.
    pub theirs: VideoFlow,
}

impl VideoAgreement {
    const fn both(flow: VideoFlow) -> Self {
        Self { ours: flow, theirs: flow }
    }

    /// Reads the other's description; `has_format` says whether it lists one that we know, if it
    /// has video at all. Of several sections the one that agrees most counts.
    #[must_use]
    pub(crate) fn read(sdp: &str, has_format: bool) -> Self {
        let session = sdp.split("\nm=").next().unwrap_or_default();
        let sections = sdp.split("\nm=").skip(1).filter(|section| section.starts_with("video "));
        let agreed = sections.map(|section| of_section(section, direction(session), has_format));
        agreed.max_by_key(|agreement| agreement.worth()).unwrap_or(Self::both(VideoFlow::Unwanted))
    }

    /// The same, where video would have flowed both ways but for a section that can't be used.
    #[must_use]
    pub(crate) fn carried(self, wanted: bool) -> Self {
        if self.ours == VideoFlow::Agreed && !wanted {
            Self::both(VideoFlow::Refused)
        } else {
            self
        }
    }

    fn worth(self) -> u8 {
        let worth = |flow| match flow {
            VideoFlow::Agreed => 4,
            VideoFlow::NoCommonFormat => 2,
            VideoFlow::Unwanted => 1,
            VideoFlow::Refused => 0,
        };
        worth(self.ours) + worth(self.theirs)
    }
}

fn of_section(section: &str, default: Option<&str>, has_format: bool) -> VideoAgreement {
    let port = section.split_whitespace().nth(1).unwrap_or_default();
    let bundled = section.lines().any(|line| line.trim() == "a=bundle-only");
    if port.split('/').next() == Some("0") && !bundled {
        return VideoAgreement::both(VideoFlow::Refused);
    }
    if !has_format || !payload_types(section).iter().any(|(_, kind)| *kind == MediaKind::Video) {
        return VideoAgreement::both(VideoFlow::NoCommonFormat);
    }
    let flow = |wanted| if wanted { VideoFlow::Agreed } else { VideoFlow::Unwanted };
    let (sends, takes) = match direction(section).or(default) {
        Some("sendonly") => (true, false),
        Some("recvonly") => (false, true),
        Some("inactive") => (false, false),
        _ => (true, true),
    };
    VideoAgreement { ours: flow(takes), theirs: flow(sends) }
}

/// The direction that is said, if any is.
fn direction(part: &str) -> Option<&str> {
    let mut lines = part.lines().filter_map(|line| line.trim().strip_prefix("a="));
    lines.find(|value| matches!(*value, "sendrecv" | "sendonly" | "recvonly" | "inactive"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use VideoFlow::{Agreed, NoCommonFormat, Refused, Unwanted};

    const AUDIO: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=sendrecv\r\na=rtpmap:102 H264/90000\r\n\
        a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n";

    fn read(video: &str) -> (VideoFlow, VideoFlow) {
        let VideoAgreement { ours, theirs } =
            VideoAgreement::read(&format!("{AUDIO}{video}"), true);
        (ours, theirs)
    }

    #[test]
    fn a_section_with_h264_agrees_to_what_its_direction_says() {
        assert_eq!(read(VIDEO), (Agreed, Agreed));
        assert_eq!(read(&VIDEO.replace("a=sendrecv\r\n", "")), (Agreed, Agreed));
        assert_eq!(read(&VIDEO.replace("sendrecv", "sendonly")), (Unwanted, Agreed));
        assert_eq!(read(&VIDEO.replace("sendrecv", "recvonly")), (Agreed, Unwanted));
        assert_eq!(read(&VIDEO.replace("sendrecv", "inactive")), (Unwanted, Unwanted));
        let session = AUDIO.replace("t=0 0", "t=0 0\r\na=sendonly");
        let without = VIDEO.replace("a=sendrecv\r\n", "");
        let read = VideoAgreement::read(&format!("{session}{without}"), true);
        assert_eq!((read.ours, read.theirs), (Unwanted, Agreed));
    }

    #[test]
    fn a_refusal_is_told_from_other_formats_and_from_no_video() {
        assert_eq!(read(&VIDEO.replace("video 9", "video 0")), (Refused, Refused));
        let bundled =
            VIDEO.replace("video 9", "video 0").replace("a=send", "a=bundle-only\r\na=send");
        assert_eq!(read(&bundled), (Agreed, Agreed));
        let vp8 = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n";
        assert_eq!(read(vp8), (NoCommonFormat, NoCommonFormat));
        assert_eq!(read(""), (Unwanted, Unwanted));
        let mode_0 = VideoAgreement::read(&format!("{AUDIO}{VIDEO}"), false);
        assert_eq!(mode_0, VideoAgreement::both(NoCommonFormat));
        let agreed = VideoAgreement::both(Agreed);
        assert_eq!(
            (agreed.carried(true), agreed.carried(false)),
            (agreed, VideoAgreement::both(Refused))
        );
        assert_eq!(read(&format!("{vp8}{VIDEO}")), (Agreed, Agreed));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_text_is_there_is_an_answer(text in "[ -~\\n]{0,200}", video in "\\PC{0,100}") {
            let _ = VideoAgreement::read(&text, true);
            let _ = read(&format!("m=video {video}"));
        }
    }
}
