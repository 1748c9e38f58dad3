//! Links that invite: `visavis://HOST[:PORT]` to a server, `…/NAME` to call somebody there,
//! `…/room/ROOM` to meet in a room. Pure.
//!
//! In: a link as it stands in a browser or on the command line, or a server and whom to meet there.
//! Out: an [`Invitation`], or one line that says what is wrong with the link; and the link again.
//! The connection is encrypted unless `?tls=off` says otherwise; without a port it is 443 with TLS
//! and 9090 without, as everywhere here; a server behind a path has that in `?path=`. What is not a
//! letter, a digit or one of `-._~` is percent-encoded (RFC 3986 §2.1). What always holds: an
//! invitation proposes, it never calls; a link with anything else in it is none; a link that was
//! written is read as the same invitation.

use std::fmt;
use std::fmt::Write as _;

use visavis_shared::{RoomId, Username, canonical_name};

use crate::signaling::ServerUrl;
use crate::words::{Phrase, phrase};

/// What a link begins with.
pub const SCHEME: &str = "visavis";
/// The longest link that is read.
pub const MOST_BYTES: usize = 2048;
const ROOM: &str = "room";

/// Why a link is no invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// It is another kind of text.
    #[error(
        "that is no invitation: it looks like visavis://HOST, visavis://HOST/NAME or \
         visavis://HOST/room/ROOM"
    )]
    NoLink,
    /// It is longer than [`MOST_BYTES`].
    #[error("that invitation is too long: copy the link alone")]
    TooLong,
    /// It names no server, or something that can be none.
    #[error("that invitation names no server that there can be: ask for a new link")]
    Server,
    /// What is to be the name of a person can be none.
    #[error("that invitation leads to a name that nobody can have: ask for a new link")]
    Name,
    /// What is to be a room can be none.
    #[error("that invitation leads to a room that can't be: ask for a new link")]
    Room,
    /// It goes on after the person or the room.
    #[error("that invitation goes on after the name: copy the link alone")]
    Path,
    /// Its percent signs encode no text.
    #[error("that invitation was damaged on its way: a % in it encodes nothing; ask for it again")]
    Encoding,
    /// It says something after a `?` or `#` that invitations don't, or twice.
    #[error("that invitation says more than this version understands: ask for another link")]
    Option,
}

impl InvitationError {
    /// Each there is.
    pub const ALL: [Self; 8] = [
        Self::NoLink,
        Self::TooLong,
        Self::Server,
        Self::Name,
        Self::Room,
        Self::Path,
        Self::Encoding,
        Self::Option,
    ];

    /// The same for people who see a window.
    #[must_use]
    pub fn words(self) -> Phrase {
        match self {
            Self::NoLink => phrase!("invitation-invalid"),
            Self::TooLong => phrase!("invitation-too-long"),
            Self::Server => phrase!("invitation-server"),
            Self::Name => phrase!("invitation-name"),
            Self::Room => phrase!("invitation-room"),
            Self::Path => phrase!("invitation-path"),
            Self::Encoding => phrase!("invitation-encoding"),
            Self::Option => phrase!("invitation-option"),
        }
    }
}

/// Whom a link is to lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Somebody by name.
    Person(Username),
    /// Whoever is in the room.
    Room(RoomId),
}

/// A server, and perhaps whom to meet there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    server: ServerUrl,
    whom: Option<Whom>,
}

impl Invitation {
    /// An invitation to a server as it was typed or remembered, and to somebody there.
    ///
    /// # Errors
    /// When that is no server's address, or makes too long a link.
    pub fn to(server: &str, whom: impl Into<Option<Whom>>) -> Result<Self, InvitationError> {
        let server = ServerUrl::parse(server).map_err(|_| InvitationError::Server)?;
        // As it will be read: a name in its one form.
        let whom = match whom.into() {
            Some(Whom::Person(name)) => Some(Whom::Person(person(name.as_str())?)),
            whom => whom,
        };
        let invitation = Self { server, whom };
        // A server behind a path that is too long for a link.
        if invitation.to_string().len() > MOST_BYTES {
            return Err(InvitationError::TooLong);
        }
        Ok(invitation)
    }

    /// Whether a text is meant as a link, right or wrong.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        let text = text.trim_start();
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        scheme.eq_ignore_ascii_case(SCHEME)
    }

    /// Reads a link.
    ///
    /// # Errors
    /// [`InvitationError`] says what is wrong with it.
    pub fn parse(link: &str) -> Result<Self, InvitationError> {
        let link = link.trim();
        if link.len() > MOST_BYTES {
            return Err(InvitationError::TooLong);
        }
        let (scheme, rest) = link.split_once("://").ok_or(InvitationError::NoLink)?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(InvitationError::NoLink);
        }
        if rest.contains('#') {
            return Err(InvitationError::Option);
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let Options { encrypted, path: at } = Options::read(query)?;
        if authority.is_empty() {
            return Err(InvitationError::Server);
        }
        let whom = whom(path)?;
        let scheme = if encrypted { "wss" } else { "ws" };
        let server = ServerUrl::parse(&format!("{scheme}://{authority}{at}"));
        Ok(Self { server: server.map_err(|_| InvitationError::Server)?, whom })
    }

    /// The server to log in to, as one types it.
    #[must_use]
    pub fn server(&self) -> String {
        self.server.to_string()
    }

    /// Whether a server, as it was typed or remembered, is the one of the invitation.
    #[must_use]
    pub fn is_at(&self, server: &str) -> bool {
        ServerUrl::parse(server).is_ok_and(|server| server.origin() == self.server.origin())
    }

    /// Whom to meet there, if it names anybody.
    #[must_use]
    pub fn whom(&self) -> Option<&Whom> {
        self.whom.as_ref()
    }

    /// Whether the connection to the server is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.server.as_str().starts_with("wss://")
    }
}

/// What stands after the `?`.
struct Options {
    encrypted: bool,
    /// Behind which path the server is; empty for none.
    path: String,
}

impl Options {
    fn read(query: &str) -> Result<Self, InvitationError> {
        let (mut tls, mut path) = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("tls", "off") if tls.is_none() => tls = Some(false),
                ("tls", "on") if tls.is_none() => tls = Some(true),
                ("path", at) if path.is_none() => path = Some(decoded(at)?),
                _ => return Err(InvitationError::Option),
            }
        }
        let path = path.unwrap_or_default();
        if !(path.is_empty() || path.starts_with('/')) {
            return Err(InvitationError::Server);
        }
        Ok(Self { encrypted: tls.unwrap_or(true), path })
    }
}

/// Whom the path of a link leads to.
fn whom(path: &str) -> Result<Option<Whom>, InvitationError> {
    match path.split_once('/') {
        None if path.is_empty() => Ok(None),
        Some((ROOM, room)) if !room.contains('/') => {
            let room = RoomId::parse(&decoded(room)?).map_err(|_| InvitationError::Room)?;
            Ok(Some(Whom::Room(room)))
        }
        None => Ok(Some(Whom::Person(person(&decoded(path)?)?))),
        Some((name, "")) => Ok(Some(Whom::Person(person(&decoded(name)?)?))),
        Some(_) => Err(InvitationError::Path),
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.server.as_str().split_once("://").map_or("", |(_, rest)| rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let usual = if self.is_encrypted() { ":443" } else { ":9090" };
        let authority = authority.strip_suffix(usual).unwrap_or(authority);
        write!(f, "{SCHEME}://{authority}")?;
        match &self.whom {
            None => {}
            Some(Whom::Person(name)) => write!(f, "/{}", encoded(name.as_str()))?,
            Some(Whom::Room(room)) => write!(f, "/{ROOM}/{}", encoded(room.as_str()))?,
        }
        let mut separator = '?';
        if !self.is_encrypted() {
            f.write_str("?tls=off")?;
            separator = '&';
        }
        if path != "/" {
            write!(f, "{separator}path={}", encoded(path))?;
        }
        Ok(())
    }
}

fn person(text: &str) -> Result<Username, InvitationError> {
    canonical_name(text).map_err(|_| InvitationError::Name)
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decoded(text: &str) -> Result<String, InvitationError> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, more @ ..] = rest {
        rest = more;
        if *first == b'%' {
            let [high, low, more @ ..] = rest else { return Err(InvitationError::Encoding) };
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            let byte = digit(high).zip(digit(low)).map(|(high, low)| high * 16 + low);
            let byte = byte.and_then(|byte| u8::try_from(byte).ok());
            bytes.push(byte.ok_or(InvitationError::Encoding)?);
            rest = more;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).map_err(|_| InvitationError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bob() -> Whom {
        Whom::Person(Username::parse("bob").expect("a name"))
    }

    #[test]
    fn a_link_says_which_server_with_or_without_tls_and_whom_to_meet() {
        for (link, server, whom) in [
            ("visavis://calls.example/bob", "wss://calls.example:443", Some(bob())),
            ("visavis://calls.example:8443/Bob/", "wss://calls.example:8443", Some(bob())),
            (" VISAVIS://Calls.Example/bob ", "wss://calls.example:443", Some(bob())),
            ("visavis://10.0.0.7/bob?tls=off", "ws://10.0.0.7:9090", Some(bob())),
            ("visavis://[::1]:9000/bob?tls=off", "ws://[::1]:9000", Some(bob())),
            ("visavis://h/bob?path=%2Fsignal%3Fa%3D1", "wss://h:443/signal?a=1", Some(bob())),
            ("visavis://h", "wss://h:443", None),
            ("visavis://h/?tls=on", "wss://h:443", None),
            ("visavis://10.0.0.7:9091?tls=off", "ws://10.0.0.7:9091", None),
            (
                "visavis://h/room/two%20words",
                "wss://h:443",
                Some(Whom::Room(RoomId::parse("two words").expect("a room"))),
            ),
            (
                "visavis://h/j%C3%BCrgen",
                "wss://h:443",
                Some(Whom::Person(Username::parse("jürgen").expect("a name"))),
            ),
        ] {
            let invitation = Invitation::parse(link).unwrap_or_else(|e| panic!("{link}: {e}"));
            assert_eq!(
                (invitation.server().as_str(), invitation.whom()),
                (server, whom.as_ref()),
                "{link}"
            );
            assert_eq!(invitation.is_encrypted(), server.starts_with("wss"), "{link}");
        }
    }

    #[test]
    fn whatever_is_unexpected_in_a_link_makes_it_none_and_each_fault_has_its_own_line() {
        use InvitationError as E;
        let mut lines = std::collections::BTreeMap::new();
        for (link, error) in [
            ("", E::NoLink),
            ("bob", E::NoLink),
            ("visavis:bob", E::NoLink),
            ("https://host/bob", E::NoLink),
            ("visavis://", E::Server),
            ("visavis:///bob", E::Server),
            ("visavis://user@host/bob", E::Server),
            ("visavis://host:0/bob", E::Server),
            ("visavis://host/bob?path=signal", E::Server),
            ("visavis://host/a b", E::Name),
            ("visavis://host//", E::Name),
            ("visavis://host/%0a", E::Name),
            ("visavis://host/..%2f..", E::Name),
            ("visavis://host/bob\u{202e}", E::Name),
            ("visavis://host/room/", E::Room),
            ("visavis://host/bob/carol", E::Path),
            ("visavis://host/room/a/b", E::Path),
            ("visavis://host/%", E::Encoding),
            ("visavis://host/%ff", E::Encoding),
            ("visavis://host/bob?tls", E::Option),
            ("visavis://host/bob?tls=off&tls=on", E::Option),
            ("visavis://host/bob?call=now", E::Option),
            ("visavis://host/bob#x", E::Option),
        ] {
            assert_eq!(Invitation::parse(link), Err(error), "{link}");
            let line = error.to_string();
            assert!(!line.contains('\n') && line.contains("invitation"), "{line}");
            lines.insert(error.words().plain(), line);
        }
        let long = format!("visavis://host/room/{}", "a".repeat(MOST_BYTES));
        assert_eq!(Invitation::parse(&long), Err(E::TooLong));
        lines.insert(E::TooLong.words().plain(), E::TooLong.to_string());
        assert_eq!(lines.len(), 8, "{lines:?}");
        assert!(Invitation::is_meant(" Visavis:x") && !Invitation::is_meant("visavis.example:80"));
    }

    #[test]
    fn a_link_that_is_written_is_short() {
        for (server, link) in [
            ("wss://calls.example", "visavis://calls.example/bob"),
            ("calls.example", "visavis://calls.example/bob?tls=off"),
            ("ws://h:9000/x", "visavis://h:9000/bob?tls=off&path=%2Fx"),
        ] {
            let invitation = Invitation::to(server, bob()).expect("an invitation");
            assert_eq!(invitation.to_string(), link);
            assert_eq!(Invitation::parse(link), Ok(invitation));
        }
        let server = Invitation::to("ws://192.168.1.20:9091", None).expect("an invitation");
        assert_eq!(server.to_string(), "visavis://192.168.1.20:9091?tls=off");
    }

    proptest! {
        #[test]
        fn whatever_is_opened_is_an_invitation_or_a_line(
            link in prop_oneof![
                ".{0,60}",
                "visavis://[a-z.:\\[\\]0-9@]{0,12}/[a-z%0-9/?=&#.]{0,30}",
            ],
        ) {
            if let Ok(invitation) = Invitation::parse(&link) {
                let written = invitation.to_string();
                prop_assert!(written.is_ascii());
                prop_assert_eq!(Invitation::parse(&written), Ok(invitation));
            }
        }

        #[test]
        fn what_was_written_is_read_as_the_same(
            tls in any::<bool>(),
            port in 1..=u16::MAX,
            path in prop_oneof![Just(String::new()), "/[a-z?=&/%0-9]{0,12}"],
            room in any::<bool>(),
            text in prop_oneof!["[a-z0-9]{1,20}", "\\PC{1,20}"],
        ) {
            let whom = if room {
                RoomId::parse(&text).ok().map(Whom::Room)
            } else {
                canonical_name(&text).ok().map(Whom::Person)
            };
            let server = format!("{}://calls.example:{port}{path}", if tls { "wss" } else { "ws" });
            if let Ok(invitation) = Invitation::to(&server, whom) {
                let written = invitation.to_string();
                prop_assert_eq!(Invitation::parse(&written), Ok(invitation), "{}", written);
            }
        }
    }
}
