//! Text that somebody else wrote and a person reads: reasons, refusals, greetings, names of
//! devices.
//!
//! In: any text, from a server, a peer or a driver. Out: a [`ForeignText`]. What always holds for
//! one: it is one line of at most 200 characters; it holds nothing that moves a cursor, colours,
//! names or clears a terminal (ECMA-48), turns the direction of what stands beside it (Unicode UAX
//! 9), or is invisible; marks above and below letters stay with a letter and don't pile up (UAX 15
//! §13). Parsing is the only way in, so nothing downstream has to think of it.

use std::fmt;
use std::iter::Peekable;
use std::ops::Deref;
use std::str::Chars;

use serde::{Deserialize, Serialize};
use unicode_normalization::char::is_combining_mark;

/// The longest foreign text, in characters; the last of one that was cut is "…".
pub const MAX_FOREIGN_CHARS: usize = 200;
/// No language puts more marks on a letter.
pub const MOST_MARKS: usize = 4;
/// What begins a control sequence: `ESC [` in one character.
const CSI: char = '\u{9b}';
/// What ends a control string: `ESC \` in one character.
const STRING_END: char = '\u{9c}';
const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// A text of somebody else that can be shown, printed and logged.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct ForeignText(String);

impl ForeignText {
    /// Cleans a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let (mut clean, mut length, mut cut) = (String::new(), 0, false);
        let (mut space, mut marks) = (false, MOST_MARKS);
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if let Some(kind) = begins_sequence(c, &mut characters) {
                pass_over(kind, &mut characters);
            } else if c.is_whitespace() {
                space = length > 0;
                marks = MOST_MARKS;
            } else if is_unprintable(c) {
            } else if is_combining_mark(c) && (space || marks >= MOST_MARKS) {
                // It has no letter, or a heap of others.
            } else {
                marks = if is_combining_mark(c) { marks + 1 } else { 0 };
                let more = 1 + usize::from(std::mem::take(&mut space));
                if length + more > MAX_FOREIGN_CHARS {
                    cut = true;
                    break;
                }
                if more == 2 {
                    clean.push(' ');
                }
                clean.push(c);
                length += more;
            }
        }
        if cut {
            // The last of a full text gives way.
            let kept =
                clean.char_indices().nth(MAX_FOREIGN_CHARS - 1).map_or(clean.len(), |(at, _)| at);
            clean.truncate(kept);
            clean.push('…');
        }
        Self(clean)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a control sequence goes on until.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    /// A final byte (`ESC [`).
    Control,
    /// The end of a string (`ESC ]`, `ESC P` and such).
    String,
    /// It was one character.
    Single,
}

/// What kind of sequence begins with `c`, if any; its second character is taken.
fn begins_sequence(c: char, rest: &mut Peekable<Chars<'_>>) -> Option<Sequence> {
    match c {
        CSI => Some(Sequence::Control),
        '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => Some(Sequence::String),
        ESCAPE => Some(match rest.next_if(|next| ('!'..='~').contains(next)) {
            Some('[') => Sequence::Control,
            Some(']' | 'P' | 'X' | '^' | '_') => Sequence::String,
            _ => Sequence::Single,
        }),
        _ => None,
    }
}

fn pass_over(kind: Sequence, rest: &mut Peekable<Chars<'_>>) {
    match kind {
        Sequence::Control => {
            while rest.next_if(|c| (' '..='?').contains(c)).is_some() {}
            rest.next_if(|c| ('@'..='~').contains(c));
        }
        Sequence::String => {
            while let Some(c) = rest.next() {
                if matches!(c, BELL | STRING_END)
                    || (c == ESCAPE && rest.next_if_eq(&'\\').is_some())
                {
                    break;
                }
            }
        }
        Sequence::Single => {}
    }
}

/// Whether a character would be invisible or would change how its neighbours are shown.
pub(crate) fn is_unprintable(c: char) -> bool {
    is_hidden(c)
        || matches!(c, '\u{200c}'..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{e0020}'..='\u{e0fff}')
}

/// The same, but for what people write on purpose: joiners and tags, of which emoji are made, marks
/// of the direction of a word, and separators of lines.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}'
            | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e001f}')
}

impl From<&str> for ForeignText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for ForeignText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<ForeignText> for String {
    fn from(text: ForeignText) -> Self {
        text.0
    }
}

impl Deref for ForeignText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ForeignText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_gone_and_the_words_stay() {
        for (foreign, clean) in [
            ("Choose another name.", "Choose another name."),
            ("Grüße, 世界, שלום 👋", "Grüße, 世界, שלום 👋"),
            ("\u{1b}]0;owned\u{7}The title", "The title"),
            ("\u{1b}]8;;http://x\u{1b}\\a link\u{1b}]8;;\u{1b}\\", "a link"),
            ("\u{1b}[2J\u{1b}[1;31mcleared\u{1b}[0m", "cleared"),
            ("\u{9b}31mred\u{9d}0;title\u{9c}!", "red!"),
            ("\u{1b}cre\u{1b}7set", "reset"),
            ("\u{1b}P+q544e\u{1b}\\asks", "asks"),
            ("one\r\ntwo\n\n\tthree\u{2028}four\u{85}", "one two three four"),
            ("  round \u{a0} it  ", "round it"),
            ("abc\u{202e}gnp.exe\u{2066}x\u{2069}", "abcgnp.exex"),
            ("ze\u{200b}ro\u{200d}\u{feff} w\u{e0041}idth\u{ad}", "zero width"),
            ("\u{8}\u{0}\u{7f}back", "back"),
            ("\u{301}\u{301}alone a\u{301} \u{301}b", "alone a\u{301} b"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("", ""),
        ] {
            assert_eq!(ForeignText::new(foreign).as_str(), clean, "{foreign:?}");
        }
        let heap = format!("z{}o", "\u{310}".repeat(500));
        assert_eq!(ForeignText::new(&heap).as_str(), format!("z{}o", "\u{310}".repeat(4)));
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let exact = "x".repeat(MAX_FOREIGN_CHARS);
        assert_eq!(ForeignText::new(&exact).as_str(), exact);
        let long = ForeignText::new(&"ä ".repeat(30_000));
        assert_eq!(long.chars().count(), MAX_FOREIGN_CHARS);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn it_is_cleaned_as_it_is_read() {
        let read: ForeignText = serde_json::from_str(r#""a\u001b[2Jb\nc""#).expect("text");
        assert_eq!(read.as_str(), "ab c");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_one_printable_short_line_comes_out(
            text in prop_oneof![
                any::<String>(),
                prop::collection::vec(
                    prop::sample::select(vec!["\u{1b}", "[", "]", "0;", "m", "\u{7}", "a", " ", "\n", "\u{202e}", "\u{301}", "\u{9b}", "\u{9c}", "\\", "é", "\u{200d}"]),
                    0..600,
                ).prop_map(|parts| parts.concat()),
            ],
        ) {
            let clean = ForeignText::new(&text);
            prop_assert!(!clean.chars().any(|c| is_unprintable(c) || (c.is_whitespace() && c != ' ')));
            prop_assert!(clean.chars().count() <= MAX_FOREIGN_CHARS);
            prop_assert_eq!(clean.trim(), clean.as_str());
            prop_assert!(!clean.contains("  "));
            // What was cleaned stays as it is, so relaying it changes nothing.
            prop_assert_eq!(&ForeignText::new(&clean), &clean);
        }

        #[test]
        fn plain_words_pass_as_they_are(text in "[a-zA-Z0-9.,:;!?\"'()äöüéñ]{1,9}( [a-zA-Z0-9.,:;!?äöüéñ]{1,9}){0,8}") {
            let clean = ForeignText::new(&text);
            prop_assert_eq!(clean.as_str(), text);
        }
    }
}
