//! Every text of the desktop outside the window.

use crate::attention::MissedNotification;
use visavis_shared::{ForeignText, Username};

/// The program's name.
pub(super) const APP: &str = "Visavis";
/// The program's name among desktop entries and icons.
pub(super) const APP_ID: &str = "visavis";
/// Below who calls.
pub(super) const INCOMING_BODY: &str = "Video call";
/// Takes the call.
pub(super) const ANSWER: &str = "Answer";
/// Declines the call.
pub(super) const DECLINE: &str = "Decline";
/// Brings the window to the front.
pub(super) const SHOW: &str = "Show Visavis";
/// Closes the call.
pub(super) const CLOSE_CALL: &str = "Close call";
/// Mutes the microphone.
pub(super) const MUTE: &str = "Mute microphone";
/// Ends the program.
pub(super) const QUIT: &str = "Quit";
/// Why the screen stays awake.
pub(super) const IN_A_CALL: &str = "In a video call";
/// So many names of missed callers are shown.
const NAMES: usize = 3;

/// A name as it can be shown anywhere.
pub(super) fn shown(name: &Username) -> ForeignText {
    ForeignText::new(name.as_str())
}

/// Somebody calls.
pub(super) fn is_calling(name: &Username) -> String {
    format!("{} is calling", shown(name))
}

/// A call with somebody.
pub(super) fn in_call_with(name: &Username) -> String {
    format!("In a call with {}", shown(name))
}

/// An invitation that is for another server than the one we are logged in to.
#[must_use]
pub fn other_server(server: &str) -> String {
    format!(
        "This invitation is for another server: log out, log in at {server}, and open it again."
    )
}

/// So many missed calls.
pub(super) fn missed_calls(calls: u64) -> String {
    if calls == 1 { "1 missed call".to_owned() } else { format!("{calls} missed calls") }
}

/// The title of a notification of missed calls.
pub(super) fn missed_title(missed: &MissedNotification) -> String {
    match (missed.calls, missed.names.as_slice()) {
        (1, [name]) => format!("Missed call from {}", shown(name)),
        (calls, _) => missed_calls(calls),
    }
}

/// Who called; nothing where the title says it.
pub(super) fn missed_body(missed: &MissedNotification) -> String {
    if missed.calls == 1 {
        return String::new();
    }
    let names: Vec<String> = missed.names.iter().map(|name| shown(name).to_string()).collect();
    let more = names.len().saturating_sub(NAMES);
    let names = names[..names.len() - more].join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
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
