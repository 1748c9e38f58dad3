//! URLs of STUN servers and relays, as clients are given them (RFC 7064, RFC 7065).

use std::net::Ipv6Addr;
use std::str::FromStr;

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
        let wrong = "it must be like turn:relay.example.org:3478?transport=udp, or turns:";
        let rest =
            text.strip_prefix("turn:").or_else(|| text.strip_prefix("turns:")).ok_or(wrong)?;
        let (place, transport) =
            rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let is_transport = matches!(transport, None | Some("transport=udp" | "transport=tcp"));
        if is_transport && is_place(place) { Ok(Self(text.to_owned())) } else { Err(wrong) }
    }
}

impl FromStr for StunUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "it must be like stun:calls.example.org:3478";
        let place = text.strip_prefix("stun:").ok_or(wrong)?;
        if is_place(place) { Ok(Self(text.to_owned())) } else { Err(wrong) }
    }
}

/// Whether it is a host, with a port or without.
fn is_place(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) if host.parse::<Ipv6Addr>().is_ok() => return true,
            Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() => {
                (host, port.strip_prefix(':'))
            }
            _ => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, Some("1")),
        },
    };
    let is_port = port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_in_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    is_port && !host.is_empty() && host.bytes().all(is_in_host)
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
