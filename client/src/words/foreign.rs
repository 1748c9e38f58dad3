//! Texts from elsewhere: names, devices, lines of a server. Pure text in, text out.

/// The longest text from elsewhere that is shown, in characters.
const MAX_FOREIGN_CHARS: usize = 240;

/// A text from elsewhere as it may be shown: one line, not too long; `None` when nothing is left.
#[must_use]
pub fn foreign(text: &str) -> Option<String> {
    let line = one_line(text);
    (!line.trim().is_empty()).then_some(line)
}

/// The same, which may be empty.
pub(super) fn one_line(text: &str) -> String {
    let mut chars = text.trim().chars().filter(|c| !turns_text_round(*c));
    let mut line: String = chars
        .by_ref()
        .take(MAX_FOREIGN_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

/// Whether a character is there only to change the direction of its neighbours, which can make one
/// text look like another (Unicode UAX #9).
fn turns_text_round(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_elsewhere_is_one_short_line() {
        assert_eq!(foreign("  a\nb\t\u{7}c "), Some("a b  c".to_owned()));
        assert_eq!(foreign("a\u{202e}b"), Some("ab".to_owned()));
        assert_eq!(foreign(" \n "), None);
        let long = foreign(&"x".repeat(10_000)).expect("a line");
        assert_eq!(long.chars().count(), MAX_FOREIGN_CHARS + 1);
        assert!(long.ends_with('…'));
    }
}
