//! Facts that are read from descriptions as the library has them: ours, and the other's as it was
//! given them.
//!
//! Text goes in, facts come out. Nothing here fails on what it does not understand. Pure.

use std::collections::HashSet;

use rtc::sdp::extmap::SDES_MID_URI;

use super::format::PROFILES;
use crate::formats::{self, FEC_NAME, MAIN_PROFILE, MediaKind, OPUS_PAYLOAD_TYPE};
use visavis_media::h264_level::H264Level;

fn mid_of(section: &str) -> Option<&str> {
    section.lines().find_map(|line| line.strip_prefix("a=mid:")).map(str::trim)
}

/// The user fragment and the password of ICE (RFC 8839 §5.4): others restart ICE.
pub(crate) fn ice_credentials(sdp: &str) -> Option<(&str, &str)> {
    let value = |attribute| {
        let value = sdp.lines().find_map(|line| line.strip_prefix(attribute))?.trim();
        (!value.is_empty()).then_some(value)
    };
    Some((value("a=ice-ufrag:")?, value("a=ice-pwd:")?))
}

/// Whether all sections of an answer are sections of this offer (RFC 8829 §5.3.1).
pub(crate) fn is_answer_to(offer: &str, answer: &str) -> bool {
    let offered: HashSet<&str> = media_sections(offer).filter_map(mid_of).collect();
    media_sections(answer).all(|section| mid_of(section).is_some_and(|mid| offered.contains(mid)))
}

/// The media sections, each beginning with its `m=` line.
fn media_sections(sdp: &str) -> impl Iterator<Item = &str> {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    starts.push(sdp.len());
    let ends = starts.clone();
    starts
        .into_iter()
        .zip(ends.into_iter().skip(1))
        .filter_map(move |(start, end)| sdp.get(start..end))
}

/// The lines of an attribute that belongs to a format, each as the format and what is said of it.
fn of_formats<'a>(sdp: &'a str, attribute: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    sdp.lines().filter_map(move |line| line.strip_prefix(attribute)?.split_once(' '))
}

/// The formats with the names of their codecs.
fn codec_names(sdp: &str) -> impl Iterator<Item = (&str, &str)> {
    of_formats(sdp, "a=rtpmap:")
        .filter_map(|(format, codec)| Some((format, codec.split('/').next()?)))
}

/// Which payload types carry what we know, by the formats that a description of ours lists.
pub(crate) fn payload_types(sdp: &str) -> Vec<(u8, MediaKind)> {
    codec_names(sdp)
        .filter_map(|(format, name)| Some((format.parse().ok()?, formats::kind_of(name)?)))
        .collect()
}

/// The header extension that names a packet's section, with the names and what they carry (RFC 9143
/// §15), where the payload types of a description of ours don't tell audio from video.
pub(crate) fn named_sections(sdp: &str) -> Vec<(u8, String, MediaKind)> {
    let types = payload_types(sdp);
    let is_shared = |(number, kind): &(u8, MediaKind)| types.contains(&(*number, other(*kind)));
    if !types.iter().any(is_shared) {
        return Vec::new();
    }
    let named = media_sections(sdp).filter_map(|section| {
        let (_, kind) = *payload_types(section).first()?;
        let mut extensions = of_formats(section, "a=extmap:");
        let (id, _) = extensions.find(|(_, uri)| uri.trim() == SDES_MID_URI)?;
        Some((id.parse().ok()?, mid_of(section)?.to_owned(), kind))
    });
    named.collect()
}

fn other(kind: MediaKind) -> MediaKind {
    match kind {
        MediaKind::Audio => MediaKind::Video,
        MediaKind::Video => MediaKind::Audio,
    }
}

/// The payload type of FEC, by the formats that a description lists.
pub(crate) fn fec_payload_type(sdp: &str) -> Option<u8> {
    let (format, _) = codec_names(sdp).find(|(_, name)| name.eq_ignore_ascii_case(FEC_NAME))?;
    format.parse().ok()
}

/// The payload type of H.264 of the main profile in packetization mode 1, by a description in which
/// each profile is named as we do.
pub(crate) fn main_profile_payload_type(sdp: &str) -> Option<u8> {
    let main = |parameters: &str| {
        let has = |wanted: &str| parameters.split(';').any(|one| one.trim().starts_with(wanted));
        has(&format!("profile-level-id={MAIN_PROFILE}")) && has("packetization-mode=1")
    };
    of_formats(sdp, "a=fmtp:").find(|(_, parameters)| main(parameters))?.0.parse().ok()
}

/// The payload type of redundant audio (RED, RFC 2198 §5) that carries Opus as we number it, in a
/// description's audio.
pub(crate) fn redundant_audio(sdp: &str) -> Option<u8> {
    let mut sections = media_sections(sdp).filter(|section| section.starts_with("m=audio "));
    sections
        .find_map(|section| redundant_formats(section).find(|(_, usable)| *usable)?.0.parse().ok())
}

/// The formats of a section that are redundant, and whether all they carry is Opus as we number it.
fn redundant_formats(section: &str) -> impl Iterator<Item = (&str, bool)> {
    let redundant = of_formats(section, "a=rtpmap:")
        .filter(|(_, codec)| codec.trim().eq_ignore_ascii_case("red/48000/2"));
    redundant.map(move |(format, _)| {
        let carried = of_formats(section, "a=fmtp:").find(|(of, _)| *of == format);
        let opus =
            |carried: &str| carried.split('/').all(|one| one.parse() == Ok(OPUS_PAYLOAD_TYPE));
        (format, carried.is_some_and(|(_, carried)| opus(carried.trim())))
    })
}

/// Up to which level the other takes H.264 in packetization mode 1 and of a profile that can decode
/// what we send, and beyond it where `max-mbps` and `max-fs` say so (RFC 6184 §8.1; where nothing
/// is said, that is 1.0). Where there is one of the main profile, that is what we send. `None`
/// without such a format.
pub(crate) fn h264_level(sdp: &str) -> Option<H264Level> {
    let main = main_profile_payload_type(sdp);
    let sent = |format: &str| main.is_none() || format.parse().ok() == main;
    let levels = of_formats(sdp, "a=fmtp:").filter_map(|(format, parameters)| {
        if !sent(format) {
            return None;
        }
        let value = |name: &str| {
            let mut all =
                parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
            all.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        if value("packetization-mode") != Some("1") {
            return None;
        }
        let id = u32::from_str_radix(value("profile-level-id").unwrap_or("42000a"), 16).ok()?;
        let [high, profile, _, level] = id.to_be_bytes();
        let can_be_decoded = high == 0 && PROFILES.contains(&profile);
        let number = |name: &str| value(name).and_then(|value| value.parse().ok());
        let level = H264Level::from_idc(level).filter(|_| can_be_decoded)?;
        Some(level.with_at_least(number("max-mbps"), number("max-fs")))
    });
    levels.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE v a\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=rtpmap:111 opus/48000/2\r\na=ssrc:7 cname:x\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\na=mid:v\r\na=rtpmap:96 H264/90000\r\n\
        a=fmtp:96 profile-level-id=42e01f;packetization-mode=0\r\na=rtcp-fb:96 nack\r\n\
        a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42e01f; packetization-mode=1\r\n\
        a=rtpmap:98 VP8/90000\r\n";

    #[test]
    fn payload_types_tell_audio_from_video() {
        assert_eq!(
            payload_types(OFFER),
            [(111, MediaKind::Audio), (96, MediaKind::Video), (97, MediaKind::Video)]
        );
    }

    #[test]
    fn sections_are_told_apart_by_name_where_payload_types_dont() {
        let mid = "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=mid:";
        let named = OFFER.replace("a=mid:", mid);
        assert_eq!(named_sections(&named), []);
        let (audio, video) = (MediaKind::Audio, MediaKind::Video);
        assert_eq!(
            named_sections(&named.replace("111", "96")),
            [(3, "a".to_owned(), audio), (3, "v".to_owned(), video)]
        );
        assert_eq!(named_sections(&OFFER.replace("111", "96")), []);
    }

    #[test]
    fn fec_has_a_payload_type_where_it_is_listed() {
        assert_eq!(fec_payload_type(OFFER), None);
        let with = format!("{OFFER}a=rtpmap:118 x-visavis-fec/90000\r\n");
        assert_eq!(fec_payload_type(&with), Some(118));
        assert_eq!(payload_types(&with), payload_types(OFFER));
        assert_eq!(fec_payload_type(&OFFER.replace("VP8", "X-Visavis-FEC")), Some(98));
    }

    #[test]
    fn redundant_audio_is_taken_where_it_carries_opus_as_we_number_it() {
        let with = |lines: &str| {
            OFFER.replace("a=ssrc:7 cname:x", &format!("{lines}\r\na=ssrc:7 cname:x"))
        };
        let chromium = with("a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111");
        assert_eq!(redundant_audio(&chromium), Some(63));
        assert_eq!(redundant_audio(OFFER), None);
        for other in [
            "a=rtpmap:63 red/48000/2\r\na=fmtp:63 109/109",
            "a=rtpmap:63 red/48000/2",
            "a=rtpmap:63 red/8000\r\na=fmtp:63 0/5",
        ] {
            assert_eq!(redundant_audio(&with(other)), None, "{other}");
        }
    }

    #[test]
    fn the_level_is_that_of_the_format_that_we_send() {
        let idc = |sdp: &str| h264_level(sdp).map(H264Level::idc);
        assert_eq!(idc(OFFER), Some(31));
        assert_eq!(idc(&OFFER.replace("42e01f; pack", "42E034; pack")), Some(52));
        assert_eq!(idc(&OFFER.replace("profile-level-id=42e01f; pack", "pack")), Some(10));
        assert_eq!(idc(&OFFER.replace("42e01f; pack", "640c1f; pack")), Some(31));
        for other in ["ff0032; pack", "4200; pack", "; pack", "no hex; pack", "ffffffffffff; pack"]
        {
            assert_eq!(idc(&OFFER.replace("42e01f; pack", other)), None, "{other}");
        }
        assert_eq!(idc(&OFFER.replace("mode=1", "mode=0")), None);
    }

    #[test]
    fn where_the_main_profile_is_taken_its_level_counts() {
        assert_eq!(main_profile_payload_type(OFFER), None);
        let main = "a=fmtp:98 profile-level-id=4d0028; packetization-mode=1\r\n";
        let both = format!("{OFFER}a=rtpmap:98 H264/90000\r\n{main}");
        assert_eq!(main_profile_payload_type(&both), Some(98));
        assert_eq!(h264_level(&both), Some(H264Level::OURS));
        let mode_0 = both.replace("4d0028; packetization-mode=1", "4d0028");
        assert_eq!(main_profile_payload_type(&mode_0), None);
        assert_eq!(h264_level(&mode_0), Some(H264Level::BASIC));
    }

    #[test]
    fn what_is_taken_beyond_the_level_counts() {
        let beyond = |more: &str| {
            h264_level(&OFFER.replace("42e01f; pack", &format!("42e01f;{more}; pack")))
        };
        assert_eq!(
            beyond("max-mbps=244800; max-fs=8160"),
            Some(H264Level::BASIC.with_at_least(Some(244_800), Some(8160)))
        );
        for none in ["max-fs=-1", "max-mbps=99999999999999999999;max-fs=x", "max-fs=3600"] {
            assert_eq!(beyond(none), Some(H264Level::BASIC), "{none}");
        }
    }
}
