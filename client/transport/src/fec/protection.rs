//! How many FEC packets a group is worth.
//!
//! A retransmission costs a round trip, FEC costs bit rate. So there is FEC only where packets get
//! lost at random and the round trip is felt, and then as much as leaves but few groups to
//! retransmissions. In goes an [`Outlook`], a number of packets comes out. Pure.

use std::time::Duration;

use visavis_media::units::Bitrate;

use super::MAX_FEC;

/// With a shorter round trip a retransmission is hardly seen.
const SHORT_RTT: Duration = Duration::from_millis(25);
/// Less loss than this is left to retransmissions.
const LEAST_LOSS: f64 = 0.005;
/// More loss than this is taken for this.
const MOST_LOSS: f64 = 0.5;
/// Groups that are left to retransmissions: this share at a round trip of [`LONG_RTT`] and above,
/// up to four times as many at shorter ones.
const LEFT_OVER: f64 = 0.025;
const LONG_RTT: Duration = Duration::from_millis(100);

/// A path with less is full when there is a FEC packet for each frame, and what its queue drops
/// then calls for more of them.
const FILLED_BY_FEC: Bitrate = Bitrate::from_kbps(200);

/// What decides on FEC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// The share of packets that gets lost although queues are short, 0 to 1.
    pub loss: f64,
    /// How many packets a loss burst takes, on average.
    pub burst_length: f64,
    /// The round trip.
    pub rtt: Duration,
    /// What may be sent in all.
    pub estimate: Bitrate,
}

/// Losses come in bursts when so many are lost in a row on average; at random that would take a
/// loss of more than half.
const BURST: f64 = 2.2;
const LONGEST_BURST: f64 = 8.0;

/// How many FEC packets to send with a group of so many media packets.
#[must_use]
pub fn fec_packets_for(media: usize, outlook: Outlook) -> usize {
    if media == 0 || outlook.rtt < SHORT_RTT || outlook.loss.is_nan() || outlook.loss < LEAST_LOSS {
        return 0;
    }
    let loss = outlook.loss.min(MOST_LOSS);
    let short = LONG_RTT.as_secs_f64() / outlook.rtt.as_secs_f64().max(1e-3);
    let left_over = LEFT_OVER * short.clamp(1.0, 4.0);
    let most = media as f64 * most_overhead(outlook.estimate);
    // Rounded up, each frame of one packet would be sent twice.
    let most = if outlook.estimate < FILLED_BY_FEC { most.floor() } else { most.ceil() };
    let most = (most as usize).min(MAX_FEC);
    // Where losses come in bursts, the usual burst at least is to be rebuilt.
    let least = if outlook.burst_length >= BURST {
        outlook.burst_length.min(LONGEST_BURST).ceil() as usize
    } else {
        0
    };
    (least.min(most)..most)
        .find(|&fec| beyond_rebuilding(media + fec, fec, loss) <= left_over)
        .unwrap_or(most)
}

/// The most FEC packets for each media packet. With little to send, a simpler image costs more
/// than a late one.
fn most_overhead(estimate: Bitrate) -> f64 {
    match estimate.bps() {
        ..400_000 => 0.34,
        400_000..900_000 => 0.5,
        _ => 1.0,
    }
}

/// The probability that more than `spare` of `packets` get lost.
fn beyond_rebuilding(packets: usize, spare: usize, loss: f64) -> f64 {
    let odds = loss / (1.0 - loss);
    let mut exactly = (1.0 - loss).powi(i32::try_from(packets).unwrap_or(i32::MAX));
    let mut up_to = exactly;
    for lost in 1..=spare {
        exactly *= odds * (packets - lost + 1) as f64 / lost as f64;
        up_to += exactly;
    }
    1.0 - up_to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fec(media: usize, percent: f64, rtt_ms: u64) -> usize {
        let (loss, rtt) = (percent / 100.0, Duration::from_millis(rtt_ms));
        fec_packets_for(
            media,
            Outlook { loss, burst_length: 1.0, rtt, estimate: Bitrate::from_kbps(3000) },
        )
    }

    #[test]
    fn where_nothing_is_lost_or_retransmissions_are_quick_there_is_no_fec() {
        assert_eq!(fec(9, 0.0, 200), 0);
        assert_eq!(fec(9, 10.0, 20), 0);
        assert_eq!(fec(0, 10.0, 200), 0);
        assert_eq!(fec(9, f64::NAN, 200), 0);
    }

    #[test]
    fn more_loss_and_a_longer_path_get_more_fec() {
        assert_eq!(fec(9, 2.0, 60), 1);
        assert_eq!((fec(9, 10.0, 60), fec(9, 10.0, 100)), (3, 4));
        assert_eq!((fec(9, 30.0, 100), fec(9, 100.0, 100)), (9, 9));
        assert_eq!(fec(1, 2.0, 100), 0);
        assert_eq!(fec(1, 10.0, 100), 1);
    }

    #[test]
    fn loss_bursts_get_fec_for_a_burst() {
        let outlook = |burst_length| Outlook {
            loss: 0.05,
            burst_length,
            rtt: Duration::from_millis(60),
            estimate: Bitrate::from_kbps(3000),
        };
        assert_eq!(
            (
                fec_packets_for(9, outlook(1.1)),
                fec_packets_for(9, outlook(4.6)),
                fec_packets_for(3, outlook(4.6))
            ),
            (2, 5, 3)
        );
    }

    #[test]
    fn a_narrow_path_is_not_filled_with_fec() {
        let outlook = |kbps| Outlook {
            loss: 0.3,
            burst_length: 1.0,
            rtt: Duration::from_millis(100),
            estimate: Bitrate::from_kbps(kbps),
        };
        assert_eq!(
            (
                fec_packets_for(6, outlook(300)),
                fec_packets_for(6, outlook(600)),
                fec_packets_for(6, outlook(2000))
            ),
            (3, 3, 6)
        );
        assert_eq!([1, 2, 6].map(|media| fec_packets_for(media, outlook(150))), [0, 0, 2]);
    }
}
