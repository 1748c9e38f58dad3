//! Finds where JSON values end, and whether they are JSON (RFC 8259), without looking at what they
//! say.
//!
//! Nearly everything that the server relays is one long string with an escape in each line. Going
//! over it is much of what a relay costs the processor besides the network, so strings are looked
//! at sixteen bytes at a time ([`Marks`]), and a block in which nothing but lines end is passed
//! without asking where. What passes here is what `serde_json` takes as a `RawValue`; a property
//! test keeps that.

use crate::marks::{BLOCK_BYTES, Marks};

/// Goes over a text from one byte to the next.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A piece of the text that is one string, without its quotes.
#[derive(Debug)]
pub(crate) struct Quoted<'a> {
    /// What stands between the quotes.
    pub(crate) inside: &'a str,
    /// Whether some of it stands for something else.
    pub(crate) has_escapes: bool,
}

impl<'a> Scanner<'a> {
    /// At the beginning of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes white space; the byte behind it.
    pub(crate) fn next_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Passes white space and this byte; `None` when another one stands there.
    pub(crate) fn pass(&mut self, byte: u8) -> Option<()> {
        (self.next_token()? == byte).then(|| self.at += 1)
    }

    /// Passes white space and a string.
    pub(crate) fn string(&mut self) -> Option<Quoted<'a>> {
        self.pass(b'"')?;
        let from = self.at;
        let has_escapes = self.pass_string()?;
        Some(Quoted { inside: self.text.get(from..self.at - 1)?, has_escapes })
    }

    /// Passes white space and a value that nests at most so deep; the value.
    pub(crate) fn value(&mut self, depth: usize) -> Option<&'a str> {
        self.next_token()?;
        let from = self.at;
        self.pass_value(depth)?;
        self.text.get(from..self.at)
    }

    fn pass_value(&mut self, depth: usize) -> Option<()> {
        match self.next_token()? {
            b'"' => {
                self.at += 1;
                self.pass_string().map(drop)
            }
            b'{' => self.pass_list(b'}', depth, |this, depth| {
                this.string()?;
                this.pass(b':')?;
                this.pass_value(depth)
            }),
            b'[' => self.pass_list(b']', depth, Self::pass_value),
            b't' => self.pass_word("true"),
            b'f' => self.pass_word("false"),
            b'n' => self.pass_word("null"),
            _ => self.pass_number(),
        }
    }

    /// Passes a bracket, what it holds, and the one that closes it.
    fn pass_list(
        &mut self,
        close: u8,
        depth: usize,
        pass_item: impl Fn(&mut Self, usize) -> Option<()>,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.at += 1;
        if self.next_token()? == close {
            self.at += 1;
            return Some(());
        }
        loop {
            pass_item(self, depth)?;
            let next = self.next_token()?;
            self.at += 1;
            match next {
                b',' => {}
                next if next == close => return Some(()),
                _ => return None,
            }
        }
    }

    fn pass_word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        rest.starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn pass_number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.pass_digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.pass_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.pass_digits()?;
        }
        // A digit here is one behind a zero. Anything else is the business of whoever asked.
        (!self.peek().is_some_and(|byte| byte.is_ascii_digit())).then_some(())
    }

    fn pass_digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    /// Passes the rest of a string and the quote that ends it; whether there were escapes.
    fn pass_string(&mut self) -> Option<bool> {
        let mut has_escapes = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).filter(|rest| !rest.is_empty())?;
            let Marks { ends, backslashes, .. } = Marks::of(rest);
            let (mut special, mut passed) = (ends | backslashes, BLOCK_BYTES);
            while special != 0 {
                let at = special.trailing_zeros() as usize;
                match *rest.get(at)? {
                    b'"' => {
                        self.at += at + 1;
                        return Some(has_escapes);
                    }
                    b'\\' => {
                        has_escapes = true;
                        let end = at + escape(rest.get(at..)?)?;
                        // What an escape consists of is nothing else, even if it looks like it.
                        special &= u32::MAX << end;
                        passed = passed.max(end);
                    }
                    _ => return None,
                }
            }
            self.at += passed;
            has_escapes |= self.pass_usual_blocks();
        }
    }

    /// Passes as many whole blocks as hold nothing but bytes that stand for themselves, and `\r`
    /// and `\n`; whether there were any of those. Where a block ends within one, that is left.
    /// There is one question for each block, and its answer is always the same but for the last: a
    /// processor guesses it right.
    fn pass_usual_blocks(&mut self) -> bool {
        let (mut seen, mut pending) = (0, 0);
        while let Some(block) =
            self.text.as_bytes().get(self.at..).and_then(<[u8]>::first_chunk::<BLOCK_BYTES>)
        {
            let Marks { ends, backslashes, line_letters } = Marks::of(block);
            let escaped = backslashes << 1 | pending;
            // Behind a backslash there is one of the letters, and so no other backslash either.
            let is_usual = ends == 0 && escaped & !line_letters & WHOLE_BLOCK == 0;
            if !is_usual {
                break;
            }
            seen |= backslashes;
            pending = backslashes >> (BLOCK_BYTES - 1);
            self.at += BLOCK_BYTES;
        }
        self.at -= pending as usize;
        seen != 0
    }
}

/// A bit for each byte of a block.
const WHOLE_BLOCK: u32 = (1 << BLOCK_BYTES) - 1;

/// How long the escapes are with which these bytes begin: one of them, or the end of a line, which
/// is two.
fn escape(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(br"\r\n") {
        return Some(4);
    }
    match bytes.get(1)? {
        b'n' | b'r' | b'"' | b'\\' | b'/' | b'b' | b'f' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    /// Whether a text is one value, and what `serde_json` says.
    fn check(text: &str) {
        let mut scanner = Scanner::new(text);
        let value = scanner.value(64).filter(|_| scanner.next_token().is_none());
        let expected = serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get);
        assert_eq!(value, expected, "{text:?}");
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
    fn whole_values_pass_and_every_beginning_of_one_is_judged_as_by_serde() {
        for document in DOCUMENTS {
            assert!(Scanner::new(document).value(64).is_some(), "{document}");
            for (end, _) in document.char_indices() {
                check(&document[..end]);
            }
        }
    }

    #[test]
    fn what_nests_too_deep_does_not_pass() {
        assert_eq!(Scanner::new("[[]]").value(2), Some("[[]]"));
        assert_eq!(Scanner::new("[[]]").value(1), None);
        assert_eq!(Scanner::new(&"[".repeat(100_000)).value(32), None);
    }

    #[test]
    fn every_byte_in_every_place_of_a_string_is_judged_as_by_serde() {
        for place in 0..20 {
            for byte in 0..=127_u8 {
                let mut text = "x".repeat(20);
                text.replace_range(place..=place, &char::from(byte).to_string());
                check(&format!("\"{text}\""));
            }
        }
    }

    const PIECES: [&str; 9] =
        [r"\r\n", r"\r\n", r"\n", r"\\", r#"\""#, r"\u00e4", "a=rtpmap:96 H264/90000", "rn", "é"];

    proptest! {
        #[test]
        fn any_text_is_judged_as_by_serde(text in r#"[\[\]{}:,"\\u0-9a-fE.+\-/ \ntrls\x01é]{0,16}"#) {
            check(&text);
        }

        /// Long enough that escapes stand at every place of a block, and across the ends of blocks.
        #[test]
        fn a_long_string_is_judged_as_by_serde(
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
        fn a_spoiled_value_is_judged_as_by_serde(
            document in prop::sample::select(DOCUMENTS.to_vec()),
            place: prop::sample::Index,
            put in r#"[\[\]{}:,"\\u0-9eE.+\- \nx\x01é]{0,2}"#,
        ) {
            let (at, old) = document.char_indices().nth(place.index(document.chars().count())).unwrap();
            check(&format!("{}{put}{}", &document[..at], &document[at..]));
            check(&format!("{}{put}{}", &document[..at], &document[at + old.len_utf8()..]));
        }
    }
}
