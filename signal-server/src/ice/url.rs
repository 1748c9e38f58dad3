//! URLs of STUN servers and relays, as clients are given them (RFC 7064, RFC 7065).

use visavis_shared::{IceScheme, IceUrl};

/// The URL of a relay, if it is one.
pub(crate) fn turn_url(text: &str) -> Result<String, &'static str> {
    checked(text, IceUrl::is_turn)
        .ok_or("it must be like turn:relay.example.org:3478?transport=udp, or turns:")
}

/// The URL of a STUN server, if it is one.
pub(crate) fn stun_url(text: &str) -> Result<String, &'static str> {
    checked(text, |url| url.scheme() == IceScheme::Stun)
        .ok_or("it must be like stun:calls.example.org:3478")
}

fn checked(text: &str, is_right: impl Fn(&IceUrl) -> bool) -> Option<String> {
    text.parse().is_ok_and(|url| is_right(&url)).then(|| text.to_owned())
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
            assert_eq!(stun_url(text).as_deref(), Ok(text));
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
            assert!(stun_url(text).is_err(), "{text}");
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
            assert_eq!(turn_url(text).as_deref(), Ok(text));
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
            assert!(turn_url(text).is_err(), "{text}");
        }
    }
}
