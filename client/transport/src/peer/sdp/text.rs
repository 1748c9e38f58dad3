//! The lines of a description (RFC 8866) as attributes of a session and of its media sections.
//!
//! In: text of anyone's. Out: [`Text`], with sections in the order of the text. What always holds:
//! a line that can't be read costs that line alone; whatever is kept has no line breaks, no control
//! characters and no blanks at either end, so it can be written again; it is no longer than what
//! came in. Pure.

use std::fmt::Write;

use super::SdpError;

/// The longest description that is taken, in bytes.
pub(crate) const MAX_SDP_BYTES: usize = 64 * 1024;
/// The most media sections that are taken.
const MAX_MEDIA_SECTIONS: usize = 64;

/// A description: what holds for all sections, and the sections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// The value of the `o=` line.
    pub(super) origin: String,
    pub(super) session: Attributes,
    pub(super) sections: Vec<Section>,
}

/// A media section: its `m=` line and its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// `audio`, `video`, `application` …
    pub(super) media: String,
    /// Whether the port is another than 0.
    pub(super) has_port: bool,
    pub(super) protocol: String,
    /// Never empty.
    pub(super) formats: Vec<String>,
    pub(super) attributes: Attributes,
}

/// `a=` lines in their order: name in small letters, and value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The values of all lines of a name, in their order.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// The value of the first line of a name that has one.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(of, value)| *of == name && !value.is_empty()).map(|(_, value)| value)
    }

    /// Whether there is a line of a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(of, _)| of == name)
    }

    fn write(&self, sdp: &mut String) {
        for (name, value) in self.iter() {
            let colon = if value.is_empty() { "" } else { ":" };
            let _ = writeln!(sdp, "a={name}{colon}{value}");
        }
    }

    /// The lines, each as name and value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Text {
    /// Reads a description.
    ///
    /// # Errors
    /// When it can't be one at all, or is larger than any real one.
    pub(super) fn read(sdp: &str) -> Result<Self, SdpError> {
        if sdp.len() > MAX_SDP_BYTES {
            return Err(SdpError::TooLong);
        }
        let lines = sdp.trim_start_matches('\u{feff}').split(['\r', '\n']).map(str::trim);
        let mut lines = lines.filter(|line| !line.is_empty());
        if lines.next().and_then(|first| first.strip_prefix("v=")).map(str::trim) != Some("0") {
            return Err(SdpError::NotSdp);
        }
        let mut text = Self::default();
        for line in lines.filter(|line| !line.contains(char::is_control)) {
            let Some((kind, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match kind.trim() {
                "m" if text.sections.len() == MAX_MEDIA_SECTIONS => {
                    return Err(SdpError::TooManyMedia);
                }
                "m" => text.sections.push(Section::read(value)),
                "a" => {
                    let attributes = match text.sections.last_mut() {
                        Some(section) => &mut section.attributes,
                        None => &mut text.session,
                    };
                    let (name, value) = value.split_once(':').unwrap_or((value, ""));
                    let name = name.trim().to_ascii_lowercase();
                    attributes.0.push((name, value.trim().to_owned()));
                }
                "o" if text.sections.is_empty() => value.clone_into(&mut text.origin),
                _ => {}
            }
        }
        if text.sections.is_empty() { Err(SdpError::NoMedia) } else { Ok(text) }
    }

    /// Writes what was read, as text that is read as the same.
    pub(super) fn write(&self) -> String {
        let mut sdp = format!("v=0\no={}\ns=-\nt=0 0\n", self.origin);
        self.session.write(&mut sdp);
        for section in &self.sections {
            let Section { media, has_port, protocol, formats, attributes } = section;
            let port = if *has_port { 9 } else { 0 };
            let _ = writeln!(sdp, "m={media} {port} {protocol} {}", formats.join(" "));
            attributes.write(&mut sdp);
        }
        sdp
    }

    /// The value of an attribute of a section, or else of the session, which holds for all
    /// sections that have none of their own.
    pub(super) fn inherited<'a>(&'a self, section: &'a Section, name: &str) -> Option<&'a str> {
        section.attributes.value(name).or_else(|| self.session.value(name))
    }
}

impl Section {
    /// A line that lacks something keeps its place: the other counts sections.
    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let mut word = |or: &str| words.next().unwrap_or(or).to_owned();
        let (media, port) = (word("application"), word("0"));
        let protocol = word("UDP/TLS/RTP/SAVPF");
        let port = port.split('/').next().unwrap_or_default();
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let mut formats: Vec<String> = words.map(ToOwned::to_owned).collect();
        if formats.is_empty() {
            formats.push("0".to_owned());
        }
        Self {
            media: media.to_ascii_lowercase(),
            has_port: is_number && port.bytes().any(|byte| byte != b'0'),
            protocol,
            formats,
            attributes: Attributes::default(),
        }
    }

    /// The same section as if the other had rejected it, saying no more than its name.
    pub(super) fn rejected(&self) -> Self {
        let named = self.attributes.0.iter().filter(|(name, _)| name == "mid").cloned();
        Self { has_port: false, attributes: Attributes(named.collect()), ..self.clone() }
    }

    /// The same section as if the other had rejected it, with all that it says. Its candidates
    /// may be those of others that share its transport.
    pub(super) fn set_aside(&mut self, has_candidates: bool) {
        self.has_port = false;
        self.attributes
            .0
            .retain(|(name, _)| name != "bundle-only" && (has_candidates || name != "candidate"));
    }

    /// Its name in groups (RFC 5888 §4), if it is one.
    pub(super) fn mid(&self) -> Option<&str> {
        self.attributes.value("mid").filter(|mid| is_token(mid))
    }
}

/// Whether text is a token (RFC 8866 §9), which may stand in any place of a line.
pub(super) fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_whatever_its_line_ends_and_blanks() {
        let plain = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=x:1\r\nm=audio 9 P 0\r\na=mid:a\r\n";
        let wanted = Text::read(plain).expect("a description");
        assert_eq!(wanted.session.value("x"), Some("1"));
        assert_eq!(wanted.sections[0].mid(), Some("a"));
        for odd in [
            plain.replace("\r\n", "\n"),
            plain.replace("\r\n", "\r"),
            format!("\u{feff}\r\n\n{plain}"),
            plain.replace("\r\n", " \t\r\n"),
            plain.trim_end().to_owned(),
            plain.replace("a=mid", "a=MID"),
            plain.replace("a=mid", "nonsense\r\na=\u{1}mid:b\r\n=\r\na=mid"),
        ] {
            let mut read = Text::read(&odd).expect("a description");
            read.sections[0].attributes.0.retain(|(name, _)| !name.is_empty());
            assert_eq!(read, wanted, "{odd:?}");
        }
    }

    #[test]
    fn a_section_without_all_its_words_keeps_its_place() {
        let text = Text::read("v=0\nm=\nm=audio\nm=video 9/2 P 96 97\nm=image x P\n").expect("sdp");
        let ports: Vec<bool> = text.sections.iter().map(|section| section.has_port).collect();
        assert_eq!(ports, [false, false, true, false]);
        assert_eq!(text.sections[2].formats, ["96", "97"]);
        assert!(text.sections.iter().all(|section| !section.formats.is_empty()));
    }

    #[test]
    fn what_is_no_description_is_refused() {
        assert_eq!(Text::read("hello"), Err(SdpError::NotSdp));
        assert_eq!(Text::read(""), Err(SdpError::NotSdp));
        assert_eq!(Text::read("v=1\r\nm=audio 9 P 0"), Err(SdpError::NotSdp));
        assert_eq!(Text::read("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"), Err(SdpError::NoMedia));
        assert_eq!(Text::read(&"v=0".repeat(MAX_SDP_BYTES)), Err(SdpError::TooLong));
        let many = format!("v=0\r\n{}", "m=audio 9 X 0\r\n".repeat(65));
        assert_eq!(Text::read(&many), Err(SdpError::TooManyMedia));
    }
}
