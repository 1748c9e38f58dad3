//! Our descriptions as the other is given them: whatever the library makes of an exchange, they
//! keep the rules of offer and answer.
//!
//! In: the library's text, and the sections that the two have between them. Out: text with as many
//! sections as there are, in their order and by their names. What always holds (RFC 3264 §6, RFC
//! 8829 §5.3.1, RFC 9143 §7.3): a section that is not used has port 0, and yet all that a strict
//! reader looks for in one; formats and header extensions are those that were offered; directions
//! mirror the offer's; the group has only sections that are used. Pure.

use std::fmt::Write;

use super::direction::Direction;
use super::for_library::extensions;
use super::format::{self, Codec, Format};
use super::selection::{Selection, Use};
use super::text::{Section, Text};
use crate::formats::{self, MediaKind};

/// What stands in each section of ours.
struct Ours<'a> {
    user: &'a str,
    password: &'a str,
    fingerprint: &'a str,
    setup: &'a str,
}

impl<'a> Ours<'a> {
    fn of(library: &'a Text, setup: &'a str) -> Self {
        let value = |name| {
            let sections = library.sections.iter();
            let own = || sections.clone().find_map(|section| section.attributes.value(name));
            library.session.value(name).or_else(own).unwrap_or_default()
        };
        Self {
            user: value("ice-ufrag"),
            password: value("ice-pwd"),
            fingerprint: value("fingerprint"),
            setup,
        }
    }

    fn write(&self, sdp: &mut String, section: &Section) {
        let Self { user, password, fingerprint, setup } = self;
        let _ = write!(sdp, "c=IN IP4 0.0.0.0\r\na=setup:{setup}\r\n");
        if let Some(mid) = section.mid() {
            let _ = write!(sdp, "a=mid:{mid}\r\n");
        }
        let _ = write!(
            sdp,
            "a=ice-ufrag:{user}\r\na=ice-pwd:{password}\r\na=fingerprint:{fingerprint}\r\n"
        );
        for flag in ["rtcp-mux", "rtcp-rsize"] {
            if section.attributes.has(flag) {
                let _ = write!(sdp, "a={flag}\r\n");
            }
        }
    }
}

/// The library's answer to an offer, as the other is given it. `name` gives the name that a section
/// has in the library's.
pub(super) fn answer<'a>(
    offer: &Text,
    selection: &Selection,
    library: &Text,
    setup: &str,
    name: impl Fn(Use) -> Option<&'a str>,
) -> String {
    let ours = Ours::of(library, setup);
    // What the library refuses after all is refused.
    let answered: Vec<Option<(Use, &Section)>> = selection
        .uses
        .iter()
        .map(|used| {
            let name = name((*used)?)?;
            let named = |section: &&Section| section.has_port && section.mid() == Some(name);
            Some(((*used)?, library.sections.iter().find(named)?))
        })
        .collect();
    let mut sdp = format!("v=0\r\no={}\r\ns=-\r\nt=0 0\r\n", library.origin);
    let is_used = |name: &&String| {
        let mut sections = offer.sections.iter().zip(&answered);
        sections.any(|(section, used)| used.is_some() && section.mid() == Some(name))
    };
    let group = selection.group.iter().flatten().filter(is_used);
    group_line(&mut sdp, group.map(String::as_str));
    if offer.session.has("extmap-allow-mixed") {
        sdp.push_str("a=extmap-allow-mixed\r\n");
    }
    let _ = write!(
        sdp,
        "a=ice-options:trickle\r\na=msid-semantic:WMS *\r\na=fingerprint:{}\r\n",
        ours.fingerprint
    );
    let candidates_in = candidates_section(offer, selection, |at| answered[at].is_some());
    for (index, (section, answered)) in offer.sections.iter().zip(&answered).enumerate() {
        match answered {
            Some((Use::Data, library)) => accept_data(&mut sdp, section, library, &ours),
            Some((_, library)) => accept_media(&mut sdp, offer, section, library, &ours),
            None if selection.kept[index] => keep(&mut sdp, section, &ours),
            None => reject(&mut sdp, section, &ours),
        }
        if Some(index) == candidates_in
            && let Some((_, first)) = answered
        {
            candidates(&mut sdp, library, first);
        }
    }
    sdp
}

/// The section that our candidates belong to: the first of the group that is used, or else that
/// whose transport is used.
pub(super) fn candidates_section(
    offer: &Text,
    selection: &Selection,
    is_used: impl Fn(usize) -> bool,
) -> Option<usize> {
    let at = |name: &String| offer.sections.iter().position(|one| one.mid() == Some(name));
    let mut bundled = selection.group.iter().flatten().filter_map(at);
    let first = bundled.find(|index| is_used(*index));
    let tagged = || Some(selection.tagged).filter(|index| is_used(*index));
    first.or_else(tagged).or_else(|| (0..offer.sections.len()).find(|index| is_used(*index)))
}

/// The line of the group of sections that share a transport; without sections there is none.
pub(super) fn group_line<'a>(sdp: &mut String, names: impl Iterator<Item = &'a str>) {
    let names: Vec<&str> = names.collect();
    if !names.is_empty() {
        let _ = write!(sdp, "a=group:BUNDLE {}\r\n", names.join(" "));
    }
}

fn media_line(sdp: &mut String, section: &Section, port: u16, formats: &[String]) {
    let Section { media, protocol, .. } = section;
    let _ = write!(sdp, "m={media} {port} {protocol} {}\r\n", formats.join(" "));
}

fn accept_media(sdp: &mut String, offer: &Text, section: &Section, library: &Section, ours: &Ours) {
    media_line(sdp, section, 9, &library.formats);
    ours.write(sdp, section);
    let offered = format::known(section, kind_of(section));
    for format in &offered {
        let number = format.payload_type.to_string();
        if !library.formats.contains(&number) {
            continue;
        }
        describe(sdp, format, &number);
        for feedback in format::of_format(library, "rtcp-fb", &number) {
            let _ = write!(sdp, "a=rtcp-fb:{number} {feedback}\r\n");
        }
    }
    for (uri, id) in extensions(offer, section) {
        let line = format!("{id} {uri}");
        if library.attributes.all("extmap").any(|known| known == line) {
            let _ = write!(sdp, "a=extmap:{line}\r\n");
        }
    }
    let own = Direction::of(&Text::default(), library);
    let direction = Direction::of(offer, section).answered_by(own);
    if direction.sends {
        for (name, value) in library.attributes.iter() {
            if matches!(name, "msid" | "ssrc" | "ssrc-group") {
                let _ = write!(sdp, "a={name}:{value}\r\n");
            }
        }
    }
    let _ = write!(sdp, "a={}\r\n", direction.name());
}

/// What we state of a format: what we take, and of H.264 the profile that was offered (RFC 6184
/// §8.2.2).
fn parameters(codec: Codec, offered: &str) -> String {
    match codec {
        Codec::Opus => formats::codec(MediaKind::Audio).rtp_codec.sdp_fmtp_line,
        Codec::H264 | Codec::H264Main => {
            let names = ["level-asymmetry-allowed", "packetization-mode", "profile-level-id"];
            let stated = names.iter().filter_map(|name| {
                let value = format::parameter(offered, name)?;
                Some(format!("{name}={value}"))
            });
            stated.collect::<Vec<_>>().join(";")
        }
        Codec::Red | Codec::Fec => offered.to_owned(),
    }
}

fn accept_data(sdp: &mut String, section: &Section, library: &Section, ours: &Ours) {
    media_line(sdp, section, 9, &section.formats);
    ours.write(sdp, section);
    for name in ["sctp-port", "max-message-size"] {
        if let Some(value) = library.attributes.value(name) {
            let _ = write!(sdp, "a={name}:{value}\r\n");
        }
    }
}

/// A section that has a transport of its own, for which there is none here: it stays, without
/// media.
fn keep(sdp: &mut String, section: &Section, ours: &Ours) {
    let offered = format::known(section, kind_of(section));
    let numbers: Vec<String> = offered.iter().map(|one| one.payload_type.to_string()).collect();
    media_line(sdp, section, 9, &numbers);
    ours.write(sdp, section);
    for (format, number) in offered.iter().zip(&numbers) {
        describe(sdp, format, number);
    }
    sdp.push_str("a=inactive\r\n");
}

fn kind_of(section: &Section) -> MediaKind {
    if section.media == "audio" { MediaKind::Audio } else { MediaKind::Video }
}

fn describe(sdp: &mut String, format: &Format, number: &str) {
    let _ = write!(sdp, "a=rtpmap:{number} {}\r\n", format.codec.encoding());
    let parameters = parameters(format.codec, &format.parameters);
    if !parameters.is_empty() {
        let _ = write!(sdp, "a=fmtp:{number} {parameters}\r\n");
    }
}

/// A section that is not used: a reader may still look for a transport in it, and for formats that
/// it knows.
fn reject(sdp: &mut String, section: &Section, ours: &Ours) {
    media_line(sdp, section, 0, &section.formats);
    ours.write(sdp, section);
    for (name, value) in section.attributes.iter() {
        if matches!(name, "rtpmap" | "fmtp" | "sctp-port" | "sctpmap" | "max-message-size") {
            let _ = write!(sdp, "a={name}:{value}\r\n");
        }
    }
    sdp.push_str("a=inactive\r\n");
}

/// The candidates that the library has so far, which it gives its first section. RTCP has none of
/// its own.
fn candidates(sdp: &mut String, library: &Text, of: &Section) {
    let sections = library.sections.iter();
    let first = sections.clone().find(|section| section.attributes.has("candidate")).unwrap_or(of);
    for candidate in first.attributes.all("candidate") {
        if !is_of_rtcp(candidate) {
            let _ = write!(sdp, "a=candidate:{candidate}\r\n");
        }
    }
    if first.attributes.has("end-of-candidates") {
        sdp.push_str("a=end-of-candidates\r\n");
    }
}

/// A section that the two have between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// As it was described last.
    pub(super) section: Section,
    pub(super) used: Option<Use>,
    /// Not used, and not rejected either.
    pub(super) kept: bool,
}

/// Whether a candidate is of RTCP alone, which goes with RTP.
fn is_of_rtcp(candidate: &str) -> bool {
    candidate.split_whitespace().nth(1) != Some("1")
}

/// The library's offer in a connection that has sections already. What the library offers beyond
/// them is left out.
pub(super) fn later_offer<'a>(
    slots: &[Slot],
    is_grouped: bool,
    library: &str,
    parsed: &Text,
    name: impl Fn(Use) -> Option<&'a str>,
) -> String {
    let ours = Ours::of(parsed, "actpass");
    let (session, sections) = raw_sections(library);
    let offered = |used: Option<Use>| {
        let name = name(used?)?;
        let at = parsed.sections.iter().position(|section| section.mid() == Some(name))?;
        sections.get(at).copied()
    };
    let mut sdp: String = session
        .lines()
        .filter(|line| !line.starts_with("a=group:"))
        .flat_map(|line| [line, "\r\n"])
        .collect();
    if is_grouped {
        let live = slots.iter().filter(|slot| offered(slot.used).is_some());
        group_line(&mut sdp, live.filter_map(|slot| slot.section.mid()));
    }
    for Slot { section, used, kept } in slots {
        let Some(text) = offered(*used) else {
            let write = if *kept { keep } else { reject };
            write(&mut sdp, section, &ours);
            continue;
        };
        for line in text.lines() {
            if line.starts_with("a=mid:") {
                if let Some(mid) = section.mid() {
                    let _ = write!(sdp, "a=mid:{mid}\r\n");
                }
            } else if !line.strip_prefix("a=candidate:").is_some_and(is_of_rtcp) {
                let _ = write!(sdp, "{line}\r\n");
            }
        }
    }
    sdp
}

/// The text of the session and of each section of a description that the library wrote.
pub(super) fn raw_sections(sdp: &str) -> (&str, Vec<&str>) {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    let session = &sdp[..starts.first().copied().unwrap_or(sdp.len())];
    starts.push(sdp.len());
    let sections = starts.windows(2).filter_map(|ends| sdp.get(ends[0]..ends[1]));
    (session, sections.collect())
}
