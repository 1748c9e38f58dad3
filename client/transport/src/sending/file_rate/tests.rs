//! Files beside a call on links of several widths, in virtual time.

use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);
/// What audio takes with its headers, in bits per second.
const AUDIO: f64 = 60e3;
/// The call has found its rate when the transfer begins.
const BEGINS: Duration = Duration::from_secs(10);

/// A link with a queue, and a picture that follows the estimate as one that is limited by delay
/// does: down at 40 ms of queue, else slowly up.
struct Beside {
    link: f64,
    /// What the picture can use at most; 0 for none.
    video: f64,
    rtt: Duration,
    has_transfer: bool,
    /// The estimator takes the first queue for its own, and falls to less than media sends.
    is_nervous: bool,
}

struct Seen {
    /// The mean and the longest queue of the last half, in seconds.
    mean_queue: f64,
    longest_queue: f64,
    /// What media and files got through in the last half, in bits per second.
    media: f64,
    files: f64,
    /// When files first got this share of what is left to them.
    found: Option<Duration>,
}

impl Beside {
    fn run(&self, seconds: u32) -> Seen {
        let start = Instant::now();
        let mut files = FileRate::default();
        let (step, mut backlog) = (10 * MS, 0.0f64);
        let wanted = self.video * 1.05 + AUDIO;
        let mut estimate = wanted.min(300e3);
        let (mut rate, mut sent) = (LEAST_START, 0.0);
        let delay = self.rtt / 2 + 40 * MS;
        let behind = (delay.as_millis() / step.as_millis()) as usize;
        // An estimator falls once and waits for what comes of that.
        let mut falls = start;
        let mut queues = std::collections::VecDeque::from(vec![0.0; behind + 1]);
        let half = seconds * 50;
        let mut seen =
            Seen { mean_queue: 0.0, longest_queue: 0.0, media: 0.0, files: 0.0, found: None };
        for n in 0..seconds * 100 {
            let now = start + step * n;
            let seconds = step.as_secs_f64();
            let has_transfer = self.has_transfer && step * n >= BEGINS;
            let floor = FileRate::floor(Bitrate::from_bps(estimate as u64)).bps() as f64;
            let taken = if has_transfer { rate.min(floor) } else { 0.0 };
            let picture = (estimate - AUDIO - taken).clamp(0.0, self.video);
            let media = picture + AUDIO;
            let data = if has_transfer { rate } else { 0.0 };
            // The picture comes 25 times a second.
            let burst = if n % 4 == 0 { picture * 4.0 * seconds } else { 0.0 };
            backlog += burst + (AUDIO + data) * seconds;
            let through = backlog.min(self.link * seconds);
            backlog -= through;
            sent += data * seconds / 8.0;
            queues.push_back(backlog / self.link);
            let queue = queues.pop_front().unwrap_or_default();
            // The estimator of media.
            if self.is_nervous && queue > 0.013 {
                if now >= falls {
                    estimate = estimate.min(0.85 * media);
                    falls = now + 200 * MS;
                }
            } else if queue > 0.06 {
                estimate *= 1.0 - 2.0 * seconds;
            } else if queue < 0.03 {
                estimate = (estimate * (1.0 + 0.4 * seconds)).min(wanted.max(300e3) * 1.2);
            }
            if n % 5 == 0 {
                let observation = Observation {
                    estimate: Bitrate::from_bps(estimate as u64),
                    useful: (self.video > 0.0).then(|| Bitrate::from_bps(wanted as u64)),
                    media: Bitrate::from_bps(media as u64),
                    data: std::mem::take(&mut sent) as u64,
                    // The least of some packets, as the estimator has it.
                    queue: Some(Duration::from_secs_f64(
                        queues.iter().take(5).copied().fold(queue, f64::min),
                    )),
                    loses: false,
                    rtt: self.rtt,
                };
                rate = files.update(now, &observation).bps() as f64;
            }
            let left = self.link - media;
            if has_transfer && seen.found.is_none() && data > 0.5 * left {
                seen.found = Some(step * n - BEGINS);
            }
            if n >= half {
                let count = f64::from(half);
                seen.mean_queue += backlog / self.link / count;
                seen.longest_queue = seen.longest_queue.max(backlog / self.link);
                seen.media += media / count;
                seen.files += data / count;
            }
        }
        seen
    }
}

fn beside(link: f64, video: f64, rtt: u32) -> Beside {
    Beside { link, video, rtt: MS * rtt, has_transfer: true, is_nervous: false }
}

#[test]
fn on_a_narrow_link_files_yield_and_still_end() {
    for (link, least) in [(0.3e6, 15e3), (1e6, 25e3)] {
        let with = beside(link, 2.5e6, 40).run(60);
        let without = Beside { has_transfer: false, ..beside(link, 2.5e6, 40) }.run(60);
        let more = with.mean_queue - without.mean_queue;
        println!("{link}: {:.0} kbit/s, queue {:.1} ms more", with.files / 1e3, more * 1e3);
        assert!(more < 0.010, "{link}: {} s more", more);
        assert!(with.media > 0.9 * without.media, "{link}: {} of {}", with.media, without.media);
        assert!((least..0.1 * link).contains(&with.files), "{link}: {}", with.files);
    }
}

#[test]
fn files_take_what_the_call_leaves_and_add_little_to_its_delay() {
    for (link, rtt) in [(3e6, 40), (20e6, 40), (20e6, 150), (1000e6, 2), (1000e6, 40)] {
        for video in [0.0, 2.5e6] {
            let with = beside(link, video, rtt).run(60);
            let without = Beside { has_transfer: false, ..beside(link, video, rtt) }.run(60);
            let left = link - without.media;
            println!(
                "{:.0} Mbit/s, {rtt} ms, picture {:.1}: {:.2} of {:.2} Mbit/s, queue {:.1} ms, longest {:.0}, found {:?}",
                link / 1e6,
                video / 1e6,
                with.files / 1e6,
                left / 1e6,
                with.mean_queue * 1e3,
                with.longest_queue * 1e3,
                with.found
            );
            assert!(with.mean_queue - without.mean_queue < 0.020, "{link}: {}", with.mean_queue);
            assert!(
                with.media > 0.97 * without.media,
                "{link}: {} of {}",
                with.media,
                without.media
            );
            if link > 10e6 {
                assert!(with.files > 0.7 * left, "{link} {rtt}: {} of {left}", with.files);
                assert!(with.found.is_some_and(|found| found < 600 * 10 * MS), "{:?}", with.found);
            }
        }
    }
}

#[test]
fn files_come_back_soon_after_the_estimate_fell_for_a_queue_of_theirs() {
    for (link, rtt) in [(16e6, 40), (16e6, 120), (50e6, 20)] {
        let nervous =
            |has_transfer| Beside { has_transfer, is_nervous: true, ..beside(link, 2.5e6, rtt) };
        let (with, without) = (nervous(true).run(60), nervous(false).run(60));
        let left = link - without.media;
        println!(
            "{:.0} Mbit/s, {rtt} ms: {:.2} of {:.2} Mbit/s, queue {:.1} ms, longest {:.0}; media {:.2} of {:.2}",
            link / 1e6,
            with.files / 1e6,
            left / 1e6,
            with.mean_queue * 1e3,
            with.longest_queue * 1e3,
            with.media / 1e6,
            without.media / 1e6
        );
        assert!(with.files > 0.5 * left, "{link}: {} of {left}", with.files);
        assert!(with.media > 0.9 * without.media, "{link}: {}", with.media);
    }
}

fn observation() -> impl Strategy<Value = Observation> {
    let kbps = || (0u64..20_000_000).prop_map(Bitrate::from_kbps);
    let span = || (0u64..2_000_000).prop_map(Duration::from_micros);
    (
        kbps(),
        prop::option::of(kbps()),
        kbps(),
        any::<u32>(),
        prop::option::of(span()),
        any::<bool>(),
        span(),
    )
        .prop_map(|(estimate, useful, media, data, queue, loses, rtt)| Observation {
            estimate,
            useful,
            media,
            data: u64::from(data),
            queue,
            loses,
            rtt,
        })
}

proptest! {
    #[test]
    fn whatever_is_seen_files_get_the_least_and_never_more_than_media_leaves(
        seen in prop::collection::vec((0u64..3000, observation()), 1..80),
    ) {
        let (mut files, mut now) = (FileRate::default(), Instant::now());
        for (after, seen) in seen {
            now += Duration::from_millis(after);
            let rate = files.update(now, &seen);
            let floor = FileRate::floor(seen.estimate);
            prop_assert!(rate >= floor && rate.bps() as f64 <= MOST, "{rate:?}");
            if seen.useful.is_some_and(|useful| {
                (seen.estimate.bps() as f64) < TOO_LITTLE * useful.bps() as f64
            }) {
                let left = seen.estimate.bps().saturating_sub(seen.media.bps());
                prop_assert!(rate <= floor.max(Bitrate::from_bps(left)), "{rate:?} {seen:?}");
            }
        }
    }
}
