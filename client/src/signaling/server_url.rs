//! The server's address as people type it, made into a WebSocket URL.

use std::fmt;
use std::net::Ipv6Addr;

use tokio_tungstenite::tungstenite::http::Uri;
use visavis_shared::limits::DEFAULT_PORT;

/// Why an address can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no server address: write a host name, or ws://HOST:9090, or wss://HOST")]
pub struct UrlError(String);

/// A `ws://` or `wss://` URL with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    url: String,
    origin: String,
}

impl ServerUrl {
    /// Takes what was typed: a bare host gets `ws://` and the default port; `wss://` without a port
    /// is 443, as everywhere on the web.
    ///
    /// # Errors
    /// [`UrlError`] says what to write instead.
    pub fn parse(typed: &str) -> Result<Self, UrlError> {
        let wrong = || UrlError(typed.trim().chars().take(80).collect());
        let text = typed.trim();
        let text = match text.split_once("://") {
            None => format!("ws://{text}"),
            Some(("http", rest)) => format!("ws://{rest}"),
            Some(("https", rest)) => format!("wss://{rest}"),
            Some(_) => text.to_owned(),
        };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let scheme = uri.scheme_str().filter(|s| matches!(*s, "ws" | "wss")).ok_or_else(wrong)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong());
        }
        let names_port = uri.authority().is_some_and(|authority| authority.as_str() != host);
        let port = match (uri.port_u16(), scheme) {
            (Some(port), _) => port,
            // One that is no number up to 65535.
            (None, _) if names_port => return Err(wrong()),
            (None, "wss") => 443,
            (None, _) => DEFAULT_PORT,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let origin = format!("{scheme}://{}:{port}", one_spelling(host));
        Ok(Self { url: format!("{scheme}://{host}:{port}{path}"), origin })
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

    /// Whether it names this machine: its loopback, or "localhost".
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        let host = self.host_and_port().rsplit_once(':').map_or("", |(host, _)| host);
        visavis_shared::is_this_machine(host)
    }

    /// Host and port, as they are looked up.
    pub(super) fn host_and_port(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host_and_port)| host_and_port)
    }
}

fn one_spelling(host: &str) -> String {
    let v6 = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .and_then(|host| host.parse::<Ipv6Addr>().ok());
    v6.map_or_else(|| host.to_ascii_lowercase(), |address| format!("[{address}]"))
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_a_url_with_a_port() {
        for (typed, url) in [
            ("example.org", "ws://example.org:9090/"),
            (" 192.168.1.5:8000 ", "ws://192.168.1.5:8000/"),
            ("ws://127.0.0.1:9090", "ws://127.0.0.1:9090/"),
            ("wss://example.org/signal", "wss://example.org:443/signal"),
            ("https://example.org", "wss://example.org:443/"),
            ("[::1]", "ws://[::1]:9090/"),
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
        ] {
            let url = ServerUrl::parse(typed).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(url.origin(), origin, "{typed}");
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
        ] {
            let error = ServerUrl::parse(typed).expect_err(typed);
            assert!(error.to_string().contains("ws://HOST:9090"), "{error}");
        }
    }
}
