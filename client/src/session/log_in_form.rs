//! What a person types to log in: the server's address without its scheme, and to which field the
//! reason belongs when it did not work. Pure.
//!
//! In: an address as it was typed or remembered, a [`Phrase`] of a log-in that failed. Out: the
//! address for the log-in, and the [`Field`]. What always holds: what was typed comes out as it was
//! typed, as long as nobody chose another encryption.

use crate::signaling::ServerUrl;
use crate::words::Phrase;

/// The server of this computer, without encryption and at its usual port.
pub const THIS_COMPUTER: &str = "127.0.0.1";

/// A server's address in a field: the scheme is not shown but said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerAddress {
    /// What stands in the field.
    pub text: String,
    /// Whether the connection is encrypted, where the scheme says so.
    encrypted: Option<bool>,
}

impl ServerAddress {
    /// An address as it was typed or remembered.
    #[must_use]
    pub fn of(server: &str) -> Self {
        let mut address = Self { text: server.trim().to_owned(), encrypted: None };
        address.hide_scheme();
        address
    }

    /// The address as a person reads it: also without the port that goes without saying.
    #[must_use]
    pub fn shortest(server: &str) -> Self {
        let mut address = Self::of(server);
        let usual = if address.is_encrypted() { ":443" } else { ":9090" };
        if let Some(host) = address.text.strip_suffix(usual) {
            address.text = host.to_owned();
        }
        address
    }

    /// Takes a scheme that was typed out of the field; it counts from then on.
    pub fn hide_scheme(&mut self) {
        if let Some((encrypted, rest)) = scheme(&self.text) {
            self.encrypted = Some(encrypted);
            self.text = rest.to_owned();
        } else if self.text.trim().is_empty() {
            self.encrypted = None;
        }
    }

    /// Whether the connection to it is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        scheme(&self.text).map_or(self.encrypted, |(encrypted, _)| Some(encrypted)) == Some(true)
    }

    /// Chooses whether it is.
    pub fn encrypt(&mut self, encrypted: bool) {
        self.hide_scheme();
        self.encrypted = Some(encrypted);
    }

    /// Whether the server is this computer: nobody is on the way to it.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        ServerUrl::parse(&self.server()).is_ok_and(|url| url.is_this_machine())
    }

    /// Whether both lead to the same server.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let origin = |address: &Self| {
            ServerUrl::parse(&address.server()).ok().map(|url| url.origin().to_owned())
        };
        origin(self).is_some_and(|ours| Some(ours) == origin(other))
    }

    /// For the log-in; empty when nothing was typed.
    #[must_use]
    pub fn server(&self) -> String {
        let text = self.text.trim();
        match self.encrypted {
            _ if text.is_empty() || text.contains("://") => text.to_owned(),
            Some(true) => format!("wss://{text}"),
            Some(false) => format!("ws://{text}"),
            None => text.to_owned(),
        }
    }
}

/// Whether a scheme asks for encryption, and what follows it.
fn scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.trim().split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => Some((false, rest)),
        "wss" | "https" => Some((true, rest)),
        _ => None,
    }
}

/// What somebody has to change for a log-in to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The username.
    Username,
    /// The server.
    Server,
    /// Neither, or nobody knows.
    Neither,
}

impl Field {
    /// Where the reason of a failed log-in belongs.
    #[must_use]
    pub fn of(failure: &Phrase) -> Self {
        match failure.id().unwrap_or_default() {
            "log-in-taken"
            | "log-in-taken-by-another"
            | "log-in-name-refused"
            | "log-in-not-allowed"
            | "username-missing" => Self::Username,
            "log-in-other-name" | "log-in-was-here" | "no-server-address" => Self::Server,
            id if id.starts_with("name-") => Self::Username,
            id if id.starts_with("server-") => Self::Server,
            _ => Self::Neither,
        }
    }
}

/// Whether the key of another computer is of use where a log-in failed for this reason: the name is
/// somebody else's, or the key that is here can't be used any more.
#[must_use]
pub fn another_key_helps(failure: &Phrase) -> bool {
    matches!(
        failure.id(),
        Some("log-in-not-allowed" | "log-in-was-here" | "key-damaged" | "key-keyring-gone")
    )
}

#[cfg(test)]
mod tests {
    use visavis_shared::NameError;

    use super::*;
    use crate::words::{name_problem, phrase};

    #[test]
    fn an_address_is_shown_without_its_scheme_and_logs_in_as_it_was_typed() {
        for (typed, shown, encrypted, server) in [
            ("calls.example", "calls.example", false, "calls.example"),
            ("ws://calls.example:9090", "calls.example:9090", false, "ws://calls.example:9090"),
            (" WSS://calls.example/x ", "calls.example/x", true, "wss://calls.example/x"),
            ("https://calls.example", "calls.example", true, "wss://calls.example"),
            ("ftp://calls.example", "ftp://calls.example", false, "ftp://calls.example"),
            ("", "", false, ""),
        ] {
            let address = ServerAddress::of(typed);
            assert_eq!((address.text.as_str(), address.is_encrypted()), (shown, encrypted));
            assert_eq!(address.server(), server);
        }
    }

    #[test]
    fn a_scheme_counts_while_it_is_typed_and_encryption_can_be_chosen() {
        let mut address = ServerAddress::of("calls.example");
        address.text = "wss://other.example".to_owned();
        assert!(address.is_encrypted());
        assert_eq!(address.server(), "wss://other.example");
        address.hide_scheme();
        assert_eq!((address.text.as_str(), address.is_encrypted()), ("other.example", true));
        address.encrypt(false);
        assert_eq!(address.server(), "ws://other.example");
        address.text.clear();
        address.hide_scheme();
        assert_eq!(address, ServerAddress::default());
    }

    #[test]
    fn the_usual_port_goes_without_saying_and_spellings_of_one_server_are_the_same() {
        assert_eq!(ServerAddress::shortest("wss://h:443").text, "h");
        assert_eq!(ServerAddress::shortest("wss://h:9090").text, "h:9090");
        assert_eq!(ServerAddress::shortest("ws://[::1]:9090").text, "[::1]");
        let same =
            |one: &str, other: &str| ServerAddress::of(one).is_same(&ServerAddress::of(other));
        assert!(same("H", "ws://h:9090"));
        assert!(!same("wss://h", "ws://h:443") && !same("", "") && !same("h", "i"));
        assert!(ServerAddress::of("localhost").is_this_machine());
    }

    #[test]
    fn a_failed_log_in_is_told_where_it_can_be_mended() {
        for (failure, field) in [
            (phrase!("log-in-taken", name = "ada"), Field::Username),
            (name_problem(NameError::Space), Field::Username),
            (phrase!("server-not-running", server = "h"), Field::Server),
            (phrase!("no-server-address", typed = "h h"), Field::Server),
            (phrase!("log-in-name-refused", name = "ada").or_foreign("No."), Field::Username),
            (phrase!("log-in-refused"), Field::Neither),
            (Phrase::foreign("Not today.").expect("a text"), Field::Neither),
        ] {
            assert_eq!(Field::of(&failure), field, "{failure:?}");
        }
    }
}
