//! What a server says of itself beside its name and address: the strings of its TXT record
//! (RFC 6763 §6).
//!
//! | key | value | a record without it |
//! | --- | --- | --- |
//! | `v` | `1`, the version of this list | refused |
//! | `tls` | `on` or `off`: whether the port speaks TLS | refused |
//! | `id` | 16 lower-case hexadecimal digits, new each time the server starts | refused |
//! | `path` | where the WebSocket is, `/` first | `/` |
//! | `online` | how many are logged in | not known |
//!
//! Other keys are passed over. Of a key that comes twice the first counts (§6.4).

use std::fmt;
use std::str::FromStr;

const VERSION_KEY: &str = "v";
const VERSION: &str = "1";
const TLS_KEY: &str = "tls";
const ID_KEY: &str = "id";
const PATH_KEY: &str = "path";
const ONLINE_KEY: &str = "online";
/// The longest path, in bytes: with its key it has to fit one string of a TXT record.
const MAX_PATH_BYTES: usize = 128;
/// The most strings of a record that are looked at.
const MAX_STRINGS: usize = 32;

/// Which running server it is: random, and another one each time a server starts. Servers seen by
/// several addresses or under several names are one if this is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u64);

impl RunId {
    /// Makes one of random bytes.
    #[must_use]
    pub fn from_bytes(random: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(random))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for RunId {
    type Err = AnnouncementError;

    fn from_str(text: &str) -> Result<Self, AnnouncementError> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 16 || !text.bytes().all(is_digit) {
            return Err(AnnouncementError::Id);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| AnnouncementError::Id)
    }
}

/// Why a TXT record is none of a server that this program knows how to reach.
#[expect(missing_docs, reason = "the texts say what is wrong")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnnouncementError {
    #[error("it is of no version that is known here")]
    Version,
    #[error("it does not say whether there is TLS")]
    Tls,
    #[error("its id is none")]
    Id,
    #[error("its path is none")]
    Path,
}

/// The content of a server's TXT record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    tls: bool,
    id: RunId,
    path: String,
    online: Option<u32>,
}

impl Announcement {
    /// Says that the server with this id is there, with TLS or without, at the path `/`.
    #[must_use]
    pub fn new(id: RunId, tls: bool) -> Self {
        Self { tls, id, path: "/".to_owned(), online: None }
    }

    /// The same server with so many logged in.
    #[must_use]
    pub fn with_online(mut self, online: u32) -> Self {
        self.online = Some(online);
        self
    }

    /// Whether its port speaks TLS.
    #[must_use]
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// Which running server it is.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Where the WebSocket is: `/` and printable ASCII that a URL takes as it is.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many are logged in, if it says so.
    #[must_use]
    pub fn online(&self) -> Option<u32> {
        self.online
    }

    /// The strings of the record, as key and value, the version first (RFC 6763 §6.7).
    #[must_use]
    pub fn strings(&self) -> Vec<(&'static str, String)> {
        let mut strings = vec![
            (VERSION_KEY, VERSION.to_owned()),
            (TLS_KEY, if self.tls { "on" } else { "off" }.to_owned()),
            (ID_KEY, self.id.to_string()),
        ];
        if self.path != "/" {
            strings.push((PATH_KEY, self.path.clone()));
        }
        strings.extend(self.online.map(|online| (ONLINE_KEY, online.to_string())));
        strings
    }

    /// Reads the strings of a record: keys with what stands after their `=`, if there is one.
    ///
    /// # Errors
    /// When it is of another version, lacks what is needed, or says what can't be. A number of
    /// people that is none is only not known.
    pub fn read<'a>(
        strings: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>,
    ) -> Result<Self, AnnouncementError> {
        let strings: Vec<_> = strings.into_iter().take(MAX_STRINGS).collect();
        let value = |wanted: &str| {
            let (_, value) = strings.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted))?;
            // One without a value is not the same as none (§6.4), but here neither is of use.
            Some(std::str::from_utf8(value.unwrap_or_default()).unwrap_or_default())
        };
        if value(VERSION_KEY) != Some(VERSION) {
            return Err(AnnouncementError::Version);
        }
        let tls = match value(TLS_KEY) {
            Some("on") => true,
            Some("off") => false,
            _ => return Err(AnnouncementError::Tls),
        };
        let id = value(ID_KEY).ok_or(AnnouncementError::Id)?.parse()?;
        let path = match value(PATH_KEY) {
            None => "/",
            Some(path) if is_path(path) => path,
            Some(_) => return Err(AnnouncementError::Path),
        };
        let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let online = value(ONLINE_KEY).filter(is_number).and_then(|text| text.parse().ok());
        Ok(Self { tls, id, path: path.to_owned(), online })
    }
}

/// Whether a text is the path of a URL, without query and fragment (RFC 3986 §3.3).
fn is_path(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.starts_with('/')
        // Two of them would begin a host.
        && !text.starts_with("//")
        && text.len() <= MAX_PATH_BYTES
        && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(record: &[&str]) -> Result<Announcement, AnnouncementError> {
        Announcement::read(record.iter().map(|string| match string.split_once('=') {
            Some((key, value)) => (key, Some(value.as_bytes())),
            None => (*string, None),
        }))
    }

    const ID: &str = "id=00ff00ff00ff00ff";

    #[test]
    fn a_record_says_how_the_server_is_reached() {
        let plain = read(&["v=1", "tls=off", ID]).expect("a record");
        assert_eq!((plain.tls(), plain.path(), plain.online()), (false, "/", None));
        assert_eq!(plain.id(), RunId::from_bytes([0, 255, 0, 255, 0, 255, 0, 255]));
        let full = ["TLS=on", "x=y", "flag", "v=1", ID, "path=/a/b", "online=12", "online=13"];
        let full = read(&full).expect("a record");
        assert_eq!((full.tls(), full.path(), full.online()), (true, "/a/b", Some(12)));
    }

    #[test]
    fn what_can_not_be_a_server_of_ours_is_refused() {
        use AnnouncementError::{Id, Path, Tls, Version};
        for (record, error) in [
            (&[][..], Version),
            (&["tls=off", ID], Version),
            (&["v=2", "tls=off", ID], Version),
            (&["v", "tls=off", ID], Version),
            (&["v=1", ID], Tls),
            (&["v=1", "tls=yes", ID], Tls),
            (&["v=1", "tls=off"], Id),
            (&["v=1", "tls=off", "id="], Id),
            (&["v=1", "tls=off", "id=00FF00FF00FF00FF"], Id),
            (&["v=1", "tls=off", "id=+0ff00ff00ff00ff"], Id),
            (&["v=1", "tls=off", "id=00ff00ff00ff00ff0"], Id),
            (&["v=1", "tls=off", ID, "path"], Path),
            (&["v=1", "tls=off", ID, "path=a"], Path),
            (&["v=1", "tls=off", ID, "path=//evil.example"], Path),
            (&["v=1", "tls=off", ID, "path=/a?b"], Path),
            (&["v=1", "tls=off", ID, "path=/a#b"], Path),
            (&["v=1", "tls=off", ID, "path=/a@b"], Path),
            (&["v=1", "tls=off", ID, "path=/\u{202e}"], Path),
        ] {
            assert_eq!(read(record), Err(error), "{record:?}");
        }
        let long = format!("path=/{}", "a".repeat(MAX_PATH_BYTES));
        assert_eq!(read(&["v=1", "tls=off", ID, &long]), Err(Path));
    }

    #[test]
    fn a_number_of_people_that_is_none_is_not_known() {
        for online in ["online", "online=", "online=-1", "online=+1", "online=many", "online=9e9"] {
            assert_eq!(read(&["v=1", "tls=off", ID, online]).map(|it| it.online()), Ok(None));
        }
        let most = format!("online={}", u32::MAX);
        let read_back = read(&["v=1", "tls=off", ID, &most]).map(|it| it.online());
        assert_eq!(read_back, Ok(Some(u32::MAX)));
        assert_eq!(
            read(&["v=1", "tls=off", ID, "online=4294967296"]).map(|it| it.online()),
            Ok(None)
        );
    }

    proptest! {
        #[test]
        fn what_is_announced_reads_back(id in any::<[u8; 8]>(), tls in any::<bool>(), online in any::<Option<u32>>()) {
            let said = Announcement::new(RunId::from_bytes(id), tls);
            let said = online.map_or(said.clone(), |online| said.with_online(online));
            let strings = said.strings();
            // Each has to fit a string of a TXT record (RFC 1035 §3.3).
            prop_assert!(strings.iter().all(|(key, value)| key.len() + 1 + value.len() <= 255));
            let read = Announcement::read(
                strings.iter().map(|(key, value)| (*key, Some(value.as_bytes()))),
            );
            prop_assert_eq!(read, Ok(said));
        }

        #[test]
        fn no_record_panics_and_what_is_read_is_within_bounds(
            strings in prop::collection::vec(
                ("(v|tls|id|path|online|\\PC{0,3})", prop::option::of(prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..300),
                    "(1|on|off|/[a-z]{0,5}|[0-9a-f]{16})".prop_map(String::into_bytes),
                ])),
                0..40,
            ),
        ) {
            let borrowed = strings.iter().map(|(key, value)| (key.as_str(), value.as_deref()));
            if let Ok(read) = Announcement::read(borrowed) {
                prop_assert!(is_path(read.path()));
            }
        }
    }
}
