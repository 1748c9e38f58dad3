//! Who called and was not answered. Pure.
//!
//! Bounded: of many the last ones are known by name, and of all how many there were.

use std::collections::VecDeque;

use visavis_shared::Username;

/// So many are known by name.
const KEPT: usize = 50;

/// A call that nobody took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Who called.
    pub peer: Username,
    /// Whether they called while there was another call, and were told that we are busy.
    pub while_busy: bool,
    /// Whether it came while nothing may disturb.
    pub silently: bool,
}

/// All of them since the log-in, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MissedCalls {
    last: VecDeque<Missed>,
    total: u64,
}

impl MissedCalls {
    /// Another one.
    pub fn note(&mut self, missed: Missed) {
        self.total += 1;
        self.last.push_back(missed);
        if self.last.len() > KEPT {
            self.last.pop_front();
        }
    }

    /// How many there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Those after the first `seen`, as far as they are known by name; the oldest first.
    pub fn after(&self, seen: u64) -> impl Iterator<Item = &Missed> {
        let new = usize::try_from(self.total.saturating_sub(seen)).unwrap_or(usize::MAX);
        self.last.iter().skip(self.last.len().saturating_sub(new))
    }
}
