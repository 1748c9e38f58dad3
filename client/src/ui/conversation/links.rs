//! Links in what was said: `http` and `https` alone, and only as they stand there.
//!
//! In: a line. Out: where its links are, and the host that each leads to. What always holds: a host
//! is named as the browser will read it (WHATWG URL, 4.4: what stands before an `@` is no host); a
//! link whose host can't be told is no link.

use std::ops::Range;

/// The schemes that make a link.
const SCHEMES: [&str; 2] = ["https://", "http://"];
/// What ends a sentence rather than a link.
const CLOSING: &[char] = &['.', ',', ';', ':', '!', '?', '"', '\'', '’', '”', '»', '…', '*', '_'];
/// Brackets: a closing one belongs to a link only if the link has the one that opens it.
const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// Where the links of a line are, in bytes.
pub(super) fn find(line: &str) -> Vec<Range<usize>> {
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
    host(link).map(|_| link.len())
}

fn scheme(text: &str) -> Option<usize> {
    let starts = |scheme: &&&str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    SCHEMES.iter().find(starts).map(|scheme| scheme.len())
}

/// The host of a link, as the browser reads it; `None` where there is none, or where it can't be
/// told which it is.
pub(super) fn host(link: &str) -> Option<String> {
    let rest = &link[scheme(link)?..];
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Whatever stands before the last of these is a name and a password.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => return v6.split_once(']').map(|(v6, _)| format!("[{v6}]")),
        None => host.split(':').next().unwrap_or_default(),
    };
    // Letters of other scripts that look alike are told apart in this form (UTS #46).
    let ascii = idna::domain_to_ascii(host).ok()?;
    // What the browser would decode first.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    (!ascii.is_empty() && ascii.chars().all(plain)).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(line: &str) -> Vec<&str> {
        find(line).into_iter().map(|range| &line[range]).collect()
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
            assert_eq!(links(line), expected, "{line}");
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
            "https://a b",
            "https://user@",
        ] {
            let found: Vec<&str> =
                links(line).into_iter().filter(|link| *link != "https://a").collect();
            assert_eq!(found, Vec::<&str>::new(), "{line}");
        }
    }

    #[test]
    fn the_host_is_where_the_browser_goes_whatever_the_link_pretends() {
        for (link, expected) in [
            ("https://example.org/a", "example.org"),
            ("https://good.example@evil.example/good.example", "evil.example"),
            ("https://good.example:pw@evil.example:8443?x", "evil.example"),
            ("https://evil.example#@good.example", "evil.example"),
            ("https://EXAMPLE.org", "example.org"),
            ("https://gооd.example", "xn--gd-jbba.example"),
            ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
        ] {
            assert_eq!(host(link).as_deref(), Some(expected), "{link}");
        }
    }
}
