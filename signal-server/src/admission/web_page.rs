//! The guest page: for somebody who has a browser and no app. Pure.
//!
//! In: the path of a request and what the browser has kept. Out: a file of `signal-server/web/`,
//! which is part of the program, or that the kept one is still good. What always holds: every file
//! goes out under the same policy, by which nothing is loaded from another host, no script or
//! style runs that is not one of these files, and no other page can frame this one; what a browser
//! receives for all of them, in all languages, is less than 60 KiB.

use std::io::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use clap::ValueEnum;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{Empty, Full};
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::http::{Answer, boxed};

/// What all files together, as they are sent, stay below.
#[cfg(test)]
const MOST_BYTES: usize = 60 * 1024;

/// Whether the guest page is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WebSwitch {
    /// It is, at `/`.
    On,
    /// It is not: a browser is told in words what this server is.
    Off,
}

/// `connect-src 'self'` is the WebSocket of the same host and port (CSP3 §6.7.2.8).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";
const PERMISSIONS: &str = "camera=(self), microphone=(self), autoplay=(self), \
    display-capture=(), geolocation=(), payment=(), usb=()";
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// One file of the page.
#[derive(Debug)]
pub(crate) struct WebFile {
    path: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    /// The content as it goes to browsers, which all take gzip (RFC 1952); empty if it can't be.
    packed: Bytes,
    /// Changes with the content.
    tag: HeaderValue,
}

static FILES: LazyLock<[WebFile; 14]> = LazyLock::new(|| {
    [
        WebFile::new("/", HTML, include_bytes!("../../web/index.html")),
        WebFile::new("/style.css", STYLE, include_bytes!("../../web/style.css")),
        WebFile::new("/app.js", SCRIPT, include_bytes!("../../web/app.js")),
        WebFile::new("/call.js", SCRIPT, include_bytes!("../../web/call.js")),
        WebFile::new("/server.js", SCRIPT, include_bytes!("../../web/server.js")),
        WebFile::new("/trust.js", SCRIPT, include_bytes!("../../web/trust.js")),
        WebFile::new("/words.js", SCRIPT, include_bytes!("../../web/words.js")),
        WebFile::new("/words/de.txt", TEXT, include_bytes!("../../web/words/de.txt")),
        WebFile::new("/words/en.txt", TEXT, include_bytes!("../../web/words/en.txt")),
        WebFile::new("/words/es.txt", TEXT, include_bytes!("../../web/words/es.txt")),
        WebFile::new("/words/fr.txt", TEXT, include_bytes!("../../web/words/fr.txt")),
        WebFile::new("/words/zh.txt", TEXT, include_bytes!("../../web/words/zh.txt")),
        WebFile::new("/safety_words.txt", TEXT, include_bytes!("../../../assets/safety_words.txt")),
        WebFile::new("/icon.svg", IMAGE, include_bytes!("../../../assets/visavis.svg")),
    ]
});

/// The file at this path.
pub(crate) fn file(path: &str) -> Option<&'static WebFile> {
    FILES.iter().find(|file| file.path == path)
}

impl WebFile {
    fn new(path: &'static str, content_type: &'static str, content: &'static [u8]) -> Self {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(content)[..16]);
        let tag = HeaderValue::from_str(&format!("W/\"{hash}\""))
            .unwrap_or_else(|_| HeaderValue::from_static("W/\"\""));
        let packed = packed(content).map(Bytes::from).unwrap_or_default();
        Self { path, content_type, content, packed, tag }
    }

    /// The file, or that the one which the browser has kept is still good.
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Answer {
        let fresh = self.is_kept(asked);
        let packs = !self.packed.is_empty() && takes_gzip(asked);
        let mut answer = Response::new(boxed(match packs {
            true => Full::new(self.packed.clone()),
            false => Full::new(Bytes::from_static(self.content)),
        }));
        if fresh {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            *answer.body_mut() = boxed(Empty::new());
        }
        let headers = answer.headers_mut();
        if packs {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        for (name, value) in [
            (CONTENT_TYPE, self.content_type),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (PERMISSIONS_POLICY, PERMISSIONS),
            (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
            // Kept, and asked for each time: all files are of one version.
            (CACHE_CONTROL, "no-cache"),
            (VARY, "accept-encoding"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(ETAG, self.tag.clone());
        answer
    }

    /// Whether the browser names our tag, compared weakly (RFC 9110 §13.1.2).
    fn is_kept(&self, asked: &HeaderMap) -> bool {
        let strong = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
        let ours = strong(self.tag.as_bytes());
        listed(asked, &IF_NONE_MATCH).any(|tag| tag == b"*" || strong(tag) == ours)
    }
}

fn packed(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

/// Whether gzip is among what the browser takes (RFC 9110 §12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    listed(asked, &ACCEPT_ENCODING).any(|coding| {
        let mut parts = coding.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(b"gzip"));
        let weight = parts.next().and_then(|weight| weight.strip_prefix(b"q="));
        // A weight of nothing but zeros means never.
        let is_never =
            weight.is_some_and(|weight| weight.iter().all(|byte| matches!(byte, b'0' | b'.')));
        is_gzip && !is_never
    })
}

/// The items of a header that is a list.
fn listed<'a>(asked: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let values = asked.get_all(name).into_iter();
    values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_whole_page_in_all_languages_is_sent_in_less_than_60_kib() {
        let bytes: usize = FILES.iter().map(|file| file.packed.len()).sum();
        assert!(FILES.iter().all(|file| !file.packed.is_empty()));
        assert!(bytes < MOST_BYTES, "{bytes} bytes");
    }

    #[test]
    fn who_takes_no_gzip_gets_the_file_as_it_is() {
        let file = file("/app.js").unwrap();
        for (takes, packed) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("", false),
        ] {
            let mut asked = HeaderMap::new();
            asked.insert(ACCEPT_ENCODING, HeaderValue::from_str(takes).unwrap());
            let answer = file.answer(&asked);
            assert_eq!(answer.headers().contains_key(CONTENT_ENCODING), packed, "{takes}");
        }
    }

    #[test]
    fn the_page_names_nothing_of_another_site_and_has_no_inline_script_or_style() {
        for file in FILES.iter() {
            let text = std::str::from_utf8(file.content).unwrap();
            // The name of SVG's vocabulary is no address that anybody loads.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http://", "https://", "//www", "src=\"//", "url("] {
                assert!(!text.contains(foreign), "{} names {foreign}", file.path);
            }
            for inline in ["<style", " style=", " onclick", " onload", "javascript:", "innerHTML"] {
                assert!(!text.contains(inline), "{} has {inline}", file.path);
            }
            if file.content_type == HTML {
                let scripts: Vec<_> = text.match_indices("<script").collect();
                assert_eq!(scripts.len(), 1);
                assert!(text.contains("<script type=\"module\" src=\"app.js\"></script>"));
            }
        }
    }

    fn phrases(path: &str) -> BTreeMap<&'static str, &'static str> {
        let text = std::str::from_utf8(file(path).unwrap().content).unwrap();
        text.lines().map(|line| line.split_once(" = ").unwrap()).collect()
    }

    #[test]
    fn every_phrase_is_there_in_every_language_and_is_used() {
        let english = phrases("/words/en.txt");
        for language in ["de", "es", "fr", "zh"] {
            let others = phrases(&format!("/words/{language}.txt"));
            assert!(others.keys().eq(english.keys()), "{language}");
            for (key, phrase) in others {
                let places = |phrase: &str| phrase.contains("{}");
                assert_eq!(places(phrase), places(english[key]), "{language}: {key}");
            }
        }
        let code: String = FILES
            .iter()
            .filter(|file| matches!(file.content_type, HTML | SCRIPT))
            .map(|file| std::str::from_utf8(file.content).unwrap())
            .collect();
        for key in english.keys().filter(|key| !key.starts_with("trust-")) {
            assert!(code.contains(&format!("\"{key}\"")), "{key} is not used");
        }
        for mark in ["data-say=\"", "data-label=\""] {
            for key in code.split(mark).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(english.contains_key(key), "{key} is no phrase");
            }
        }
    }

    #[test]
    fn a_browser_that_has_the_file_is_told_so() {
        let file = file("/app.js").unwrap();
        let first = file.answer(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for (kept, status) in [
            (tag.clone(), StatusCode::NOT_MODIFIED),
            (tag.trim_start_matches("W/").to_owned(), StatusCode::NOT_MODIFIED),
            (format!("\"x\", {tag}"), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"x\"".to_owned(), StatusCode::OK),
            (String::new(), StatusCode::OK),
        ] {
            let mut asked = HeaderMap::new();
            asked.insert(IF_NONE_MATCH, HeaderValue::from_str(&kept).unwrap());
            let answer = file.answer(&asked);
            assert_eq!(answer.status(), status, "{kept}");
            assert!(answer.headers().contains_key(CONTENT_SECURITY_POLICY));
        }
        let tags: BTreeSet<_> = FILES.iter().map(|file| file.tag.as_bytes()).collect();
        assert_eq!(tags.len(), FILES.len());
    }

    #[test]
    fn only_what_is_part_of_the_page_is_found() {
        for path in ["/app.js", "/", "/icon.svg"] {
            assert_eq!(file(path).unwrap().path, path);
        }
        for path in ["", "/index.html", "/app.js/", "//app.js", "/../app.js", "/App.js", "/web"] {
            assert!(file(path).is_none(), "{path}");
        }
    }
}
