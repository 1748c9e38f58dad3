//! The thread `files`: does one job after the other, and between them hashes what was there before
//! in small steps, so that nobody waits long for anybody.

use std::collections::HashMap;
use std::path::Path;
use std::time::SystemTime;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender};

use super::journal::{Journal, Received};
use super::sink::Sink;
use super::source::Source;
use super::{Job, Places, reason, save};
use crate::protocol::ids::FileHash;
use crate::transfer::{DiskCommand, DiskReport};
use crate::view::{TransferId, TransferProblem};

/// Nobody takes the reports any more.
struct Gone;

struct Keeper<'a> {
    places: Places,
    journal: Journal,
    sources: HashMap<TransferId, Source>,
    sinks: HashMap<TransferId, Sink>,
    /// What came in an earlier run.
    before: HashMap<TransferId, Received>,
    /// Room that others wait for, of sinks whose part is being looked at.
    reserved: HashMap<TransferId, u64>,
    reports: &'a Sender<DiskReport>,
}

/// Works until the jobs are closed.
pub(super) fn run(places: Places, mut jobs: Receiver<Job>, reports: &Sender<DiskReport>) {
    let (journal, known, received) =
        Journal::open(places.state.as_deref(), &places.peer, SystemTime::now());
    let mut keeper = Keeper {
        places,
        journal,
        sources: HashMap::new(),
        sinks: HashMap::new(),
        before: received.into_iter().collect(),
        reserved: HashMap::new(),
        reports,
    };
    let mut going = keeper.report(DiskReport::Remembered(known));
    while going.is_ok() {
        let next = if keeper.has_steps() {
            jobs.try_recv()
        } else {
            jobs.blocking_recv().ok_or(TryRecvError::Disconnected)
        };
        going = match next {
            Ok(Job::Transfer(command)) => keeper.obey(command),
            Ok(Job::Save(path, text)) => {
                let saved = save::save(&path, &text);
                let saved = saved.map_err(|error| reason::words(&error));
                keeper.report(DiskReport::Saved(saved))
            }
            Err(TryRecvError::Empty) => Ok(()),
            Err(TryRecvError::Disconnected) => break,
        };
        going = going.and_then(|()| keeper.step());
    }
    keeper.close();
}

impl Keeper<'_> {
    fn report(&self, report: DiskReport) -> Result<(), Gone> {
        self.reports.blocking_send(report).map_err(|_| Gone)
    }

    fn failed(&mut self, id: TransferId, problem: TransferProblem) -> Result<(), Gone> {
        self.journal.forget(id);
        self.sources.remove(&id);
        if let Some(sink) = self.sinks.remove(&id) {
            sink.discard();
        }
        self.report(DiskReport::Failed(id, problem))
    }

    fn has_steps(&self) -> bool {
        self.sources.values().any(Source::is_seeking) || self.sinks.values().any(Sink::is_looking)
    }

    /// A step for each that goes through what was there before.
    fn step(&mut self) -> Result<(), Gone> {
        let seeking: Vec<TransferId> =
            self.sources.iter().filter(|(_, one)| one.is_seeking()).map(|(id, _)| *id).collect();
        for id in seeking {
            match self.sources.get_mut(&id).map(Source::step) {
                Some(Ok(Some((generation, done)))) => {
                    self.report(DiskReport::Sought { id, generation, done })?;
                }
                Some(Err(problem)) => self.failed(id, problem)?,
                Some(Ok(None)) | None => {}
            }
        }
        let looking: Vec<TransferId> =
            self.sinks.iter().filter(|(_, one)| one.is_looking()).map(|(id, _)| *id).collect();
        for id in looking {
            match self.sinks.get_mut(&id).map(Sink::step) {
                Some(Ok(true)) => self.opened(id)?,
                Some(Err(problem)) => self.failed(id, problem)?,
                Some(Ok(false)) | None => {}
            }
        }
        Ok(())
    }

    fn obey(&mut self, command: DiskCommand) -> Result<(), Gone> {
        match command {
            DiskCommand::Prepare { id, path, expected } => self.prepare(id, &path, expected),
            DiskCommand::Seek { id, generation, file, offset } => {
                match self.sources.get_mut(&id).map(|one| one.seek(generation, file, offset)) {
                    Some(Err(problem)) => self.failed(id, problem),
                    _ => Ok(()),
                }
            }
            DiskCommand::Read { id, generation } => {
                let source = self.sources.get_mut(&id);
                let Some(source) = source.filter(|one| one.generation() == generation) else {
                    return Ok(());
                };
                match source.read() {
                    Ok(piece) => self.report(DiskReport::Piece { id, generation, piece }),
                    Err(problem) => self.failed(id, problem),
                }
            }
            DiskCommand::Remember(id) => {
                if let Some(source) = self.sources.get(&id) {
                    self.journal.outgoing(id, &source.path, source.listing);
                }
                Ok(())
            }
            DiskCommand::Release(id) => {
                self.sources.remove(&id);
                self.journal.forget(id);
                Ok(())
            }
            DiskCommand::Suspend(id) => {
                self.sources.remove(&id);
                Ok(())
            }
            DiskCommand::Open { id, name, size, files, reserved } => {
                self.open(id, &name, (size, files), reserved)
            }
            DiskCommand::Begin { id, file, path } => {
                match self.sinks.get_mut(&id).map(|sink| sink.begin(file, path)) {
                    Some(Err(problem)) => self.failed(id, problem),
                    _ => Ok(()),
                }
            }
            DiskCommand::Write { id, bytes } => {
                match self.sinks.get_mut(&id).map(|sink| sink.write(&bytes)) {
                    Some(Ok(done)) => self.report(DiskReport::Written { id, done }),
                    Some(Err(problem)) => self.failed(id, problem),
                    None => Ok(()),
                }
            }
            DiskCommand::EndFile { id, hash } => {
                match self.sinks.get_mut(&id).map(|sink| sink.end_file(hash)) {
                    Some(Ok(())) => {
                        self.remember_incoming(id);
                        Ok(())
                    }
                    Some(Err(problem)) => self.failed(id, problem),
                    None => Ok(()),
                }
            }
            DiskCommand::Place(id) => match self.sinks.get_mut(&id).map(Sink::place) {
                Some(Ok(path)) => {
                    self.sinks.remove(&id);
                    self.journal.forget(id);
                    self.report(DiskReport::Placed(id, path))
                }
                Some(Err(problem)) => self.failed(id, problem),
                None => Ok(()),
            },
            DiskCommand::Discard(id) => {
                self.discard(id);
                Ok(())
            }
            DiskCommand::Keep(id) => {
                if self.journal.is_kept() {
                    self.sinks.remove(&id);
                } else {
                    self.discard(id);
                }
                Ok(())
            }
        }
    }

    fn prepare(
        &mut self,
        id: TransferId,
        path: &Path,
        expected: Option<FileHash>,
    ) -> Result<(), Gone> {
        match Source::new(path) {
            Ok((source, _)) if expected.is_some_and(|expected| expected != source.listing) => {
                self.failed(id, TransferProblem::Changed)
            }
            Ok((source, prepared)) => {
                self.sources.insert(id, source);
                self.report(DiskReport::Prepared(id, prepared))
            }
            Err(problem) => self.failed(id, problem),
        }
    }

    fn open(
        &mut self,
        id: TransferId,
        name: &str,
        what: (u64, Option<u32>),
        reserved: u64,
    ) -> Result<(), Gone> {
        if self.sinks.contains_key(&id) {
            // The path was interrupted, or what is there is still being looked at.
            let looking = self.sinks.get(&id).is_some_and(Sink::is_looking);
            return if looking { Ok(()) } else { self.report_position(id) };
        }
        let before = self.before.remove(&id);
        let sink = before.and_then(|before| Sink::reopen(&before));
        let sink = match sink {
            Some(sink) => Ok(sink),
            None => Sink::create(&self.places.downloads, id, name, what, reserved),
        };
        match sink {
            Ok(sink) => {
                let looking = sink.is_looking();
                self.sinks.insert(id, sink);
                self.reserved.insert(id, reserved);
                if looking { Ok(()) } else { self.opened(id) }
            }
            Err(problem) => self.failed(id, problem),
        }
    }

    /// What is there is known: there has to be room for the rest.
    fn opened(&mut self, id: TransferId) -> Result<(), Gone> {
        let reserved = self.reserved.remove(&id).unwrap_or(0);
        let Some(sink) = self.sinks.get_mut(&id) else { return Ok(()) };
        match sink.go_on().and_then(|()| sink.has_room(reserved)) {
            Ok(()) => {
                self.remember_incoming(id);
                self.report_position(id)
            }
            Err(problem) => self.failed(id, problem),
        }
    }

    fn report_position(&self, id: TransferId) -> Result<(), Gone> {
        let Some((file, offset, done)) = self.sinks.get(&id).map(Sink::position) else {
            return Ok(());
        };
        self.report(DiskReport::Opened { id, file, offset, done })
    }

    fn remember_incoming(&mut self, id: TransferId) {
        if let Some(sink) = self.sinks.get(&id) {
            self.journal.incoming(id, sink.received());
        }
    }

    fn discard(&mut self, id: TransferId) {
        self.journal.forget(id);
        if let Some(sink) = self.sinks.remove(&id) {
            sink.discard();
        } else if let Some(before) = self.before.remove(&id)
            && let Some(sink) = Sink::reopen(&before)
        {
            sink.discard();
        }
    }

    /// The conversation is over: what is not whole stays only where it can be gone on with.
    fn close(mut self) {
        if !self.journal.is_kept() {
            for (_, sink) in self.sinks.drain() {
                sink.discard();
            }
        }
    }
}
