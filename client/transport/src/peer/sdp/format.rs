//! The formats of a media section that we know (RFC 8866 §6.6, §6.15; RFC 4585 §4.2).
//!
//! In: a section. Out: at most one format of each codec, with its parameters without blanks, in the
//! order of the section. Formats without a description, and those of other codecs, are left out
//! one by one. Pure.

use std::collections::HashSet;

use super::text::Section;
use crate::formats::{CONSTRAINED_BASELINE, FEC_NAME, MAIN_PROFILE, MediaKind, OPUS_PAYLOAD_TYPE};

/// The highest payload type (RFC 3550 §5.1).
const MAX_PAYLOAD_TYPE: u8 = 127;
/// The `profile-level-id` of a format that states none (RFC 6184 §8.1).
const DEFAULT_PROFILE: &str = "42000a";
/// `profile_idc` of the profiles whose decoders take constrained baseline too: baseline, main,
/// extended, high (H.264 annex A.2).
pub(super) const PROFILES: [u8; 4] = [0x42, 0x4d, 0x58, 0x64];

/// What a format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Opus,
    /// Redundant audio that carries Opus as we number it.
    Red,
    /// In packetization mode 1, of a profile whose decoders take constrained baseline, which is
    /// what we send in it.
    H264,
    /// The same, of the main profile, where the section has another of these.
    H264Main,
    Fec,
}

impl Codec {
    /// Whether it carries media by itself.
    pub(super) fn is_main(self) -> bool {
        matches!(self, Self::Opus | Self::H264)
    }

    /// As it stands in an `a=rtpmap` line.
    pub(super) fn encoding(self) -> String {
        match self {
            Self::Opus => "opus/48000/2".to_owned(),
            Self::Red => "red/48000/2".to_owned(),
            Self::H264 | Self::H264Main => "H264/90000".to_owned(),
            Self::Fec => format!("{FEC_NAME}/90000"),
        }
    }
}

/// A format that we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    /// Parameters, as `name=value` without blanks and separated by semicolons; may be empty.
    pub(super) parameters: String,
    /// What RTCP may ask for, by type and parameter.
    pub(super) feedback: Vec<String>,
}

/// The formats of a section that we know.
pub(super) fn known(section: &Section, kind: MediaKind) -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    let mut seen = HashSet::new();
    for format in &section.formats {
        let number = format.parse().ok().filter(|number| *number <= MAX_PAYLOAD_TYPE);
        let Some(number) = number.filter(|number| seen.insert(*number)) else { continue };
        let Some(found) = read(section, kind, format, number) else { continue };
        match formats.iter().position(|known| known.codec == found.codec) {
            // Of several profiles that is taken which is nearest to what we send.
            Some(at) if profile_rank(&formats[at]) > profile_rank(&found) => {
                formats.remove(at);
                formats.push(found);
            }
            Some(_) => {}
            None => formats.push(found),
        }
    }
    // Constrained baseline is what everybody sends first, so it has a format of its own, or else
    // that of the main profile.
    if formats.iter().all(|format| format.codec != Codec::H264)
        && let Some(main) = formats.iter_mut().find(|format| format.codec == Codec::H264Main)
    {
        main.codec = Codec::H264;
    }
    let carries_ours =
        |format: &Format| format.codec == Codec::Opus && format.payload_type == OPUS_PAYLOAD_TYPE;
    if !formats.iter().any(carries_ours) {
        formats.retain(|format| format.codec != Codec::Red);
    }
    formats
}

fn read(section: &Section, kind: MediaKind, format: &str, number: u8) -> Option<Format> {
    let encoding = of_format(section, "rtpmap", format).next()?;
    let parameters = parameters(section, format);
    let codec = match (kind, encoding.to_ascii_lowercase().as_str()) {
        (MediaKind::Audio, "opus/48000/2" | "opus/48000") => Codec::Opus,
        (MediaKind::Audio, "red/48000/2") if carries_opus(&parameters) => Codec::Red,
        (MediaKind::Video, "h264/90000")
            if parameter(&parameters, "packetization-mode") == Some("1") =>
        {
            if profile_of(&parameters) == MAIN_PROFILE { Codec::H264Main } else { Codec::H264 }
        }
        (MediaKind::Video, name) if name == Codec::Fec.encoding() => Codec::Fec,
        _ => return None,
    };
    let feedback = section.attributes.all("rtcp-fb").filter_map(|value| {
        let (of, what) = value.split_once(char::is_whitespace)?;
        (of == format || of == "*").then(|| joined(what.split_whitespace(), " "))
    });
    Some(Format { codec, payload_type: number, parameters, feedback: feedback.collect() })
}

/// What the lines of an attribute state of a format.
pub(super) fn of_format<'a>(
    section: &'a Section,
    attribute: &'a str,
    format: &'a str,
) -> impl Iterator<Item = &'a str> {
    section.attributes.all(attribute).filter_map(move |value| {
        let (of, what) = value.split_once(char::is_whitespace)?;
        (of == format).then_some(what.trim())
    })
}

/// The parameters of a format; one that has blanks inside is left out.
fn parameters(section: &Section, format: &str) -> String {
    let all = of_format(section, "fmtp", format).flat_map(|line| line.split(';'));
    let each = all.filter_map(|parameter| {
        let parameter = match parameter.split_once('=') {
            Some((name, value)) => format!("{}={}", name.trim(), value.trim()),
            None => parameter.trim().to_owned(),
        };
        (!parameter.is_empty() && !parameter.contains(char::is_whitespace)).then_some(parameter)
    });
    let each: Vec<String> = each.collect();
    each.join(";")
}

/// The value of a parameter, among those of a format.
pub(super) fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let mut all = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    all.find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn carries_opus(parameters: &str) -> bool {
    !parameters.is_empty()
        && parameters.split('/').all(|carried| carried.parse() == Ok(OPUS_PAYLOAD_TYPE))
}

/// The profile of H.264 and its constraints, in small letters.
fn profile_of(parameters: &str) -> String {
    let id = parameter(parameters, "profile-level-id").unwrap_or(DEFAULT_PROFILE);
    id.get(..4).unwrap_or_default().to_ascii_lowercase()
}

/// How far a profile of H.264 is from constrained baseline, which is what we send.
fn profile_rank(format: &Format) -> u8 {
    match profile_of(&format.parameters).as_str() {
        CONSTRAINED_BASELINE => 0,
        id if id.starts_with("42") => 1,
        id if id.starts_with("4d") => 2,
        _ => 3,
    }
}

impl Format {
    /// Its parameters with the profile as we name it, so that it is taken for ours. One that we
    /// don't know stays as it is.
    pub(super) fn as_ours(&self) -> String {
        let profile = match self.codec {
            Codec::H264 => CONSTRAINED_BASELINE,
            Codec::H264Main => MAIN_PROFILE,
            Codec::Opus | Codec::Red | Codec::Fec => return self.parameters.clone(),
        };
        let named = profile_of(&self.parameters);
        let idc = named.get(..2).and_then(|idc| u8::from_str_radix(idc, 16).ok());
        if !idc.is_some_and(|idc| PROFILES.contains(&idc)) {
            return self.parameters.clone();
        }
        let theirs = parameter(&self.parameters, "profile-level-id");
        let level = theirs.unwrap_or(DEFAULT_PROFILE).get(4..).unwrap_or_default();
        let is_profile = |one: &&str| one.split('=').next().is_some_and(is_profile_name);
        let others = self.parameters.split(';').filter(|one| !one.is_empty() && !is_profile(one));
        let ours = format!("profile-level-id={profile}{level}");
        joined(others.chain([ours.as_str()]), ";")
    }
}

fn is_profile_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("profile-level-id")
}

fn joined<'a>(words: impl Iterator<Item = &'a str>, between: &str) -> String {
    words.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;

    fn formats(kind: MediaKind, lines: &str) -> Vec<Format> {
        let text = Text::read(&format!("v=0\n{lines}")).expect("sdp");
        known(&text.sections[0], kind)
    }

    #[test]
    fn only_described_formats_of_known_codecs_are_left() {
        let audio = formats(
            MediaKind::Audio,
            "m=audio 9 P 0 8 18 96 300 x 97 98 98\na=rtpmap:97 speex/16000\na=fmtp:18 annexb=yes\n\
             a=rtpmap:98 OPUS/48000/2\na=fmtp:98 useinbandfec = 1; stereo=1 ;\na=rtcp-fb:* nack  pli\n",
        );
        assert_eq!(audio.len(), 1, "{audio:?}");
        assert_eq!((audio[0].codec, audio[0].payload_type), (Codec::Opus, 98));
        assert_eq!(audio[0].parameters, "useinbandfec=1;stereo=1");
        assert_eq!(audio[0].feedback, ["nack pli"]);
    }

    #[test]
    fn of_h264_only_packetization_mode_1_is_left_and_the_profile_nearest_to_ours() {
        let video = |lines: &str| {
            let formats = formats(MediaKind::Video, lines);
            formats.iter().map(|format| format.payload_type).collect::<Vec<_>>()
        };
        let with = |first: &str, second: &str| {
            format!(
                "m=video 9 P 96 97 98\na=rtpmap:96 H264/90000\na=rtpmap:97 H264/90000\n\
                 a=rtpmap:98 VP8/90000\na=fmtp:96 {first}\na=fmtp:97 {second}\n"
            )
        };
        let (baseline, high) = ("profile-level-id=42E01F", "profile-level-id=640c1f");
        let (mode_0, mode_1) = ("packetization-mode=0", "packetization-mode=1");
        assert_eq!(video(&with(baseline, &format!("{baseline}; {mode_1}"))), [97]);
        assert_eq!(
            video(&with(&format!("{high};{mode_1}"), &format!("{mode_1};{baseline}"))),
            [97]
        );
        assert_eq!(video(&with(&format!("{high};{mode_1}"), mode_0)), [96]);
        assert_eq!(video(&with(mode_0, mode_0)), Vec::<u8>::new());
        // The main profile goes along with another, or stands for it.
        let main = format!("profile-level-id=4D001F;{mode_1}");
        assert_eq!(video(&with(&main, &format!("{baseline};{mode_1}"))), [96, 97]);
        assert_eq!(video(&with(&main, &main)), [96]);
        assert_eq!(video(&with(&main, mode_0)), [96]);
    }

    #[test]
    fn a_profile_is_named_as_ours_and_keeps_its_level() {
        for (theirs, ours) in [
            (
                "profile-level-id=42801F;packetization-mode=1",
                "packetization-mode=1;profile-level-id=42e01F",
            ),
            (
                "Profile-Level-Id=640c34;packetization-mode=1;x",
                "packetization-mode=1;x;profile-level-id=42e034",
            ),
            ("packetization-mode=1", "packetization-mode=1;profile-level-id=42e00a"),
            (
                "packetization-mode=1;profile-level-id=4d",
                "packetization-mode=1;profile-level-id=4d",
            ),
            (
                "packetization-mode=1;profile-level-id=ff0032",
                "packetization-mode=1;profile-level-id=ff0032",
            ),
        ] {
            let lines = format!("m=video 9 P 96\na=rtpmap:96 H264/90000\na=fmtp:96 {theirs}\n");
            assert_eq!(formats(MediaKind::Video, &lines)[0].as_ours(), ours);
        }
    }

    #[test]
    fn redundant_audio_is_left_where_it_carries_opus_as_we_number_it() {
        let both = |opus: &str, red: &str| {
            let lines = format!(
                "m=audio 9 P {opus} 63\na=rtpmap:{opus} opus/48000/2\na=rtpmap:63 red/48000/2\n{red}"
            );
            formats(MediaKind::Audio, &lines).len()
        };
        assert_eq!(both("111", "a=fmtp:63 111/111\n"), 2);
        assert_eq!(both("109", "a=fmtp:63 109/109\n"), 1);
        assert_eq!(both("109", "a=fmtp:63 111/111\n"), 1);
        assert_eq!(both("111", ""), 1);
    }
}
