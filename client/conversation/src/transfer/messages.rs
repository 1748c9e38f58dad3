//! What the other says of transfers. Pure.

use std::time::Instant;

use bytes::Bytes;

use super::incoming::{Breach, Incoming, Stage as In};
use super::outgoing::Stage as Out;
use super::{DiskCommand, MAX_PENDING, MAX_TRANSFERS, Transfers, theirs};
use crate::link::Phase;
use crate::protocol::Malformed;
use crate::protocol::binary::BinaryMessage;
use crate::protocol::files::{FileMessage, Offer};
use crate::thumbnail;
use crate::view::{Party, Problem, TransferId, TransferProblem, TransferState};

impl Transfers {
    pub(super) fn message(&mut self, message: &str, now: Instant) {
        if matches!(self.link.phase(), Phase::Waiting | Phase::Dead) {
            return;
        }
        self.heard = Some(now);
        match FileMessage::decode(message) {
            Err(error) => self.malformed(error),
            Ok(None) => {}
            Ok(Some(FileMessage::Hello(hello))) => {
                let before = self.link.is_ready();
                self.link.greeted(&hello);
                if !before {
                    self.remind();
                }
            }
            Ok(Some(_)) if !self.link.is_ready() => self.malformed(Malformed::OutOfRange),
            Ok(Some(message)) => self.said(message, now),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &Bytes, now: Instant) {
        if matches!(self.link.phase(), Phase::Waiting | Phase::Dead) {
            return;
        }
        self.heard = Some(now);
        match BinaryMessage::decode(bytes) {
            Err(error) => self.malformed(error),
            Ok(None) => {}
            Ok(Some(_)) if !self.link.is_ready() => self.malformed(Malformed::OutOfRange),
            Ok(Some(BinaryMessage::Chunk { id, file, offset, data })) => {
                self.received(id, |one| one.chunk(file, offset, data));
            }
            Ok(Some(BinaryMessage::Thumbnail { id, png })) => {
                let one = self.incoming.iter_mut().find(|one| one.id == id);
                let one = one.filter(|one| one.stage == In::Offered && one.picture.is_none());
                if let Some(one) = one {
                    one.picture = thumbnail::decode(&png);
                }
            }
        }
    }

    /// What belongs to bytes of a file. Of a transfer that is over it was on its way and is of no
    /// use; of one that nobody knows it is nothing.
    fn received(
        &mut self,
        id: TransferId,
        take: impl FnOnce(&mut Incoming) -> Result<DiskCommand, Breach>,
    ) {
        let one = self.incoming.iter_mut().find(|one| one.id == id && !one.is_over());
        match one.map(take) {
            Some(Ok(command)) => self.disk.push_back(command),
            Some(Err(Breach)) => self.fail_incoming(id, TransferProblem::Protocol),
            None => {}
        }
    }

    fn said(&mut self, message: FileMessage, now: Instant) {
        match message {
            FileMessage::Hello(_) => {}
            FileMessage::Offer(offer) => self.offered(offer),
            FileMessage::Accept { id, file, offset } => {
                let one = self.outgoing.iter_mut().find(|one| one.id == id);
                if let Some(one) = one.filter(|one| one.stage == Out::Offered) {
                    one.accepted = true;
                    one.stage = Out::Accepted { file, offset };
                    let paused = one.paused_here;
                    self.disk.push_back(DiskCommand::Remember(id));
                    if paused {
                        self.say(FileMessage::Pause { id });
                    }
                }
            }
            FileMessage::Refuse { id } => {
                self.end_outgoing(id, TransferState::Refused(Party::Them));
            }
            FileMessage::Pause { id } => self.paused(id, true),
            FileMessage::Resume { id } => self.paused(id, false),
            FileMessage::Cancel { id } => {
                self.end_outgoing(id, TransferState::Cancelled(Party::Them));
                let came = |one: &Incoming| one.id == id && one.stage == In::Checking;
                if !self.incoming.iter().any(came) {
                    let cancel = FileMessage::Cancel { id };
                    self.end_incoming(id, TransferState::Cancelled(Party::Them), cancel);
                }
            }
            FileMessage::File { id, file, path, size } => {
                self.received(id, |one| one.begin(file, &path, size));
            }
            FileMessage::End { id, file, hash } => {
                let mut last = false;
                self.received(id, |one| {
                    let (command, is_last) = one.end_file(file, hash)?;
                    last = is_last;
                    Ok(command)
                });
                if last {
                    self.disk.push_back(DiskCommand::Place(id));
                }
            }
            FileMessage::Taken { id, bytes } => {
                let one = self.outgoing.iter_mut().find(|one| one.id == id);
                if one.is_some_and(|one| !one.taken(bytes, now)) {
                    self.fail_outgoing(id, TransferProblem::Protocol);
                }
            }
            FileMessage::Done { id } => self.done(id),
            FileMessage::Failed { id, why } => {
                let state = TransferState::Failed(theirs(why));
                self.end_outgoing(id, state.clone());
                self.end_incoming(id, state, FileMessage::Failed { id, why });
            }
        }
    }

    /// The other has everything. It may know that before this side does, when it was offered again.
    fn done(&mut self, id: TransferId) {
        let one = self.outgoing.iter_mut().find(|one| one.id == id && !one.is_over());
        let Some(one) = one else { return };
        match one.stage {
            Out::Preparing | Out::Queued => {}
            Out::Running if one.sent < one.size => {
                self.fail_outgoing(id, TransferProblem::Protocol);
            }
            _ => {
                one.taken = one.size;
                self.end_outgoing(id, TransferState::Done(None));
            }
        }
    }

    fn paused(&mut self, id: TransferId, pause: bool) {
        for one in self.outgoing.iter_mut().filter(|one| one.id == id && one.accepted) {
            one.paused_there = pause;
            one.meter.restart();
        }
        for one in self.incoming.iter_mut().filter(|one| one.id == id && one.is_accepted()) {
            one.paused_there = pause;
            one.meter.restart();
        }
    }

    fn offered(&mut self, offer: Offer) {
        let id = offer.id;
        if self.outgoing.iter().any(|one| one.id == id) {
            return self.malformed(Malformed::OutOfRange);
        }
        if let Some((_, answer)) = self.ended_ids.iter().find(|(ended, _)| *ended == id) {
            let answer = answer.clone();
            return self.say(answer);
        }
        let reserved = self.incoming.iter().map(Incoming::missing).sum::<u64>();
        if let Some(one) = self.incoming.iter_mut().find(|one| one.id == id) {
            one.live = true;
            if !one.is_same(&offer) {
                return self.fail_incoming(id, TransferProblem::Changed);
            }
            if one.stage == In::Interrupted {
                let reserved = reserved.saturating_sub(one.missing());
                self.disk.push_back(one.open(reserved));
            }
            return;
        }
        let pending = self.incoming.iter().filter(|one| one.stage == In::Offered).count();
        let active = self.incoming.iter().filter(|one| !one.is_over()).count();
        if pending >= MAX_PENDING || active >= MAX_TRANSFERS || self.ended {
            return self.say(FileMessage::Refuse { id });
        }
        let order = self.next_order();
        let mut one = Incoming::new(&offer, order);
        if let Some(at) = self.remembered.iter().position(|(known, ..)| *known == id) {
            let (_, size, files) = self.remembered.remove(at);
            if (size, files) == (offer.size, offer.files) {
                // The person accepted it before this program was started again.
                self.disk.push_back(one.open(reserved));
            } else {
                self.disk.push_back(DiskCommand::Discard(id));
            }
        }
        self.incoming.push(one);
    }

    /// A new channel: what the other may not know.
    fn remind(&mut self) {
        let mut missed = Vec::new();
        for one in &self.outgoing {
            let id = one.id;
            match &one.stage {
                Out::Over(TransferState::Cancelled(Party::Us)) => {
                    missed.push(FileMessage::Cancel { id });
                }
                Out::Over(TransferState::Failed(problem)) => {
                    missed.push(FileMessage::Failed { id, why: super::why(problem) });
                }
                _ => {}
            }
        }
        missed.into_iter().for_each(|message| self.say(message));
    }

    pub(super) fn fail_outgoing(&mut self, id: TransferId, problem: TransferProblem) {
        let known = self.outgoing.iter().any(|one| {
            one.id == id && !matches!(one.stage, Out::Preparing | Out::Queued | Out::Over(_))
        });
        if known {
            self.say(FileMessage::Failed { id, why: super::why(&problem) });
        }
        self.end_outgoing(id, TransferState::Failed(problem));
    }

    fn malformed(&mut self, _error: Malformed) {
        let before = self.link.phase();
        self.link.malformed();
        if before != Phase::Dead && self.link.phase() == Phase::Dead {
            self.problem = Some(Problem::Closed);
        }
    }
}
