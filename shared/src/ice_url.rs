//! URLs of STUN and TURN servers (RFC 7064 §3.1, RFC 7065 §3.1).
//!
//! In: a URL's text, from a server, an option or a setting. Out: scheme, host, port and transport,
//! with the defaults of the RFCs filled in. What always holds: the host is an IPv6 address or made
//! of letters, digits, dots, hyphens and underscores; the port is not 0; what is displayed reads
//! back as the same URL.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The port of STUN and TURN over UDP and TCP.
const PORT: u16 = 3478;
/// Their port over TLS and DTLS.
const TLS_PORT: u16 = 5349;

/// What a server is asked, and whether TLS (over UDP: DTLS) protects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IceScheme {
    /// STUN.
    Stun,
    /// STUN over TLS.
    Stuns,
    /// TURN.
    Turn,
    /// TURN over TLS.
    Turns,
}

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IceTransport {
    /// Over UDP, as datagrams.
    Udp,
    /// A stream.
    Tcp,
}

/// The URL of a STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IceUrl {
    scheme: IceScheme,
    host: String,
    port: u16,
    transport: IceTransport,
}

/// The text is no URL of a STUN or TURN server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be like stun:HOST:PORT or turn:HOST:PORT?transport=udp")]
pub struct IceUrlError;

impl IceUrl {
    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> IceScheme {
        self.scheme
    }

    /// A name or an address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The transport, as named or by default: UDP, or TCP where there is TLS.
    #[must_use]
    pub fn transport(&self) -> IceTransport {
        self.transport
    }

    /// The port, as named or by default.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, as it is looked up.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Whether it names the machine that it is used on.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        is_this_machine(&self.host)
    }

    /// Whether it is a relay.
    #[must_use]
    pub fn is_turn(&self) -> bool {
        matches!(self.scheme, IceScheme::Turn | IceScheme::Turns)
    }
}

/// Whether a host is the machine itself: an address of its loopback, in brackets or not, or
/// "localhost" (RFC 6761 §6.3).
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match address.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => {
            let name = address.strip_suffix('.').unwrap_or(address).to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

impl FromStr for IceUrl {
    type Err = IceUrlError;

    fn from_str(text: &str) -> Result<Self, IceUrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(IceUrlError)?;
        let (scheme, port, transport) = match scheme {
            "stun" => (IceScheme::Stun, PORT, IceTransport::Udp),
            "stuns" => (IceScheme::Stuns, TLS_PORT, IceTransport::Tcp),
            "turn" => (IceScheme::Turn, PORT, IceTransport::Udp),
            "turns" => (IceScheme::Turns, TLS_PORT, IceTransport::Tcp),
            _ => return Err(IceUrlError),
        };
        let is_turn = matches!(scheme, IceScheme::Turn | IceScheme::Turns);
        let (authority, transport) = match rest.split_once('?') {
            None => (rest, transport),
            Some((authority, "transport=udp")) if is_turn => (authority, IceTransport::Udp),
            Some((authority, "transport=tcp")) if is_turn => (authority, IceTransport::Tcp),
            Some(_) => return Err(IceUrlError),
        };
        let (host, after_host) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, after_host) = rest.split_once(']').ok_or(IceUrlError)?;
                host.parse::<Ipv6Addr>().map_err(|_| IceUrlError)?;
                (host, after_host)
            }
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_name = |host: &str| {
            let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            !host.is_empty() && host.bytes().all(is_allowed)
        };
        if !authority.starts_with('[') && !is_name(host) {
            return Err(IceUrlError);
        }
        let port = if after_host.is_empty() { port } else { parse_port(after_host)? };
        Ok(Self { scheme, host: host.to_owned(), port, transport })
    }
}

/// Reads `:port`. Unlike the standard library it takes no sign.
fn parse_port(text: &str) -> Result<u16, IceUrlError> {
    let digits = text.strip_prefix(':').ok_or(IceUrlError)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_number && *port > 0).ok_or(IceUrlError)
}

impl fmt::Display for IceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            IceScheme::Stun => "stun",
            IceScheme::Stuns => "stuns",
            IceScheme::Turn => "turn",
            IceScheme::Turns => "turns",
        };
        write!(f, "{scheme}:{}", self.host_and_port())?;
        match self.transport {
            // The URL of a STUN server names none.
            _ if !self.is_turn() => Ok(()),
            IceTransport::Udp => f.write_str("?transport=udp"),
            IceTransport::Tcp => f.write_str("?transport=tcp"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_name_a_server_and_how_to_reach_it() {
        use IceScheme::{Stun, Stuns, Turn, Turns};
        use IceTransport::{Tcp, Udp};
        for (url, scheme, host_and_port, transport) in [
            ("stun:stun.example.org", Stun, "stun.example.org:3478", Udp),
            ("stun:[2001:db8::1]", Stun, "[2001:db8::1]:3478", Udp),
            ("stun:[2001:db8::1]:99", Stun, "[2001:db8::1]:99", Udp),
            ("stuns:example.org", Stuns, "example.org:5349", Tcp),
            ("turn:example.org", Turn, "example.org:3478", Udp),
            ("turn:192.0.2.1:99?transport=udp", Turn, "192.0.2.1:99", Udp),
            ("turn:a_b-c.example?transport=tcp", Turn, "a_b-c.example:3478", Tcp),
            ("turns:example.org", Turns, "example.org:5349", Tcp),
            ("turns:[2001:db8::1]:443?transport=tcp", Turns, "[2001:db8::1]:443", Tcp),
            ("turns:example.org?transport=udp", Turns, "example.org:5349", Udp),
        ] {
            let parsed: IceUrl = url.parse().expect(url);
            assert_eq!(
                (parsed.scheme(), parsed.host_and_port().as_str(), parsed.transport()),
                (scheme, host_and_port, transport),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused() {
        for text in [
            "",
            "x",
            "nonsense",
            "http:a",
            "https://relay.example.org",
            "turn://relay.example.org",
            "stun:",
            "stun::3478",
            "stun:a:0",
            "stun:a:",
            "stun:a:+80",
            "stun:a:65536",
            "stun:a?transport=udp",
            "stun:[a]",
            "stun:a b",
            "turn:",
            "turn:a:port",
            "turn:a?y=z",
            "turn:a?transport=sctp",
            "turn:a?",
            "turn:[relay]:3478",
            "turn:[2001:db8::1",
            "turn:[2001:db8::1]3478",
            "turn:2001:db8::1",
            "turn:user@relay:1",
            "STUN:a",
        ] {
            assert_eq!(text.parse::<IceUrl>(), Err(IceUrlError), "{text}");
        }
    }

    #[test]
    fn this_machine_goes_by_few_names() {
        for host in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
            "LocalHost",
            "a.localhost.",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in
            ["", "0.0.0.0", "10.0.0.1", "localhost.example.org", "[::2]", "127.0.0.1.example"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
        let url: IceUrl = "turn:[::1]:3479".parse().expect("a URL");
        assert!(url.is_this_machine());
    }

    proptest! {
        #[test]
        fn what_is_displayed_reads_back(
            scheme in "stuns?|turns?",
            host in r"[a-z0-9._-]{1,20}|\[[0-9a-f:]{2,20}\]",
            rest in r"(:[0-9]{1,6})?(\?transport=(udp|tcp))?"
        ) {
            if let Ok(url) = format!("{scheme}:{host}{rest}").parse::<IceUrl>() {
                prop_assert_eq!(url.to_string().parse(), Ok(url.clone()));
                prop_assert!(url.port() > 0 && !url.host().is_empty());
            }
        }

        #[test]
        fn no_text_panics(start in "(stuns?:|turns?:)?", rest in r"[\[\]:?=@.\PC]{0,30}") {
            if let Ok(url) = format!("{start}{rest}").parse::<IceUrl>() {
                prop_assert_eq!(url.to_string().parse(), Ok(url));
            }
        }
    }
}
