//! One transfer to the other: its state.
//!
//! In: what the person, the other and the disk do. Out: what the disk has to read, and the next
//! message. What always holds: no byte goes before the other has accepted, none while somebody has
//! asked for a pause, and no more than a window ahead of what the other has written. Pure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use visavis_media::frame::RgbaFrame;
use visavis_transport::DataMessage;

use super::meter::Meter;
use super::work::{DiskCommand, Piece, Prepared};
use crate::protocol::binary::{BinaryMessage, MAX_CHUNK};
use crate::protocol::files::{FileMessage, Offer};
use crate::view::{Party, TransferId, TransferState};

/// So much goes before the other has to say that it has written it.
pub(crate) const WINDOW: u64 = 4 << 20;
/// So many pieces are read ahead.
const READ_AHEAD: usize = 4;

/// How far it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// The disk looks at it.
    Preparing,
    /// It waits to be offered, on this channel or on the next.
    Queued,
    /// The other has the offer.
    Offered,
    /// The other wants it from here on; it waits for others to be done.
    Accepted { file: u32, offset: u64 },
    /// The disk goes to that place.
    Seeking,
    /// Bytes go.
    Running,
    /// All bytes went.
    Checking,
    /// See [`TransferState::is_over`].
    Over(TransferState),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: TransferId,
    pub(super) order: u64,
    pub(super) name: Arc<str>,
    pub(super) size: u64,
    pub(super) files: Option<u32>,
    pub(super) executable: bool,
    pub(super) thumbnail: Option<(Bytes, RgbaFrame)>,
    pub(super) stage: Stage,
    /// It was accepted once: it goes on without a question.
    pub(super) accepted: bool,
    pub(super) paused_here: bool,
    pub(super) paused_there: bool,
    /// How many bytes went, and how many of them the other has written.
    pub(super) sent: u64,
    pub(super) taken: u64,
    pub(super) meter: Meter,
    generation: u32,
    ready: VecDeque<Piece>,
    /// Reads that the disk has not answered.
    asked: usize,
    read_all: bool,
}

impl Outgoing {
    pub(super) fn new(id: TransferId, order: u64, name: &str) -> Self {
        Self {
            id,
            order,
            name: name.into(),
            size: 0,
            files: None,
            executable: false,
            thumbnail: None,
            stage: Stage::Preparing,
            accepted: false,
            paused_here: false,
            paused_there: false,
            sent: 0,
            taken: 0,
            meter: Meter::default(),
            generation: 0,
            ready: VecDeque::new(),
            asked: 0,
            read_all: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over(_))
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused_here || self.paused_there
    }

    /// Whether bytes go, or will as soon as they are read.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Seeking | Stage::Running) && !self.is_paused()
    }

    pub(super) fn prepared(&mut self, prepared: Prepared) {
        if self.stage == Stage::Preparing {
            self.name = prepared.name.into();
            self.size = prepared.size;
            self.files = prepared.files;
            self.executable = prepared.executable;
            self.thumbnail = prepared.thumbnail;
            self.stage = Stage::Queued;
        }
    }

    pub(super) fn offer(&self) -> Offer {
        let (id, name, size) = (self.id, self.name.to_string(), self.size);
        Offer { id, name, size, files: self.files, executable: self.executable }
    }

    /// The channel is gone: what was accepted is offered again on the next.
    pub(super) fn interrupted(&mut self) {
        if !matches!(self.stage, Stage::Preparing | Stage::Over(_)) {
            self.stage = Stage::Queued;
            self.stop_reading();
            self.paused_there = false;
        }
    }

    /// It is over, one way or another.
    pub(super) fn end(&mut self, state: TransferState) {
        self.stage = Stage::Over(state);
        self.stop_reading();
        self.thumbnail = self.thumbnail.take().map(|(_, shown)| (Bytes::new(), shown));
    }

    fn stop_reading(&mut self) {
        self.generation += 1;
        self.ready.clear();
        (self.asked, self.read_all) = (0, false);
        self.meter.restart();
    }

    /// It is its turn to run.
    pub(super) fn start(&mut self) -> Option<DiskCommand> {
        let Stage::Accepted { file, offset } = self.stage else { return None };
        self.stop_reading();
        self.stage = Stage::Seeking;
        Some(DiskCommand::Seek { id: self.id, generation: self.generation, file, offset })
    }

    pub(super) fn sought(&mut self, generation: u32, done: u64) {
        if self.stage == Stage::Seeking && generation == self.generation {
            (self.sent, self.taken) = (done, done);
            self.stage = Stage::Running;
        }
    }

    pub(super) fn piece(&mut self, generation: u32, piece: Piece) {
        if generation != self.generation || self.stage != Stage::Running {
            return;
        }
        self.asked = self.asked.saturating_sub(1);
        self.read_all |= piece == Piece::Last;
        self.ready.push_back(piece);
    }

    /// The next read, while little is read ahead.
    pub(super) fn read_on(&mut self) -> Option<DiskCommand> {
        let wanted = self.stage == Stage::Running
            && !self.read_all
            && !self.is_paused()
            && self.asked + self.ready.len() < READ_AHEAD;
        wanted.then(|| {
            self.asked += 1;
            DiskCommand::Read { id: self.id, generation: self.generation }
        })
    }

    /// The next message, with at most so many bytes of a file.
    pub(super) fn next_message(&mut self, budget: Option<usize>) -> Option<DataMessage> {
        if self.stage != Stage::Running || self.is_paused() {
            return None;
        }
        let id = self.id;
        let room = WINDOW.saturating_sub(self.sent - self.taken);
        match self.ready.front_mut()? {
            Piece::Data { file, offset, bytes } => {
                let most = budget?.min(MAX_CHUNK).min(usize::try_from(room).unwrap_or(MAX_CHUNK));
                if most == 0 {
                    return None;
                }
                let data = bytes.split_to(most.min(bytes.len()));
                let length = data.len() as u64;
                let chunk = BinaryMessage::Chunk { id, file: *file, offset: *offset, data };
                *offset += length;
                self.sent += length;
                if bytes.is_empty() {
                    self.ready.pop_front();
                }
                Some(DataMessage::Binary(chunk.encode()))
            }
            _ => {
                let message = match self.ready.pop_front()? {
                    Piece::Begin { file, path, size } => FileMessage::File { id, file, path, size },
                    Piece::End { file, hash } => FileMessage::End { id, file, hash },
                    Piece::Last | Piece::Data { .. } => {
                        self.stage = Stage::Checking;
                        return None;
                    }
                };
                Some(DataMessage::Text(message.encode()))
            }
        }
    }

    /// The other has written so much; whether it can have.
    pub(super) fn taken(&mut self, bytes: u64, now: Instant) -> bool {
        if matches!(self.stage, Stage::Running | Stage::Checking) {
            if bytes > self.sent {
                return false;
            }
            self.taken = self.taken.max(bytes);
            self.meter.measure(self.taken, now);
        }
        true
    }

    pub(super) fn state(&self, stalled: bool) -> TransferState {
        let paused = if self.paused_here { Party::Us } else { Party::Them };
        match &self.stage {
            Stage::Preparing if !self.accepted => TransferState::Preparing,
            Stage::Queued | Stage::Offered if !self.accepted => TransferState::Offered,
            Stage::Preparing | Stage::Queued | Stage::Offered => TransferState::Interrupted,
            Stage::Over(state) => state.clone(),
            _ if self.is_paused() => TransferState::Paused(paused),
            Stage::Running if stalled && self.sent > self.taken => TransferState::Interrupted,
            Stage::Accepted { .. } | Stage::Seeking | Stage::Running => TransferState::Running,
            Stage::Checking => TransferState::Checking,
        }
    }
}
