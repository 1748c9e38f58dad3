//! Words that only the window needs: how a name is shortened, how many are online, how keys are
//! called. All others are in [`crate::words`]. Pure text in, text out.

pub(super) use crate::session::ending::ending;
use crate::settings::Keys;
pub(super) use crate::words::{
    clock, date, foreign, name_problem, room_problem, spoken, text, when,
};

/// One or two letters that stand for a name: `Ada Lovelace` → `AL`, `bob` → `B`.
pub(super) fn initials(name: &str) -> String {
    let letters: String = name
        .split(|c: char| c.is_whitespace() || matches!(c, '.' | '_' | '-'))
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

/// How many people are online, for a heading.
pub(super) fn online_count(shown: usize, total: usize) -> String {
    match total.max(shown) {
        0 => text!("nobody-online"),
        total if total > shown && total > 1 => {
            text!("people-online-first", count = total, shown = shown)
        }
        total => text!("people-online", count = total),
    }
}

/// A server's address as people read it. Whether the way there is encrypted is said apart.
pub(super) fn without_scheme(server: &str) -> &str {
    server.split_once("://").map_or(server, |(_, rest)| rest)
}

/// Keys that are pressed together, as keyboards of the window's language are labelled: a text for
/// each cap.
pub(super) fn key_caps(keys: &Keys) -> Vec<String> {
    let held = [
        (keys.ctrl, if cfg!(target_os = "macos") { "Cmd" } else { "Ctrl" }),
        (keys.alt, "Alt"),
        (keys.shift, "Shift"),
    ];
    let held = held.into_iter().filter(|(held, _)| *held).map(|(_, name)| key(name));
    held.chain([key(keys.key())]).collect()
}

/// The same in one text: `Ctrl+Enter`, `Strg+Eingabe`.
pub(super) fn keys(keys: &Keys) -> String {
    key_caps(keys).join("+")
}

/// What is written on a key, by its English name.
pub(super) fn key(name: &str) -> String {
    let sign = |sign: &str| sign.to_owned();
    match name {
        "Tab" => text!("key-tab"),
        "Enter" => text!("key-enter"),
        "Space" => text!("key-space"),
        "Backspace" => text!("key-backspace"),
        "Delete" => text!("key-delete"),
        "Insert" => text!("key-insert"),
        "PageUp" => text!("key-page-up"),
        "PageDown" => text!("key-page-down"),
        "Pause" => text!("key-pause"),
        "Escape" => text!("key-escape"),
        "Ctrl" => text!("key-ctrl"),
        "Shift" => text!("key-shift"),
        "Alt" => text!("key-alt"),
        "Comma" => sign(","),
        "Minus" => sign("-"),
        "Period" => sign("."),
        "Plus" => sign("+"),
        "Equals" => sign("="),
        "Semicolon" => sign(";"),
        "Quote" => sign("'"),
        "Colon" => sign(":"),
        "Slash" => sign("/"),
        "Backslash" => sign("\\"),
        "Pipe" => sign("|"),
        "Questionmark" => sign("?"),
        "Exclamationmark" => sign("!"),
        "OpenBracket" => sign("["),
        "CloseBracket" => sign("]"),
        "OpenCurlyBracket" => sign("{"),
        "CloseCurlyBracket" => sign("}"),
        "Backtick" => sign("`"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_one_or_two_letters_of_any_script() {
        let cases = [
            ("bob", "B"),
            ("Ada Lovelace", "AL"),
            ("a.b-c", "AB"),
            ("@@", "?"),
            ("", "?"),
            ("мария", "М"),
            ("李 雷", "李雷"),
        ];
        for (name, expected) in cases {
            assert_eq!(initials(name), expected, "{name:?}");
        }
    }

    #[test]
    fn the_count_says_when_the_list_is_cut() {
        assert_eq!(online_count(0, 0), "Nobody else is online");
        assert_eq!(online_count(1, 0), "1 person online");
        assert_eq!(online_count(3, 3), "3 people online");
        assert_eq!(online_count(100, 2500), "2,500 people online, the first 100 listed");
    }

    #[test]
    fn keys_are_called_as_on_the_keyboards_of_the_language() {
        let named = |text: &str| keys(&text.parse().expect("keys"));
        assert_eq!(named("Ctrl+Backspace"), "Ctrl+Backspace");
        crate::words::speak_on_this_thread(Some(crate::words::Language::German));
        assert_eq!(named("Ctrl+Shift+Enter"), "Strg+Umschalt+Eingabe");
        assert_eq!(named("F1"), "F1");
        assert_eq!(named("Ctrl+Comma"), "Strg+,");
        crate::words::speak_on_this_thread(None);
    }
}
