//! When the session looks by itself at what nobody reports: how loud the microphone is, whether a
//! picture comes, who is there, whether a log-in is to be tried again.
//!
//! Pure: time is an argument. In: when it looked last, and what there is to look at. Out: when it
//! looks next. What always holds: what nobody waits for wakes nothing; two looks are never closer
//! than the pace they have.

use std::time::{Duration, Instant};

/// How often levels are looked at while somebody looks at them.
pub(super) const FAST: Duration = Duration::from_millis(200);
/// How often otherwise.
pub(super) const SLOW: Duration = Duration::from_secs(1);

/// What there is to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Devices or a call, of which levels change by themselves.
    pub(super) levels: bool,
    /// Somebody sees the levels.
    pub(super) lively: bool,
    /// When the list of people is to be asked for again.
    pub(super) people: Option<Instant>,
    /// When a log-in is to be tried again.
    pub(super) log_in: Option<Instant>,
}

impl Needs {
    /// When to look next after having looked at `last`; never, while there is nothing to look at.
    pub(super) fn next(self, last: Instant) -> Option<Instant> {
        let soonest = last + if self.lively { FAST } else { SLOW };
        let levels = self.levels.then_some(soonest);
        let due = [levels, self.people, self.log_in].into_iter().flatten().min()?;
        Some(due.max(soonest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it looks in ten minutes, if what is to be done at `every` is done then.
    fn looks_in_ten_minutes(needs: impl Fn(Instant) -> Needs) -> usize {
        let start = Instant::now();
        let end = start + Duration::from_secs(600);
        let next = |last: &Instant| needs(*last).next(*last).filter(|at| *at <= end);
        std::iter::successors(Some(start), next).count() - 1
    }

    #[test]
    fn a_session_with_nothing_to_look_at_never_wakes() {
        assert_eq!(looks_in_ten_minutes(|_| Needs::default()), 0);
    }

    #[test]
    fn each_thing_wakes_it_at_its_own_pace() {
        let people =
            |last| Needs { people: Some(last + Duration::from_secs(5)), ..Needs::default() };
        assert_eq!(looks_in_ten_minutes(people), 120);
        assert_eq!(looks_in_ten_minutes(|_| Needs { levels: true, ..Needs::default() }), 600);
        let lively = |_| Needs { levels: true, lively: true, ..Needs::default() };
        assert_eq!(looks_in_ten_minutes(lively), 3000);
    }

    #[test]
    fn what_is_overdue_waits_for_the_pace_and_the_sooner_of_two_comes_first() {
        let last = Instant::now() + Duration::from_secs(100);
        let at = |seconds| last + Duration::from_secs(seconds);
        let overdue = Needs { log_in: Some(last - Duration::from_secs(60)), ..Needs::default() };
        assert_eq!(overdue.next(last), Some(at(1)), "it does not spin");
        let both = Needs { log_in: Some(at(2)), people: Some(at(5)), ..Needs::default() };
        assert_eq!(both.next(last), Some(at(2)));
    }
}
