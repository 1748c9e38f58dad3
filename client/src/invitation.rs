//! Links that invite: `visavis://HOST[:PORT]/NAME` to call somebody, `…/room/ROOM` to meet in a
//! room. Pure.
//!
//! In: a link as it stands in a browser or on the command line, or a server and whom to meet there.
//! Out: an [`Invitation`], or one line that says what a link looks like; and the link again. The
//! connection is encrypted unless `?tls=off` says otherwise; without a port it is 443 with TLS and
//! 9090 without, as everywhere here; a server behind a path has that in `?path=`. What is not a
//! letter, a digit or one of `-._~` is percent-encoded (RFC 3986 §2.1). What always holds: an
//! invitation proposes, it never calls; a link that was written is read as the same invitation.

use std::fmt;
use std::fmt::Write as _;

use visavis_shared::{RoomId, Username, canonical_name};

use crate::signaling::ServerUrl;

/// What a link begins with.
pub const SCHEME: &str = "visavis";
/// The longest link that is read.
pub const MOST_BYTES: usize = 2048;
const ROOM: &str = "room";

/// Why a link is no invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is no invitation: it looks like visavis://HOST/NAME or visavis://HOST/room/ROOM")]
pub struct InvitationError;

/// Whom a link is to lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Somebody by name.
    Person(Username),
    /// Whoever is in the room.
    Room(RoomId),
}

/// A server, and whom to meet there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    server: ServerUrl,
    whom: Whom,
}

impl Invitation {
    /// An invitation to a server as it was typed or remembered.
    ///
    /// # Errors
    /// When that is no server's address.
    pub fn to(server: &str, whom: Whom) -> Result<Self, InvitationError> {
        let server = ServerUrl::parse(server).map_err(|_| InvitationError)?;
        // As it will be read: a name in its one form.
        let whom = match whom {
            Whom::Person(name) => Whom::Person(person(name.as_str())?),
            Whom::Room(room) => Whom::Room(room),
        };
        let invitation = Self { server, whom };
        // A server behind a path that is too long for a link.
        if invitation.to_string().len() > MOST_BYTES {
            return Err(InvitationError);
        }
        Ok(invitation)
    }

    /// Reads a link.
    ///
    /// # Errors
    /// [`InvitationError`] says what a link looks like.
    pub fn parse(link: &str) -> Result<Self, InvitationError> {
        Self::read(link.trim()).ok_or(InvitationError)
    }

    fn read(link: &str) -> Option<Self> {
        if link.len() > MOST_BYTES {
            return None;
        }
        let (scheme, rest) = link.split_once("://")?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/')?;
        let (mut scheme, mut at) = ("wss", String::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("tls", "off") => scheme = "ws",
                ("tls", "on") => {}
                ("path", path) => at = decoded(path)?,
                // A later version's.
                _ => {}
            }
        }
        if authority.is_empty() || !(at.is_empty() || at.starts_with('/')) {
            return None;
        }
        let whom = match path.split_once('/') {
            Some((ROOM, room)) if !room.contains('/') => {
                Whom::Room(RoomId::parse(&decoded(room)?).ok()?)
            }
            None | Some((_, "")) => {
                Whom::Person(person(&decoded(path.trim_end_matches('/'))?).ok()?)
            }
            Some(_) => return None,
        };
        let server = ServerUrl::parse(&format!("{scheme}://{authority}{at}")).ok()?;
        Some(Self { server, whom })
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

    /// Whom to meet there.
    #[must_use]
    pub fn whom(&self) -> &Whom {
        &self.whom
    }

    /// Whether the connection to the server is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.server.as_str().starts_with("wss://")
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.server.as_str().split_once("://").map_or("", |(_, rest)| rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let usual = if self.is_encrypted() { ":443" } else { ":9090" };
        let authority = authority.strip_suffix(usual).unwrap_or(authority);
        write!(f, "{SCHEME}://{authority}/")?;
        match &self.whom {
            Whom::Person(name) => f.write_str(&encoded(name.as_str()))?,
            Whom::Room(room) => write!(f, "{ROOM}/{}", encoded(room.as_str()))?,
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
    canonical_name(text).map_err(|_| InvitationError)
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

fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, more @ ..] = rest {
        rest = more;
        if *first == b'%' {
            let [high, low, more @ ..] = rest else { return None };
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
            rest = more;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
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
            ("visavis://calls.example/bob", "wss://calls.example:443", bob()),
            ("visavis://calls.example:8443/Bob/", "wss://calls.example:8443", bob()),
            (" VISAVIS://Calls.Example/bob#x ", "wss://calls.example:443", bob()),
            ("visavis://10.0.0.7/bob?tls=off", "ws://10.0.0.7:9090", bob()),
            ("visavis://[::1]:9000/bob?tls=off&new=1", "ws://[::1]:9000", bob()),
            ("visavis://h/bob?path=%2Fsignal%3Fa%3D1", "wss://h:443/signal?a=1", bob()),
            (
                "visavis://h/room/two%20words",
                "wss://h:443",
                Whom::Room(RoomId::parse("two words").expect("a room")),
            ),
            (
                "visavis://h/j%C3%BCrgen",
                "wss://h:443",
                Whom::Person(Username::parse("jürgen").expect("a name")),
            ),
        ] {
            let invitation = Invitation::parse(link).unwrap_or_else(|e| panic!("{link}: {e}"));
            assert_eq!(
                (invitation.server().as_str(), invitation.whom()),
                (server, &whom),
                "{link}"
            );
            assert_eq!(invitation.is_encrypted(), server.starts_with("wss"), "{link}");
        }
    }

    #[test]
    fn what_is_no_invitation_is_refused_in_one_line() {
        for link in [
            "",
            "bob",
            "visavis:bob",
            "visavis://",
            "visavis://host",
            "visavis://host/",
            "visavis:///bob",
            "visavis://host/a b",
            "visavis://host/bob/carol",
            "visavis://host/room/",
            "visavis://host/room/a/b",
            "visavis://host/%",
            "visavis://host/%ff",
            "visavis://host/%0a",
            "visavis://host/..%2f..",
            "visavis://user@host/bob",
            "visavis://host:0/bob",
            "visavis://host/bob?path=signal",
            "https://host/bob",
            "visavis://host/bob\u{202e}",
        ] {
            let error = Invitation::parse(link).expect_err(link);
            assert!(error.to_string().contains("visavis://HOST/NAME"), "{error}");
        }
        let long = format!("visavis://host/room/{}", "a".repeat(MOST_BYTES));
        assert_eq!(Invitation::parse(&long), Err(InvitationError));
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
            if let Some(whom) = whom
                && let Ok(invitation) = Invitation::to(&server, whom)
            {
                let written = invitation.to_string();
                prop_assert_eq!(Invitation::parse(&written), Ok(invitation), "{}", written);
            }
        }
    }
}
