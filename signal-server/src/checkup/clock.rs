//! This machine's clock, held against every other one that the examination meets.
//!
//! There is no clock that is asked for its own sake: what an authority says in its answers, what
//! Redis says, and when a certificate was issued. Which of them there were stands in the words.

use std::time::{Duration, Instant, SystemTime};

use visavis_shared::{Finding, Timestamp};

use crate::acme::in_words;
use crate::acme::renewal::clock_error;

const PART: &str = "clock";
const ADVICE: &str = "Set it, and keep it so: timedatectl set-ntp true. Certificates and the \
                      credentials of relays are valid by the clock.";
/// By how much it may jump while it is watched.
const JUMP: Duration = Duration::from_secs(1);

/// The clocks that were met.
#[derive(Debug)]
pub(super) struct Clocks {
    began: (SystemTime, Instant),
    /// What another clock said, and this one at that time.
    met: Vec<(&'static str, Timestamp, Timestamp)>,
    /// When a certificate was issued: it is later now.
    issued: Option<Timestamp>,
}

impl Clocks {
    pub(super) fn begin() -> Self {
        Self { began: (SystemTime::now(), Instant::now()), met: Vec::new(), issued: None }
    }

    /// Another clock said what time it is, just now.
    pub(super) fn met(&mut self, whose: &'static str, time: Timestamp) {
        self.met.push((whose, time, SystemTime::now().into()));
    }

    pub(super) fn certificate(&mut self, not_before: Timestamp) {
        self.issued = Some(not_before);
    }

    pub(super) fn compare(&self) -> Finding {
        let (wall, steady) = self.began;
        let wall = SystemTime::now().duration_since(wall);
        let jumped = wall.map_or(Duration::MAX, |wall| wall.abs_diff(steady.elapsed()));
        judge(&self.met, self.issued, SystemTime::now().into(), jumped)
    }
}

fn judge(
    met: &[(&'static str, Timestamp, Timestamp)],
    issued: Option<Timestamp>,
    now: Timestamp,
    jumped: Duration,
) -> Finding {
    for (whose, there, here) in met {
        if let Some(by) = clock_error(*here, *there) {
            let words =
                format!("It says {here}, and that of {whose} {there}: {} apart.", in_words(by));
            return Finding::fails(PART, words, ADVICE);
        }
    }
    if let Some(issued) = issued
        && clock_error(issued, now).is_some_and(|_| issued > now)
    {
        let words = format!("It says {now}, and the certificate was issued on {issued}.");
        return Finding::fails(PART, words, ADVICE);
    }
    if jumped > JUMP {
        let words = "It was set while it was watched, or goes at another speed than time does.";
        return Finding::weak(PART, words, ADVICE);
    }
    if met.is_empty() {
        let beside = if issued.is_some() { " but the certificate, which is older" } else { "" };
        let words = format!("It says {now}. There was nothing to compare it with{beside}.");
        return Finding::skipped(PART, words);
    }
    let whose: Vec<_> = met.iter().map(|(whose, ..)| *whose).collect();
    Finding::works(PART, format!("It says what that of {} does.", whose.join(" and that of ")))
}

#[cfg(test)]
mod tests {
    use visavis_shared::Verdict;

    use super::*;

    #[test]
    fn a_clock_is_wrong_if_any_other_says_so() {
        let at = Timestamp::from_unix_seconds;
        let verdict = |met: &[(&'static str, u64, u64)], issued: Option<u64>, jumped: u64| {
            let met: Vec<_> =
                met.iter().map(|(whose, there, here)| (*whose, at(*there), at(*here))).collect();
            judge(&met, issued.map(at), at(10_000), Duration::from_secs(jumped))
        };
        for (met, issued, jumped, expected) in [
            (&[][..], None, 0, Verdict::Skipped),
            (&[], Some(9_000), 0, Verdict::Skipped),
            (&[("Redis", 10_000, 10_001)], None, 0, Verdict::Works),
            (&[("Redis", 10_000, 10_001)], None, 60, Verdict::Weak),
            (
                &[("Redis", 10_000, 10_000), ("the authority", 2_000, 10_000)],
                None,
                0,
                Verdict::Fails,
            ),
            (&[("Redis", 19_000, 10_000)], None, 0, Verdict::Fails),
            // A certificate from the future.
            (&[], Some(20_000), 0, Verdict::Fails),
            (&[], Some(10_200), 0, Verdict::Skipped),
        ] {
            assert_eq!(verdict(met, issued, jumped).verdict, expected, "{met:?} {issued:?}");
        }
        let words = verdict(&[("Redis", 2_000, 10_000)], None, 0).words;
        assert!(words.contains("that of Redis 1970-01-01T00:33:20Z: 2 hours apart"), "{words}");
    }
}
