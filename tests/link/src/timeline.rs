//! Conditions that change as time goes by.

use std::time::Duration;

use crate::conditions::Conditions;

/// Conditions, each from a moment on.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    first: Conditions,
    later: Vec<(Duration, Conditions)>,
}

impl Timeline {
    /// The same conditions for ever.
    #[must_use]
    pub const fn steady(conditions: Conditions) -> Self {
        Self { first: conditions, later: Vec::new() }
    }

    /// And others from this moment on, which must be after those that were given before.
    #[must_use]
    pub fn then(mut self, from: Duration, conditions: Conditions) -> Self {
        debug_assert!(
            self.later.last().is_none_or(|(before, _)| *before < from),
            "in order of time"
        );
        self.later.push((from, conditions));
        self
    }

    /// The conditions at a moment after the beginning.
    #[must_use]
    pub fn at(&self, since_start: Duration) -> Conditions {
        let reached = self.later.iter().rev().find(|(from, _)| *from <= since_start);
        reached.map_or(self.first, |(_, conditions)| *conditions)
    }

    /// When they change next after a moment.
    #[must_use]
    pub fn next_change(&self, since_start: Duration) -> Option<Duration> {
        self.later.iter().map(|(from, _)| *from).find(|from| *from > since_start)
    }

    /// When they change, from the beginning on.
    pub fn changes(&self) -> impl Iterator<Item = Duration> + '_ {
        self.later.iter().map(|(from, _)| *from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_has_the_conditions_that_began_last() {
        let (slow, closed) =
            (Conditions::CLEAR.delay(Duration::from_secs(1)), Conditions::CLEAR.closed());
        let seconds = Duration::from_secs;
        let timeline =
            Timeline::steady(Conditions::CLEAR).then(seconds(5), slow).then(seconds(8), closed);
        let expected = [
            (0, Conditions::CLEAR),
            (4, Conditions::CLEAR),
            (5, slow),
            (7, slow),
            (8, closed),
            (99, closed),
        ];
        for (at, conditions) in expected {
            assert_eq!(timeline.at(seconds(at)), conditions, "at {at} s");
        }
        assert_eq!(timeline.next_change(seconds(0)), Some(seconds(5)));
        assert_eq!(timeline.next_change(seconds(5)), Some(seconds(8)));
        assert_eq!(timeline.next_change(seconds(8)), None);
    }
}
