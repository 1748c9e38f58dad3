//! Links in what was said: `http` and `https` alone, and only as they stand there.
//!
//! In: a line. Out: where its links are, and the host that each leads to. What always holds: a host
//! is named as the browser will read it; a link whose host can't be told, or that names another one
//! before an `@`, is no link.

use std::ops::Range;

/// The schemes that make a link.
const SCHEMES: [&str; 2] = ["https://", "http://"];
/// What ends a sentence rather than a link.
const CLOSING: &[char] = &['.', ',', ';', ':', '!', '?', '"', '\'', '’', '”', '»', '…', '*', '_'];
/// Brackets: a closing one belongs to a link only if the link has the one that opens it.
const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// What a link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkTarget {
    /// The address for the browser.
    pub(super) address: String,
    /// The host to show.
    pub(super) host: String,
}

/// Where the links of a line are, in bytes.
pub(super) fn links(line: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in line.char_indices() {
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let before = line[..start].chars().next_back();
        let begins = before.is_none_or(|before| !before.is_alphanumeric());
        if begins && let Some(length) = length(&line[start..]) {
            found.push(start..start + length);
        }
    }
    found
}

/// How long the link is with which a text begins.
fn length(text: &str) -> Option<usize> {
    scheme(text)?;
    let stops = |c: char| c.is_whitespace() || c.is_control() || "<>\"`\\^|“”«»".contains(c);
    let mut link = text.split(stops).next().unwrap_or_default();
    loop {
        let last = link.chars().next_back()?;
        let alone = BRACKETS.iter().any(|(open, close)| {
            last == *close && link.matches(*open).count() < link.matches(*close).count()
        });
        if !CLOSING.contains(&last) && !alone {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link_target(link).map(|_| link.len())
}

fn scheme(text: &str) -> Option<usize> {
    let starts = |scheme: &&&str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    SCHEMES.iter().find(starts).map(|scheme| scheme.len())
}

/// What a link opens, and which host to show; `None` for what is no link.
pub(super) fn link_target(link: &str) -> Option<LinkTarget> {
    let rest = &link[scheme(link)?..];
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A name before an @ shows one host and opens another.
    let (host, behind) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (v6, behind) = v6.split_once(']')?;
            let address: std::net::Ipv6Addr = v6.parse().ok()?;
            (format!("[{address}]"), behind)
        }
        None => {
            let (host, behind) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (idna::domain_to_ascii(host).ok()?, behind)
        }
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    let is_port = behind.is_empty() || behind[1..].bytes().all(|digit| digit.is_ascii_digit());
    if host.is_empty() || !host.chars().all(plain) || !is_port {
        return None;
    }
    Some(LinkTarget { address: link.to_owned(), host })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<&str> {
        links(line).into_iter().map(|range| &line[range]).collect()
    }

    #[test]
    fn links_end_where_the_sentence_goes_on() {
        for (line, expected) in [
            ("see https://example.org/houses/417.", vec!["https://example.org/houses/417"]),
            ("(http://example.org/a_(b))", vec!["http://example.org/a_(b)"]),
            (
                "HTTPS://EXAMPLE.org, https://b.example?",
                vec!["HTTPS://EXAMPLE.org", "https://b.example"],
            ),
            ("“https://example.org/ä”", vec!["https://example.org/ä"]),
            ("https://[::1]:8080/x", vec!["https://[::1]:8080/x"]),
            ("https://münchen.example/", vec!["https://münchen.example/"]),
        ] {
            assert_eq!(found(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_link_to_the_web_is_none() {
        for line in [
            "",
            "example.org",
            "www.example.org",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "ftp://example.org",
            "xhttps://example.org",
            "https://",
            "http:// example.org",
            "https://.",
            "https://user@",
            "https://good.example@evil.example/",
            "https://a.example:port",
        ] {
            let found = found(line);
            assert_eq!(found, Vec::<&str>::new(), "{line}");
        }
    }

    #[test]
    fn the_host_is_where_the_browser_goes() {
        for (link, expected) in [
            ("https://example.org/a", "example.org"),
            ("https://evil.example#@good.example", "evil.example"),
            ("https://evil.example/?@good.example", "evil.example"),
            ("https://EXAMPLE.org:8443", "example.org"),
            ("https://gооd.example", "xn--gd-fmca.example"),
            ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
        ] {
            let host = link_target(link).map(|target| target.host);
            assert_eq!(host.as_deref(), Some(expected), "{link}");
        }
    }
}
