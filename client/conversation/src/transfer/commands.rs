//! What the person asks of transfers. Pure.

use std::path::PathBuf;

use super::incoming::Stage as In;
use super::outgoing::{Outgoing, Stage as Out};
use super::{DiskCommand, MAX_TRANSFERS, Transfers};
use crate::file_name::clean_name;
use crate::protocol::files::FileMessage;
use crate::view::{Party, Problem, TransferId, TransferProblem, TransferState};

impl Transfers {
    pub(super) fn offer(&mut self, id: TransferId, path: PathBuf) {
        if self.outgoing.iter().filter(|one| !one.is_over()).count() >= MAX_TRANSFERS {
            self.problem = Some(Problem::TooManyTransfers(MAX_TRANSFERS));
            return;
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let order = self.next_order();
        let mut one = Outgoing::new(id, order, &clean_name(&name.unwrap_or_default()));
        if self.ended {
            one.end(TransferState::Failed(TransferProblem::CallEnded));
        } else {
            self.disk.push_back(DiskCommand::Prepare { id, path, expected: None });
        }
        self.outgoing.push(one);
    }

    pub(super) fn accept(&mut self, id: TransferId) {
        let reserved = self.incoming.iter().map(super::Incoming::missing).sum();
        let one = self.incoming.iter_mut().find(|one| one.id == id && one.stage == In::Offered);
        if let Some(one) = one {
            if one.live {
                self.disk.push_back(one.open(reserved));
            } else {
                one.stage = In::Interrupted;
            }
        }
    }

    pub(super) fn refuse(&mut self, id: TransferId) {
        if self.incoming.iter().any(|one| one.id == id && one.stage == In::Offered) {
            let refuse = FileMessage::Refuse { id };
            self.say(refuse.clone());
            self.end_incoming(id, TransferState::Refused(Party::Us), refuse);
        }
    }

    pub(super) fn pause(&mut self, id: TransferId, pause: bool) {
        let message = if pause { FileMessage::Pause { id } } else { FileMessage::Resume { id } };
        let mut changed = false;
        for one in self.outgoing.iter_mut().filter(|one| one.id == id && one.accepted) {
            changed |= !one.is_over() && one.paused_here != pause;
            one.paused_here = pause;
            one.meter.restart();
        }
        for one in self.incoming.iter_mut().filter(|one| one.id == id && one.is_accepted()) {
            changed |= one.paused_here != pause;
            one.paused_here = pause;
            one.meter.restart();
        }
        if changed {
            self.say(message);
        }
    }

    pub(super) fn cancel(&mut self, id: TransferId) {
        if self.incoming.iter().any(|one| one.id == id && one.stage == In::Offered) {
            self.refuse(id);
            return;
        }
        if self.incoming.iter().any(|one| one.id == id && one.stage == In::Checking) {
            // It is there, and the disk gives it its place.
            return;
        }
        let cancel = FileMessage::Cancel { id };
        let theirs = self.incoming.iter().any(|one| one.id == id && !one.is_over());
        let ours = self.outgoing.iter().find(|one| one.id == id && !one.is_over());
        let known =
            theirs || ours.is_some_and(|one| !matches!(one.stage, Out::Preparing | Out::Queued));
        if known {
            self.say(cancel.clone());
        }
        self.end_outgoing(id, TransferState::Cancelled(Party::Us));
        self.end_incoming(id, TransferState::Cancelled(Party::Us), cancel);
    }

    pub(super) fn put_away(&mut self, id: TransferId) {
        self.outgoing.retain(|one| one.id != id || !one.is_over());
        self.incoming.retain(|one| one.id != id || !one.is_over());
    }

    /// The call is over: what was accepted may go on in another.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.interrupted();
        let over = || TransferState::Failed(TransferProblem::CallEnded);
        for one in self.outgoing.iter_mut().filter(|one| !one.is_over()) {
            let kept = if one.accepted {
                DiskCommand::Suspend(one.id)
            } else {
                DiskCommand::Release(one.id)
            };
            one.end(over());
            self.disk.push_back(kept);
        }
        // What has come whole is still put in its place.
        let came = |one: &&mut super::Incoming| one.is_over() || one.stage == In::Checking;
        for one in self.incoming.iter_mut().filter(|one| !came(one)) {
            if one.is_accepted() {
                self.disk.push_back(DiskCommand::Keep(one.id));
            }
            one.stage = In::Over(over());
        }
    }
}
