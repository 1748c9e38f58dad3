//! URLs of STUN servers and relays, as clients are given them (RFC 7064, RFC 7065).

use std::str::FromStr;

use visavis_shared::{IceScheme, IceUrl};

/// The URL of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnUrl(String);

/// The URL of a STUN server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StunUrl(String);

impl TurnUrl {
    /// As clients are given it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StunUrl {
    /// As clients are given it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TurnUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<IceUrl>() {
            Ok(url) if url.is_turn() => Ok(Self(text.to_owned())),
            _ => Err("it must be like turn:relay.example.org:3478?transport=udp, or turns:"),
        }
    }
}

impl FromStr for StunUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<IceUrl>() {
            Ok(url) if url.scheme() == IceScheme::Stun => Ok(Self(text.to_owned())),
            _ => Err("it must be like stun:calls.example.org:3478"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stun_server_is_named_by_a_stun_url() {
        for text in [
            "stun:calls.example.org",
            "stun:192.0.2.1:3478",
            "stun:[2001:db8::1]",
            "stun:[2001:db8::1]:3478",
        ] {
            assert_eq!(text.parse::<StunUrl>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "stun:",
            "stun::3478",
            "turn:a",
            "a:3478",
            "stun:a:0",
            "stun:a?transport=udp",
            "stun:[a]",
            "stun:a b",
        ] {
            assert!(text.parse::<StunUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_relay_elsewhere_is_named_by_a_turn_url() {
        for text in [
            "turn:relay.example.org",
            "turn:relay.example.org:3478",
            "turn:192.0.2.1:3478?transport=udp",
            "turn:[2001:db8::1]:3478?transport=tcp",
            "turns:relay.example.org:443?transport=tcp",
        ] {
            assert_eq!(text.parse::<TurnUrl>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "turn:",
            "turn::3478",
            "stun:relay.example.org",
            "https://relay.example.org",
            "turn://relay.example.org",
            "turn:relay.example.org:0",
            "turn:relay.example.org:port",
            "turn:relay.example.org?transport=sctp",
            "turn:[relay]:3478",
            "turn:[2001:db8::1",
            "turn:[2001:db8::1]3478",
            "turn:a b:1",
            "turn:user@relay:1",
        ] {
            assert!(text.parse::<TurnUrl>().is_err(), "{text}");
        }
    }
}
