//! How audio is sent over the network as it is: bitrate, Opus' own forward error correction, and
//! redundancy (RED).
//!
//! In go the outcomes of sent packets, from feedback, and what the network carries by
//! estimate; out comes an [`AudioPlan`]. Time is an argument. What always holds: protection grows
//! as soon as loss does and is taken back only after a while without, so that it does not flap;
//! audio never takes more than half of a network that is narrow.
//!
//! Loss of single packets is repaired by in-band FEC while it is low, which costs little. From 10%
//! on, the last packets go along as redundant blocks (RFC 2198); where they take next to nothing of
//! what the network carries, one does as soon as there is loss, since FEC knows only what is
//! voiced, and that roughly. Where packets are lost several in a row, such blocks would be lost
//! with them, so one goes along that lies about as far back as a burst is long.
//!
//! Where headers do not matter a packet holds 10 ms of audio instead of 20: it is played 10 ms
//! sooner, and so is what is rebuilt from the packet after it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::audio_control::{AudioControl, PacketLength};
use crate::red::Redundancy;
use crate::units::Bitrate;

/// Loss is taken over about this many packets: 2 or 4 s, to react by…
const FAST: f64 = 200.0;
/// …and 5 or 10 s, to be sure by.
const SLOW: f64 = 500.0;
/// Nothing is decided before the outcome of so many packets is known.
const ENOUGH: u32 = 50;
/// A packet may be overtaken by so many others before it counts as lost: 100 ms at least.
const REORDERING: u64 = 10;
/// The most packets whose outcome is not settled.
const UNSETTLED: usize = 64;
/// What a receiver report stands for, which comes about once a second.
const PACKETS_PER_REPORT: u32 = 50;
/// Receiver reports count only where no outcome of a single packet came for so long.
const OUTCOMES_FRESH: Duration = Duration::from_secs(3);
/// The loss from which one, two and three redundant blocks go along.
const REDUNDANCY_FROM: [f64; 3] = [0.10, 0.20, 0.30];
/// On a network that carries so much they go along from less loss on: there a block takes a
/// twentieth of it or less, and what none repairs is heard.
const AMPLE: (Bitrate, [f64; 3]) = (Bitrate::from_kbps(800), [0.012, 0.06, 0.15]);
/// A block is let go when loss has been below this share of what called for it…
const LET_GO_BELOW: f64 = 0.7;
/// …for this long.
const LET_GO_AFTER: Duration = Duration::from_secs(5);
/// Losses in a row that are so much longer than by chance are bursts, and no longer are below the
/// second.
const BURSTS: (f64, f64) = (2.0, 1.5);
/// The loss from which bursts are worth one and two redundant blocks…
const BURST_LOSS: [f64; 2] = [0.02, 0.20];
/// …and on a network that carries [`AMPLE`].
const BURST_LOSS_AMPLE: [f64; 2] = [0.02, 0.04];
/// Loss in percent, in the steps that the encoder takes.
const LOSS_STEPS: [(f64, u8); 6] =
    [(0.012, 3), (0.04, 6), (0.08, 10), (0.13, 15), (0.18, 20), (0.25, 25)];
/// What the encoder prepares for where redundancy repairs most.
const LOSS_WITH_REDUNDANCY: u8 = 0;
/// Bitrates for a wide and for a narrow network, and one between that leaves room for redundancy.
const RATES: [Bitrate; 3] =
    [Bitrate::from_kbps(36), Bitrate::from_kbps(28), Bitrate::from_kbps(18)];
/// Below the first a network is narrow, from the second on it is wide again.
const NARROW: (Bitrate, Bitrate) = (Bitrate::from_kbps(150), Bitrate::from_kbps(180));
/// Headers of 50 packets a second: RTP with extension, SRTP, UDP and IP.
const HEADERS: Bitrate = Bitrate::from_kbps(24);
/// From the second on packets are short, and below the first they are long again.
const SHORT: (Bitrate, Bitrate) = (Bitrate::from_kbps(700), Bitrate::from_kbps(900));

/// How audio is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioPlan {
    /// What the encoder is to do.
    pub control: AudioControl,
    /// Which redundant blocks go along where the other takes them.
    pub redundancy: Redundancy,
}

impl AudioPlan {
    /// What is right until something is known of the network.
    pub const START: Self = Self { control: AudioControl::START, redundancy: Redundancy::NONE };
}

/// The average of what is seen, over the last so many.
#[derive(Debug, Clone, Copy, Default)]
struct Average {
    value: f64,
    seen: u32,
}

impl Average {
    fn add(&mut self, value: f64, over: f64) {
        self.seen = self.seen.saturating_add(1);
        self.value += (value - self.value) / f64::from(self.seen).min(over);
    }
}

/// Loss as it is lately.
#[derive(Debug, Clone, Copy, Default)]
struct LossMeter {
    fast: Average,
    slow: Average,
    /// How often a loss began.
    begun: Average,
    last_lost: bool,
}

impl LossMeter {
    fn add(&mut self, lost: f64, begun: f64) {
        self.fast.add(lost, FAST);
        self.slow.add(lost, SLOW);
        self.begun.add(begun, SLOW);
    }

    fn share(&self) -> f64 {
        self.fast.value.max(self.slow.value)
    }

    /// How many packets are lost in a row.
    fn burst(&self) -> f64 {
        if self.begun.value > 0.0 { self.slow.value / self.begun.value } else { 1.0 }
    }
}

/// A level that rises at once and falls only after a while.
#[derive(Debug, Clone, Copy, Default)]
struct Ratchet {
    level: usize,
    lower_since: Option<Instant>,
}

impl Ratchet {
    /// Moves to what is wanted by `up` or, after a while in which even the more cautious `down` was
    /// lower, to that.
    fn update(&mut self, now: Instant, up: usize, down: usize) -> usize {
        if up > self.level {
            self.level = up;
        }
        if down >= self.level {
            self.lower_since = None;
        } else if now.duration_since(*self.lower_since.get_or_insert(now)) >= LET_GO_AFTER {
            self.level = down;
            self.lower_since = None;
        }
        self.level
    }
}

/// How many of the rising thresholds a value has reached.
fn reached(thresholds: impl IntoIterator<Item = f64>, value: f64) -> usize {
    thresholds.into_iter().filter(|threshold| value >= *threshold).count()
}

/// Decides how audio is sent, from the outcomes of what was sent.
#[derive(Debug, Default)]
pub struct AudioAdaptation {
    /// By number, whether a packet arrived, as far as is reported.
    outcomes: BTreeMap<u64, bool>,
    loss: LossMeter,
    outcomes_at: Option<Instant>,
    blocks: Ratchet,
    steps: Ratchet,
    bursts: bool,
    narrow: bool,
    short: bool,
}

impl AudioAdaptation {
    /// Takes the outcome of the packet with this number, counted in the order of sending
    /// (transport-wide feedback). One that was reported missing may be reported to have arrived
    /// later; some may never be reported.
    pub fn packet_outcome(&mut self, now: Instant, number: u64, arrived: bool) {
        self.outcomes_at = Some(now);
        *self.outcomes.entry(number).or_default() |= arrived;
        while let Some((&newest, _)) = self.outcomes.last_key_value()
            && let Some(first) = self.outcomes.first_entry()
            && (newest - *first.key() >= REORDERING || self.outcomes.len() > UNSETTLED)
        {
            if let Some((_, arrived)) = self.outcomes.pop_first() {
                self.settle(arrived);
            }
        }
    }

    fn settle(&mut self, arrived: bool) {
        let begun = !arrived && !self.loss.last_lost;
        self.loss.add(f64::from(u8::from(!arrived)), f64::from(u8::from(begun)));
        self.loss.last_lost = !arrived;
    }

    /// The share of our packets that were lost lately, from a receiver report (RFC 3550 §6.4.1).
    pub fn loss_reported(&mut self, now: Instant, share: f64) {
        let outcomes_known =
            self.outcomes_at.is_some_and(|at| now.saturating_duration_since(at) < OUTCOMES_FRESH);
        if outcomes_known || !(0.0..=1.0).contains(&share) {
            return;
        }
        for _ in 0..PACKETS_PER_REPORT {
            // How they were lost is not reported: as if each by itself.
            self.loss.add(share, share * (1.0 - share));
        }
    }

    /// How to send, where the network carries `estimate` in all, and the other takes RED or does
    /// not.
    pub fn plan(&mut self, now: Instant, estimate: Bitrate, takes_red: bool) -> AudioPlan {
        let (narrow, wide) = NARROW;
        self.narrow = estimate < if self.narrow { wide } else { narrow };
        let (long_below, short_from) = SHORT;
        self.short = estimate >= if self.short { long_below } else { short_from };
        let (loss, enough) = (self.loss.share(), self.loss.fast.seen >= ENOUGH);
        let (bursts, single) = BURSTS;
        // By chance the next packet is as likely to arrive as any.
        let by_chance = 1.0 / (1.0 - self.loss.slow.value).max(0.01);
        self.bursts = self.loss.burst() / by_chance >= if self.bursts { single } else { bursts };

        let (ample, from) = AMPLE;
        let (from, burst_from) = if estimate >= ample {
            (from, BURST_LOSS_AMPLE)
        } else {
            (REDUNDANCY_FROM, BURST_LOSS)
        };
        let count = |share: f64| match self.bursts {
            true => reached(burst_from.map(|from| from * share), self.loss.slow.value),
            false => reached(from.map(|from| from * share), loss),
        };
        let (up, down) = if enough { (count(1.0), count(LET_GO_BELOW)) } else { (0, 0) };
        let wanted = self.blocks.update(now, up, down);
        let (rate, blocks) = self.affordable(estimate, if takes_red { wanted } else { 0 });
        let redundancy = match blocks {
            0 => Redundancy::NONE,
            _ if self.bursts => {
                let distance = (self.loss.burst() * 0.8).round().clamp(2.0, 4.0) as u8;
                if blocks == 1 {
                    Redundancy::at(distance)
                } else {
                    Redundancy::pair(distance, distance + 2)
                }
            }
            blocks => Redundancy::last(blocks as u8),
        };

        let step = |share: f64| reached(LOSS_STEPS.map(|(from, _)| from * share), loss);
        let (up, down) = if enough { (step(1.0), step(LET_GO_BELOW)) } else { (0, 0) };
        let step = self.steps.update(now, up, down);
        let expected_loss_percent = if redundancy != Redundancy::NONE {
            LOSS_WITH_REDUNDANCY
        } else if !enough {
            AudioControl::START.expected_loss_percent
        } else {
            step.checked_sub(1)
                .and_then(|step| LOSS_STEPS.get(step))
                .map_or(0, |(_, percent)| *percent)
        };
        let packet = if self.short { PacketLength::Short } else { PacketLength::Long };
        AudioPlan {
            control: AudioControl { bitrate: rate, expected_loss_percent, packet },
            redundancy,
        }
    }

    /// The highest rate with which so many redundant blocks fit into half of the estimate, or fewer
    /// where none does.
    fn affordable(&self, estimate: Bitrate, blocks: usize) -> (Bitrate, usize) {
        let [_, _, lowest] = RATES;
        let share = (estimate.bps() / 2).saturating_sub(HEADERS.bps());
        let fits = |rate: Bitrate, blocks: usize| rate.bps() * (blocks as u64 + 1) <= share;
        let blocks = (0..=blocks).rev().find(|&blocks| fits(lowest, blocks)).unwrap_or(0);
        let rates = RATES.into_iter().filter(|&rate| !self.narrow || rate == lowest);
        let rate = rates.into_iter().find(|&rate| fits(rate, blocks)).unwrap_or(lowest);
        // Without redundancy the estimate alone decides: video gives way to audio.
        if blocks == 0 && !self.narrow { (RATES[0], 0) } else { (rate, blocks) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    const WIDE: Bitrate = Bitrate::from_kbps(2000);
    const PACKET: Duration = Duration::from_millis(20);

    /// The plans while packets are lost as the closure says.
    fn plans(
        seconds: u64,
        estimate: Bitrate,
        mut lost: impl FnMut(u64, &mut StdRng) -> bool,
    ) -> Vec<AudioPlan> {
        let (mut random, start) = (StdRng::seed_from_u64(5), Instant::now());
        let mut adaptation = AudioAdaptation::default();
        (0..seconds * 50)
            .map(|n| {
                let now = start + n as u32 * PACKET;
                let lost = lost(n, &mut random);
                adaptation.packet_outcome(now, n, !lost);
                adaptation.plan(now, estimate, true)
            })
            .collect()
    }

    fn changes(plans: &[AudioPlan]) -> usize {
        plans.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    #[test]
    fn without_loss_nothing_is_added() {
        let plans = plans(10, WIDE, |_, _| false);
        let at_first = AudioControl { packet: PacketLength::Short, ..AudioControl::START };
        assert_eq!(plans[0], AudioPlan { control: at_first, ..AudioPlan::START });
        let control = AudioControl {
            expected_loss_percent: 0,
            packet: PacketLength::Short,
            ..AudioControl::START
        };
        assert_eq!(*plans.last().unwrap(), AudioPlan { control, redundancy: Redundancy::NONE });
    }

    #[test]
    fn little_loss_calls_for_forward_error_correction_and_more_for_redundancy() {
        for (share, blocks) in [(0.02, 0), (0.06, 0), (0.13, 1), (0.24, 2), (0.40, 3)] {
            let plans = plans(30, Bitrate::from_kbps(700), |_, random| random.random_bool(share));
            let settled = &plans[500..];
            let expected = Redundancy::last(blocks);
            let right = settled.iter().filter(|plan| plan.redundancy == expected).count();
            assert!(right * 10 >= settled.len() * 8, "{share}: {right} of {}", settled.len());
            assert!(
                settled
                    .iter()
                    .all(|p| (p.control.expected_loss_percent > 0) == (p.redundancy.count() == 0))
            );
        }
    }

    #[test]
    fn where_redundancy_costs_next_to_nothing_it_goes_along_as_soon_as_there_is_loss() {
        let plans = plans(30, WIDE, |_, random| random.random_bool(0.02));
        let right =
            plans[500..].iter().filter(|plan| plan.redundancy == Redundancy::last(1)).count();
        assert!(right > 800, "{right} of 1000");
    }

    #[test]
    fn bursts_call_for_a_block_that_they_do_not_reach() {
        let mut in_burst = false;
        let plans = plans(30, WIDE, |_, random| {
            in_burst ^= random.random_bool(if in_burst { 0.2 } else { 0.0105 });
            in_burst
        });
        let far = plans[500..]
            .iter()
            .filter(|plan| plan.redundancy.distances().next() >= Some(3))
            .count();
        assert!(far > 900, "{far} of 1000");
    }

    #[test]
    fn protection_comes_within_three_seconds_and_goes_when_loss_is_gone() {
        let plans =
            plans(90, WIDE, |n, random| (500..1500).contains(&n) && random.random_bool(0.25));
        assert_eq!(plans[499].redundancy, Redundancy::NONE);
        assert!(plans[650].redundancy.count() >= 1, "{:?}", plans[650]);
        assert_eq!(plans[4499].redundancy, Redundancy::NONE);
        assert_eq!(plans[4499].control.expected_loss_percent, 0);
    }

    #[test]
    fn loss_near_a_threshold_does_not_make_it_flap() {
        for share in [0.005, 0.012, 0.10, 0.20] {
            let plans = plans(120, WIDE, |_, random| random.random_bool(share));
            assert!(
                changes(&plans[500..]) <= 20,
                "{share}: {} changes in 110 s",
                changes(&plans[500..])
            );
        }
    }

    #[test]
    fn without_redundancy_forward_error_correction_is_all_there_is() {
        let mut adaptation = AudioAdaptation::default();
        let now = Instant::now();
        (0..500).for_each(|n| adaptation.packet_outcome(now, n, n % 5 != 0));
        let plan = adaptation.plan(now, WIDE, false);
        assert_eq!(plan.redundancy, Redundancy::NONE);
        assert!(plan.control.expected_loss_percent >= 20, "{plan:?}");
    }

    #[test]
    fn on_a_narrow_network_audio_takes_less() {
        let rate = |kbps: u64, share: f64| {
            let plans = plans(20, Bitrate::from_kbps(kbps), |_, random| random.random_bool(share));
            let plan = plans.last().unwrap();
            (plan.control.bitrate.bps() / 1000, plan.redundancy.count())
        };
        assert_eq!(rate(120, 0.0), (18, 0));
        assert_eq!(rate(300, 0.0), (36, 0));
        let (kbps, blocks) = rate(120, 0.4);
        assert!(kbps == 18 && blocks == 1, "{kbps} kbit/s with {blocks} redundant blocks");
        let (kbps, blocks) = rate(300, 0.4);
        assert!(kbps == 28 && blocks == 3, "{kbps} kbit/s with {blocks} redundant blocks");
        assert_eq!(rate(50, 0.4), (18, 0));
    }

    #[test]
    fn receiver_reports_do_where_single_packets_are_not_reported() {
        let (mut adaptation, start) = (AudioAdaptation::default(), Instant::now());
        for second in 0..10 {
            adaptation.loss_reported(start + Duration::from_secs(second), 0.15);
        }
        let plan = adaptation.plan(start + Duration::from_secs(10), WIDE, true);
        assert_eq!(plan.redundancy, Redundancy::last(3));
        for report in [-1.0, 2.0, f64::NAN] {
            adaptation.loss_reported(start, report);
        }
        assert_eq!(adaptation.plan(start + Duration::from_secs(10), WIDE, true), plan);
    }

    #[test]
    fn a_packet_that_was_overtaken_is_not_lost_and_one_that_is_never_reported_counts_for_nothing() {
        let (mut adaptation, now) = (AudioAdaptation::default(), Instant::now());
        for n in 0..500_u64 {
            // Every other packet comes after the two that follow it, and of every fifth the report
            // is lost.
            let outcome = |n: u64, arrived| (!n.is_multiple_of(5)).then_some((n, arrived));
            let overtaken = n.checked_sub(2).and_then(|n| outcome(n, n % 2 == 0));
            for (number, arrived) in outcome(n, n % 2 == 1).into_iter().chain(overtaken) {
                adaptation.packet_outcome(now, number, arrived);
            }
        }
        assert_eq!(adaptation.loss.share(), 0.0);
        for n in [0, 7, u64::MAX, 3, 1 << 40] {
            adaptation.packet_outcome(now, n, true);
        }
        assert!(adaptation.outcomes.len() <= UNSETTLED);
    }

    #[test]
    fn an_estimate_near_the_threshold_does_not_make_the_rate_flap() {
        let mut adaptation = AudioAdaptation::default();
        let now = Instant::now();
        let mut rate = |kbps| adaptation.plan(now, Bitrate::from_kbps(kbps), true).control.bitrate;
        assert_eq!(rate(149), Bitrate::from_kbps(18));
        assert_eq!(rate(170), Bitrate::from_kbps(18));
        assert_eq!(rate(181), Bitrate::from_kbps(36));
        assert_eq!(rate(151), Bitrate::from_kbps(36));
        let mut packet = |kbps| adaptation.plan(now, Bitrate::from_kbps(kbps), true).control.packet;
        let (short, long) = (PacketLength::Short, PacketLength::Long);
        assert_eq!([899, 901, 701, 699, 899].map(&mut packet), [long, short, short, long, long]);
    }
}
