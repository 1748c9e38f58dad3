//! A conversation as the window shows it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use visavis_media::frame::RgbaFrame;

/// Everything there is to show of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Whether anything can be said and sent now.
    pub availability: Availability,
    /// What was said, the oldest first; of very many the oldest are gone.
    pub lines: Arc<Vec<Line>>,
    /// How many lines of the other's came since the person last looked.
    pub unread: usize,
    /// Transfers, in the order in which they began.
    pub transfers: Arc<Vec<Transfer>>,
    /// What could not be done last.
    pub problem: Option<Problem>,
    /// Where what was said has been saved, after [`Command::Save`](crate::Command::Save).
    pub saved: Option<PathBuf>,
}

/// Whether the other can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Availability {
    /// The channel is not open yet, or is interrupted: what is said waits.
    #[default]
    Waiting,
    /// Text and files go to the other.
    Ready,
    /// The other has text, and takes no files.
    TextOnly,
    /// The other side has no text.
    None,
}

/// Tells one line from the next, in one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// Who said it.
    pub author: Party,
    /// The text, without control and bidirectional-override characters.
    pub text: Arc<str>,
    /// When it was said here, or arrived here.
    pub at: SystemTime,
    /// How far it got; always [`LineState::Read`] or [`LineState::Sent`] for the other's: read by
    /// the person here or not.
    pub state: LineState,
}

/// How far something that was said got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// It waits to be sent, or for the other to have it.
    Sending,
    /// The other has it.
    Sent,
    /// The other has looked at it.
    Read,
    /// It will never arrive: the channel is closed.
    Lost,
}

/// Tells one transfer from the next; the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub u128);

/// Which way a transfer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the other.
    Outgoing,
    /// From the other.
    Incoming,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The person here.
    Us,
    /// The other.
    Them,
}

/// A file, or a folder as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// Which way it goes.
    pub direction: Direction,
    /// The name, safe to show and to write.
    pub name: Arc<str>,
    /// How many files it has; `None` for a single file that is no folder.
    pub files: Option<u32>,
    /// Its size in bytes, all files together.
    pub size: u64,
    /// How many bytes of it have arrived.
    pub done: u64,
    /// Bytes a second now, where that is known.
    pub speed: Option<u64>,
    /// How long it still takes, where that is known.
    pub left: Option<Duration>,
    /// Whether it, or a file of it, is a program or a script: opening it would run it.
    pub executable: bool,
    /// A small picture of it, where it is one.
    pub thumbnail: Option<RgbaFrame>,
    /// How far it is.
    pub state: TransferState,
}

/// How far a transfer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferState {
    /// Ours is looked at before it is offered.
    Preparing,
    /// Offered: whoever receives it has not decided yet.
    Offered,
    /// Bytes go.
    Running,
    /// Somebody has asked for a pause.
    Paused(Party),
    /// The path is interrupted; it goes on where it was.
    Interrupted,
    /// All bytes are there, and are compared with what was announced.
    Checking,
    /// It arrived whole; an incoming one is there.
    Done(Option<PathBuf>),
    /// It was not wanted by the other, or by us.
    Refused(Party),
    /// Somebody gave it up.
    Cancelled(Party),
    /// It can't be done.
    Failed(TransferProblem),
}

impl TransferState {
    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Refused(_) | Self::Cancelled(_) | Self::Failed(_))
    }
}

/// Why a transfer can't be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferProblem {
    /// The file can't be read here; why.
    Unreadable(String),
    /// The file has changed since it was offered.
    Changed,
    /// It can't be written here; why.
    Unwritable(String),
    /// There is not enough room on the disk.
    NoRoom {
        /// What it needs, in bytes.
        needs: u64,
        /// What there is, in bytes.
        free: u64,
    },
    /// What arrived is not what was announced; it was not kept.
    Different,
    /// The other did not keep to the protocol.
    Protocol,
    /// The other could not read or write it.
    Theirs,
    /// The call ended before it was done.
    CallEnded,
}

/// What could not be done, without a transfer of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A text is longer than a message may be; how many characters that is.
    TooLong(usize),
    /// More transfers at once than go; how many go.
    TooManyTransfers(usize),
    /// What was said could not be saved; why.
    NotSaved(String),
    /// The channel is closed: by the other side, or because too much came over it that can't be
    /// read.
    Closed,
}
