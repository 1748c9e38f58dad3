//! The other's description as the library is given it: written anew, with nothing in it but what
//! was understood.
//!
//! In: a description and which of its sections are used. Out: text that the library reads without
//! a fault: names for all sections, one transport, known formats and header extensions, both ways
//! in all sections. What always holds: directions are not the library's to keep, because it stops a
//! stream for good when the other holds it; the negotiating task does. Candidates are not in it, so
//! that those in a description count as those that come later do. Pure.

use std::collections::HashSet;
use std::fmt::Write;

use rtc::sdp::extmap::{SDES_MID_URI, TRANSPORT_CC_URI};

use super::format;
use super::selection::{Selection, Use};
use super::text::{Attributes, Section, Text};
use crate::formats::MediaKind;

/// SSRCs from here on are placeholders for streams whose description names none.
const PLACEHOLDER_SSRC: usize = 0x7eaf_0000;
/// The most streams that a section may name.
const MAX_STREAMS: usize = 8;
/// The highest id of a header extension in the form with one byte (RFC 8285 §4.2), which is the one
/// that is sent.
const MAX_EXTENSION_ID: u8 = 14;

/// What the other's transport is, as far as the library is to know.
pub(super) struct Transport<'a> {
    /// A SHA-256, as it stands in the attribute.
    pub(super) fingerprint: &'a str,
    /// `active` or `passive`: the other's.
    pub(super) setup: &'static str,
}

/// Writes a description for the library. `name` gives the name that a section has there.
pub(super) fn write<'a>(
    text: &Text,
    selection: &Selection,
    transport: &Transport,
    name: impl Fn(Use) -> &'a str,
) -> String {
    let used = || {
        let sections = text.sections.iter().zip(&selection.uses).enumerate();
        sections.filter_map(|(index, (section, used))| Some((index, section, (*used)?)))
    };
    let mut sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE".to_owned();
    for (_, _, used) in used() {
        let _ = write!(sdp, " {}", name(used));
    }
    sdp.push_str("\r\n");
    for flag in ["ice-lite", "extmap-allow-mixed"] {
        if text.session.has(flag) {
            let _ = write!(sdp, "a={flag}\r\n");
        }
    }
    let mut streams = HashSet::new();
    for (index, section, used) in used() {
        match used.kind() {
            Some(kind) => media(&mut sdp, section, kind),
            None => data(&mut sdp, section),
        }
        let (user, password) = &selection.credentials;
        let Transport { fingerprint, setup } = transport;
        let _ = write!(
            sdp,
            "a=mid:{}\r\na=ice-ufrag:{user}\r\na=ice-pwd:{password}\r\na=ice-options:trickle\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\n",
            name(used)
        );
        if used != Use::Data {
            for (uri, id) in extensions(text, section) {
                let _ = write!(sdp, "a=extmap:{id} {uri}\r\n");
            }
            // The library routes RTCP by this, so it differs between streams and from ours.
            let _ = write!(sdp, "a=msid:theirs theirs-{}\r\n", section.media);
            name_streams(&mut sdp, &section.attributes, &mut streams, PLACEHOLDER_SSRC + index);
        }
    }
    sdp
}

fn media(sdp: &mut String, section: &Section, kind: MediaKind) {
    let formats = format::known(section, kind);
    let _ = write!(sdp, "m={} 9 UDP/TLS/RTP/SAVPF", section.media);
    for format in &formats {
        let _ = write!(sdp, " {}", format.payload_type);
    }
    sdp.push_str("\r\nc=IN IP4 0.0.0.0\r\na=sendrecv\r\na=rtcp-mux\r\n");
    for format in &formats {
        let number = format.payload_type;
        let _ = write!(sdp, "a=rtpmap:{number} {}\r\n", format.codec.encoding());
        let parameters = format.as_ours();
        if !parameters.is_empty() {
            let _ = write!(sdp, "a=fmtp:{number} {parameters}\r\n");
        }
        for feedback in &format.feedback {
            let _ = write!(sdp, "a=rtcp-fb:{number} {feedback}\r\n");
        }
    }
}

fn data(sdp: &mut String, section: &Section) {
    sdp.push_str("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n");
    for (name, default) in [("sctp-port", 5000), ("max-message-size", 65_536)] {
        let value = section.attributes.value(name).and_then(|value| value.parse::<u32>().ok());
        let _ = write!(sdp, "a={name}:{}\r\n", value.unwrap_or(default));
    }
}

/// The header extensions of a section that we know, each with its id (RFC 8285 §8): one that goes
/// only one way, or has an id that does not fit, is left out.
pub(super) fn extensions(text: &Text, section: &Section) -> Vec<(&'static str, u8)> {
    let mut found: Vec<(&'static str, u8)> = Vec::new();
    for value in section.attributes.all("extmap").chain(text.session.all("extmap")) {
        let mut words = value.split_whitespace();
        let (Some(id), Some(uri)) = (words.next(), words.next()) else { continue };
        let id = id.strip_suffix("/sendrecv").unwrap_or(id);
        let Some(id) = id.parse().ok().filter(|id| (1..=MAX_EXTENSION_ID).contains(id)) else {
            continue;
        };
        let known = [SDES_MID_URI, TRANSPORT_CC_URI].into_iter().find(|known| *known == uri);
        let is_new = |uri: &str| found.iter().all(|(one, of)| *one != uri && *of != id);
        // A section without a name has none to send.
        if let Some(uri) = known.filter(|uri| is_new(uri))
            && (uri != SDES_MID_URI || section.mid().is_some())
        {
            found.push((uri, id));
        }
    }
    found
}

/// Names the section's streams; where it names none (RFC 8829 §5.2.1 does not require it), the
/// library is given one that nothing will be sent with: what comes is told apart by its payload
/// type.
fn name_streams(
    sdp: &mut String,
    attributes: &Attributes,
    known: &mut HashSet<u32>,
    placeholder: usize,
) {
    let mut own: Vec<u32> = Vec::new();
    for value in attributes.all("ssrc") {
        let ssrc = value.split_whitespace().next().and_then(|ssrc| ssrc.parse().ok());
        if let Some(ssrc) = ssrc
            && own.len() < MAX_STREAMS
            && known.insert(ssrc)
        {
            own.push(ssrc);
        }
    }
    for value in attributes.all("ssrc-group") {
        let mut words = value.split_whitespace();
        if words.next() != Some("FID") {
            continue;
        }
        let pair: Vec<u32> = words.filter_map(|word| word.parse().ok()).collect();
        if let [first, repairs] = pair[..]
            && own.contains(&first)
            && own.contains(&repairs)
            && first != repairs
        {
            let _ = write!(sdp, "a=ssrc-group:FID {first} {repairs}\r\n");
        }
    }
    for ssrc in &own {
        let _ = write!(sdp, "a=ssrc:{ssrc} cname:-\r\n");
    }
    if own.is_empty() {
        let _ = write!(sdp, "a=ssrc:{placeholder} cname:-\r\n");
    }
}
