//! The little of SDP (RFC 8866, RFC 8829) that is read or changed outside the library.
//!
//! Text goes in, text or facts come out. Nothing here fails on what it does not understand: it is passed on as it is.

use std::collections::HashSet;

/// The longest description that is taken, in bytes.
pub(crate) const MAX_SDP_BYTES: usize = 64 * 1024;
/// The most media sections that are taken.
const MAX_MEDIA_SECTIONS: usize = 64;

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

/// The media section whose transport everything else is bundled on (RFC 9143): its `mid` and its index. Candidates
/// belong to it.
pub(crate) fn bundle_section(sdp: &str) -> Option<(String, u16)> {
    let bundled = sdp.lines().find_map(|line| line.strip_prefix("a=group:BUNDLE ")?.split_whitespace().next());
    let mut mids = media_sections(sdp).zip(0u16..).filter_map(|(section, index)| Some((mid_of(section)?, index)));
    let (mid, index) = match bundled {
        Some(wanted) => mids.find(|(mid, _)| *mid == wanted),
        None => mids.next(),
    }?;
    Some((mid.to_owned(), index))
}

fn mid_of(section: &str) -> Option<&str> {
    section.lines().find_map(|line| line.strip_prefix("a=mid:")).map(str::trim)
}

/// The media sections, each beginning with its `m=` line.
fn media_sections(sdp: &str) -> impl Iterator<Item = &str> {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    starts.push(sdp.len());
    let ends = starts.clone();
    starts.into_iter().zip(ends.into_iter().skip(1)).filter_map(move |(start, end)| sdp.get(start..end))
}

/// Checks a description from the other and takes out the H.264 formats that aren't packetization-mode 1: the library
/// would match them with ours, and then neither end could read the other's packets.
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
    for section in media_sections(sdp) {
        if section.starts_with("m=video ") {
            prepared.push_str(&without_other_packetization_modes(section));
        } else {
            prepared.push_str(section);
        }
    }
    Ok(prepared)
}

fn without_other_packetization_modes(section: &str) -> String {
    let format_of = |line: &str, attribute: &str| {
        let (format, rest) = line.strip_prefix(attribute)?.split_once(' ')?;
        Some((format.to_owned(), rest.to_ascii_lowercase()))
    };
    let h264: HashSet<String> = section
        .lines()
        .filter_map(|line| format_of(line, "a=rtpmap:"))
        .filter(|(_, codec)| codec.starts_with("h264/"))
        .map(|(format, _)| format)
        .collect();
    let mode_1: HashSet<String> = section
        .lines()
        .filter_map(|line| format_of(line, "a=fmtp:"))
        .filter(|(_, parameters)| parameters.split(';').any(|parameter| parameter.trim() == "packetization-mode=1"))
        .map(|(format, _)| format)
        .collect();
    let refused: HashSet<&str> = h264.difference(&mode_1).map(String::as_str).collect();
    let mut formats_left = false;
    let lines: Vec<String> = section
        .lines()
        .filter_map(|line| {
            if line.starts_with("m=") {
                // m=video <port> <proto> <fmt> …
                let kept: Vec<&str> = line
                    .split_whitespace()
                    .enumerate()
                    .filter(|(index, word)| *index < 3 || !refused.contains(word))
                    .map(|(_, word)| word)
                    .collect();
                formats_left = kept.len() > 3;
                return Some(kept.join(" "));
            }
            let format = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"]
                .iter()
                .find_map(|attribute| line.strip_prefix(attribute)?.split(' ').next());
            (!format.is_some_and(|format| refused.contains(format))).then(|| line.to_owned())
        })
        .collect();
    if !formats_left {
        // A section needs a format. As it stands it is refused as a whole, because no format of it is known.
        return section.to_owned();
    }
    lines.into_iter().flat_map(|line| [line, "\r\n".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE v a\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=rtpmap:111 opus/48000/2\r\n\
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
        assert!(prepared.contains("m=video 9 UDP/TLS/RTP/SAVPF 97 98\r\n"), "{prepared}");
        assert!(!prepared.contains(":96 "), "{prepared}");
        assert!(prepared.contains("a=fmtp:97 ") && prepared.contains("a=rtpmap:98 VP8/90000"));
        assert!(prepared.starts_with(&OFFER[..OFFER.find("m=video").expect("video")]));
    }

    #[test]
    fn what_is_no_description_is_refused() {
        assert_eq!(prepare_remote("hello"), Err(SdpError::NotSdp));
        assert_eq!(prepare_remote(""), Err(SdpError::NotSdp));
        assert_eq!(prepare_remote("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"), Err(SdpError::NoMedia));
        assert_eq!(prepare_remote(&"v=0".repeat(MAX_SDP_BYTES)), Err(SdpError::TooLong));
        assert_eq!(prepare_remote(&format!("v=0\r\n{}", "m=audio 9 X 0\r\n".repeat(65))), Err(SdpError::TooManyMedia));
    }
}
