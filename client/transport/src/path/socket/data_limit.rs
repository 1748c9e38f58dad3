//! How much of data channels reaches the library, which keeps something for each that the other
//! opens (ADR 23, ADR 39). Pure: time is an argument.
//!
//! In: datagrams of DTLS, and whether the call uses data channels. Out: whether they go on. What
//! always holds: handshakes and alerts do. Application data, which with DTLS-SRTP is data channels
//! alone (RFC 5764 §5.1.2), does in a call that uses them, up to [`UNANSWERED`] bytes before the
//! library has had its say again. In any other a description may name them
//! all the same, and then an SCTP association is set up (RFC 8831): that and its heartbeats are all
//! that needs to pass, and no more than [`AT_ONCE`] bytes do at once and then one byte in
//! [`ONE_BYTE_IN`].

use std::time::{Duration, Instant};

use crate::path::budget::Budget;

/// The content type of application data (RFC 6347 §4.1).
const APPLICATION_DATA: u8 = 23;
/// Enough for an association and a handful of channels.
const AT_ONCE: u32 = 8192;
/// In a call that uses them, so much at once: all of it is read, and every channel opened that it
/// opens, before anything is done about it. A sender at its pace has less on its way.
const UNANSWERED: usize = 128 * 1024;
/// Heartbeats of a hundred bytes come every half a minute (RFC 9260 §8.3).
const ONE_BYTE_IN: Duration = Duration::from_millis(31);

/// See the module.
#[derive(Debug)]
pub(crate) struct DataLimit {
    unused: Budget,
    is_used: bool,
    /// So many bytes have gone on since the library sent something.
    unanswered: usize,
}

impl Default for DataLimit {
    fn default() -> Self {
        Self { unused: Budget::new(AT_ONCE, ONE_BYTE_IN), is_used: false, unanswered: 0 }
    }
}

impl DataLimit {
    /// The call uses data channels, or no longer does.
    pub(crate) fn is_used(&mut self, is_used: bool) {
        self.is_used = is_used;
    }

    /// The library has sent something: it has looked at what came.
    pub(crate) fn left(&mut self) {
        self.unanswered = 0;
    }

    /// Whether a datagram of DTLS goes on.
    pub(crate) fn admits(&mut self, datagram: &[u8], now: Instant) -> bool {
        if !is_application_data(datagram) {
            return true;
        }
        if self.is_used {
            self.unanswered += datagram.len();
            return self.unanswered <= UNANSWERED;
        }
        let bytes = u32::try_from(datagram.len()).unwrap_or(u32::MAX);
        self.unused.take_many(bytes, now)
    }
}

/// Whether a datagram is of data channels.
pub(super) fn is_application_data(datagram: &[u8]) -> bool {
    datagram.first() == Some(&APPLICATION_DATA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_call_that_uses_data_channels_all_passes_that_is_looked_at() {
        let (mut limit, now) = (DataLimit::default(), Instant::now());
        limit.is_used(true);
        let datagram = [&[APPLICATION_DATA][..], &[0; 1199]].concat();
        let passed =
            |limit: &mut DataLimit| (0..1000).filter(|_| limit.admits(&datagram, now)).count();
        for _ in 0..10 {
            assert_eq!(passed(&mut limit), UNANSWERED / 1200);
            limit.left();
        }
        limit.is_used(false);
        assert!(passed(&mut limit) <= AT_ONCE as usize / 1200);
    }

    #[test]
    fn an_association_lives_and_thousands_of_channels_do_not_come_about() {
        let (mut limit, start) = (DataLimit::default(), Instant::now());
        let data = |length: usize| [&[APPLICATION_DATA][..], &vec![0; length - 1]].concat();
        assert!((0..8).all(|_| limit.admits(&data(300), start)), "the set-up");
        for minute in 1..600u32 {
            let now = start + Duration::from_secs(60) * minute;
            assert!((0..4).all(|_| limit.admits(&data(120), now)), "heartbeats");
        }
        let later = start + Duration::from_secs(60 * 600);
        let passed: usize =
            (0..10_000)
                .map(|n| {
                    if limit.admits(&data(80), later + Duration::from_millis(2) * n) {
                        80
                    } else {
                        0
                    }
                })
                .sum();
        assert!(passed <= AT_ONCE as usize + 20_000 / 31, "{passed} bytes");
        for content in [20, 21, 22] {
            assert!((0..1000).all(|_| limit.admits(&[content; 1200], later)), "{content}");
        }
    }
}
