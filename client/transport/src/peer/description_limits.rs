//! How much the other may negotiate in a call. Pure: time is an argument.
//!
//! The library keeps a transceiver for each media section that it was ever given, and each
//! description costs it time. In: the other's descriptions. Out: whether the library gets them.
//! What always holds: it gets at most [`MAX_SECTIONS`] different sections in a call, however they
//! are spread over descriptions, and no more offers than [`BURST`] at once and one in [`ONE_IN`].
//! A section of a running call stays the same one when it is negotiated again (RFC 8829 §5.2.2).

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::path::budget::Budget;

/// The most media sections of a call. A browser that shares a screen with sound has four.
const MAX_SECTIONS: usize = 32;
/// So many offers may come at once.
const BURST: u32 = 12;
/// And then one in this time. ICE is restarted every five seconds at most.
const ONE_IN: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Debug)]
pub(super) struct DescriptionLimits {
    /// What tells a section from others: its `mid`, or else its place.
    sections: HashSet<String>,
    offers: Budget,
}

impl Default for DescriptionLimits {
    fn default() -> Self {
        Self { sections: HashSet::new(), offers: Budget::new(BURST, ONE_IN) }
    }
}

impl DescriptionLimits {
    /// Whether there is time for another offer; if so, it counts.
    pub(super) fn has_time(&mut self, now: Instant) -> bool {
        self.offers.take(now)
    }

    /// Whether there is room for the sections of a description; if so, they count.
    pub(super) fn has_room(&mut self, sdp: &str) -> bool {
        let new: HashSet<String> = sections(sdp)
            .take(MAX_SECTIONS + 1)
            .filter(|section| !self.sections.contains(section))
            .collect();
        let fits = self.sections.len() + new.len() <= MAX_SECTIONS;
        if fits {
            self.sections.extend(new);
        }
        fits
    }
}

/// What tells the sections of a description apart.
fn sections(sdp: &str) -> impl Iterator<Item = String> {
    let sections = sdp.split("\nm=").skip(1).enumerate();
    sections.map(|(index, section)| {
        let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:")).map(str::trim);
        mid.map_or_else(|| format!("#{index}"), |mid| format!("mid {mid}"))
    })
}

/// The SSRCs that a description names (RFC 5576 §4.1).
pub(super) fn named_ssrcs(sdp: &str) -> impl Iterator<Item = u32> {
    sdp.lines().filter_map(|line| {
        line.strip_prefix("a=ssrc:")?.split_ascii_whitespace().next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(mids: impl Iterator<Item = usize>) -> String {
        let sections = mids.map(|mid| format!("m=video 9 X 96\r\na=mid:s{mid}\r\n"));
        ["v=0\r\ns=-\r\n".to_owned()].into_iter().chain(sections).collect()
    }

    #[test]
    fn a_call_has_so_many_sections_however_they_come() {
        let mut limits = DescriptionLimits::default();
        assert!(limits.has_room(&offer(0..20)) && limits.has_room(&offer(0..30)));
        for _ in 0..100 {
            assert!(limits.has_room(&offer(0..30)), "the same again");
        }
        assert!(!limits.has_room(&offer(100..160)) && !limits.has_room(&offer(0..33)));
        assert!(limits.has_room(&offer(30..32)));
        assert!(!limits.has_room(&offer(32..33)));
        assert_eq!(limits.sections.len(), MAX_SECTIONS);
    }

    #[test]
    fn sections_without_a_name_go_by_their_place() {
        let mut limits = DescriptionLimits::default();
        let unnamed = |count| format!("v=0\r\n{}", "m=audio 9 X 0\r\na=sendrecv\r\n".repeat(count));
        assert!(limits.has_room(&unnamed(3)) && limits.has_room(&unnamed(3)));
        assert_eq!(limits.sections.len(), 3);
        assert!(!limits.has_room(&unnamed(60)));
        assert!(limits.has_room("") && limits.has_room("m=\nm=\nm="));
    }

    #[test]
    fn forty_offers_a_second_are_too_many_and_one_in_a_while_is_not() {
        let (mut limits, start) = (DescriptionLimits::default(), Instant::now());
        let taken = (0..400u32).filter(|n| limits.has_time(start + Duration::from_millis(25) * *n));
        assert!(taken.count() <= 32);
        let later = start + Duration::from_secs(60);
        assert!((0..100).all(|n| limits.has_time(later + Duration::from_secs(2) * n)));
    }

    #[test]
    fn named_ssrcs_are_read_once_for_each_line() {
        let sdp = "a=ssrc:7 cname:x\r\na=ssrc:7 msid:y\r\na=ssrc:9\r\na=ssrc:x\r\na=ssrc:\r\n";
        assert_eq!(named_ssrcs(sdp).collect::<Vec<_>>(), [7, 7, 9]);
    }
}
