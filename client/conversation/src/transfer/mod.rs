//! All transfers of a conversation: a state machine.
//!
//! In: what the person, the other and the disk do, and the time. Out: what the disk has to do,
//! messages to send, one whenever there is room, and the transfers to show. What always holds: no
//! byte is asked of the disk, in either direction, before the receiver has accepted; a transfer
//! that fails harms no other; offers, transfers and what waits are bounded. Pure.

mod commands;
mod incoming;
mod messages;
mod meter;
mod outgoing;
pub(crate) mod pace;
mod reports;
#[cfg(test)]
mod tests;
mod work;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use visavis_transport::DataMessage;

use self::incoming::Incoming;
use self::outgoing::Outgoing;
pub(crate) use self::work::{DiskCommand, DiskReport, Piece, Prepared, Remembered};
use crate::link::{Link, Phase};
use crate::protocol::Hello;
use crate::protocol::binary::BinaryMessage;
use crate::protocol::files::{FileMessage, Why};
use crate::protocol::ids::SessionId;
use crate::view::{Direction, Problem, Transfer, TransferId, TransferProblem, TransferState};

/// So many offers wait for the receiver's decision.
pub(crate) const MAX_PENDING: usize = 32;
/// So many transfers send at once; the rest waits for its turn.
pub(crate) const MAX_RUNNING: usize = 8;
/// So many transfers in one direction are not over.
pub(crate) const MAX_TRANSFERS: usize = 256;
/// So many that are over are still shown.
const MAX_OVER: usize = 100;
/// So many ids of what came and is over are known, to answer when they are offered again.
const MAX_ENDED: usize = 512;
/// While more work than this waits for the disk, nothing more of the other's is taken,
const DISK_CONGESTION: usize = 64;
/// nor while more messages wait than two honest sides ever have for each other at once.
const CONGESTION: usize = 512;
/// After so long without a message the path is taken for interrupted.
const SILENCE: Duration = Duration::from_secs(5);

/// Something that happens to the machine.
#[derive(Debug)]
pub(crate) enum TransferInput<'a> {
    /// The channel is open.
    Opened,
    /// The channel is gone; another may come.
    Interrupted,
    /// The other takes no channel.
    NotAgreed,
    /// A control message has come.
    Message(&'a str),
    /// Bytes have come.
    Bytes(Bytes),
    /// The person offers a file or folder, under an id drawn by lot.
    Offer(TransferId, PathBuf),
    /// The person accepts an offer.
    Accept(TransferId),
    /// The person refuses an offer.
    Refuse(TransferId),
    /// The person asks for a pause.
    Pause(TransferId),
    /// The person ends the pause.
    Resume(TransferId),
    /// The person gives it up.
    Cancel(TransferId),
    /// The person wants to see it no longer.
    PutAway(TransferId),
    /// The disk reports.
    Disk(DiskReport),
    /// The call is over.
    Ended,
}

/// A control message that waits, or the thumbnail behind an offer.
#[derive(Debug)]
enum Waiting {
    Message(FileMessage),
    Thumbnail(TransferId),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Transfers {
    session: SessionId,
    link: Link,
    outgoing: Vec<Outgoing>,
    incoming: Vec<Incoming>,
    order: u64,
    waiting: VecDeque<Waiting>,
    disk: VecDeque<DiskCommand>,
    /// What came and is over, with the answer to another offer of it.
    ended_ids: VecDeque<(TransferId, FileMessage)>,
    /// What the person accepted in an earlier run, with size and number of files.
    remembered: Vec<(TransferId, u64, Option<u32>)>,
    /// Whose turn it is among those that send.
    turn: usize,
    heard: Option<Instant>,
    ended: bool,
    problem: Option<Problem>,
}

impl Transfers {
    /// A conversation without transfers; `session` is drawn by lot for each run.
    #[must_use]
    pub(crate) fn new(session: SessionId) -> Self {
        Self {
            session,
            link: Link::default(),
            outgoing: Vec::new(),
            incoming: Vec::new(),
            order: 0,
            waiting: VecDeque::new(),
            disk: VecDeque::new(),
            ended_ids: VecDeque::new(),
            remembered: Vec::new(),
            turn: 0,
            heard: None,
            ended: false,
            problem: None,
        }
    }

    /// The channel.
    #[must_use]
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// What could not be done since this was asked last.
    pub(crate) fn take_problem(&mut self) -> Option<Problem> {
        self.problem.take()
    }

    /// Whether so much waits that nothing more of the other's should be taken.
    #[must_use]
    pub(crate) fn is_congested(&self) -> bool {
        self.waiting.len() > CONGESTION || self.disk.len() > DISK_CONGESTION
    }

    /// Whether bytes go in some direction, so that progress is worth showing.
    #[must_use]
    pub(crate) fn is_moving(&self) -> bool {
        self.outgoing.iter().any(Outgoing::is_running)
            || self.incoming.iter().any(Incoming::is_running)
    }

    /// Whether bytes of a file would be sent now if they may.
    #[must_use]
    pub(crate) fn is_sending(&self) -> bool {
        self.outgoing.iter().any(Outgoing::is_running)
    }

    /// Something happens.
    pub(crate) fn handle(&mut self, input: TransferInput<'_>, now: Instant) {
        match input {
            TransferInput::Opened if !self.ended => {
                self.link.opened(now);
                self.heard = Some(now);
            }
            TransferInput::Opened => {}
            TransferInput::Interrupted => self.interrupted(),
            TransferInput::NotAgreed => {
                self.interrupted();
                self.link.not_agreed();
            }
            TransferInput::Message(message) => self.message(message, now),
            TransferInput::Bytes(bytes) => self.bytes(&bytes, now),
            TransferInput::Offer(id, path) => self.offer(id, path),
            TransferInput::Accept(id) => self.accept(id),
            TransferInput::Refuse(id) => self.refuse(id),
            TransferInput::Pause(id) => self.pause(id, true),
            TransferInput::Resume(id) => self.pause(id, false),
            TransferInput::Cancel(id) => self.cancel(id),
            TransferInput::PutAway(id) => self.put_away(id),
            TransferInput::Disk(report) => self.report(report, now),
            TransferInput::Ended => self.end(),
        }
        self.go_on();
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.link.tick(now);
    }

    /// When [`Self::tick`] changes something.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.link.deadline()
    }

    /// When [`Self::poll_message`] has something that it has not now, for want of time.
    #[must_use]
    pub(crate) fn message_due(&self) -> Option<Instant> {
        self.incoming.iter().filter_map(Incoming::receipt_due).min()
    }

    /// The next thing for the disk to do.
    pub(crate) fn poll_disk(&mut self) -> Option<DiskCommand> {
        self.disk.pop_front()
    }

    /// Whether there is something for the disk to do.
    #[must_use]
    pub(crate) fn has_disk_work(&self) -> bool {
        !self.disk.is_empty()
    }

    /// The next message for the channel, with at most `budget` bytes of a file; asked only when
    /// there is room for it.
    pub(crate) fn poll_message(
        &mut self,
        budget: Option<usize>,
        now: Instant,
    ) -> Option<DataMessage> {
        if self.link.take_greeting() {
            let hello = FileMessage::Hello(Hello::ours(self.session));
            return Some(DataMessage::Text(hello.encode()));
        }
        if !self.link.is_ready() {
            return None;
        }
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting {
                Waiting::Message(message) => return Some(DataMessage::Text(message.encode())),
                Waiting::Thumbnail(id) => {
                    if let Some(thumbnail) = self.thumbnail(id) {
                        return Some(DataMessage::Binary(thumbnail.encode()));
                    }
                }
            }
        }
        if let Some(receipt) = self.incoming.iter_mut().find_map(|one| one.receipt(now)) {
            return Some(DataMessage::Text(receipt.encode()));
        }
        let mut running: Vec<&mut Outgoing> =
            self.outgoing.iter_mut().filter(|one| one.is_running()).take(MAX_RUNNING).collect();
        let count = running.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            if let Some(message) = running.get_mut(at).and_then(|one| one.next_message(budget)) {
                self.turn = at + 1;
                self.go_on();
                return Some(message);
            }
        }
        self.go_on();
        None
    }

    /// The transfers as they are shown, in the order in which they began.
    #[must_use]
    pub(crate) fn shown(&self, now: Instant) -> Vec<Transfer> {
        let stalled = self.link.is_ready()
            && self.heard.is_some_and(|heard| now.saturating_duration_since(heard) >= SILENCE);
        let outgoing = self.outgoing.iter().map(|one| {
            let state = one.state(stalled);
            let transfer = Transfer {
                id: one.id,
                direction: Direction::Outgoing,
                name: one.name.clone(),
                files: one.files,
                size: one.size,
                done: one.taken,
                speed: None,
                left: None,
                executable: one.executable,
                thumbnail: one.thumbnail.as_ref().map(|(_, shown)| shown.clone()),
                state,
            };
            (one.order, with_speed(transfer, &one.meter, now))
        });
        let incoming = self.incoming.iter().map(|one| {
            let transfer = Transfer {
                id: one.id,
                direction: Direction::Incoming,
                name: one.name.clone(),
                files: one.files,
                size: one.size,
                done: one.written,
                speed: None,
                left: None,
                executable: one.executable,
                thumbnail: one.picture.clone(),
                state: one.state(stalled),
            };
            (one.order, with_speed(transfer, &one.meter, now))
        });
        let mut all: Vec<(u64, Transfer)> = outgoing.chain(incoming).collect();
        all.sort_by_key(|(order, _)| *order);
        all.into_iter().map(|(_, transfer)| transfer).collect()
    }

    fn say(&mut self, message: FileMessage) {
        if self.link.is_ready() {
            self.waiting.push_back(Waiting::Message(message));
        }
    }

    fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn thumbnail(&self, id: TransferId) -> Option<BinaryMessage> {
        let one = self.outgoing.iter().find(|one| one.id == id)?;
        let (png, _) = one.thumbnail.as_ref().filter(|(png, _)| !png.is_empty())?;
        Some(BinaryMessage::Thumbnail { id, png: png.clone() })
    }

    fn interrupted(&mut self) {
        self.link.interrupted();
        self.waiting.clear();
        self.heard = None;
        self.outgoing.iter_mut().for_each(Outgoing::interrupted);
        self.incoming.iter_mut().for_each(Incoming::interrupted);
    }

    /// What can go on goes on: offers, transfers whose turn it is, reads.
    fn go_on(&mut self) {
        if self.link.phase() == Phase::Dead && self.heard.is_some() {
            self.interrupted();
            self.link.dead();
        }
        if self.link.is_ready() {
            self.offer_queued();
            let running = self.outgoing.iter().filter(|one| one.is_running()).count();
            let free = MAX_RUNNING.saturating_sub(running);
            let waiting = self.outgoing.iter_mut().filter(|one| !one.is_paused());
            self.disk.extend(waiting.filter_map(Outgoing::start).take(free));
        }
        for one in &mut self.outgoing {
            while let Some(read) = one.read_on() {
                self.disk.push_back(read);
            }
        }
        self.prune();
    }

    fn offer_queued(&mut self) {
        let offered = |one: &&Outgoing| one.stage == outgoing::Stage::Offered;
        let mut room = MAX_PENDING.saturating_sub(self.outgoing.iter().filter(offered).count());
        // What goes on without a question first: it makes room again at once.
        for accepted in [true, false] {
            for one in self.outgoing.iter_mut().filter(|one| one.accepted == accepted) {
                if room > 0 && one.stage == outgoing::Stage::Queued {
                    room -= 1;
                    one.stage = outgoing::Stage::Offered;
                    self.waiting.push_back(Waiting::Message(FileMessage::Offer(one.offer())));
                    if one.thumbnail.is_some() && !accepted {
                        self.waiting.push_back(Waiting::Thumbnail(one.id));
                    }
                }
            }
        }
    }

    /// Of very many that are over the oldest go.
    fn prune(&mut self) {
        while self.outgoing.iter().filter(|one| one.is_over()).count() > MAX_OVER {
            let Some(at) = self.outgoing.iter().position(Outgoing::is_over) else { break };
            self.outgoing.remove(at);
        }
        while self.incoming.iter().filter(|one| one.is_over()).count() > MAX_OVER {
            let Some(at) = self.incoming.iter().position(Incoming::is_over) else { break };
            self.incoming.remove(at);
        }
        while self.ended_ids.len() > MAX_ENDED {
            self.ended_ids.pop_front();
        }
    }

    /// A transfer of ours is over, for a reason of this side.
    fn end_outgoing(&mut self, id: TransferId, state: TransferState) {
        if let Some(one) = self.outgoing.iter_mut().find(|one| one.id == id && !one.is_over()) {
            one.end(state);
            self.disk.push_back(DiskCommand::Release(id));
        }
    }

    /// A transfer of theirs is over; `answer` is what another offer of it is answered with.
    fn end_incoming(&mut self, id: TransferId, state: TransferState, answer: FileMessage) {
        if let Some(one) = self.incoming.iter_mut().find(|one| one.id == id && !one.is_over()) {
            let accepted = one.is_accepted();
            let placed = matches!(state, TransferState::Done(_));
            one.stage = incoming::Stage::Over(state);
            if accepted && !placed {
                self.disk.push_back(DiskCommand::Discard(id));
            }
            self.ended_ids.push_back((id, answer));
        }
    }

    /// A transfer of theirs can't go on, and they are told.
    fn fail_incoming(&mut self, id: TransferId, problem: TransferProblem) {
        let failed = FileMessage::Failed { id, why: why(&problem) };
        self.say(failed.clone());
        self.end_incoming(id, TransferState::Failed(problem), failed);
    }
}

fn with_speed(transfer: Transfer, meter: &meter::Meter, now: Instant) -> Transfer {
    if transfer.state != TransferState::Running {
        return transfer;
    }
    let left = meter.left(transfer.size.saturating_sub(transfer.done), now);
    Transfer { speed: meter.speed(now), left, ..transfer }
}

/// What the other is told of a problem here.
fn why(problem: &TransferProblem) -> Why {
    match problem {
        TransferProblem::Unreadable(_) => Why::Unreadable,
        TransferProblem::Changed => Why::Changed,
        TransferProblem::Unwritable(_) => Why::Unwritable,
        TransferProblem::NoRoom { .. } => Why::NoRoom,
        TransferProblem::Different => Why::Different,
        TransferProblem::Protocol => Why::Protocol,
        TransferProblem::Theirs | TransferProblem::CallEnded => Why::Other,
    }
}

/// What a problem of the other's is here.
fn theirs(why: Why) -> TransferProblem {
    match why {
        Why::Changed => TransferProblem::Changed,
        Why::Different => TransferProblem::Different,
        _ => TransferProblem::Theirs,
    }
}
