//! The members of one message by name, and what is wrong with those that can't be used.
//!
//! Every accessor answers with a [`DecodeError`] that knows which message and which call it was
//! about, so that the reply can name both.

use std::borrow::Cow;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{DecodeError, Problem};
use crate::foreign_text::ForeignText;
use crate::ids::{CallId, Username};
use crate::json::{Object, Text, string_of};
use crate::message::Payload;

/// How much of an unknown `type` is given back to its sender, in characters.
pub(crate) const MAX_ECHOED_TYPE_CHARS: usize = 64;

/// A message whose `type` was read.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    kind: Cow<'a, str>,
    object: Object<'a>,
}

impl<'a> Fields<'a> {
    /// Reads the outermost level and the `type` of a text of at most `max_bytes`.
    pub(crate) fn parse(text: &'a str, max_bytes: usize) -> Result<Self, DecodeError> {
        let object = Object::parse(text, max_bytes)?;
        match object.get("type").and_then(string_of) {
            Some(kind) => Ok(Self { kind, object }),
            None => Err(Problem::NoType.into()),
        }
    }

    /// Reads the outermost level of the object that goes with an event.
    pub(crate) fn of_event(name: &'a str, object: &'a str) -> Result<Self, Problem> {
        Ok(Self { kind: name.into(), object: Object::parse(object, object.len())? })
    }

    /// The `type`.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether a member is there and holds a string.
    pub(crate) fn has_text(&self, key: &str) -> bool {
        self.object.get(key).is_some_and(|raw| raw.get().starts_with('"'))
    }

    /// That something is wrong with this message.
    pub(crate) fn refuse(&self, problem: Problem) -> DecodeError {
        DecodeError { problem, in_reply_to: Some(self.echo()), call: self.call().ok().flatten() }
    }

    /// That this message's `type` is not known.
    pub(crate) fn refuse_type(&self) -> DecodeError {
        self.refuse(Problem::UnknownType(self.echo()))
    }

    fn echo(&self) -> String {
        ForeignText::new(&self.kind).chars().take(MAX_ECHOED_TYPE_CHARS).collect()
    }

    /// Any value that serde can read; `null` is as good as nothing.
    pub(crate) fn value_if<T: Deserialize<'a>>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, DecodeError> {
        let Some(raw) = self.object.get_some(key) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|_| self.refuse(Problem::Malformed(key, "wrong kind".into())))
    }

    /// Any value that serde can read.
    pub(crate) fn value<T: Deserialize<'a>>(&self, key: &'static str) -> Result<T, DecodeError> {
        self.value_if(key)?.ok_or_else(|| self.refuse(Problem::Missing(key)))
    }

    /// A word of a small vocabulary; one that is not in it is as good as none.
    pub(crate) fn word<T: Deserialize<'a>>(&self, key: &str) -> Option<T> {
        self.object.get_some(key).and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    /// An identifier.
    pub(crate) fn id<T: FromStr>(&self, key: &'static str) -> Result<T, DecodeError>
    where
        T::Err: std::fmt::Display,
    {
        self.value::<Text<'_>>(key)?
            .0
            .parse()
            .map_err(|error: T::Err| self.refuse(Problem::Malformed(key, error.to_string())))
    }

    /// Whom the message is for, if it says so. A text that can't be a name is nobody's.
    pub(crate) fn addressee_if(&self, key: &'static str) -> Result<Option<Username>, DecodeError> {
        let Some(Text(name)) = self.value_if(key)? else { return Ok(None) };
        Username::parse(&name).map(Some).map_err(|_| self.refuse(Problem::NoSuchName(key)))
    }

    /// Whom the message is for.
    pub(crate) fn addressee(&self, key: &'static str) -> Result<Username, DecodeError> {
        self.addressee_if(key)?.ok_or_else(|| self.refuse(Problem::Missing(key)))
    }

    /// The call, if it names one.
    pub(crate) fn call(&self) -> Result<Option<CallId>, DecodeError> {
        let Some(raw) = self.object.get_some("call") else { return Ok(None) };
        // Written without `refuse`, which asks for the call itself.
        let malformed = |why: String| DecodeError {
            problem: Problem::Malformed("call", why),
            in_reply_to: Some(self.echo()),
            call: None,
        };
        let text = string_of(raw).ok_or_else(|| malformed("wrong kind".into()))?;
        CallId::parse(&text).map(Some).map_err(|error| malformed(error.to_string()))
    }

    /// The value of the first of these members that is there and not `null`.
    pub(crate) fn first_of(&self, keys: &[&str]) -> Option<&'a RawValue> {
        keys.iter().find_map(|key| self.object.get_some(key))
    }

    /// A piece of JSON to the letter, `null` too.
    pub(crate) fn payload_or_null(&self, key: &'static str) -> Result<Payload, DecodeError> {
        self.object.get(key).map(Payload::from).ok_or_else(|| self.refuse(Problem::Missing(key)))
    }

    /// A piece of JSON to the letter, if it is there and not `null`.
    pub(crate) fn payload_if(&self, key: &'static str) -> Option<Payload> {
        self.object.get_some(key).map(Payload::from)
    }

    /// A piece of JSON to the letter.
    pub(crate) fn payload(&self, key: &'static str) -> Result<Payload, DecodeError> {
        self.object
            .get_some(key)
            .map(Payload::from)
            .ok_or_else(|| self.refuse(Problem::Missing(key)))
    }
}
