//! The view, and when it is shown: changes at once, progress ten times a second.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::link::Phase;
use crate::text::Text;
use crate::transfer::Transfers;
use crate::view::{Availability, Line, Party, Transfer, View};

/// How often progress is shown.
const PROGRESS: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug)]
pub(super) struct Viewing {
    sender: watch::Sender<Arc<View>>,
    view: View,
    /// When progress was looked at last.
    looked_at: Option<Instant>,
    /// Something may be another; only progress, or more.
    progress: bool,
    changed: bool,
    lines_changed: bool,
}

impl Viewing {
    pub(super) fn new(sender: watch::Sender<Arc<View>>) -> Self {
        let view = View::default();
        let looked_at = None;
        let (progress, changed, lines_changed) = (false, false, false);
        Self { sender, view, looked_at, progress, changed, lines_changed }
    }

    /// What is kept of the view from change to change.
    pub(super) fn edit(&mut self) -> &mut View {
        self.changed = true;
        &mut self.view
    }

    /// Bytes went or came.
    pub(super) fn progressed(&mut self) {
        self.progress = true;
    }

    /// Something else happened to transfers.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// Something happened to what is said.
    pub(super) fn lines_changed(&mut self) {
        (self.changed, self.lines_changed) = (true, true);
    }

    /// When progress is shown next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let next = self.looked_at.map(|looked| looked + PROGRESS)?;
        self.progress.then_some(next)
    }

    /// Shows what there is to show.
    pub(super) fn show(&mut self, text: &Text, transfers: &Transfers, now: Instant) {
        self.progress |= transfers.is_moving();
        let due = self.looked_at.is_none_or(|looked| now >= looked + PROGRESS);
        let to_show = self.changed || (self.progress && due);
        if !to_show {
            return;
        }
        let before = self.sender.borrow().clone();
        self.view.availability = availability(text, transfers);
        if std::mem::take(&mut self.lines_changed) {
            self.view.unread = text.unread();
            self.view.lines = Arc::new(lines(text));
        }
        let shown = transfers.shown(now);
        let moved = shown != *before.transfers;
        // A message that is only one of many small files is progress too.
        let only_progress = shown.iter().map(at_rest).eq(before.transfers.iter().map(at_rest));
        self.changed = false;
        let shows = moved && (due || !only_progress);
        if shows {
            self.view.transfers = Arc::new(shown);
        }
        if shows || due {
            self.looked_at = Some(now);
        }
        self.progress = (moved && !shows) || transfers.is_moving();
        if *before != self.view {
            self.sender.send_replace(Arc::new(self.view.clone()));
        }
    }
}

/// The transfer, whatever its progress.
fn at_rest(transfer: &Transfer) -> Transfer {
    Transfer { done: 0, speed: None, left: None, ..transfer.clone() }
}

fn availability(text: &Text, transfers: &Transfers) -> Availability {
    match text.link().phase() {
        Phase::Waiting | Phase::Greeting(_) => Availability::Waiting,
        Phase::Absent | Phase::Dead => Availability::None,
        Phase::Ready if !text.link().takes_files() => Availability::TextOnly,
        Phase::Ready => match transfers.link().phase() {
            Phase::Absent | Phase::Dead => Availability::TextOnly,
            Phase::Waiting | Phase::Greeting(_) | Phase::Ready => Availability::Ready,
        },
    }
}

fn lines(text: &Text) -> Vec<Line> {
    let line = |said: &crate::text::Said| Line {
        id: said.id,
        author: said.author,
        text: said.text.clone(),
        at: UNIX_EPOCH + said.at,
        state: said.state,
    };
    text.lines().iter().map(line).collect()
}

/// What was said, as it is saved: a line of the file for each, with time and name.
pub(super) fn transcript(lines: &[Line], [ours, theirs]: &[String; 2]) -> String {
    let mut text = String::new();
    for line in lines {
        let name = match line.author {
            Party::Us => ours,
            Party::Them => theirs,
        };
        // Further lines of the same stand below, so that nobody can write another's line.
        let said = line.text.replace('\n', "\n    ");
        text.push_str(&format!("{}  {name}: {said}\n", local_time(line.at)));
    }
    text
}

fn local_time(at: SystemTime) -> String {
    let timestamp = jiff::Timestamp::try_from(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    timestamp
        .to_zoned_datetime(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::SessionId;
    use crate::protocol::{Hello, files::FileMessage, files::Offer};
    use crate::transfer::{DiskReport, TransferInput};
    use crate::view::{TransferId, TransferState};

    #[test]
    fn progress_is_shown_ten_times_a_second_and_what_happens_at_once() {
        let start = Instant::now();
        let (sender, mut shown) = watch::channel(Arc::new(View::default()));
        let mut viewing = Viewing::new(sender);
        let text = Text::new(SessionId(1));
        let mut transfers = Transfers::new(SessionId(1));
        let id = TransferId(1);
        let offer = Offer { id, name: "x".into(), size: 1000, files: None, executable: false };
        transfers.handle(TransferInput::Opened, start);
        for message in [FileMessage::Hello(Hello::ours(SessionId(2))), FileMessage::Offer(offer)] {
            transfers.handle(TransferInput::Message(&message.encode()), start);
        }
        transfers.handle(TransferInput::Accept(id), start);
        let opened = DiskReport::Opened { id, file: 0, offset: 0, done: 0 };
        transfers.handle(TransferInput::Disk(opened), start);
        viewing.changed();
        let mut updates = 0;
        for step in 0..=100_u64 {
            let now = start + Duration::from_millis(10 * step);
            let written = DiskReport::Written { id, done: 10 * step };
            transfers.handle(TransferInput::Disk(written), now);
            viewing.progressed();
            viewing.show(&text, &transfers, now);
            updates += u32::from(shown.has_changed().expect("open"));
            shown.borrow_and_update();
        }
        assert_eq!(updates, 11);
        assert_eq!(viewing.deadline(), Some(start + Duration::from_millis(1100)));
        let now = start + Duration::from_millis(1001);
        transfers.handle(TransferInput::Cancel(id), now);
        viewing.changed();
        viewing.show(&text, &transfers, now);
        let last = shown.borrow_and_update().transfers[0].state.clone();
        assert!(matches!(last, TransferState::Cancelled(_)), "{last:?}");
        assert_eq!(viewing.deadline(), None, "nothing moves any more");
    }
}
