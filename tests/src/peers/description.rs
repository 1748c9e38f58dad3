//! What a session description says of its sections, read as little as a test needs (RFC 8866): the
//! tests judge the app's answers by it, so it shares nothing with the app's own reader.

/// One section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `audio`, `video`, `application`, …
    pub kind: String,
    /// Its name.
    pub mid: Option<String>,
    /// Whether its port is zero and it is not merely bundled (`bundle-only`, RFC 9143 §6).
    pub is_rejected: bool,
    /// `sendrecv`, `sendonly`, `recvonly` or `inactive`; the first where it names none.
    pub direction: String,
    /// The codecs' names of its payload types, in order.
    pub codecs: Vec<String>,
}

/// The sections of a description in order.
#[must_use]
pub fn sections(sdp: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut is_bundle_only = false;
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            is_bundle_only = false;
            let mut words = media.split(' ');
            let kind = words.next().unwrap_or_default().to_owned();
            let is_rejected = words.next() == Some("0");
            let direction = "sendrecv".to_owned();
            sections.push(Section { kind, mid: None, is_rejected, direction, codecs: Vec::new() });
        }
        let (Some(section), Some(attribute)) = (sections.last_mut(), line.strip_prefix("a="))
        else {
            continue;
        };
        match attribute.split_once(':') {
            Some(("mid", mid)) => section.mid = Some(mid.to_owned()),
            Some(("rtpmap", map)) => {
                let name = map.split([' ', '/']).nth(1).unwrap_or_default();
                section.codecs.push(name.to_owned());
            }
            None if matches!(attribute, "sendrecv" | "sendonly" | "recvonly" | "inactive") => {
                attribute.clone_into(&mut section.direction);
            }
            None if attribute == "bundle-only" => is_bundle_only = true,
            _ => {}
        }
        if is_bundle_only {
            section.is_rejected = false;
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_in_order_with_what_they_say() {
        let sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=recvonly\r\n\
                   a=rtpmap:111 opus/48000/2\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=inactive\r\n\
                   m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\n";
        let read = sections(sdp);
        assert_eq!(read[0].mid.as_deref(), Some("a"));
        assert_eq!((read[0].direction.as_str(), read[0].is_rejected), ("recvonly", false));
        assert_eq!(read[0].codecs, ["opus"]);
        assert_eq!((read[1].direction.as_str(), read[1].is_rejected), ("inactive", true));
        assert_eq!((read[2].direction.as_str(), read[2].is_rejected), ("sendrecv", false));
    }
}
