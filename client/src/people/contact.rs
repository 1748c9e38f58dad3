//! Somebody whom the person keeps. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use visavis_shared::{ForeignText, Username};

use super::UnixTime;
use super::book::PeopleError;

/// The longest name that a person can give a contact, in characters.
pub const MAX_DISPLAY_NAME_CHARS: usize = 64;

/// How the person calls a contact: one printable line of at most [`MAX_DISPLAY_NAME_CHARS`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// Takes a name as it was typed; `None` when nothing is left of it.
    ///
    /// # Errors
    /// [`PeopleError::NameTooLong`].
    pub fn parse(typed: &str) -> Result<Option<Self>, PeopleError> {
        let clean = ForeignText::new(typed);
        if clean.chars().count() > MAX_DISPLAY_NAME_CHARS {
            return Err(PeopleError::NameTooLong);
        }
        Ok((!clean.is_empty()).then(|| Self(clean.into())))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DisplayName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok().flatten().ok_or("no display name")
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

impl std::fmt::Display for DisplayName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// Somebody whom the person keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Their name on the server.
    pub username: Username,
    /// How the person calls them; `None` for their username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// Since when they are kept.
    pub added: UnixTime,
    /// What else a later version keeps of them: read and written as it is.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl Contact {
    /// What is shown for them.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        self.display_name.as_ref().map_or(self.username.as_str(), DisplayName::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_one_printable_line_and_an_empty_one_is_none() {
        let parsed = |text: &str| DisplayName::parse(text).map(|name| name.map(String::from));
        assert_eq!(parsed("  Aunt\n Olga \u{202e}"), Ok(Some("Aunt Olga".to_owned())));
        assert_eq!(parsed(" \u{200b} "), Ok(None));
        assert_eq!(parsed(&"ü".repeat(64)), Ok(Some("ü".repeat(64))));
        assert_eq!(parsed(&"ü".repeat(65)), Err(PeopleError::NameTooLong));
    }
}
