//! Which sections of the other's description are used, and over whose transport.
//!
//! In: a description, and which sections were used so far. Out: [`Selection`]. What always holds:
//! at most one section of a kind is used, because one stream of each is sent and shown; all that
//! are used share one transport, because the library has one. A section that is bundled has the
//! transport of the first of its group that is used (RFC 9143 §7.3), whatever it says itself; one
//! that is not bundled has its own, so it is used only if that is the same (RFC 8829 §5.3.1), and
//! kept without media if not. Pure.

use std::collections::HashSet;

use super::SdpError;
use super::direction::Direction;
use super::format::{self, Codec};
use super::text::{Section, Text};
use crate::formats::MediaKind;

/// What a section is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    Audio,
    Video,
    Data,
}

impl Use {
    pub(super) const ALL: [Self; 3] = [Self::Audio, Self::Video, Self::Data];

    pub(super) fn of(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Audio => Self::Audio,
            MediaKind::Video => Self::Video,
        }
    }

    pub(super) fn is_media(self) -> bool {
        self.kind().is_some()
    }

    pub(super) fn kind(self) -> Option<MediaKind> {
        match self {
            Self::Audio => Some(MediaKind::Audio),
            Self::Video => Some(MediaKind::Video),
            Self::Data => None,
        }
    }
}

/// Which of the two a description is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Offer,
    Answer,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection {
    /// For each section what it is used for.
    pub(super) uses: Vec<Option<Use>>,
    /// For each section whether it could be used, had it not a transport of its own: it is not
    /// rejected, but nothing is sent in it.
    pub(super) kept: Vec<bool>,
    /// ICE's user fragment and password of the transport.
    pub(super) credentials: (String, String),
    /// The section whose attributes are those of the transport.
    pub(super) tagged: usize,
    /// The group that its sections are bundled in, by their names.
    pub(super) group: Option<Vec<String>>,
    /// Kinds of media that were offered, but in no format that we know.
    pub(super) without_format: Vec<MediaKind>,
}

/// Why a section is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unusable {
    /// The other rejected it, or it is of a kind that we know nothing of.
    Rejected,
    /// No format in it is known.
    Format(MediaKind),
}

/// A transport that sections share.
pub(super) struct Transport {
    credentials: (String, String),
    /// The section whose attributes are those of the transport.
    pub(super) tagged: usize,
    group: Option<usize>,
    /// The sections that could be used, by their places.
    pub(super) sections: Vec<(usize, Use)>,
}

impl Transport {
    pub(super) fn carries(&self, wanted: Use) -> bool {
        self.sections.iter().any(|(_, used)| *used == wanted)
    }

    /// How much it carries.
    pub(super) fn weight(&self) -> u8 {
        let [audio, video, data] = Use::ALL.map(|used| u8::from(self.carries(used)));
        4 * audio + 2 * video + data + 4 * u8::from(audio + video == 2)
    }
}

/// A description's sections, judged one by one, and the transports of those that could be used.
struct Judged {
    groups: Vec<Vec<String>>,
    sections: Vec<Result<Use, Unusable>>,
    transports: Vec<Transport>,
}

impl Judged {
    /// `is_joined` says of two sections without a group whether they have one transport if they
    /// have the same credentials.
    fn of(text: &Text, role: Role, is_joined: impl Fn(usize, usize) -> bool) -> Self {
        let groups = bundle_groups(text);
        let is_bundled = |section: &Section| group_of(&groups, section).is_some();
        let judge = |section| usable(section, role, is_bundled(section));
        let sections: Vec<_> = text.sections.iter().map(judge).collect();
        let judged = sections.iter().enumerate();
        let usable: Vec<(usize, Use)> =
            judged.filter_map(|(index, judged)| Some((index, judged.ok()?))).collect();
        let mut transports: Vec<Transport> = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            transports.extend(bundled(text, &usable, group, number));
        }
        for (index, used) in &usable {
            let section = &text.sections[*index];
            if is_bundled(section) {
                continue;
            }
            let Some(credentials) = credentials(text, section) else { continue };
            let is_its = |transport: &&mut Transport| {
                transport.credentials == credentials && is_joined(transport.tagged, *index)
            };
            match transports.iter_mut().find(is_its) {
                Some(transport) => transport.sections.push((*index, *used)),
                None => transports.push(Transport {
                    credentials,
                    tagged: *index,
                    group: None,
                    sections: vec![(*index, *used)],
                }),
            }
        }
        Self { groups, sections, transports }
    }
}

/// The transports of a description's sections that could be used. `is_joined` says of two sections
/// without a group whether they have one transport if they have the same credentials.
pub(super) fn transports(
    text: &Text,
    role: Role,
    is_joined: impl Fn(usize, usize) -> bool,
) -> Vec<Transport> {
    Judged::of(text, role, is_joined).transports
}

/// The first of those that have the most of something.
pub(super) fn best<T, K: Ord>(
    of: impl IntoIterator<Item = T>,
    merit: impl Fn(&T) -> K,
) -> Option<T> {
    of.into_iter().reduce(|best, other| if merit(&other) > merit(&best) { other } else { best })
}

/// Selects sections. `before` says what each section was used for so far, which is kept where it
/// can be, and so is its transport.
///
/// # Errors
/// When no section can be used, or none has a transport.
pub(super) fn select(
    text: &Text,
    role: Role,
    before: &[Option<Use>],
) -> Result<Selection, SdpError> {
    let Judged { groups, sections: judged, transports } = Judged::of(text, role, |_, _| true);
    if judged.iter().all(Result::is_err) {
        return Err(none_usable(text, role, &judged));
    }
    // Of several transports that is taken which was used before, or carries the most; the first
    // among equals.
    let was_used = |transport: &Transport| {
        let mut sections = transport.sections.iter();
        sections.any(|(index, used)| before.get(*index) == Some(&Some(*used)))
    };
    let transport = best(transports, |transport| (was_used(transport), transport.weight()));
    let Transport { credentials, tagged, group, sections } = transport.ok_or(SdpError::NoIce)?;
    let mut uses = vec![None; text.sections.len()];
    for wanted in Use::ALL {
        let of_kind = sections.iter().filter(|(_, used)| *used == wanted).map(|(index, _)| *index);
        let preference = |index: &usize| {
            let was_used = before.get(*index) == Some(&Some(wanted));
            let ways = Direction::of(text, &text.sections[*index]).open_ways();
            (was_used, ways, std::cmp::Reverse(*index))
        };
        if let Some(index) = of_kind.max_by_key(preference) {
            uses[index] = Some(wanted);
        }
    }
    let is_kept = |(index, section): (usize, &Section)| {
        let is_other =
            sections.iter().all(|(of, _)| *of != index) && group_of(&groups, section).is_none();
        let media = judged[index].ok().filter(|used| used.is_media());
        media.is_some_and(|used| is_other && !uses.contains(&Some(used)))
    };
    let kept = text.sections.iter().enumerate().map(is_kept).collect();
    let without_format = [MediaKind::Audio, MediaKind::Video].into_iter().filter(|kind| {
        !uses.contains(&Some(Use::of(*kind))) && judged.contains(&Err(Unusable::Format(*kind)))
    });
    Ok(Selection {
        without_format: without_format.collect(),
        kept,
        credentials,
        tagged,
        group: group.and_then(|number| groups.get(number).cloned()),
        uses,
    })
}

/// Which of the groups a section is in.
fn group_of(groups: &[Vec<String>], section: &Section) -> Option<usize> {
    let mid = section.mid()?;
    groups.iter().position(|group| group.iter().any(|name| name == mid))
}

/// The groups of sections that share a transport (RFC 9143 §5), by the sections' names.
fn bundle_groups(text: &Text) -> Vec<Vec<String>> {
    let groups = text.session.all("group").filter_map(|value| {
        let mut words = value.split_whitespace();
        let is_bundle = words.next()?.eq_ignore_ascii_case("BUNDLE");
        let mut seen = HashSet::new();
        let names = words.filter(|name| seen.insert(*name)).map(ToOwned::to_owned);
        is_bundle.then(|| names.collect())
    });
    groups.collect()
}

/// The transport of a group: that of its first section which is used.
fn bundled(
    text: &Text,
    usable: &[(usize, Use)],
    group: &[String],
    number: usize,
) -> Option<Transport> {
    let at = |name: &String| text.sections.iter().position(|one| one.mid() == Some(name));
    let members: Vec<usize> = group.iter().filter_map(at).collect();
    let sections: Vec<(usize, Use)> = members
        .iter()
        .filter_map(|member| usable.iter().find(|(index, _)| index == member).copied())
        .collect();
    let used = sections.iter().map(|(index, _)| *index);
    // Sections of a group may leave to the first one what is the same for all.
    let (tagged, credentials) = used
        .chain(members.iter().copied())
        .find_map(|index| Some((index, credentials(text, &text.sections[index])?)))?;
    (!sections.is_empty()).then_some(Transport {
        credentials,
        tagged,
        group: Some(number),
        sections,
    })
}

/// ICE's user fragment and password of a section (RFC 8839 §5.4).
pub(super) fn credentials(text: &Text, section: &Section) -> Option<(String, String)> {
    let value = |name| {
        let value = text.inherited(section, name)?;
        (!value.contains(char::is_whitespace)).then(|| value.to_owned())
    };
    Some((value("ice-ufrag")?, value("ice-pwd")?))
}

fn usable(section: &Section, role: Role, is_bundled: bool) -> Result<Use, Unusable> {
    // RFC 9143 §6: a section with port 0 may be used, if only bundled.
    let bundle_only = role == Role::Offer && is_bundled && section.attributes.has("bundle-only");
    if !section.has_port && !bundle_only {
        return Err(Unusable::Rejected);
    }
    let kind = match section.media.as_str() {
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        "application" if is_data(section) => return Ok(Use::Data),
        _ => return Err(Unusable::Rejected),
    };
    if !is_rtp(section) {
        return Err(Unusable::Rejected);
    }
    let has_codec = format::known(section, kind).iter().any(|format| Codec::is_main(format.codec));
    if has_codec { Ok(Use::of(kind)) } else { Err(Unusable::Format(kind)) }
}

/// Data channels as they are now (RFC 8841 §4).
fn is_data(section: &Section) -> bool {
    let is_known = ["UDP/DTLS/SCTP", "TCP/DTLS/SCTP"]
        .iter()
        .any(|known| section.protocol.eq_ignore_ascii_case(known));
    is_known && section.formats == ["webrtc-datachannel"]
}

/// Any profile of RTP: whether it is encrypted is said by the fingerprint (RFC 8829 §5.1.2).
fn is_rtp(section: &Section) -> bool {
    let protocol = section.protocol.to_ascii_uppercase();
    let prefixes = ["RTP/", "UDP/TLS/RTP/", "TCP/DTLS/RTP/"];
    let profile = prefixes.iter().find_map(|prefix| protocol.strip_prefix(prefix));
    profile.is_some_and(|profile| ["AVP", "AVPF", "SAVP", "SAVPF"].contains(&profile))
}

fn none_usable(text: &Text, role: Role, judged: &[Result<Use, Unusable>]) -> SdpError {
    if judged.iter().any(|judged| matches!(judged, Err(Unusable::Format(_)))) {
        SdpError::NoFormat
    } else if role == Role::Answer && !text.sections.is_empty() {
        SdpError::NothingAccepted
    } else {
        SdpError::NoMedia
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIO: &str =
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=rtpmap:111 opus/48000/2\na=mid:a\na=ice-pwd:p\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 102\na=rtpmap:102 H264/90000\n\
        a=fmtp:102 packetization-mode=1\na=mid:v\na=ice-pwd:p\n";

    fn selected(sdp: &str) -> Result<(Vec<Option<Use>>, String), SdpError> {
        let text = Text::read(sdp)?;
        let selection = select(&text, Role::Offer, &[])?;
        Ok((selection.uses, selection.credentials.0))
    }

    #[test]
    fn bundled_sections_have_the_transport_of_the_first_that_is_used() {
        let sdp = format!(
            "v=0\na=group:BUNDLE t v a\n{AUDIO}a=ice-ufrag:1\n{VIDEO}a=ice-ufrag:2\n\
             m=text 9 UDP/TLS/RTP/SAVPF 98\na=mid:t\na=ice-ufrag:3\na=ice-pwd:p\n"
        );
        let both = vec![Some(Use::Audio), Some(Use::Video), None];
        assert_eq!(selected(&sdp), Ok((both, "2".to_owned())));
    }

    #[test]
    fn without_a_group_the_sections_of_one_transport_are_used() {
        let with = |audio: &str, video: &str| {
            selected(&format!("v=0\n{AUDIO}a=ice-ufrag:{audio}\n{VIDEO}a=ice-ufrag:{video}\n"))
        };
        let both = vec![Some(Use::Audio), Some(Use::Video)];
        assert_eq!(with("1", "1"), Ok((both.clone(), "1".to_owned())));
        assert_eq!(with("1", "2"), Ok((vec![Some(Use::Audio), None], "1".to_owned())));
        let session = selected(&format!("v=0\na=ice-ufrag:s\n{AUDIO}{VIDEO}"));
        assert_eq!(session, Ok((both, "s".to_owned())));
    }

    #[test]
    fn a_section_that_is_only_bundled_is_used_although_its_port_is_0() {
        let video = VIDEO.replace("video 9", "video 0");
        let with = |more: &str, group: &str| {
            let sdp = format!("v=0\n{group}\n{AUDIO}a=ice-ufrag:1\n{video}{more}\n");
            selected(&sdp).map(|(uses, _)| uses[1])
        };
        assert_eq!(with("a=bundle-only", "a=group:BUNDLE a v"), Ok(Some(Use::Video)));
        assert_eq!(with("a=bundle-only", ""), Ok(None));
        assert_eq!(with("", "a=group:BUNDLE a v"), Ok(None));
    }

    #[test]
    fn of_several_sections_of_a_kind_one_is_used_which_goes_both_ways() {
        let first = VIDEO.replace("a=mid:v", "a=mid:w\na=recvonly");
        let sdp = format!("v=0\na=ice-ufrag:1\n{first}{VIDEO}{VIDEO}");
        let text = Text::read(&sdp).expect("sdp");
        let uses = |before: &[Option<Use>]| select(&text, Role::Offer, before).map(|all| all.uses);
        assert_eq!(uses(&[]), Ok(vec![None, Some(Use::Video), None]));
        let last = [None, None, Some(Use::Video)];
        assert_eq!(uses(&last), Ok(last.to_vec()));
    }

    #[test]
    fn what_cannot_be_used_at_all_is_refused_with_the_reason() {
        let vp8 = "v=0\nm=video 9 RTP/AVPF 96\na=rtpmap:96 VP8/90000\n";
        assert_eq!(selected(vp8), Err(SdpError::NoFormat));
        let text = "v=0\nm=text 9 UDP/TLS/RTP/SAVPF 98\nm=application 9 DTLS/SCTP 5000\n";
        assert_eq!(selected(text), Err(SdpError::NoMedia));
        assert_eq!(selected(&format!("v=0\n{AUDIO}")), Err(SdpError::NoIce));
        let rejected = Text::read("v=0\nm=audio 0 UDP/TLS/RTP/SAVPF 0\n").expect("sdp");
        assert_eq!(select(&rejected, Role::Answer, &[]), Err(SdpError::NothingAccepted));
    }
}
