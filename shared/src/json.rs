//! JSON as the codec needs it: one flat object whose values stay text until somebody reads them.
//!
//! [`Object`] reads, [`Writer`] writes. A text that is too large or too deep is refused before it
//! is parsed: `serde_json` skips a raw value of any depth. Unknown keys are ignored; of a key that
//! stands twice the last counts, as in `JSON.parse`.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::Problem;
use crate::limits::MAX_JSON_DEPTH;

/// A string, borrowed where it holds no escapes.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A JSON object whose values are checked for syntax and kept as text.
#[derive(Debug, Deserialize)]
pub(crate) struct Object<'a>(#[serde(borrow)] BTreeMap<Text<'a>, &'a RawValue>);

impl<'a> Object<'a> {
    /// Reads the outermost level of a message of at most `max_bytes`.
    pub(crate) fn parse(text: &'a str, max_bytes: usize) -> Result<Self, Problem> {
        if text.len() > max_bytes {
            return Err(Problem::TooLarge);
        }
        if nests_deeper_than(text, MAX_JSON_DEPTH) {
            return Err(Problem::TooDeep);
        }
        serde_json::from_str(text).map_err(|_| Problem::NotAnObject)
    }

    /// The value of a key; `null` counts as a value.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.get(key).copied()
    }

    /// The value of a key, unless it is `null`.
    pub(crate) fn get_some(&self, key: &str) -> Option<&'a RawValue> {
        self.get(key).filter(|value| value.get() != "null")
    }
}

/// The string that a value is, borrowed where it holds no escapes.
pub(crate) fn string_of(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(value.get()).ok().map(|Text(text)| text)
}

/// Whether brackets outside strings nest deeper than `limit`. Says nothing about whether the text
/// is JSON at all.
#[must_use]
pub fn nests_deeper_than(text: &str, limit: usize) -> bool {
    // Most messages open fewer brackets in all, and counting those takes a fraction of the time.
    if brackets_opened(text) <= limit {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// How many brackets a text opens, in strings and outside.
fn brackets_opened(text: &str) -> usize {
    // They differ in one bit. Summed up in bytes, because that is what a processor does many of at
    // once.
    let is_open = |byte: &u8| u8::from(byte & !0x20 == b'[');
    let in_chunk = |chunk: &[u8]| usize::from(chunk.iter().map(is_open).sum::<u8>());
    text.as_bytes().chunks(usize::from(u8::MAX)).map(in_chunk).sum()
}

/// Most messages that carry no description are shorter.
const USUAL_BYTES: usize = 128;

/// Writes one object, member by member, in the order in which they are given. Cannot fail.
#[derive(Debug)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// An object whose first member is its `type`.
    pub(crate) fn message(kind: &str) -> Self {
        Self::large_message(kind, 0)
    }

    /// The same, with room for so many bytes more than usual.
    pub(crate) fn large_message(kind: &str, bytes: usize) -> Self {
        Self::with_room(USUAL_BYTES + bytes).text("type", kind)
    }

    fn with_room(bytes: usize) -> Self {
        let mut json = Vec::with_capacity(bytes);
        json.push(b'{');
        Self(json)
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.push(key);
        self.0.push(b':');
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) {
        // Texts, numbers, lists and structs with text keys always have a JSON form, and writing to
        // memory does not fail.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    /// Anything that has a JSON form.
    pub(crate) fn value<T: Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        self.key(key);
        self.push(value);
        self
    }

    /// A string.
    pub(crate) fn text(self, key: &str, value: &str) -> Self {
        self.value(key, value)
    }

    /// A string, if there is one.
    pub(crate) fn text_if(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// A piece of JSON, to the letter.
    pub(crate) fn raw(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    /// A piece of JSON, to the letter, if there is one.
    pub(crate) fn raw_if(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.raw(key, value),
            None => self,
        }
    }

    /// The object as text.
    pub(crate) fn finish(mut self) -> String {
        self.0.push(b'}');
        // All of it came from texts.
        String::from_utf8(self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::limits::MAX_MESSAGE_BYTES;

    fn parse(text: &str) -> Result<Object<'_>, Problem> {
        Object::parse(text, MAX_MESSAGE_BYTES)
    }

    #[test]
    fn depth_counts_brackets_outside_strings_only() {
        assert!(!nests_deeper_than(&format!(r#"{{"a":"{}"}}"#, "[".repeat(100)), 32));
        assert!(!nests_deeper_than(r#"{"a":"[[[[\"[["}"#, 1));
        assert!(!nests_deeper_than(r#"[{},{},[]]"#, 2));
        assert!(nests_deeper_than(r#"[{"a":[]}]"#, 2));
    }

    #[test]
    fn every_opened_bracket_counts_and_nothing_else() {
        let every_ascii: String = (0..=127).map(char::from).collect();
        assert_eq!(brackets_opened(&every_ascii), 2);
        assert_eq!(brackets_opened(&"{".repeat(1_000)), 1_000);
        assert_eq!(brackets_opened("ę Ż ż"), 0);
    }

    #[test]
    fn the_deepest_allowed_object_is_read_and_one_level_more_is_not() {
        let nested =
            |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(parse(&nested(MAX_JSON_DEPTH)).is_ok());
        assert_eq!(parse(&nested(MAX_JSON_DEPTH + 1)).unwrap_err(), Problem::TooDeep);
        assert_eq!(parse(&nested(30_000)).unwrap_err(), Problem::TooDeep);
    }

    #[test]
    fn the_largest_allowed_message_is_read_and_one_byte_more_is_not() {
        let sized = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
        assert!(parse(&sized(MAX_MESSAGE_BYTES)).is_ok());
        assert_eq!(parse(&sized(MAX_MESSAGE_BYTES + 1)).unwrap_err(), Problem::TooLarge);
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_counts() {
        let object = parse(r#"{"a":1,"\u0061":2}"#).unwrap();
        assert_eq!(object.get("a").map(RawValue::get), Some("2"));
    }

    #[test]
    fn only_one_whole_object_is_a_message() {
        for text in
            ["", "{", "[]", "1", "null", "\"{}\"", "{} {}", r#"{"a":}"#, r#"{"a":1,}"#, r#"{a:1}"#]
        {
            assert_eq!(parse(text).unwrap_err(), Problem::NotAnObject, "{text}");
        }
    }

    /// How deep a value nests, found the slow way.
    fn depth_of(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
            Value::Object(members) => 1 + members.values().map(depth_of).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// A text as a member: refused if it is no JSON, and otherwise kept to the letter, with its
    /// depth found.
    fn check(text: &str) {
        let object = format!(r#"{{"first":0,"\u0061":{text} , "last":[]}}"#);
        let read = parse(&object);
        let Ok(expected) = serde_json::from_str::<&RawValue>(text) else { return };
        let value = read.as_ref().ok().and_then(|object| object.get("a"));
        assert_eq!(value.map(RawValue::get), Some(expected.get()), "{text:?}");
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            let depth = depth_of(&value);
            assert!(!nests_deeper_than(text, depth), "{text:?}");
            assert!(depth == 0 || nests_deeper_than(text, depth - 1), "{text:?}");
        }
        if let Ok(string) = serde_json::from_str::<String>(text) {
            assert_eq!(string_of(expected).as_deref(), Some(string.as_str()), "{text:?}");
        }
    }

    const DOCUMENTS: [&str; 6] = [
        r#"{"type":"offer","offer":{"sdp":"v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\n","n":[1,-2.5e+10,0.0]},"x":null}"#,
        r#" [ true , false , null , "" , {} , [ ] , "\u00e4\"\\\/\b\f\n\r\t" ] "#,
        r#""ężź \ud83d\ude00 plain text that is longer than eight bytes and than sixteen""#,
        "-0.1E-7",
        "0",
        r#"{"a":{"b":{"c":[[[{}]]]}}}"#,
    ];

    #[test]
    fn whole_values_are_read_and_every_beginning_of_one_is_judged() {
        for document in DOCUMENTS {
            assert!(parse(&format!(r#"{{"a":{document}}}"#)).is_ok(), "{document}");
            for (end, _) in document.char_indices() {
                check(&document[..end]);
            }
        }
    }

    #[test]
    fn every_byte_in_every_place_of_a_string_is_judged() {
        for place in 0..20 {
            for byte in 0..=127_u8 {
                let mut text = "x".repeat(20);
                text.replace_range(place..=place, &char::from(byte).to_string());
                check(&format!("\"{text}\""));
                check(&format!("[\"{text}\",[\"[\"]]"));
            }
        }
    }

    const PIECES: [&str; 11] = [
        r"\r\n",
        r"\r\n",
        r"\n",
        r"\\",
        r#"\""#,
        r"\u00e4",
        "a=rtpmap:96 H264/90000",
        "rn",
        "é",
        "[",
        "}",
    ];

    proptest! {
        #[test]
        fn any_text_is_judged(text in r#"[\[\]{}:,"\\u0-9a-fE.+\-/ \ntrls\x01é]{0,16}"#) {
            check(&text);
        }

        #[test]
        fn a_long_string_is_judged(
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60),
            spoiled in prop::option::of(prop::sample::select(vec!["\\", "\\x", "\"", "\n", "\\u12", "\\\\"])),
            place: prop::sample::Index,
        ) {
            let mut pieces = pieces;
            if let Some(spoiled) = spoiled {
                pieces.insert(place.index(pieces.len() + 1), spoiled);
            }
            check(&format!("\"{}\"", pieces.concat()));
            check(&format!("[\"{}\", \"{}\"]", pieces.concat(), pieces.join("abcdefghijk")));
        }

        #[test]
        fn a_spoiled_value_is_judged(
            document in prop::sample::select(DOCUMENTS.to_vec()),
            place: prop::sample::Index,
            put in r#"[\[\]{}:,"\\u0-9eE.+\- \nx\x01é]{0,2}"#,
        ) {
            let (at, old) = document.char_indices().nth(place.index(document.chars().count())).unwrap();
            check(&format!("{}{put}{}", &document[..at], &document[at..]));
            check(&format!("{}{put}{}", &document[..at], &document[at + old.len_utf8()..]));
        }

        #[test]
        fn any_text_that_is_written_is_read_back(key in ".*", text in ".*") {
            let json = Writer::with_room(0).text(&key, &text).finish();
            let read: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.get(&key).and_then(|v| v.as_str()), Some(text.as_str()));
        }
    }
}
