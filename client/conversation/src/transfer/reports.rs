//! What the disk reports of transfers. Pure.

use std::time::Instant;

use super::incoming::Stage as In;
use super::outgoing::{Outgoing, Stage as Out};
use super::{DiskCommand, DiskReport, Remembered, Transfers};
use crate::protocol::files::FileMessage;
use crate::view::{TransferId, TransferProblem, TransferState};

impl Transfers {
    pub(super) fn report(&mut self, report: DiskReport, now: Instant) {
        match report {
            DiskReport::Remembered(known) => known.into_iter().for_each(|one| self.remember(one)),
            DiskReport::Prepared(id, prepared) => {
                if let Some(one) = self.outgoing.iter_mut().find(|one| one.id == id) {
                    one.prepared(prepared);
                }
            }
            DiskReport::Sought { id, generation, done } => {
                if let Some(one) = self.outgoing.iter_mut().find(|one| one.id == id) {
                    one.sought(generation, done);
                }
            }
            DiskReport::Piece { id, generation, piece } => {
                if let Some(one) = self.outgoing.iter_mut().find(|one| one.id == id) {
                    one.piece(generation, piece);
                }
            }
            DiskReport::Opened { id, file, offset, done } => self.opened(id, file, offset, done),
            DiskReport::Written { id, done } => {
                let one = self.incoming.iter_mut().find(|one| one.id == id && one.is_accepted());
                if let Some(one) = one {
                    one.written(done, now);
                }
            }
            DiskReport::Placed(id, path) => {
                let done = FileMessage::Done { id };
                self.say(done.clone());
                for one in self.incoming.iter_mut().filter(|one| one.id == id) {
                    one.written = one.size;
                }
                self.end_incoming(id, TransferState::Done(Some(path)), done);
            }
            DiskReport::Failed(id, problem) => self.failed(id, problem),
            DiskReport::Saved(_) => {}
        }
    }

    fn remember(&mut self, known: Remembered) {
        match known {
            Remembered::Outgoing { id, path, listing } => {
                let order = self.next_order();
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let name = crate::file_name::clean_name(&name.unwrap_or_default());
                let mut one = Outgoing::new(id, order, &name);
                one.accepted = true;
                self.outgoing.push(one);
                self.disk.push_back(DiskCommand::Prepare { id, path, expected: Some(listing) });
            }
            Remembered::Incoming { id, size, files } => self.remembered.push((id, size, files)),
        }
    }

    fn opened(&mut self, id: TransferId, file: u32, offset: u64, done: u64) {
        let one = self.incoming.iter_mut().find(|one| one.id == id && one.stage == In::Opening);
        let Some(one) = one else { return };
        let all = one.opened(file, offset, done);
        let (accept, paused) = (one.accept(), one.paused_here);
        self.say(accept);
        if paused {
            self.say(FileMessage::Pause { id });
        }
        if all {
            self.disk.push_back(DiskCommand::Place(id));
        }
    }

    fn failed(&mut self, id: TransferId, problem: TransferProblem) {
        let preparing = |one: &Outgoing| one.stage == Out::Preparing && one.accepted;
        if let Some(one) = self.outgoing.iter().find(|one| one.id == id) {
            let forgotten = preparing(one);
            self.fail_outgoing(id, problem.clone());
            if forgotten {
                // The other has a part of it from an earlier run.
                self.say(FileMessage::Failed { id, why: super::why(&problem) });
            }
        } else if self.incoming.iter().any(|one| one.id == id && !one.is_over()) {
            self.fail_incoming(id, problem);
        }
    }
}
