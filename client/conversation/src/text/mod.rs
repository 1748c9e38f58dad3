//! What the two say to each other in writing: a state machine.
//!
//! In: what the person says and does, what the channel brings, and the time. Out: messages to send,
//! one whenever there is room, and the lines to show. What always holds: what is said is shown at
//! once; each text of the other is shown once, however often it comes; what waits when a channel
//! goes is sent again on the next; the number of lines is bounded. Pure.

mod clean;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use clean::clean;

use crate::link::{Link, Phase};
use crate::protocol::ids::SessionId;
use crate::protocol::text::{MAX_TEXT_CHARS, TextMessage, fits};
use crate::protocol::{Hello, Malformed};
use crate::view::{LineId, LineState, Party, Problem};

/// So many lines are kept; the oldest give way.
pub(crate) const MAX_LINES: usize = 2_000;

/// Something that happens to the machine.
#[derive(Debug)]
pub(crate) enum TextInput<'a> {
    /// The channel is open.
    Opened,
    /// The channel is gone; another may come.
    Interrupted,
    /// The other takes no channel.
    NotAgreed,
    /// A text message has come.
    Message(&'a str),
    /// Bytes have come, which never belong here.
    Bytes,
    /// The person says something, at this time since the Unix epoch.
    Say(&'a str, Duration),
    /// The panel is in front of the person, or no longer.
    Reading(bool),
    /// The call is over.
    Ended,
}

/// One line, with the time since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Tells lines apart.
    pub(crate) id: LineId,
    /// Who said it.
    pub(crate) author: Party,
    /// The text, clean.
    pub(crate) text: Arc<str>,
    /// When it was said here or arrived here.
    pub(crate) at: Duration,
    /// How far it got.
    pub(crate) state: LineState,
    /// Its id on the wire.
    wire: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Text {
    session: SessionId,
    link: Link,
    lines: VecDeque<Said>,
    shown: u64,
    /// The id of the last text of ours.
    last: u64,
    /// Up to here ours were given to this channel, have arrived, were read.
    sent: u64,
    received: u64,
    read: u64,
    /// The last of theirs that arrived, and that was read here.
    theirs: u64,
    theirs_read: u64,
    /// What the other was told of those on this channel.
    told_received: Option<u64>,
    told_read: Option<u64>,
    reading: bool,
    ended: bool,
    problem: Option<Problem>,
}

impl Text {
    /// A conversation in which nothing was said; `session` is drawn by lot for each run.
    #[must_use]
    pub(crate) fn new(session: SessionId) -> Self {
        Self {
            session,
            link: Link::default(),
            lines: VecDeque::new(),
            shown: 0,
            last: 0,
            sent: 0,
            received: 0,
            read: 0,
            theirs: 0,
            theirs_read: 0,
            told_received: None,
            told_read: None,
            reading: false,
            ended: false,
            problem: None,
        }
    }

    /// The channel.
    #[must_use]
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// The lines, the oldest first.
    #[must_use]
    pub(crate) fn lines(&self) -> &VecDeque<Said> {
        &self.lines
    }

    /// How many lines of the other's were not looked at.
    #[must_use]
    pub(crate) fn unread(&self) -> usize {
        let unread = |line: &&Said| line.author == Party::Them && line.state == LineState::Sent;
        self.lines.iter().filter(unread).count()
    }

    /// What could not be done since this was asked last.
    pub(crate) fn take_problem(&mut self) -> Option<Problem> {
        self.problem.take()
    }

    /// Something happens. `wall` is the time since the Unix epoch.
    pub(crate) fn handle(&mut self, input: TextInput<'_>, now: Instant, wall: Duration) {
        match input {
            TextInput::Opened if !self.ended => {
                self.link.opened(now);
                self.resend();
            }
            TextInput::Opened => {}
            TextInput::Interrupted => self.link.interrupted(),
            TextInput::NotAgreed => self.link.not_agreed(),
            TextInput::Message(message) => self.message(message, wall),
            TextInput::Bytes => self.refused(Malformed::WrongKind),
            TextInput::Say(text, at) => self.say(text, at),
            TextInput::Reading(reading) => {
                self.reading = reading;
                self.look();
            }
            TextInput::Ended => {
                self.ended = true;
                self.link.interrupted();
                for line in &mut self.lines {
                    if line.state == LineState::Sending {
                        line.state = LineState::Lost;
                    }
                }
            }
        }
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

    /// The next message for the channel; asked only when there is room for it.
    pub(crate) fn poll_output(&mut self) -> Option<String> {
        if self.link.take_greeting() {
            return Some(TextMessage::Hello(Hello::ours(self.session)).encode());
        }
        if !self.link.is_ready() {
            return None;
        }
        if self.theirs > 0 && self.told_received != Some(self.theirs) {
            self.told_received = Some(self.theirs);
            return Some(TextMessage::Received { id: self.theirs }.encode());
        }
        if self.theirs_read > 0 && self.told_read != Some(self.theirs_read) {
            self.told_read = Some(self.theirs_read);
            return Some(TextMessage::Read { id: self.theirs_read }.encode());
        }
        let next = self.lines.iter().find(|line| {
            line.author == Party::Us && line.wire > self.sent && line.state == LineState::Sending
        })?;
        self.sent = next.wire;
        Some(TextMessage::Text { id: next.wire, text: next.text.to_string() }.encode())
    }

    fn say(&mut self, text: &str, at: Duration) {
        let text = clean(text);
        if text.is_empty() {
            return;
        }
        if !fits(&text) {
            self.problem = Some(Problem::TooLong(MAX_TEXT_CHARS));
            return;
        }
        self.last += 1;
        let state = if self.ended { LineState::Lost } else { LineState::Sending };
        self.push(Party::Us, text, at, state, self.last);
    }

    fn push(&mut self, author: Party, text: String, at: Duration, state: LineState, wire: u64) {
        self.shown += 1;
        let id = LineId(self.shown);
        self.lines.push_back(Said { id, author, text: text.into(), at, state, wire });
        if self.lines.len() > MAX_LINES {
            self.lines.pop_front();
        }
    }

    fn message(&mut self, message: &str, wall: Duration) {
        if matches!(self.link.phase(), Phase::Waiting | Phase::Dead) {
            return;
        }
        match TextMessage::decode(message) {
            Err(error) => self.refused(error),
            Ok(None) => {}
            Ok(Some(TextMessage::Hello(hello))) => {
                if self.link.greeted(&hello) {
                    // Another run of the other's program counts its texts from 1.
                    (self.theirs, self.theirs_read) = (0, 0);
                }
            }
            Ok(Some(_)) if !self.link.is_ready() => self.refused(Malformed::OutOfRange),
            Ok(Some(TextMessage::Text { id, text })) => self.arrived(id, &text, wall),
            Ok(Some(TextMessage::Received { id } | TextMessage::Read { id })) if id > self.last => {
                self.refused(Malformed::OutOfRange);
            }
            Ok(Some(TextMessage::Received { id })) => {
                self.received = self.received.max(id);
                self.acknowledge();
            }
            Ok(Some(TextMessage::Read { id })) => {
                self.received = self.received.max(id);
                self.read = self.read.max(id);
                self.acknowledge();
            }
        }
    }

    fn arrived(&mut self, id: u64, text: &str, wall: Duration) {
        if id <= self.theirs {
            // It was sent again because our receipt was lost with a channel.
            self.told_received = None;
            return;
        }
        self.theirs = id;
        let text = clean(text);
        if !text.is_empty() {
            self.push(Party::Them, text, wall, LineState::Sent, id);
        }
        self.look();
    }

    /// While the panel is in front of the person, what is there is read.
    fn look(&mut self) {
        if !self.reading {
            return;
        }
        self.theirs_read = self.theirs;
        for line in self.lines.iter_mut().rev().filter(|line| line.author == Party::Them) {
            if line.state == LineState::Read {
                break;
            }
            line.state = LineState::Read;
        }
    }

    fn acknowledge(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.author == Party::Us) {
            if line.wire <= self.read {
                line.state = LineState::Read;
            } else if line.wire <= self.received && line.state == LineState::Sending {
                line.state = LineState::Sent;
            }
        }
    }

    /// A new channel: what the other may not have goes once more.
    fn resend(&mut self) {
        self.sent = self.received;
        (self.told_received, self.told_read) = (None, None);
    }

    fn refused(&mut self, _error: Malformed) {
        let before = self.link.phase();
        self.link.malformed();
        if before != Phase::Dead && self.link.phase() == Phase::Dead {
            self.problem = Some(Problem::Closed);
        }
    }
}
