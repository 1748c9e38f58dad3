//! A phrase: what is to be said, before it is said in a language. A value.

use std::fmt;
use std::sync::Arc;

use fluent_bundle::FluentValue;
use visavis_shared::Username;

use super::{Language, catalogue, foreign, spoken_language};

/// What a message is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Argument {
    /// A text from elsewhere, such as a name: shown as one short line.
    Text(String),
    /// How many; also decides between singular and plural.
    Count(u64),
    /// A phrase within a phrase.
    Phrase(Phrase),
}

impl Argument {
    fn value(&self, say: impl Fn(&Phrase) -> String) -> FluentValue<'static> {
        match self {
            Self::Text(text) => FluentValue::from(foreign::one_line(text)),
            Self::Count(count) => FluentValue::from(*count),
            Self::Phrase(phrase) => FluentValue::from(say(phrase)),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Content {
    Message {
        id: &'static str,
        arguments: Vec<(&'static str, Argument)>,
    },
    /// A text from elsewhere, which speaks English if anything, and what other languages say
    /// instead.
    Foreign {
        text: String,
        elsewhere: Option<Box<Phrase>>,
    },
}

/// Something to say to a person, in whichever language the window speaks when it is shown. Its
/// `Debug` is what the command line prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Phrase {
    content: Content,
    /// What the command line and the log say instead, where they know more ways out than the
    /// window.
    plain: Option<Arc<str>>,
}

impl Phrase {
    /// A message of the catalogue; `phrase!` makes it, and a test holds that to the messages there
    /// are.
    #[must_use]
    pub fn new(id: &'static str, arguments: Vec<(&'static str, Argument)>) -> Self {
        Self { content: Content::Message { id, arguments }, plain: None }
    }

    /// A text that comes from elsewhere as it is, such as what a server says; `None` when there is
    /// nothing to read in it.
    #[must_use]
    pub fn foreign(text: &str) -> Option<Self> {
        let text = foreign(text)?;
        Some(Self { content: Content::Foreign { text, elsewhere: None }, plain: None })
    }

    /// What a server says in English, who knows best; in other languages, and where it says
    /// nothing, this phrase.
    #[must_use]
    pub fn or_foreign(self, text: &str) -> Self {
        match foreign(text) {
            Some(text) => {
                let elsewhere = Some(Box::new(self));
                Self { content: Content::Foreign { text, elsewhere }, plain: None }
            }
            None => self,
        }
    }

    /// Says something else on the command line and in the log, where the window and they differ in
    /// what one can do about it. In English.
    #[must_use]
    pub fn or_plain(mut self, words: impl Into<String>) -> Self {
        self.plain = Some(Arc::from(words.into()));
        self
    }

    /// Which message it is; of what a server says, the one that stands for it in other languages.
    #[must_use]
    pub fn id(&self) -> Option<&'static str> {
        match &self.content {
            Content::Message { id, .. } => Some(id),
            Content::Foreign { elsewhere, .. } => elsewhere.as_ref()?.id(),
        }
    }

    /// In the language of the window.
    #[must_use]
    pub fn text(&self) -> String {
        self.in_language(spoken_language())
    }

    /// In a language of one's choice.
    #[must_use]
    pub fn in_language(&self, spoken: Language) -> String {
        self.say(spoken, |inner| inner.in_language(spoken))
    }

    fn say(&self, spoken: Language, inner: impl Fn(&Self) -> String) -> String {
        match &self.content {
            Content::Foreign { elsewhere: Some(phrase), .. } if spoken != Language::English => {
                inner(phrase)
            }
            Content::Foreign { text, .. } => text.clone(),
            Content::Message { id, arguments } => {
                let arguments =
                    arguments.iter().map(|(name, argument)| (*name, argument.value(&inner)));
                catalogue::say(spoken, id, arguments.collect())
            }
        }
    }

    /// For the command line, reports and logs: in English, whatever the window speaks.
    #[must_use]
    pub fn plain(&self) -> String {
        match &self.plain {
            Some(words) => words.to_string(),
            None => self.say(Language::English, Self::plain),
        }
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plain().fmt(f)
    }
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Count(count) => count.fmt(f),
            Self::Phrase(phrase) => phrase.fmt(f),
        }
    }
}

/// A text that a test makes up.
#[cfg(test)]
impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        Self { content: Content::Foreign { text: text.to_owned(), elsewhere: None }, plain: None }
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&Username> for Argument {
    fn from(name: &Username) -> Self {
        Self::Text(name.as_str().to_owned())
    }
}

impl From<u64> for Argument {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for Argument {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<usize> for Argument {
    fn from(count: usize) -> Self {
        Self::Count(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl From<Phrase> for Argument {
    fn from(phrase: Phrase) -> Self {
        Self::Phrase(phrase)
    }
}
