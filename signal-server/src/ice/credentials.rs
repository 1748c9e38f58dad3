//! What lets a client use a relay: a name with an end and a password that only who knows the secret
//! can make.
//!
//! This is the TURN REST form (draft-uberti-behave-turn-rest-00), which coturn understands as well:
//! the user name is `expiry:id`, the password the base64 of HMAC-SHA1 over it. Nothing has to be
//! remembered or shared but the secret. The id is not the person's name but a word made from it
//! with the secret, so that a relay can count by person and neither it nor anyone on the way learns
//! who that is.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::stun::Key;

/// How long credentials let new allocations be made. Those that are there live on.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// How long an allocation may be refreshed with credentials whose time is over: longer than calls
/// last.
pub(crate) const GRACE: Duration = Duration::from_secs(12 * 3600);
/// Shorter secrets could be found by trying.
const MIN_SECRET_BYTES: usize = 16;
/// Of a person's name or of chance.
const ID_BYTES: usize = 12;
/// Longer user names are not ours.
const MAX_USERNAME_BYTES: usize = 128;

/// What is shared with the relay. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() < MIN_SECRET_BYTES {
            return Err(format!(
                "it must have at least {MIN_SECRET_BYTES} characters; \"openssl rand -hex 32\" makes \
                 a good one"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// Keeps the password out of logs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} bytes)", self.password.len())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    Malformed,
    Expired,
}

impl Secret {
    pub(crate) fn random() -> Self {
        Self(BASE64_STANDARD.encode(rand::random::<[u8; 32]>()))
    }

    /// Credentials for somebody, or for a stranger, from a moment on (in seconds since 1970).
    pub(crate) fn issue(&self, user: Option<&str>, unix: u64) -> Credentials {
        let expiry = unix.saturating_add(LIFETIME.as_secs());
        let id = match user {
            Some(user) => self.opaque(user),
            None => BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; ID_BYTES]>()),
        };
        let username = format!("{expiry}:{id}");
        let password = self.password(&username);
        Credentials { username, password }
    }

    /// The same word for the same person on every server with this secret.
    fn opaque(&self, user: &str) -> String {
        // Any length of key will do, so this does not fail; if it did, all would share one id and
        // its quota.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return String::new();
        };
        mac.update(b"visavis relay id\0");
        mac.update(user.as_bytes());
        let code = mac.finalize().into_bytes();
        BASE64_URL_SAFE_NO_PAD.encode(code.get(..ID_BYTES).unwrap_or(&code))
    }

    fn password(&self, username: &str) -> String {
        // As above; an empty key would only make a password that coturn refuses.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.0.as_bytes()) else {
            return String::new();
        };
        mac.update(username.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }

    /// The key of the one who calls themselves so.
    pub(crate) fn key(&self, username: &str, realm: &str) -> Key {
        long_term_key(username, realm, &self.password(username))
    }
}

/// Whose user name it is, if it is of the form and its time (in seconds since 1970) is not over.
pub(crate) fn holder(username: &str, unix: u64) -> Result<&str, Invalid> {
    let (expiry, id) = username.split_once(':').ok_or(Invalid::Malformed)?;
    if username.len() > MAX_USERNAME_BYTES
        || id.is_empty()
        || !expiry.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(Invalid::Malformed);
    }
    let expiry: u64 = expiry.parse().map_err(|_| Invalid::Malformed)?;
    if expiry <= unix { Err(Invalid::Expired) } else { Ok(id) }
}

/// Whether a user name whose time is over may still keep what was made with it.
pub(crate) fn is_within_grace(username: &str, unix: u64) -> bool {
    holder(username, unix.saturating_sub(GRACE.as_secs())).is_ok()
}

/// RFC 8489 §9.2.2.
pub(crate) fn long_term_key(username: &str, realm: &str, password: &str) -> Key {
    Md5::digest(format!("{username}:{realm}:{password}")).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> Secret {
        "0123456789abcdef".parse().unwrap()
    }

    #[test]
    fn a_password_is_the_one_that_coturn_computes() {
        // echo -n 1700000600:alice | openssl dgst -sha1 -hmac 0123456789abcdef -binary | base64
        assert_eq!(secret().password("1700000600:alice"), "X7ZMlwjsIJFB6UlEdWYcxNzOWk0=");
    }

    #[test]
    fn credentials_are_good_for_ten_minutes_and_no_longer() {
        let credentials = secret().issue(Some("alice"), 1_700_000_000);
        assert!(credentials.username.starts_with("1700000600:"), "{}", credentials.username);
        let id = credentials.username.split(':').nth(1).unwrap();
        assert_eq!(holder(&credentials.username, 1_700_000_000), Ok(id));
        assert_eq!(holder(&credentials.username, 1_700_000_599), Ok(id));
        assert_eq!(holder(&credentials.username, 1_700_000_600), Err(Invalid::Expired));
        assert_eq!(
            secret().issue(None, u64::MAX).username.split(':').next(),
            Some("18446744073709551615")
        );
    }

    #[test]
    fn the_id_counts_the_person_without_naming_them() {
        let name =
            |user, unix| secret().issue(user, unix).username.split_once(':').unwrap().1.to_owned();
        assert_eq!(
            name(Some("alice"), 0),
            name(Some("alice"), 5),
            "a new login is the same person"
        );
        assert_ne!(name(Some("alice"), 0), name(Some("bob"), 0));
        assert_ne!(name(None, 0), name(None, 0), "strangers are not one person");
        assert!(!name(Some("alice"), 0).contains("alice"));
        let other = Secret::random().issue(Some("alice"), 0).username;
        assert_ne!(
            other,
            secret().issue(Some("alice"), 0).username,
            "another secret tells nothing"
        );
    }

    #[test]
    fn only_names_of_the_form_are_let_in() {
        for name in [
            "",
            "alice",
            ":alice",
            "17:",
            "-1:alice",
            "+9999999999:alice",
            "1e99:a",
            "0x7fffffff:a",
        ] {
            assert_eq!(holder(name, 0), Err(Invalid::Malformed), "{name}");
        }
        assert_eq!(holder("99999999999999999999999:alice", 0), Err(Invalid::Malformed));
        assert_eq!(holder(&format!("17:{}", "a".repeat(200)), 0), Err(Invalid::Malformed));
        assert_eq!(holder("17:alice:and:bob", 0), Ok("alice:and:bob"));
    }

    #[test]
    fn a_secret_is_long_and_is_never_shown() {
        assert!("short".parse::<Secret>().unwrap_err().contains("at least 16"));
        assert_eq!(format!("{:?}", secret()), "Secret(16 bytes)");
        let shown = format!("{:?}", secret().issue(Some("alice"), 0));
        assert!(!shown.contains(&secret().issue(Some("alice"), 0).password), "{shown}");
    }

    proptest! {
        #[test]
        fn whoever_changes_the_name_has_the_wrong_password(
            user in "[a-z]{1,9}", unix in 0_u64..4_000_000_000, extra in 1_u64..1_000_000_000,
        ) {
            let good = secret().issue(Some(&user), unix);
            let id = holder(&good.username, unix).unwrap();
            let longer = format!("{}:{id}", unix + LIFETIME.as_secs() + extra);
            let somebody = format!("{}:{id}x", unix + LIFETIME.as_secs());
            for forged in [longer, somebody] {
                let key = long_term_key(&forged, "visavis", &good.password);
                prop_assert_ne!(secret().key(&forged, "visavis"), key);
            }
            prop_assert_eq!(
                secret().key(&good.username, "visavis"),
                long_term_key(&good.username, "visavis", &good.password)
            );
        }

        #[test]
        fn any_name_may_be_asked_about(name in ".*", unix: u64) {
            let _ = holder(&name, unix);
        }
    }
}
