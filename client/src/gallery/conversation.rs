//! Made-up conversations: what is said in writing and sent in a call.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::picture;
use crate::conversation::{
    Availability, Direction, Line, LineId, LineState, Party, Problem, Transfer, TransferId,
    TransferProblem, TransferState, View,
};

/// The conversation of a screen.
pub(super) fn view(screen: &str, wall: SystemTime) -> View {
    match screen {
        "call-text" => View {
            lines: Arc::new(lines(wall)),
            transfers: Arc::new(vec![running(1), offered(2)]),
            ..ready()
        },
        "call-files" => View {
            transfers: Arc::new(every_state()),
            problem: Some(Problem::TooManyTransfers(16)),
            ..ready()
        },
        "call-text-none" => View { availability: Availability::None, ..View::default() },
        "call-text-waiting" => View {
            lines: Arc::new(waiting(wall)),
            saved: Some("/home/alice/Visavis bob 14.05.txt".into()),
            ..View::default()
        },
        "call-bubble" => View { lines: Arc::new(lines(wall)), unread: 1, ..ready() },
        _ => ready(),
    }
}

fn ready() -> View {
    View { availability: Availability::Ready, ..View::default() }
}

fn line(id: u64, author: Party, text: &str, at: SystemTime, state: LineState) -> Line {
    Line { id: LineId(id), author, text: text.into(), at, state }
}

fn ago(wall: SystemTime, seconds: u64) -> SystemTime {
    wall.checked_sub(Duration::from_secs(seconds)).unwrap_or(wall)
}

fn lines(wall: SystemTime) -> Vec<Line> {
    let (us, them, read) = (Party::Us, Party::Them, LineState::Read);
    vec![
        line(
            1,
            us,
            "Lovely garden! Can you send me the plan and the pictures? 😊",
            ago(wall, 95),
            read,
        ),
        line(2, them, "Here is the house I told you about", ago(wall, 30), read),
        line(3, them, "https://example.org/houses/417", ago(wall, 28), read),
    ]
}

fn waiting(wall: SystemTime) -> Vec<Line> {
    let us = Party::Us;
    vec![
        line(1, us, "Did you get that?", ago(wall, 70), LineState::Sent),
        line(2, us, "The connection is bad today 😕", ago(wall, 5), LineState::Sending),
        line(3, us, "This one never went out", ago(wall, 3), LineState::Lost),
    ]
}

fn transfer(id: u128, direction: Direction, name: &str, state: TransferState) -> Transfer {
    Transfer {
        id: TransferId(id),
        direction,
        name: name.into(),
        files: None,
        size: 112_000_000,
        done: 0,
        speed: None,
        left: None,
        executable: false,
        thumbnail: None,
        state,
    }
}

fn running(id: u128) -> Transfer {
    Transfer {
        done: 38_400_000,
        speed: Some(2_100_000),
        left: Some(Duration::from_secs(35)),
        ..transfer(id, Direction::Outgoing, "site-photos.zip", TransferState::Running)
    }
}

fn offered(id: u128) -> Transfer {
    Transfer {
        size: 4_200_000,
        ..transfer(
            id,
            Direction::Incoming,
            "ground-floor-plan-final-revised-by-both.pdf",
            TransferState::Offered,
        )
    }
}

fn every_state() -> Vec<Transfer> {
    let (out, into) = (Direction::Outgoing, Direction::Incoming);
    let done = Some("/home/alice/Downloads/garden.jpg".into());
    let (size, free) = (8_000_000_000, 1_200_000_000);
    let no_room = TransferProblem::NoRoom { needs: size, free };
    let states = vec![
        (out, "holiday", TransferState::Preparing),
        (out, "notes.md", TransferState::Offered),
        (into, "setup.sh", TransferState::Offered),
        (into, "film.mkv", TransferState::Running),
        (out, "film.mkv", TransferState::Paused(Party::Us)),
        (into, "song.flac", TransferState::Paused(Party::Them)),
        (out, "backup.tar.zst", TransferState::Interrupted),
        (into, "letter.odt", TransferState::Checking),
        (into, "garden.jpg", TransferState::Done(done)),
        (out, "table.ods", TransferState::Done(None)),
        (into, "no.bin", TransferState::Refused(Party::Us)),
        (out, "no.bin", TransferState::Refused(Party::Them)),
        (into, "half.iso", TransferState::Cancelled(Party::Them)),
        (out, "half.iso", TransferState::Cancelled(Party::Us)),
        (into, "large.iso", TransferState::Failed(no_room)),
        (into, "other.pdf", TransferState::Failed(TransferProblem::Different)),
        (out, "draft.txt", TransferState::Failed(TransferProblem::Changed)),
        (into, "late.zip", TransferState::Failed(TransferProblem::CallEnded)),
    ];
    let with_numbers = |(number, (direction, name, state))| {
        let whole = matches!(state, TransferState::Checking | TransferState::Done(_));
        let running = state == TransferState::Running;
        Transfer {
            files: (name == "holiday").then_some(100),
            done: if whole { 112_000_000 } else { 61_000_000 },
            speed: running.then_some(3_400_000),
            left: running.then(|| Duration::from_secs(15)),
            executable: name == "setup.sh",
            thumbnail: (name == "garden.jpg").then(|| picture(64, 36, 1.0)),
            ..transfer(number, direction, name, state)
        }
    };
    (1..).zip(states).map(with_numbers).collect()
}
