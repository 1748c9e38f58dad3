//! The little of SDP (RFC 8866, RFC 8829) that is read or changed outside the library.
//!
//! Text goes in, text or facts come out. Nothing here fails on what it does not understand: it is
//! passed on as it is.

use std::collections::HashSet;

use crate::formats::MediaKind;
use crate::formats::{self, FEC_NAME, OPUS_PAYLOAD_TYPE};
use visavis_media::h264_level::H264Level;

/// The longest description that is taken, in bytes.
pub(crate) const MAX_SDP_BYTES: usize = 64 * 1024;
/// The most media sections that are taken.
const MAX_MEDIA_SECTIONS: usize = 64;

/// `profile_idc` of the baseline profile.
const BASELINE: u8 = 0x42;

/// SSRCs from here on are placeholders for streams whose description names none.
const PLACEHOLDER_SSRC: usize = 0x7eaf_0000;

/// Why a description from the other is refused before the library sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than any real one.
    #[error("it is too long")]
    TooLong,
    /// It does not begin as SDP does.
    #[error("it is not SDP")]
    NotSdp,
    /// Nothing could be sent either way.
    #[error("it offers no media")]
    NoMedia,
    /// More than any real one.
    #[error("it has too many media sections")]
    TooManyMedia,
}

/// The media section whose transport everything else is bundled on (RFC 9143): its `mid` and its
/// index. Candidates belong to it.
pub(crate) fn bundle_section(sdp: &str) -> Option<(String, u16)> {
    let bundled = sdp
        .lines()
        .find_map(|line| line.strip_prefix("a=group:BUNDLE ")?.split_whitespace().next());
    let mut mids = media_sections(sdp)
        .zip(0u16..)
        .filter_map(|(section, index)| Some((mid_of(section)?, index)));
    let (mid, index) = match bundled {
        Some(wanted) => mids.find(|(mid, _)| *mid == wanted),
        None => mids.next(),
    }?;
    Some((mid.to_owned(), index))
}

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

/// The payload type of FEC, by the formats that a description lists.
pub(crate) fn fec_payload_type(sdp: &str) -> Option<u8> {
    let (format, _) = codec_names(sdp).find(|(_, name)| name.eq_ignore_ascii_case(FEC_NAME))?;
    format.parse().ok()
}

/// Whether a description has sections of a kind, but none with a format that we know.
pub(crate) fn lacks_format(sdp: &str, kind: MediaKind) -> bool {
    let name = match kind {
        MediaKind::Audio => "m=audio ",
        MediaKind::Video => "m=video ",
    };
    let mut sections = media_sections(sdp).filter(|section| section.starts_with(name)).peekable();
    sections.peek().is_some()
        && !sections.any(|section| payload_types(section).iter().any(|(_, known)| *known == kind))
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

/// Up to which level the other takes H.264 in packetization mode 1 and of the baseline profile (RFC
/// 6184 §8.1; where nothing is said, that is 1.0). `None` without such a format.
pub(crate) fn h264_level(sdp: &str) -> Option<H264Level> {
    let levels = of_formats(sdp, "a=fmtp:").filter_map(|(_, parameters)| {
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
        if (high, profile) == (0, BASELINE) { H264Level::from_idc(level) } else { None }
    });
    levels.max()
}

/// Checks a description from the other and changes what the library would misread or refuse:
/// - H.264 formats that aren't packetization-mode 1: it would match them with ours, and then
///   neither end could read the other's packets;
/// - redundant audio of anything but Opus as we number it, which it would answer as if it were;
/// - sections that name no SSRC, as they need not (RFC 8829 §5.2.1): it would refuse the whole
///   description. They get one that nothing will be sent with; what comes is told apart by its
///   payload type.
///
/// # Errors
/// When it can't be a description at all.
pub(crate) fn prepare_remote(sdp: &str) -> Result<String, SdpError> {
    if sdp.len() > MAX_SDP_BYTES {
        return Err(SdpError::TooLong);
    }
    if !sdp.starts_with("v=0") {
        return Err(SdpError::NotSdp);
    }
    match media_sections(sdp).count() {
        0 => return Err(SdpError::NoMedia),
        count if count > MAX_MEDIA_SECTIONS => return Err(SdpError::TooManyMedia),
        _ => {}
    }
    let session_end = sdp.find("\nm=").map_or(sdp.len(), |at| at + 1);
    let (session, _) = sdp.split_at(session_end);
    let mut prepared = String::with_capacity(sdp.len());
    prepared.push_str(session);
    for (index, section) in media_sections(sdp).enumerate() {
        if section.starts_with("m=video ") {
            prepared.push_str(&without_other_packetization_modes(section));
        } else if section.starts_with("m=audio ") {
            prepared.push_str(&without_other_redundancy(section));
        } else {
            prepared.push_str(section);
        }
        if !section.starts_with("m=application ")
            && !section.contains("a=ssrc:")
            && !section.contains("a=rid:")
        {
            if !prepared.ends_with('\n') {
                prepared.push_str("\r\n");
            }
            prepared.push_str(&format!("a=ssrc:{} cname:-\r\n", PLACEHOLDER_SSRC + index));
        }
    }
    Ok(prepared)
}

fn without_other_packetization_modes(section: &str) -> String {
    let is_mode_1 = |wanted: &str| {
        of_formats(section, "a=fmtp:").any(|(format, parameters)| {
            let parameters = parameters.to_ascii_lowercase();
            format == wanted
                && parameters.split(';').any(|parameter| parameter.trim() == "packetization-mode=1")
        })
    };
    let refused = codec_names(section)
        .filter(|(format, name)| name.eq_ignore_ascii_case("h264") && !is_mode_1(format))
        .map(|(format, _)| format)
        .collect();
    without_formats(section, &refused, "x-refused/90000")
}

fn without_other_redundancy(section: &str) -> String {
    let refused = redundant_formats(section)
        .filter(|(_, usable)| !usable)
        .map(|(format, _)| format)
        .collect();
    without_formats(section, &refused, "x-refused/48000")
}

fn without_formats(section: &str, refused: &HashSet<&str>, unknown: &str) -> String {
    if refused.is_empty() {
        return section.to_owned();
    }
    let lines = section.lines().filter_map(|line| {
        let about = |attribute: &str| line.strip_prefix(attribute)?.split(' ').next();
        let is_refused =
            |attribute| about(attribute).is_some_and(|format| refused.contains(format));
        if is_refused("a=fmtp:") || is_refused("a=rtcp-fb:") {
            return None;
        }
        // The format keeps its place, since a section needs one, but goes by a name that nobody
        // knows.
        Some(match about("a=rtpmap:") {
            Some(format) if refused.contains(format) => format!("a=rtpmap:{format} {unknown}"),
            _ => line.to_owned(),
        })
    });
    lines.flat_map(|line| [line, "\r\n".to_owned()]).collect()
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
    fn candidates_belong_to_the_first_bundled_section() {
        assert_eq!(bundle_section(OFFER), Some(("v".to_owned(), 1)));
        let unbundled = OFFER.replace("a=group:BUNDLE v a\r\n", "");
        assert_eq!(bundle_section(&unbundled), Some(("a".to_owned(), 0)));
        assert_eq!(bundle_section("v=0\r\n"), None);
    }

    #[test]
    fn only_packetization_mode_1_is_left_of_h264() {
        let prepared = prepare_remote(OFFER).expect("an offer");
        assert!(prepared.contains("m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\n"), "{prepared}");
        assert!(
            !prepared.contains("packetization-mode=0") && !prepared.contains(":96 H264"),
            "{prepared}"
        );
        assert!(prepared.contains("a=fmtp:97 ") && prepared.contains("a=rtpmap:98 VP8/90000"));
        assert!(prepared.starts_with(&OFFER[..OFFER.find("m=video").expect("video")]));
        assert!(!lacks_format(&prepared, MediaKind::Video));
        let mode_0 = prepare_remote(&OFFER.replace("packetization-mode=1", "packetization-mode=0"))
            .expect("an offer");
        assert!(
            lacks_format(&mode_0, MediaKind::Video) && !lacks_format(&mode_0, MediaKind::Audio)
        );
        assert!(!lacks_format("v=0\r\n", MediaKind::Video));
    }

    #[test]
    fn a_section_that_names_no_ssrc_is_given_one() {
        let prepared =
            prepare_remote(&OFFER.replace("a=ssrc:7 cname:x\r\n", "")).expect("an offer");
        let ssrcs: Vec<&str> =
            prepared.lines().filter(|line| line.starts_with("a=ssrc:")).collect();
        assert_eq!(ssrcs.len(), 2, "{prepared}");
        assert_ne!(ssrcs[0], ssrcs[1]);
        assert_eq!(prepare_remote(OFFER).expect("an offer").matches("a=ssrc:").count(), 2);
    }

    #[test]
    fn payload_types_tell_audio_from_video() {
        assert_eq!(
            payload_types(OFFER),
            [(111, MediaKind::Audio), (96, MediaKind::Video), (97, MediaKind::Video)]
        );
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
        assert_eq!(prepare_remote(&chromium).as_deref().map(redundant_audio), Ok(Some(63)));
        assert_eq!(redundant_audio(OFFER), None);
        for other in [
            "a=rtpmap:63 red/48000/2\r\na=fmtp:63 109/109",
            "a=rtpmap:63 red/48000/2",
            "a=rtpmap:63 red/8000\r\na=fmtp:63 0/5",
        ] {
            assert_eq!(redundant_audio(&with(other)), None, "{other}");
        }
        let foreign = with("a=rtpmap:63 red/48000/2\r\na=fmtp:63 109/109");
        let prepared = prepare_remote(&foreign).expect("an offer");
        assert!(
            prepared.contains("a=rtpmap:63 x-refused/48000") && !prepared.contains("109/109"),
            "{prepared}"
        );
        assert!(prepared.contains("a=rtpmap:111 opus/48000/2"));
    }

    #[test]
    fn the_level_is_that_of_the_format_that_we_send() {
        let idc = |sdp: &str| h264_level(sdp).map(H264Level::idc);
        assert_eq!(idc(OFFER), Some(31));
        assert_eq!(idc(&OFFER.replace("42e01f; pack", "42E034; pack")), Some(52));
        assert_eq!(idc(&OFFER.replace("profile-level-id=42e01f; pack", "pack")), Some(10));
        for other in ["640032; pack", "4200; pack", "; pack", "no hex; pack", "ffffffffffff; pack"]
        {
            assert_eq!(idc(&OFFER.replace("42e01f; pack", other)), None, "{other}");
        }
        assert_eq!(idc(&OFFER.replace("mode=1", "mode=0")), None);
    }

    #[test]
    fn what_is_no_description_is_refused() {
        assert_eq!(prepare_remote("hello"), Err(SdpError::NotSdp));
        assert_eq!(prepare_remote(""), Err(SdpError::NotSdp));
        assert_eq!(prepare_remote("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"), Err(SdpError::NoMedia));
        assert_eq!(prepare_remote(&"v=0".repeat(MAX_SDP_BYTES)), Err(SdpError::TooLong));
        assert_eq!(
            prepare_remote(&format!("v=0\r\n{}", "m=audio 9 X 0\r\n".repeat(65))),
            Err(SdpError::TooManyMedia)
        );
    }
}
