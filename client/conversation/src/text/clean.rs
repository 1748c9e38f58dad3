//! Text of somebody else, so that it can be shown.
//!
//! In: any text. Out: the same without what is invisible, moves a cursor or turns the direction of
//! what stands beside it (Unicode UAX 9); marks above and below letters don't pile up. Lines and
//! emoji stay as they are. Pure.

use unicode_normalization::char::is_combining_mark;
use visavis_shared::foreign_text::{MOST_MARKS, is_hidden};

/// Cleans a text; what was cleaned stays as it is.
#[must_use]
pub(crate) fn clean(text: &str) -> String {
    let (mut clean, mut marks) = (String::with_capacity(text.len()), MOST_MARKS);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let c = match c {
            '\r' if characters.peek() == Some(&'\n') => continue,
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' => ' ',
            c if c != '\n' && is_hidden(c) => continue,
            c => c,
        };
        if is_combining_mark(c) && !is_selector(c) {
            marks += 1;
            if marks > MOST_MARKS {
                continue;
            }
        } else {
            marks = if c.is_whitespace() { MOST_MARKS } else { 0 };
        }
        clean.push(c);
    }
    clean.trim_matches(|c: char| c.is_whitespace()).to_owned()
}

/// What asks for the coloured or the plain form of an emoji.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_lines_and_emoji_stay_and_what_deceives_is_gone() {
        for (foreign, clean_text) in [
            ("Grüße, 世界, שלום 👋", "Grüße, 世界, שלום 👋"),
            ("one\r\ntwo\rthree\u{2028}four\n\nfive", "one\ntwo\nthree\nfour\n\nfive"),
            ("a\tb", "a b"),
            ("  round  it  \n", "round  it"),
            ("👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}", "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}"),
            ("invoice\u{202e}fdp.exe\u{2066}x\u{2069}", "invoicefdp.exex"),
            ("ze\u{200b}ro\u{feff}", "zero"),
            ("\u{1b}[31mred\u{7}\u{0}", "[31mred"),
            ("", ""),
            ("\u{200b}", ""),
        ] {
            assert_eq!(clean(foreign), clean_text, "{foreign:?}");
        }
        let heap = format!("z{}o", "\u{310}".repeat(500));
        assert_eq!(clean(&heap), format!("z{}o", "\u{310}".repeat(4)));
    }

    proptest! {
        #[test]
        fn what_was_cleaned_stays_as_it_is(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.chars().any(|c| c != '\n' && is_hidden(c)));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
