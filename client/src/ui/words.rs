//! What the window says, in words rather than codes: how a call ended, how long it took, how a name is shortened.
//!
//! Pure text in, text out. What always holds: every [`EndReason`] has a sentence; a line that came from elsewhere is
//! short and on one line when it is shown.

use std::time::Duration;

use crate::call::event::EndReason;

/// The longest text from elsewhere that is shown, in characters.
const MAX_FOREIGN_CHARS: usize = 240;

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What happened.
    pub what: String,
    /// What to do now, where there is something to do.
    pub advice: Option<String>,
}

/// Puts the end of a call with `peer` into words. `talked` is how long media flowed, if it ever did.
#[must_use]
pub fn ending(peer: &str, reason: &EndReason, talked: Option<Duration>) -> Ending {
    let (what, advice) = match reason {
        EndReason::HungUp if talked.is_some() => (format!("You closed the call with {peer}."), None),
        EndReason::HungUp => (format!("You cancelled the call with {peer}."), None),
        EndReason::DeclinedByUs => (format!("You declined {peer}'s call."), None),
        EndReason::ClosedByPeer if talked.is_some() => (format!("{peer} closed the call."), None),
        EndReason::ClosedByPeer => {
            (format!("{peer} cancelled the call."), Some("Call back to hear what it was about.".to_owned()))
        }
        EndReason::Declined => (format!("{peer} declined the call."), Some("Try again later.".to_owned())),
        EndReason::Busy => (format!("{peer} is in another call."), Some("Try again when it may be over.".to_owned())),
        EndReason::NoAnswer => ("Nobody answered.".to_owned(), Some(format!("Perhaps {peer} is not at the desk."))),
        EndReason::Unknown => (
            format!("{peer} is not online."),
            Some("Check how the name is spelled, and that they are logged in to the same server.".to_owned()),
        ),
        EndReason::Refused(why) => ("The server did not pass the call on.".to_owned(), foreign(why)),
        EndReason::PeerLost => (
            format!("{peer} went offline before the call could begin."),
            Some("Call again when they are back.".to_owned()),
        ),
        EndReason::ServerLost => (
            "The server was lost before the call could begin.".to_owned(),
            Some("Check your network connection, then call again.".to_owned()),
        ),
        EndReason::ConnectFailed(why) => (
            format!("No way to {peer} was found."),
            foreign(why).or_else(|| Some("A firewall at either end may be in the way.".to_owned())),
        ),
        EndReason::MediaLost => (
            format!("The connection to {peer} was lost."),
            Some("Check your network connection, then call again.".to_owned()),
        ),
    };
    Ending { what, advice }
}

/// A text from elsewhere as it may be shown: one line, not too long; `None` when nothing is left.
#[must_use]
pub fn foreign(text: &str) -> Option<String> {
    let mut chars = text.trim().chars().filter(|c| !turns_text_round(*c));
    let mut line: String =
        chars.by_ref().take(MAX_FOREIGN_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    (!line.trim().is_empty()).then_some(line)
}

/// Whether a character is there only to change the direction of its neighbours, which can make one text look like
/// another (Unicode UAX #9).
fn turns_text_round(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A duration as a clock shows it: `3:07`, `1:02:03`.
#[must_use]
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A duration in words: `2 minutes and 1 second`.
#[must_use]
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts: Vec<String> = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    match parts.as_slice() {
        [] => "less than a second".to_owned(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        // With hours, the seconds no longer matter.
        [first, second, ..] => format!("{first} and {second}"),
    }
}

/// One or two letters that stand for a name: `Ada Lovelace` → `AL`, `bob` → `B`.
#[must_use]
pub fn initials(name: &str) -> String {
    let letters: String = name
        .split(|c: char| c.is_whitespace() || matches!(c, '.' | '_' | '-'))
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

/// How many people are online, for a heading.
#[must_use]
pub fn online_count(shown: usize, total: usize) -> String {
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

    fn every_reason() -> Vec<EndReason> {
        vec![
            EndReason::HungUp,
            EndReason::DeclinedByUs,
            EndReason::ClosedByPeer,
            EndReason::Declined,
            EndReason::Busy,
            EndReason::NoAnswer,
            EndReason::Unknown,
            EndReason::Refused("You call too often; wait a minute.".to_owned()),
            EndReason::PeerLost,
            EndReason::ServerLost,
            EndReason::ConnectFailed("No network.".to_owned()),
            EndReason::MediaLost,
        ]
    }

    #[test]
    fn every_reason_has_a_sentence_of_its_own() {
        let mut sentences: Vec<String> = every_reason().iter().map(|r| ending("bob", r, None).what).collect();
        assert!(sentences.iter().all(|s| s.ends_with('.') && s.len() > 10), "{sentences:?}");
        sentences.sort();
        let count = sentences.len();
        sentences.dedup();
        assert_eq!(sentences.len(), count);
    }

    #[test]
    fn closing_a_call_and_cancelling_one_are_told_apart() {
        let talked = Some(Duration::from_secs(5));
        assert_eq!(ending("bob", &EndReason::HungUp, talked).what, "You closed the call with bob.");
        assert_eq!(ending("bob", &EndReason::HungUp, None).what, "You cancelled the call with bob.");
        assert_eq!(ending("bob", &EndReason::ClosedByPeer, talked).what, "bob closed the call.");
        assert_eq!(ending("bob", &EndReason::ClosedByPeer, None).what, "bob cancelled the call.");
    }

    #[test]
    fn what_the_server_said_is_passed_on_and_an_empty_reason_gets_ours() {
        let refused = ending("bob", &EndReason::Refused("Not today.".to_owned()), None);
        assert_eq!(refused.advice.as_deref(), Some("Not today."));
        let failed = ending("bob", &EndReason::ConnectFailed(" ".to_owned()), None);
        assert_eq!(failed.advice.as_deref(), Some("A firewall at either end may be in the way."));
    }

    #[test]
    fn a_text_from_elsewhere_is_one_short_line() {
        assert_eq!(foreign("  a\nb\t\u{7}c "), Some("a b  c".to_owned()));
        assert_eq!(foreign("a\u{202e}b"), Some("ab".to_owned()));
        assert_eq!(foreign(" \n "), None);
        let long = foreign(&"x".repeat(10_000)).expect("a line");
        assert_eq!(long.chars().count(), MAX_FOREIGN_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn durations_read_like_a_clock_and_like_speech() {
        let seconds = Duration::from_secs;
        assert_eq!([0, 59, 187, 3723].map(|s| clock(seconds(s))), ["0:00", "0:59", "3:07", "1:02:03"]);
        assert_eq!(
            [0, 1, 62, 120, 3723].map(|s| spoken(seconds(s))),
            ["less than a second", "1 second", "1 minute and 2 seconds", "2 minutes", "1 hour and 2 minutes"]
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
