//! One transfer from the other: its state.
//!
//! In: what the person, the other and the disk do. Out: what the disk has to write, and what the
//! other is told. What always holds: nothing is written before the person here has accepted; files
//! come one after the other, without a gap and no longer than announced; whatever does not fit ends
//! this transfer and no other. Pure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use visavis_media::frame::RgbaFrame;

use super::meter::Meter;
use super::work::DiskCommand;
use crate::file_name::{clean_name, is_executable, parts};
use crate::protocol::files::{FileMessage, Offer};
use crate::protocol::ids::FileHash;
use crate::view::{Party, TransferId, TransferState};

/// The other is told after so many bytes what was written,
const TELL_BYTES: u64 = 256 * 1024;
/// or after so long.
const TELL_TIME: Duration = Duration::from_millis(100);

/// How far it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// The person has not decided.
    Offered,
    /// Accepted; the channel is gone, and the other has not offered it again.
    Interrupted,
    /// The disk makes room for it, or looks for what is there.
    Opening,
    /// Bytes come.
    Running,
    /// All bytes came.
    Checking,
    /// See [`TransferState::is_over`].
    Over(TransferState),
}

/// The other does not keep to the protocol in this transfer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Breach;

/// See the module.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) id: TransferId,
    pub(super) order: u64,
    pub(super) name: Arc<str>,
    pub(super) size: u64,
    pub(super) files: Option<u32>,
    pub(super) executable: bool,
    pub(super) picture: Option<RgbaFrame>,
    pub(super) stage: Stage,
    /// The other has offered it on this channel.
    pub(super) live: bool,
    pub(super) paused_here: bool,
    pub(super) paused_there: bool,
    /// How many bytes are on the disk.
    pub(super) written: u64,
    pub(super) meter: Meter,
    /// The file that comes, and the next byte of it.
    file: u32,
    offset: u64,
    /// Its size, once it has begun on this channel.
    begun: Option<u64>,
    /// Bytes of the files before it.
    complete: u64,
    told: u64,
    told_at: Option<Instant>,
}

impl Incoming {
    pub(super) fn new(offer: &Offer, order: u64) -> Self {
        let name = clean_name(&offer.name);
        Self {
            id: offer.id,
            order,
            executable: offer.executable || (offer.files.is_none() && is_executable(&name)),
            name: name.into(),
            size: offer.size,
            files: offer.files,
            picture: None,
            stage: Stage::Offered,
            live: true,
            paused_here: false,
            paused_there: false,
            written: 0,
            meter: Meter::default(),
            file: 0,
            offset: 0,
            begun: None,
            complete: 0,
            told: 0,
            told_at: None,
        }
    }

    fn count(&self) -> u32 {
        self.files.unwrap_or(1)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over(_))
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused_here || self.paused_there
    }

    /// Whether the person has accepted it and it is not over.
    pub(super) fn is_accepted(&self) -> bool {
        !matches!(self.stage, Stage::Offered | Stage::Over(_))
    }

    /// Whether bytes come.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Opening | Stage::Running) && !self.is_paused()
    }

    /// How much of the disk it still needs.
    pub(super) fn missing(&self) -> u64 {
        if self.is_accepted() { self.size.saturating_sub(self.written) } else { 0 }
    }

    /// Whether an offer is of the same.
    pub(super) fn is_same(&self, offer: &Offer) -> bool {
        self.size == offer.size && self.files == offer.files
    }

    pub(super) fn open(&mut self, reserved: u64) -> DiskCommand {
        self.stage = Stage::Opening;
        let (id, name, size) = (self.id, self.name.to_string(), self.size);
        DiskCommand::Open { id, name, size, files: self.files, reserved }
    }

    pub(super) fn interrupted(&mut self) {
        self.live = false;
        self.paused_there = false;
        self.begun = None;
        self.meter.restart();
        if matches!(self.stage, Stage::Opening | Stage::Running) {
            self.stage = Stage::Interrupted;
        }
    }

    /// The disk is ready from this place on; whether that is where all files are there.
    pub(super) fn opened(&mut self, file: u32, offset: u64, done: u64) -> bool {
        (self.file, self.offset, self.begun) = (file, offset, None);
        self.complete = done.saturating_sub(offset);
        (self.written, self.told, self.told_at) = (done, done, None);
        let all = file >= self.count();
        self.stage = if all { Stage::Checking } else { Stage::Running };
        all
    }

    pub(super) fn accept(&self) -> FileMessage {
        FileMessage::Accept { id: self.id, file: self.file, offset: self.offset }
    }

    /// The other goes on to a file.
    pub(super) fn begin(
        &mut self,
        file: u32,
        path: &str,
        size: u64,
    ) -> Result<DiskCommand, Breach> {
        let fits = self.stage == Stage::Running
            && self.begun.is_none()
            && file == self.file
            && file < self.count()
            && size >= self.offset
            && self.complete.checked_add(size).is_some_and(|all| all <= self.size)
            && (self.files.is_some() || size == self.size);
        let path = if self.files.is_some() { parts(path) } else { Some(Vec::new()) };
        let (true, Some(path)) = (fits, path) else { return Err(Breach) };
        self.executable |= path.last().is_some_and(|name| is_executable(name));
        self.begun = Some(size);
        Ok(DiskCommand::Begin { id: self.id, file, path })
    }

    /// Bytes come.
    pub(super) fn chunk(
        &mut self,
        file: u32,
        offset: u64,
        bytes: Bytes,
    ) -> Result<DiskCommand, Breach> {
        let end = offset.checked_add(bytes.len() as u64);
        let fits = self.stage == Stage::Running && file == self.file && offset == self.offset;
        match (self.begun, end) {
            (Some(size), Some(end)) if fits && end <= size => {
                self.offset = end;
                Ok(DiskCommand::Write { id: self.id, bytes })
            }
            _ => Err(Breach),
        }
    }

    /// All bytes of a file came; whether it was the last file.
    pub(super) fn end_file(
        &mut self,
        file: u32,
        hash: FileHash,
    ) -> Result<(DiskCommand, bool), Breach> {
        if self.stage != Stage::Running || file != self.file || self.begun != Some(self.offset) {
            return Err(Breach);
        }
        self.complete += self.offset;
        self.file += 1;
        (self.offset, self.begun) = (0, None);
        let last = self.file == self.count();
        if last {
            if self.complete != self.size {
                return Err(Breach);
            }
            self.stage = Stage::Checking;
        }
        Ok((DiskCommand::EndFile { id: self.id, hash }, last))
    }

    pub(super) fn written(&mut self, done: u64, now: Instant) {
        self.written = done;
        self.meter.measure(done, now);
        self.told_at.get_or_insert(now);
    }

    /// What the other is told now of what was written.
    pub(super) fn receipt(&mut self, now: Instant) -> Option<FileMessage> {
        let due = self.receipt_due().is_some_and(|at| at <= now);
        due.then(|| {
            (self.told, self.told_at) = (self.written, Some(now));
            FileMessage::Taken { id: self.id, bytes: self.written }
        })
    }

    /// When the other is told again.
    pub(super) fn receipt_due(&self) -> Option<Instant> {
        let at = self.told_at?;
        let waiting = self.stage == Stage::Running && self.written > self.told;
        waiting.then(|| if self.written - self.told >= TELL_BYTES { at } else { at + TELL_TIME })
    }

    pub(super) fn state(&self, stalled: bool) -> TransferState {
        let paused = if self.paused_here { Party::Us } else { Party::Them };
        match &self.stage {
            Stage::Offered => TransferState::Offered,
            Stage::Over(state) => state.clone(),
            Stage::Interrupted => TransferState::Interrupted,
            _ if self.is_paused() => TransferState::Paused(paused),
            Stage::Running if stalled => TransferState::Interrupted,
            Stage::Opening | Stage::Running => TransferState::Running,
            Stage::Checking => TransferState::Checking,
        }
    }
}
