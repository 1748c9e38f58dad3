//! Which web pages may connect. Pure.
//!
//! A browser lets any page open a WebSocket to anywhere and says in `Origin` whose page it is (RFC
//! 6454). Programs other than browsers say nothing and are let in: they could say anything.

use std::str::FromStr;

/// A site: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        normal(text)
            .map(Self)
            .ok_or_else(|| "it must be the URL of a site, such as https://calls.example.org".into())
    }
}

/// The sites that may connect; all of them when it is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedOrigins(pub(crate) Vec<Origin>);

impl AllowedOrigins {
    /// Whether a client that says this about its origin may connect. `None`: it says nothing.
    pub(crate) fn allow(&self, origin: Option<&[u8]>) -> bool {
        let Some(origin) = origin else { return true };
        if self.0.is_empty() {
            return true;
        }
        let origin = std::str::from_utf8(origin).ok().and_then(normal);
        origin.is_some_and(|origin| self.0.iter().any(|allowed| allowed.0 == origin))
    }
}

/// The one form of an origin: lower case, without the port that its scheme has anyway.
fn normal(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let is_host = !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:[]%".contains(&b));
    if !is_scheme || !is_host {
        return None;
    }
    let host = match scheme {
        "https" | "wss" => host.strip_suffix(":443").unwrap_or(host),
        "http" | "ws" => host.strip_suffix(":80").unwrap_or(host),
        _ => host,
    };
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(list: &[&str], origin: &str) -> bool {
        AllowedOrigins(list.iter().map(|text| text.parse().unwrap()).collect())
            .allow(Some(origin.as_bytes()))
    }

    #[test]
    fn without_a_list_everyone_may() {
        assert!(allowed(&[], "https://anywhere.example"));
        assert!(allowed(&[], "null"));
    }

    #[test]
    fn who_says_nothing_is_no_browser() {
        assert!(AllowedOrigins(vec!["https://a.example".parse().unwrap()]).allow(None));
    }

    #[test]
    fn a_site_is_its_scheme_host_and_port() {
        let list = ["https://calls.example.org", "http://localhost:8080/"];
        for same in [
            "https://calls.example.org",
            "HTTPS://Calls.Example.ORG",
            "https://calls.example.org:443",
        ] {
            assert!(allowed(&list, same), "{same}");
        }
        assert!(allowed(&list, "http://localhost:8080"));
        for other in [
            "http://calls.example.org",
            "https://calls.example.org:8443",
            "https://calls.example.org.evil.example",
            "https://evil.example/https://calls.example.org",
            "https://example.org",
            "http://localhost",
            "null",
            "",
        ] {
            assert!(!allowed(&list, other), "{other}");
        }
        let list = AllowedOrigins(vec!["https://a.example".parse().unwrap()]);
        assert!(!list.allow(Some(b"https://a.example\xff")));
    }

    #[test]
    fn what_is_no_site_is_refused_with_words() {
        for text in
            ["", "*", "calls.example.org", "https://", "https://a.example/path", "https://a b"]
        {
            assert!(text.parse::<Origin>().unwrap_err().contains("such as"), "{text}");
        }
    }
}
