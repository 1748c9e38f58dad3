//! The formats of media: which codecs there are, their payload types and names, and how the
//! library is told of them.
//!
//! Constants and pure functions. Nothing but what we can send and read is listed: with the
//! library's defaults a browser would choose VP8, and with RTX a lost packet would be requested
//! without end. (RFC 7587 for Opus, RFC 6184 for H.264, RFC 2198 for RED.)

use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind,
};
use visavis_media::h264_level::H264Level;

/// What a stream or a section carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaKind {
    Audio,
    Video,
}

impl MediaKind {
    /// Ticks of its RTP clock a second.
    pub(crate) const fn clock_rate(self) -> u32 {
        match self {
            Self::Audio => 48_000,
            Self::Video => 90_000,
        }
    }
}

pub(crate) const OPUS_PAYLOAD_TYPE: u8 = 111;
const RED_PAYLOAD_TYPE: u8 = 63;
const H264_PAYLOAD_TYPE: u8 = 102;
const H264_MAIN_PAYLOAD_TYPE: u8 = 103;

/// Constrained baseline, and the main profile without constraints, as they stand in a
/// `profile-level-id` (RFC 6184 table 5).
pub(crate) const CONSTRAINED_BASELINE: &str = "42e0";
pub(crate) const MAIN_PROFILE: &str = "4d00";
const FEC_PAYLOAD_TYPE: u8 = 118;

/// The name of FEC in a description (docs/protocol.md).
pub(crate) const FEC_NAME: &str = "x-visavis-fec";

/// The kind of media that a codec's name in a description stands for.
pub(crate) fn kind_of(codec_name: &str) -> Option<MediaKind> {
    match codec_name.to_ascii_lowercase().as_str() {
        "opus" | "red" => Some(MediaKind::Audio),
        "h264" => Some(MediaKind::Video),
        _ => None,
    }
}

/// What the library calls a kind.
pub(crate) fn codec_kind(kind: MediaKind) -> RtpCodecKind {
    match kind {
        MediaKind::Audio => RtpCodecKind::Audio,
        MediaKind::Video => RtpCodecKind::Video,
    }
}

/// What we send of a kind: Opus, or H.264 of constrained baseline in packetization mode 1.
pub(crate) fn codec(kind: MediaKind) -> RTCRtpCodecParameters {
    match kind {
        MediaKind::Audio => parameters(
            OPUS_PAYLOAD_TYPE,
            MIME_TYPE_OPUS,
            "minptime=10;useinbandfec=1",
            &[("transport-cc", "")],
        ),
        MediaKind::Video => h264(H264_PAYLOAD_TYPE, CONSTRAINED_BASELINE),
    }
}

/// H.264 of the main profile (ADR 50), for whoever takes it beside constrained baseline.
pub(crate) fn main_profile_codec() -> RTCRtpCodecParameters {
    h264(H264_MAIN_PAYLOAD_TYPE, MAIN_PROFILE)
}

/// H.264 by a profile and its constraints (RFC 6184 §8.1). The level is the one that we take; what
/// we send keeps to the other's.
fn h264(payload_type: u8, profile: &str) -> RTCRtpCodecParameters {
    let level = H264Level::OURS.idc();
    parameters(
        payload_type,
        MIME_TYPE_H264,
        &format!(
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}{level:02x}"
        ),
        &[("nack", ""), ("nack", "pli"), ("ccm", "fir"), ("goog-remb", ""), ("transport-cc", "")],
    )
}

/// Forward error correction of video (ADR 9): who does not know it leaves it out of the answer.
pub(crate) fn fec_codec() -> RTCRtpCodecParameters {
    parameters(FEC_PAYLOAD_TYPE, &format!("video/{FEC_NAME}"), "", &[("transport-cc", "")])
}

/// Redundant audio: Opus with redundant Opus (RFC 2198 §5). The library has no name for it.
pub(crate) fn redundant_codec() -> RTCRtpCodecParameters {
    let carried = format!("{OPUS_PAYLOAD_TYPE}/{OPUS_PAYLOAD_TYPE}");
    parameters(RED_PAYLOAD_TYPE, "audio/red", &carried, &[])
}

fn parameters(
    payload_type: u8,
    mime_type: &str,
    fmtp: &str,
    feedback: &[(&str, &str)],
) -> RTCRtpCodecParameters {
    let (clock_rate, channels) =
        if mime_type.starts_with("audio/") { (48_000, 2) } else { (90_000, 0) };
    let feedback = feedback.iter().map(|(typ, parameter)| RTCPFeedback {
        typ: (*typ).to_owned(),
        parameter: (*parameter).to_owned(),
    });
    let rtp_codec = RTCRtpCodec {
        mime_type: mime_type.to_owned(),
        clock_rate,
        channels,
        sdp_fmtp_line: fmtp.to_owned(),
        rtcp_feedback: feedback.collect(),
    };
    RTCRtpCodecParameters { rtp_codec, payload_type }
}
