//! Every text of the desktop outside the window, in the window's language.

use visavis_shared::Username;

use crate::attention::{Incoming, MissedNotification, Vouched};
use crate::words::{Phrase, phrase, text};

/// The program's name.
pub(super) const APP: &str = "Visavis";
/// The program's name among desktop entries and icons.
pub(super) const APP_ID: &str = "visavis";
/// So many names of missed callers are shown.
const NAMES: usize = 3;

/// Below who calls.
pub(super) fn incoming_body(call: &Incoming) -> String {
    match call.vouched {
        Vouched::ByKey => text!("desktop-video-call"),
        Vouched::ByNothing => text!("desktop-call-not-verified"),
        Vouched::ByAnotherKey => text!("desktop-key-changed", name = &call.peer),
    }
}

/// Whether the call may be taken outside the window.
pub(super) fn can_be_answered(call: &Incoming) -> bool {
    call.vouched != Vouched::ByAnotherKey
}

/// Takes the call.
pub(super) fn answer() -> String {
    text!("desktop-answer")
}

/// Declines the call.
pub(super) fn decline() -> String {
    text!("decline")
}

/// Brings the window to the front.
pub(super) fn show() -> String {
    text!("desktop-show")
}

/// Closes the call.
pub(super) fn close_call() -> String {
    text!("close-call")
}

/// Mutes the microphone.
pub(super) fn mute() -> String {
    text!("desktop-mute")
}

/// Ends the program.
pub(super) fn quit() -> String {
    text!("desktop-quit")
}

/// Why the screen stays awake.
pub(super) fn in_a_call() -> String {
    text!("desktop-in-a-call")
}

/// Somebody calls.
pub(super) fn is_calling(name: &Username) -> String {
    text!("person-is-calling", peer = name)
}

/// A call with somebody.
pub(super) fn in_call_with(name: &Username) -> String {
    text!("desktop-in-call-with", name = name)
}

/// An invitation that is for another server than the one we are logged in to.
#[must_use]
pub fn other_server(server: &str) -> Phrase {
    phrase!("invitation-elsewhere", server = server)
}

/// So many missed calls.
pub(super) fn missed_calls(calls: u64) -> String {
    text!("desktop-missed-calls", count = calls)
}

/// The title of a notification of missed calls.
pub(super) fn missed_title(missed: &MissedNotification) -> String {
    match (missed.calls, missed.names.as_slice()) {
        (1, [name]) => text!("desktop-missed-from", name = name),
        (calls, _) => missed_calls(calls),
    }
}

/// Who called; nothing where the title says it.
pub(super) fn missed_body(missed: &MissedNotification) -> String {
    if missed.calls == 1 {
        return String::new();
    }
    let names: Vec<&str> = missed.names.iter().take(NAMES).map(Username::as_str).collect();
    let names = names.join(", ");
    match missed.names.len().saturating_sub(NAMES) {
        0 => text!("desktop-names", names = names),
        more => text!("desktop-names-and-more", names = names, more = more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_call_names_who_called_and_many_name_the_last() {
        let name = |text: &str| Username::parse(text).expect("a name");
        let missed = |calls: u64, names: &[&str]| MissedNotification {
            names: names.iter().map(|text| name(text)).collect(),
            calls,
            last: calls,
        };
        for (missed, title, body) in [
            (missed(1, &["bob"]), "Missed call from bob", ""),
            (missed(2, &["bob"]), "2 missed calls", "bob"),
            (missed(3, &["bob", "carol"]), "3 missed calls", "bob, carol"),
            (missed(9, &["a", "b", "c", "d", "e"]), "9 missed calls", "a, b, c and 2 more"),
        ] {
            assert_eq!(
                (missed_title(&missed).as_str(), missed_body(&missed).as_str()),
                (title, body)
            );
        }
    }
}
