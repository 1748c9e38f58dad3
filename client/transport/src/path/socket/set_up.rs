//! How far the set-up of a connection has come, and what last came from the other: what the log
//! reports of a set-up that fails.
//!
//! Pure: time is an argument. No address and nothing of a description is kept.

use std::fmt;
use std::time::Instant;

use super::packet::Packet;

/// A step of the set-up, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The other's description is awaited.
    Signaling,
    /// A pair of addresses is looked for (RFC 8445).
    Ice,
    /// Keys are agreed on (RFC 5764).
    Dtls,
    /// Media is awaited.
    Media,
    Done,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signaling => "signaling",
            Self::Ice => "ICE",
            Self::Dtls => "DTLS",
            Self::Media => "media",
            Self::Done => "done",
        })
    }
}

/// Counts of one kind of packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    sent: u32,
    received: u32,
}

/// The account of a set-up.
#[derive(Debug, Default)]
pub(crate) struct SetUp {
    /// When the other's description was taken.
    described: Option<Instant>,
    /// ICE has ever selected a pair.
    pub(super) pair_selected: bool,
    /// DTLS is complete.
    pub(super) secured: bool,
    checks: Seen,
    answers: Seen,
    handshake: Seen,
    media: Seen,
    last_received: Option<(Packet, Instant)>,
}

impl SetUp {
    /// The other's description was taken.
    pub(crate) fn described(&mut self, now: Instant) {
        self.described.get_or_insert(now);
    }

    fn seen(&mut self, packet: Packet) -> Option<&mut Seen> {
        match packet {
            Packet::Check(_) => Some(&mut self.checks),
            Packet::CheckPassed(_) => Some(&mut self.answers),
            Packet::Handshake => Some(&mut self.handshake),
            Packet::Media => Some(&mut self.media),
            Packet::Other => None,
        }
    }

    pub(crate) fn sent(&mut self, packet: Packet) {
        if let Some(seen) = self.seen(packet) {
            seen.sent = seen.sent.saturating_add(1);
        }
    }

    pub(crate) fn received(&mut self, packet: Packet, now: Instant) {
        if let Some(seen) = self.seen(packet) {
            seen.received = seen.received.saturating_add(1);
            self.last_received = Some((packet, now));
        }
    }

    pub(crate) fn step(&self) -> Step {
        match self {
            Self { described: None, .. } => Step::Signaling,
            Self { pair_selected: false, .. } => Step::Ice,
            Self { secured: false, .. } => Step::Dtls,
            Self { media: Seen { received: 0, .. }, .. } => Step::Media,
            _ => Step::Done,
        }
    }

    /// How far it has come, in one line for the log.
    pub(crate) fn account(&self, now: Instant) -> String {
        let since = |at| format!("{:.1} s", now.saturating_duration_since(at).as_secs_f64());
        let took = self.described.map_or_else(|| "0.0 s".to_owned(), since);
        let last = match self.last_received {
            Some((packet, at)) => format!("{} {} ago", name(packet), since(at)),
            None => "nothing at all".to_owned(),
        };
        format!(
            "{} is not complete after {took}; last came {last}; sent/received: checks {}, \
             their answers {}, DTLS {}, media {}",
            self.step(),
            self.checks,
            self.answers,
            self.handshake,
            self.media,
        )
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.sent, self.received)
    }
}

fn name(packet: Packet) -> &'static str {
    match packet {
        Packet::Check(_) => "a connectivity check",
        Packet::CheckPassed(_) => "an answer to a connectivity check",
        Packet::Handshake => "a DTLS handshake packet",
        Packet::Media => "a media packet",
        Packet::Other => "something else",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_set_up_goes_from_step_to_step_and_reports_how_far_it_is() {
        let start = Instant::now();
        let mut set_up = SetUp::default();
        assert_eq!(set_up.step(), Step::Signaling);
        set_up.described(start);
        assert_eq!(set_up.step(), Step::Ice);
        set_up.sent(Packet::Check([1; 12]));
        set_up.received(Packet::CheckPassed([1; 12]), start + Duration::from_millis(100));
        set_up.pair_selected = true;
        assert_eq!(set_up.step(), Step::Dtls);
        set_up.sent(Packet::Handshake);
        set_up.sent(Packet::Handshake);
        assert_eq!(
            set_up.account(start + Duration::from_millis(15_100)),
            "DTLS is not complete after 15.1 s; last came an answer to a connectivity check \
             15.0 s ago; sent/received: checks 1/0, their answers 0/1, DTLS 2/0, media 0/0"
        );
        set_up.secured = true;
        assert_eq!(set_up.step(), Step::Media);
        set_up.received(Packet::Media, start + Duration::from_secs(16));
        assert_eq!(set_up.step(), Step::Done);
    }
}
