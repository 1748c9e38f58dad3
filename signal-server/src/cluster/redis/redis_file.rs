//! A file that holds how Redis is reached, or its password: what others on the machine can't read,
//! unlike a program's options.
//!
//! In goes a path, out comes what the file holds, or words that never repeat it. Empty lines, lines
//! that begin with `#`, and blanks round the one that counts make no difference.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::str::FromStr;

use super::url::{RedisUrl, UrlError};

/// More than any URL.
const MAX_BYTES: u64 = 4096;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedisFile(pub(super) Held);

/// Either of the two.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Held {
    Url(Box<RedisUrl>),
    /// The password of a Redis whose URL is given otherwise.
    Password(String),
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::Password(_) => f.write_str("Password"),
        }
    }
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedisFileError {
    #[error("{0} can't be read: {1}")]
    Unreadable(String, io::Error),
    #[error("{0} is not a file of at most {MAX_BYTES} bytes of text")]
    NoText(String),
    #[error(
        "{0} holds nothing: it has to hold a URL such as redis://:PASSWORD@HOST:PORT, or the password"
    )]
    Empty(String),
    #[error("{0} holds more than one line: it has to hold a URL or a password, and nothing else")]
    SeveralLines(String),
    #[error("the URL in {0} can't be used: {1}")]
    Url(String, UrlError),
}

impl FromStr for RedisFile {
    type Err = RedisFileError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let named = || path.to_owned();
        let unreadable = |error| RedisFileError::Unreadable(named(), error);
        // To open a pipe would be to wait for a writer.
        if !fs::metadata(Path::new(path)).map_err(unreadable)?.is_file() {
            return Err(RedisFileError::NoText(named()));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= MAX_BYTES);
        let text = text.ok_or_else(|| RedisFileError::NoText(named()))?;
        let line = only_line(&text, path)?;
        if !line.contains("://") {
            return Ok(Self(Held::Password(line.to_owned())));
        }
        let url = line.parse().map_err(|error| RedisFileError::Url(named(), error))?;
        Ok(Self(Held::Url(Box::new(url))))
    }
}

/// The line that counts.
fn only_line<'t>(text: &'t str, path: &str) -> Result<&'t str, RedisFileError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    match (lines.next(), lines.next()) {
        (Some(line), None) => Ok(line),
        (Some(_), Some(_)) => Err(RedisFileError::SeveralLines(path.to_owned())),
        // A password may begin with anything.
        (None, _) => {
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            match (lines.next(), lines.next()) {
                (Some(line), None) => Ok(line),
                _ => Err(RedisFileError::Empty(path.to_owned())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<RedisFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redis");
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().parse().map_err(|error: RedisFileError| error.to_string())
    }

    #[test]
    fn a_url_or_a_password_is_read_whatever_is_round_it() {
        let url = Held::Url(Box::new("redis://a:1".parse().unwrap()));
        for text in [
            "redis://:s3cret@a:1",
            "redis://:s3cret@a:1\n",
            "\r\n  redis://:s3cret@a:1 \t\r\n\r\n",
            "\u{feff}# where it is\n#\n\nredis://:s3cret@a:1",
        ] {
            assert_eq!(read(text.as_bytes()), Ok(RedisFile(url.clone())), "{text:?}");
        }
        for (text, password) in
            [("s3cret\n", "s3cret"), (" a b@/:? \n", "a b@/:?"), ("# mine\n#1x\n", "")]
        {
            match read(text.as_bytes()) {
                Ok(RedisFile(Held::Password(read))) => assert_eq!(read, password),
                other => assert!(password.is_empty() && other.is_err(), "{text:?}: {other:?}"),
            }
        }
        assert_eq!(read(b"#1x\n"), Ok(RedisFile(Held::Password("#1x".to_owned()))));
    }

    #[test]
    fn what_is_of_no_use_is_said_without_showing_it() {
        for (bytes, words) in [
            (&b""[..], "holds nothing"),
            (b" \n\n", "holds nothing"),
            (b"s3cret\ns3cret", "more than one line"),
            (b"http://s3cret@a", "must begin with redis://"),
            (b"redis://:s3cret@a/many", "can't be used"),
            (b"s3cret\xff", "bytes of text"),
            (&[b's'; 5_000], "bytes of text"),
        ] {
            let said = read(bytes).unwrap_err();
            assert!(said.contains(words) && !said.contains("s3cret"), "{said}");
        }
        for path in ["/dev/zero", "/nowhere/at/all", "."] {
            assert!(path.parse::<RedisFile>().is_err(), "{path}");
        }
        assert!(!format!("{:?}", read(b"s3cret")).contains("s3cret"));
    }
}
