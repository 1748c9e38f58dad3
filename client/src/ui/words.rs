//! What the window says, in words rather than codes: how long a call took, how a name is shortened,
//! how many are online. How a call ended is in [`crate::session::ending`]. Pure text in, text out.

use std::time::Duration;

use visavis_shared::NameError;

pub(super) use crate::session::ending::{ending, foreign};

/// A duration as a clock shows it: `3:07`, `1:02:03`.
pub(super) fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A duration in words: `2 minutes and 1 second`.
pub(super) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts: Vec<String> =
        [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
            .collect();
    match parts.as_slice() {
        [] => "less than a second".to_owned(),
        [one] => one.clone(),
        // With hours, the seconds no longer matter.
        [first, second, ..] => format!("{first} and {second}"),
    }
}

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

/// Why a name can't be used; `empty` is for where there is none.
pub(super) fn name_problem(error: NameError, empty: &str) -> String {
    match error {
        NameError::Empty => empty.to_owned(),
        error => format!("That can't be a name: {error}."),
    }
}

/// How many people are online, for a heading.
pub(super) fn online_count(shown: usize, total: usize) -> String {
    match total.max(shown) {
        0 => "Nobody else is online".to_owned(),
        1 => "1 person online".to_owned(),
        total if total > shown => format!("{total} people online, the first {shown} listed"),
        total => format!("{total} people online"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_a_clock_and_like_speech() {
        let seconds = Duration::from_secs;
        assert_eq!(
            [0, 59, 187, 3723].map(|s| clock(seconds(s))),
            ["0:00", "0:59", "3:07", "1:02:03"]
        );
        assert_eq!(
            [0, 1, 62, 120, 3723].map(|s| spoken(seconds(s))),
            [
                "less than a second",
                "1 second",
                "1 minute and 2 seconds",
                "2 minutes",
                "1 hour and 2 minutes"
            ]
        );
        assert_eq!(clock(Duration::MAX), "5124095576030431:00:15");
    }

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
        assert_eq!(online_count(100, 2500), "2500 people online, the first 100 listed");
    }
}
