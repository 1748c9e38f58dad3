//! What is said in words about a transfer. Pure but for the language of the window.

use std::path::Path;
use std::time::Duration;

use super::kind::kind;
use crate::conversation::{
    Direction, LineState, Party, Problem, Transfer, TransferProblem, TransferState,
};

use crate::ui::design::Icon;
use crate::words::{self, Phrase, text};

const KILO: f64 = 1e3;
/// A unit is used up to this many of the smaller one.
const UNITS: [f64; 3] = [KILO, KILO * KILO, KILO * KILO * KILO];

/// A size in the unit of another, as `2.1`; the unit is that of `like`.
fn in_unit_of(bytes: u64, like: u64) -> (String, usize) {
    let like = like as f64;
    let unit = UNITS.iter().take_while(|unit| like >= **unit).count();
    let scale = if unit == 0 { 1.0 } else { UNITS[unit - 1] };
    // One decimal below ten of it.
    let decimals = usize::from(unit > 0 && like / scale < f64::from(10_u8));
    (words::number(bytes as f64 / scale, decimals), unit)
}

/// A size: `980 B`, `4.2 MB`, `112 MB`.
pub(super) fn size(bytes: u64) -> String {
    let (value, unit) = in_unit_of(bytes, bytes);
    match unit {
        0 => text!("size-bytes", value = value),
        1 => text!("size-kilobytes", value = value),
        2 => text!("size-megabytes", value = value),
        _ => text!("size-gigabytes", value = value),
    }
}

/// How long something still takes.
fn left(time: Duration) -> String {
    let seconds = time.as_secs();
    let minutes = seconds.div_ceil(60);
    match seconds {
        0..60 => text!("left-seconds", count = seconds.max(1)),
        60..3600 => text!("left-minutes", count = minutes),
        _ => text!("left-hours", hours = minutes / 60, minutes = minutes % 60),
    }
}

/// The icon of a transfer.
pub(super) fn icon(transfer: &Transfer) -> Icon {
    kind(transfer).1
}

/// What it is, how large, and from whom: under its name.
pub(super) fn about(transfer: &Transfer, peer: &str) -> String {
    let (kind, size) = (kind(transfer).0, size(transfer.size));
    match transfer.direction {
        Direction::Outgoing => text!("file-and-size", kind = kind, size = size),
        Direction::Incoming => text!("file-from", kind = kind, size = size, peer = peer),
    }
}

/// How far it is while bytes go: `38 of 112 MB, 2.1 MB/s, 35 s left`.
pub(super) fn progress(transfer: &Transfer) -> String {
    let done = transfer.done.min(transfer.size);
    let (done, _) = in_unit_of(done, transfer.size);
    let so_far = text!("so-much-of", done = done, size = size(transfer.size));
    let speed = transfer.speed.map(|speed| text!("size-a-second", size = size(speed)));
    let parts = [Some(so_far), speed, transfer.left.map(left)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How far it is, in words, and whether something is wrong. `None` where its buttons or the
/// progress say it.
pub(super) fn state(transfer: &Transfer, peer: &str) -> Option<(String, bool)> {
    let out = transfer.direction == Direction::Outgoing;
    let fine = |words: String| Some((words, false));
    match &transfer.state {
        TransferState::Preparing => fine(text!("transfer-preparing")),
        TransferState::Offered if out => fine(text!("transfer-offered", peer = peer)),
        TransferState::Offered | TransferState::Running => None,
        TransferState::Paused(Party::Us) => fine(text!("transfer-paused-us")),
        TransferState::Paused(Party::Them) => fine(text!("transfer-paused-them", peer = peer)),
        TransferState::Interrupted => Some((text!("transfer-interrupted"), true)),
        TransferState::Checking => fine(text!("transfer-checking")),
        TransferState::Done(_) if out => fine(text!("transfer-done-out", peer = peer)),
        TransferState::Done(place) => {
            let folder = place.as_deref().and_then(Path::parent).and_then(Path::file_name);
            match folder {
                Some(folder) => {
                    let folder = words::foreign(&folder.to_string_lossy()).unwrap_or_default();
                    fine(text!("transfer-done-in", folder = folder))
                }
                None => fine(text!("transfer-arrived")),
            }
        }
        TransferState::Refused(Party::Us) => fine(text!("transfer-refused-us")),
        TransferState::Refused(Party::Them) => fine(text!("transfer-refused-them", peer = peer)),
        TransferState::Cancelled(Party::Us) => fine(text!("transfer-cancelled-us")),
        TransferState::Cancelled(Party::Them) => {
            fine(text!("transfer-cancelled-them", peer = peer))
        }
        TransferState::Failed(problem) => Some((failed(problem, peer), true)),
    }
}

fn failed(problem: &TransferProblem, peer: &str) -> String {
    match problem {
        TransferProblem::Unreadable(why) => text!("transfer-unreadable", why = shown(why)),
        TransferProblem::Changed => text!("transfer-changed"),
        TransferProblem::Unwritable(why) => text!("transfer-unwritable", why = shown(why)),
        TransferProblem::NoRoom { needs, free } => {
            text!("transfer-no-room", needs = size(*needs), free = size(*free))
        }
        TransferProblem::Different => text!("transfer-different"),
        TransferProblem::Protocol => text!("transfer-protocol", peer = peer),
        TransferProblem::Theirs => text!("transfer-theirs", peer = peer),
        TransferProblem::CallEnded => text!("transfer-call-ended"),
    }
}

/// What could not be done last.
pub(super) fn problem(problem: &Problem, peer: &str) -> String {
    match problem {
        Problem::TooLong(most) => text!("text-too-long", count = *most),
        Problem::TooManyTransfers(most) => text!("too-many-transfers", count = *most),
        Problem::NotSaved(why) => text!("text-not-saved", why = shown(why)),
        Problem::Closed => text!("text-closed", peer = peer),
    }
}

/// What the system says about a file.
fn shown(why: &str) -> String {
    Phrase::foreign(why).map(|why| why.text()).unwrap_or_default()
}

/// How far a line of ours got.
pub(super) fn line_state(state: LineState) -> String {
    match state {
        LineState::Sending => text!("line-sending"),
        LineState::Sent => text!("line-sent"),
        LineState::Read => text!("line-read"),
        LineState::Lost => text!("line-lost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::TransferId;

    fn transfer(name: &str, size: u64) -> Transfer {
        Transfer {
            id: TransferId(1),
            direction: Direction::Incoming,
            name: name.into(),
            files: None,
            size,
            done: 0,
            speed: None,
            left: None,
            executable: false,
            thumbnail: None,
            state: TransferState::Offered,
        }
    }

    #[test]
    fn sizes_have_the_unit_in_which_they_are_short() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (4_200_000, "4.2 MB"),
            (112_000_000, "112 MB"),
            (4_294_967_296, "4.3 GB"),
            (u64::MAX, "18,446,744,074 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn progress_is_in_the_unit_of_the_whole_and_never_more_than_it() {
        let running = Transfer {
            done: 38_400_000,
            speed: Some(2_100_000),
            left: Some(Duration::from_secs(35)),
            ..transfer("a.zip", 112_000_000)
        };
        assert_eq!(progress(&running), "38 of 112 MB, 2.1 MB/s, 35 s left");
        let done = Transfer { done: u64::MAX, ..transfer("a", 10) };
        assert_eq!(progress(&done), "10 of 10 B");
        for (seconds, expected) in
            [(0, "1 s left"), (59, "59 s left"), (61, "2 min left"), (3_661, "1 h 2 min left")]
        {
            assert_eq!(left(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn a_file_is_called_by_what_it_is_and_a_program_by_nothing_else() {
        let named = |name: &str| about(&transfer(name, 4_200_000), "bob");
        assert_eq!(named("plan.PDF"), "PDF, 4.2 MB, from bob");
        assert_eq!(named("photo.jpeg"), "Picture, 4.2 MB, from bob");
        assert_eq!(named("archive.tar.zst"), "Archive, 4.2 MB, from bob");
        assert_eq!(named("README"), "File, 4.2 MB, from bob");
        let program = Transfer { executable: true, ..transfer("photo.jpg", 4_200_000) };
        assert_eq!(about(&program, "bob"), "Program, 4.2 MB, from bob");
        let folder =
            Transfer { files: Some(2), direction: Direction::Outgoing, ..transfer("x", 5) };
        assert_eq!(about(&folder, "bob"), "Folder with 2 files, 5 B");
    }
}
