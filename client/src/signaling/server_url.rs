//! The server's address as people type it, made into a WebSocket URL.
//!
//! In: a host, or a URL as it stands in a browser, with any capitals. Out: a [`ServerUrl`]: ASCII,
//! with one spelling for each server. International names become what is looked up (UTS 46); a dot
//! at the end of a name and the zone of an IPv6 address (RFC 4007 §11) are for looking up alone.

use std::fmt;
use std::fmt::Write as _;
use std::net::Ipv6Addr;

use tokio_tungstenite::tungstenite::http::Uri;
use visavis_shared::limits::DEFAULT_PORT;

use crate::words::{Phrase, phrase};

/// So much of what can't be used is given back.
const QUOTED_CHARS: usize = 80;
/// The longest address of a server that is taken.
const MOST_BYTES: usize = 2048;

/// Why an address can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no server address: write a host name, or ws://HOST:9090, or wss://HOST")]
pub struct UrlError(String);

impl UrlError {
    /// What to tell the person.
    #[must_use]
    pub fn words(&self) -> Phrase {
        phrase!("no-server-address", typed = &self.0).or_plain(self.to_string())
    }
}

/// A `ws://` or `wss://` URL with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    url: String,
    origin: String,
    /// As it is looked up: no brackets, and with a zone.
    host: String,
    port: u16,
    tls: bool,
}

impl ServerUrl {
    /// Takes what was typed: a bare host gets `ws://` and the default port; `wss://` without a port
    /// is 443, as everywhere on the web. `https://` is taken for `wss://`, `http://` for `ws://`.
    ///
    /// # Errors
    /// [`UrlError`] says what to write instead.
    pub fn parse(typed: &str) -> Result<Self, UrlError> {
        let quoted = || {
            UrlError(visavis_shared::ForeignText::new(typed).chars().take(QUOTED_CHARS).collect())
        };
        Self::read(typed.trim()).ok_or_else(quoted)
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("ws", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            _ => return None,
        };
        if rest.len() > MOST_BYTES {
            return None;
        }
        // What follows '#' is for browsers.
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let port = match (port, tls) {
            (Some(port), _) => port,
            (None, true) => 443,
            (None, false) => DEFAULT_PORT,
        };
        let (host, spelled, origin) = one_spelling(host)?;
        let scheme = if tls { "wss" } else { "ws" };
        let slash = if path.starts_with('/') { "" } else { "/" };
        let url = format!("{scheme}://{spelled}:{port}{slash}{}", encoded(path)?);
        // What tungstenite can't read is found here.
        let uri: Uri = url.parse().ok()?;
        uri.host()?;
        Some(Self { url, origin: format!("{scheme}://{origin}:{port}"), host, port, tls })
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Scheme, host and port, in the one spelling that they have: what tells one server from
    /// another.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host and port without the scheme, as people read them.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.origin.split_once("://").map_or(self.origin.as_str(), |(_, authority)| authority)
    }

    /// Whether it names this machine: its loopback, or "localhost".
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        visavis_shared::is_this_machine(&self.host)
    }

    /// Host and port, as they are looked up.
    pub(super) fn host_and_port(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Whether it begins with `wss://`.
    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }
}

/// Host and port; `None` where the port is none, or somebody's name stands before the host.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if authority.contains('@') {
        return None;
    }
    // An IPv6 address that stands without brackets has no port.
    if authority.matches(':').count() > 1 && !authority.starts_with('[') {
        return Some((authority, None));
    }
    let end = authority.find(']').map_or(0, |bracket| bracket + 1);
    match authority.get(end..)?.find(':') {
        None => Some((authority, None)),
        Some(at) => {
            let (host, port) = authority.split_at(end + at);
            let port = port.get(1..).filter(|port| port.bytes().all(|b| b.is_ascii_digit()))?;
            Some((host, Some(port.parse().ok().filter(|port| *port != 0)?)))
        }
    }
}

/// A host as it is looked up, as it stands in a URL, and as it stands in an origin.
fn one_spelling(host: &str) -> Option<(String, String, String)> {
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bracketed.is_some() || host.contains(':') {
        let (address, zone) = match bracketed.unwrap_or(host).split_once('%') {
            // In a URL the sign itself is encoded (RFC 6874).
            Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
            None => (bracketed.unwrap_or(host), None),
        };
        let address: Ipv6Addr = address.parse().ok()?;
        let zone = match zone {
            None => String::new(),
            Some(zone) => {
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                let fits = (1..=32).contains(&zone.len()) && zone.chars().all(fits);
                fits.then(|| format!("%{zone}"))?
            }
        };
        return Some((
            format!("{address}{zone}"),
            format!("[{address}]"),
            format!("[{address}{zone}]"),
        ));
    }
    // Full-width and ideographic dots end a label as well.
    let host = idna::domain_to_ascii(host).ok()?;
    let host = host.strip_suffix('.').unwrap_or(&host);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = (1..=253).contains(&host.len())
        && host.chars().all(fits)
        && host.split('.').all(|label| (1..=63).contains(&label.len()));
    fits.then(|| (host.to_owned(), host.to_owned(), host.to_owned()))
}

/// A path and query with what is not ASCII encoded; `None` where a blank or a control character is
/// in it.
fn encoded(path: &str) -> Option<String> {
    let mut encoded = String::new();
    for c in path.chars() {
        match c {
            '!'..='~' => encoded.push(c),
            c if c.is_whitespace() || c.is_control() => return None,
            c => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    write!(encoded, "%{byte:02X}").ok()?;
                }
            }
        }
    }
    Some(encoded)
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_type_becomes_a_url_with_a_port() {
        for (typed, url) in [
            ("example.org", "ws://example.org:9090/"),
            (" 192.168.1.5:8000 ", "ws://192.168.1.5:8000/"),
            ("ws://127.0.0.1:9090", "ws://127.0.0.1:9090/"),
            ("wss://example.org/signal", "wss://example.org:443/signal"),
            ("https://example.org", "wss://example.org:443/"),
            ("[::1]", "ws://[::1]:9090/"),
            ("::1", "ws://[::1]:9090/"),
            ("WS://Example.ORG", "ws://example.org:9090/"),
            ("WSS://EXAMPLE.org:8443/Signal", "wss://example.org:8443/Signal"),
            ("HTTPS://example.org/", "wss://example.org:443/"),
            ("http://example.org:80", "ws://example.org:80/"),
            ("wss://example.org?room=1#top", "wss://example.org:443/?room=1"),
            ("wss://example.org./a", "wss://example.org:443/a"),
            ("wss://bücher.example", "wss://xn--bcher-kva.example:443/"),
            ("wss://BÜCHER.example:9443", "wss://xn--bcher-kva.example:9443/"),
            ("例え。テスト", "ws://xn--r8jz45g.xn--zckzah:9090/"),
            ("faß.example", "ws://xn--fa-hia.example:9090/"),
            ("my_host", "ws://my_host:9090/"),
            ("wss://example.org/b\u{fc}ro", "wss://example.org:443/b%C3%BCro"),
            ("ws://[fe80::1%25eth0]:9000/x", "ws://[fe80::1]:9000/x"),
        ] {
            assert_eq!(ServerUrl::parse(typed).map(|url| url.url), Ok(url.to_owned()), "{typed}");
        }
    }

    #[test]
    fn an_origin_has_one_spelling_and_no_path() {
        for (typed, origin) in [
            ("Example.ORG", "ws://example.org:9090"),
            ("wss://example.org/signal?x=1", "wss://example.org:443"),
            ("https://example.org:443", "wss://example.org:443"),
            ("[0:0::0001]:80", "ws://[::1]:80"),
            ("127.0.0.1", "ws://127.0.0.1:9090"),
            ("HTTPS://Example.org.", "wss://example.org:443"),
            ("wss://Bücher.example/", "wss://xn--bcher-kva.example:443"),
            ("[FE80::1%eth0]", "ws://[fe80::1%eth0]:9090"),
        ] {
            let url = ServerUrl::parse(typed).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(url.origin(), origin, "{typed}");
        }
    }

    #[test]
    fn a_zone_is_looked_up_and_not_sent() {
        for (typed, host) in [
            ("[fe80::1%eth0]:9000", "fe80::1%eth0"),
            ("ws://[fe80::1%25wlp2s0]:9000", "fe80::1%wlp2s0"),
            ("fe80::0001%3", "fe80::1%3"),
            ("[::1]:9000", "::1"),
        ] {
            let url = ServerUrl::parse(typed).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(url.host_and_port().0, host, "{typed}");
            assert!(!url.as_str().contains('%'), "{url}");
        }
    }

    #[test]
    fn this_machine_goes_by_few_names() {
        let is = |typed: &str| ServerUrl::parse(typed).is_ok_and(|url| url.is_this_machine());
        for typed in ["localhost", "ws://127.0.0.1:9090", "[::1]", "wss://LOCALHOST/x", "127.3.4.5"]
        {
            assert!(is(typed), "{typed}");
        }
        for typed in ["example.org", "192.168.1.5", "[fe80::1]", "127.0.0.1.example.org"] {
            assert!(!is(typed), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for typed in [
            "",
            "   ",
            "ftp://x",
            "ws://",
            "a b",
            "ws://user:secret@host",
            "host:99999",
            "ws://host:port",
            "ws://host:0",
            "ws://host:+80",
            "ws://host:",
            "wss://",
            "wss:///path",
            "example..org",
            "[::1",
            "[::g]",
            "[fe80::1%]",
            "[fe80::1%a b]",
            "1:2:3",
            "ws://a\u{1b}[2Jb",
            "wss://host/a b",
            "xn--\u{fc}",
            "\u{202e}evil",
        ] {
            let error = ServerUrl::parse(typed).expect_err(typed);
            assert!(error.to_string().contains("ws://HOST:9090"), "{error}");
        }
    }

    proptest! {
        /// Whatever is typed: a URL that can be read again as the same, or a refusal of one line.
        #[test]
        fn whatever_is_typed_is_a_url_or_a_line(
            scheme in prop_oneof![Just(String::new()), "(ws|WSS|https?|ftp)://", ".{0,5}"],
            rest in prop_oneof![".{0,40}", "[a-z.%:\\[\\]@0-9/?#-]{0,40}"],
        ) {
            match ServerUrl::parse(&format!("{scheme}{rest}")) {
                Ok(url) => {
                    prop_assert!(url.as_str().is_ascii());
                    let again = ServerUrl::parse(url.as_str()).expect("it is a URL");
                    prop_assert_eq!(again.as_str(), url.as_str());
                }
                Err(error) => prop_assert!(!error.to_string().chars().any(char::is_control)),
            }
        }
    }
}
