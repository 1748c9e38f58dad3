//! Addresses of the web in what was said.
//!
//! In: a text. Out: where links stand in it, and for a link what opens and which host to show.
//! What always holds: only `http` and `https` are links; none says one host and opens another
//! (nothing before an `@`, no host of look-alikes in its own letters). Pure.

use std::ops::Range;

use unicode_security::MixedScript as _;
use unicode_security::confusable_detection::skeleton;

const SCHEMES: [&str; 2] = ["https://", "http://"];
/// The longest address that is a link, in bytes.
const MAX_LINK: usize = 2048;

/// What a link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    /// The address for the browser, with its host in ASCII (RFC 5891 §4.4).
    pub address: String,
    /// The host to show: in its own letters, or in ASCII if those look like others.
    pub host: String,
}

/// Where links stand in a text, in bytes.
#[must_use]
pub fn links(text: &str) -> Vec<Range<usize>> {
    let mut links = Vec::new();
    let mut from = 0;
    while let Some(start) = next_scheme(text, from) {
        let rest = &text[start..];
        let end = rest.find(ends_link).unwrap_or(rest.len());
        let link = trimmed(&rest[..end]);
        if link_target(link).is_some() {
            links.push(start..start + link.len());
            from = start + link.len();
        } else {
            from = start + SCHEMES[1].len();
        }
    }
    links
}

/// What a link opens, and which host to show; `None` for what is no link.
#[must_use]
pub fn link_target(link: &str) -> Option<LinkTarget> {
    if link.len() > MAX_LINK || link.contains(ends_link) {
        return None;
    }
    let scheme = SCHEMES.into_iter().find(|scheme| begins_with(link, scheme))?;
    let rest = &link[scheme.len()..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    // A name before an @ is the oldest way to show one host and open another, and browsers read a
    // backslash as a slash.
    if authority.contains(['@', '\\', '%']) {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse::<u16>().ok()?)),
        _ => (authority, None),
    };
    let (ascii, shown) = host_forms(host)?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let address = format!("{scheme}{ascii}{port}{}", &rest[authority.len()..]);
    Some(LinkTarget { address, host: shown })
}

/// The host in ASCII, and as it is shown.
fn host_forms(host: &str) -> Option<(String, String)> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: std::net::Ipv6Addr = inner.parse().ok()?;
        let host = format!("[{address}]");
        return Some((host.clone(), host));
    }
    let ascii = idna::domain_to_ascii_strict(host).ok()?;
    // Without a dot it is a word and no host; `localhost` is one.
    if ascii.len() > 253 || !(ascii.contains('.') || ascii == "localhost") {
        return None;
    }
    // What ends in a number is an address, in one spelling only.
    if ascii.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit())) {
        let address: std::net::Ipv4Addr = ascii.parse().ok()?;
        return Some((address.to_string(), address.to_string()));
    }
    let (own, valid) = idna::domain_to_unicode(&ascii);
    let honest = valid.is_ok() && own.split('.').all(is_honest);
    let shown = if honest { own } else { ascii.clone() };
    Some((ascii, shown))
}

/// Whether a label can be shown in its own letters: they are of one script, and not such that look
/// like ASCII.
fn is_honest(label: &str) -> bool {
    label.is_ascii() || (label.is_single_script() && !skeleton(label).all(|c| c.is_ascii()))
}

fn begins_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Where the next scheme stands that is no part of a word.
fn next_scheme(text: &str, from: usize) -> Option<usize> {
    let found = |at: &usize| {
        let before = text[..*at].chars().next_back();
        !before.is_some_and(char::is_alphanumeric)
            && SCHEMES.iter().any(|scheme| begins_with(&text[*at..], scheme))
    };
    let rest = text.get(from..)?;
    rest.char_indices().filter(|(_, c)| matches!(c, 'h' | 'H')).map(|(at, _)| from + at).find(found)
}

fn ends_link(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '^')
}

/// Without the punctuation of the sentence round it.
fn trimmed(link: &str) -> &str {
    let mut link = link;
    while let Some(last) = link.chars().next_back() {
        let count = |c: char| link.matches(c).count();
        let outside = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '…' | '。' | '，' | '”' | '»' => true,
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            _ => false,
        };
        if !outside {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn found(text: &str, expected: &[&str]) {
        let links: Vec<&str> = links(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(links, expected, "{text}");
    }

    #[test]
    fn links_are_found_and_what_only_looks_like_one_is_not() {
        found("See https://example.org.", &["https://example.org"]);
        found(
            "(http://a.example/x_(y)), then HTTPS://B.example?q=1!",
            &["http://a.example/x_(y)", "HTTPS://B.example?q=1"],
        );
        found(
            "https://münchen.example/straße und https://localhost:8080/",
            &["https://münchen.example/straße", "https://localhost:8080/"],
        );
        found(
            "<https://a.example>\nhttp://[::1]:80/x http://127.0.0.1",
            &["https://a.example", "http://[::1]:80/x", "http://127.0.0.1"],
        );
        for none in [
            "",
            "http://",
            "https:// example.org",
            "https://word",
            "ftp://a.example",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "xhttps://a.example",
            "www.a.example",
            "https://bank.example@evil.example/",
            "https://a.example:port/",
            "https://a..example",
            "http://0x7f.1",
            "http://2130706433",
            "https://a.example\\@evil.example",
            "https://-.example:99999",
        ] {
            found(none, &[]);
        }
    }

    #[test]
    fn a_host_of_look_alikes_is_shown_as_what_it_is() {
        for (link, address, host) in [
            ("https://Example.ORG/A?b#c", "https://example.org/A?b#c", "example.org"),
            ("http://münchen.example/", "http://xn--mnchen-3ya.example/", "münchen.example"),
            ("https://例え.example", "https://xn--r8jz45g.example", "例え.example"),
            // Cyrillic а among Latin letters, and a name all of Cyrillic look-alikes.
            ("https://pаypal.example", "https://xn--pypal-4ve.example", "xn--pypal-4ve.example"),
            ("https://аррӏе.example", "https://xn--80ak6aa92e.example", "xn--80ak6aa92e.example"),
            (
                "https://xn--80ak6aa92e.example",
                "https://xn--80ak6aa92e.example",
                "xn--80ak6aa92e.example",
            ),
            ("https://пример.example/", "https://xn--e1afmkfd.example/", "пример.example"),
            ("http://127.0.0.1:80", "http://127.0.0.1:80", "127.0.0.1"),
        ] {
            let target = LinkTarget { address: address.into(), host: host.into() };
            assert_eq!(link_target(link), Some(target), "{link}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_text_links_lie_in_it_and_open(
            pieces in prop::collection::vec(prop_oneof![
                any::<char>().prop_map(String::from),
                prop::sample::select(vec!["http://", "https://", "a.b", "/", ".", " ", "@", "[", "]", ":"])
                    .prop_map(str::to_owned),
            ], 0..30),
        ) {
            let text = pieces.concat();
            let mut end = 0;
            for range in links(&text) {
                prop_assert!(range.start >= end);
                end = range.end;
                let target = link_target(&text[range]).expect("a link");
                prop_assert!(target.address.starts_with("http"));
                prop_assert!(!target.host.is_empty());
            }
        }
    }
}
