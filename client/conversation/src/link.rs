//! How far one data channel is: waiting, greeting, ready, or of no use.
//!
//! In: what happens on the channel, and the time. Out: its state. What always holds: nothing but a
//! greeting counts before the other's greeting; a side that does not greet in time has none of
//! this; what can't be read is counted, and after a bound nothing more is read. Pure.

use std::time::{Duration, Instant};

use crate::protocol::Hello;
use crate::protocol::ids::SessionId;

/// How long the other has for its greeting.
pub(crate) const GREETING_TIME: Duration = Duration::from_secs(5);
/// So many messages that can't be read are one too many.
pub(crate) const MAX_MALFORMED: u32 = 16;

/// How far a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It is not open.
    Waiting,
    /// It is open, and the other has not greeted yet.
    Greeting(Instant),
    /// The other has greeted.
    Ready,
    /// The other takes no such channel, or does not greet.
    Absent,
    /// The other sent too much that can't be read.
    Dead,
}

/// One channel.
#[derive(Debug)]
pub(crate) struct Link {
    phase: Phase,
    malformed: u32,
    greeting_due: bool,
    theirs: Option<SessionId>,
    takes_files: bool,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            phase: Phase::Waiting,
            malformed: 0,
            greeting_due: false,
            theirs: None,
            takes_files: false,
        }
    }
}

impl Link {
    /// How far it is.
    #[must_use]
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the other has greeted.
    #[must_use]
    pub(crate) fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// Whether the other said that it takes files.
    #[must_use]
    pub(crate) fn takes_files(&self) -> bool {
        self.takes_files
    }

    /// The channel is open: a greeting is due.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.phase = Phase::Greeting(now);
        self.malformed = 0;
        self.greeting_due = true;
    }

    /// The channel is gone; another may come.
    pub(crate) fn interrupted(&mut self) {
        self.phase = Phase::Waiting;
        self.greeting_due = false;
    }

    /// Nothing more is read of this channel.
    pub(crate) fn dead(&mut self) {
        self.phase = Phase::Dead;
        self.greeting_due = false;
    }

    /// The other takes no channel.
    pub(crate) fn not_agreed(&mut self) {
        self.phase = Phase::Absent;
        self.greeting_due = false;
    }

    /// Whether our greeting has to be sent now; asked once.
    pub(crate) fn take_greeting(&mut self) -> bool {
        std::mem::take(&mut self.greeting_due)
    }

    /// The other greets. Whether that is another run of its program than before.
    pub(crate) fn greeted(&mut self, hello: &Hello) -> bool {
        if !matches!(self.phase, Phase::Greeting(_) | Phase::Absent) {
            return false;
        }
        self.phase = Phase::Ready;
        self.takes_files = hello.files;
        self.theirs.replace(hello.session).is_some_and(|before| before != hello.session)
    }

    /// Something can't be read.
    pub(crate) fn malformed(&mut self) {
        self.malformed += 1;
        if self.malformed >= MAX_MALFORMED {
            self.phase = Phase::Dead;
        }
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.phase = Phase::Absent;
        }
    }

    /// When [`Self::tick`] changes something.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Greeting(since) => Some(since + GREETING_TIME),
            _ => None,
        }
    }
}
