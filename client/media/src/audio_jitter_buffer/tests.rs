//! The jitter buffer on virtual time, against networks that are data.

use super::*;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const PACKET: u32 = 960;

/// What a network does to a stream of 20 ms packets.
#[derive(Debug, Clone, Copy)]
struct Network {
    /// Every packet takes between this…
    delay_ms: f64,
    /// …and so much longer.
    jitter_ms: f64,
    /// Share lost.
    loss: f64,
    /// Share that arrives twice.
    duplicated: f64,
}

const STEADY: Network = Network { delay_ms: 30.0, jitter_ms: 1.0, loss: 0.0, duplicated: 0.0 };

/// A packet whose payload holds its number, in the form of a 20 ms SILK packet that rebuilds the
/// one before it.
fn packet(number: u64, arrival: Instant) -> ReceivedAudio {
    let mut payload = vec![1 << 3, 0x40];
    payload.extend_from_slice(&number.to_be_bytes());
    ReceivedAudio {
        sequence: (65_500 + number) as u16,
        rtp_timestamp: (u32::MAX - 10_000).wrapping_add((number as u32).wrapping_mul(PACKET)),
        payload: payload.into(),
        arrival,
        redundant: false,
    }
}

fn number_of(payload: &Bytes) -> u64 {
    u64::from_be_bytes(payload[2..10].try_into().unwrap())
}

/// A speaker that takes 10 ms every 10 ms, on virtual time.
struct Listener {
    buffer: AudioJitterBuffer,
    start: Instant,
    ticks: u64,
    ahead: i64,
    played: Vec<u64>,
    emitted: u64,
    concealed: u64,
    recovered: u64,
    paused: u64,
    longest: usize,
    /// Time since its capture at which each packet was played, in ms.
    delays: Vec<f64>,
}

impl Listener {
    fn new(start: Instant) -> Self {
        Self {
            buffer: AudioJitterBuffer::default(),
            start,
            ticks: 0,
            ahead: 0,
            played: Vec::new(),
            emitted: 0,
            concealed: 0,
            recovered: 0,
            paused: 0,
            longest: 0,
            delays: Vec::new(),
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.ticks * 10)
    }

    fn tick(&mut self) {
        let now = self.now();
        while self.ahead < STEP {
            let ahead = Duration::from_secs_f64(self.ahead as f64 / 48_000.0);
            let due = now + ahead;
            let samples = match self.buffer.pull(now, ahead) {
                Decision::Wait => {
                    self.ahead += STEP;
                    continue;
                }
                Decision::Play { payload, samples, speed, .. } => {
                    let number = number_of(&payload);
                    self.played.push(number);
                    let captured = self.start + Duration::from_millis(number * 20);
                    self.delays
                        .push(due.saturating_duration_since(captured).as_secs_f64() * 1000.0);
                    let change = match speed {
                        Speed::Normal => 0,
                        Speed::Shorter(change) => -i64::from(change.at_most.min(300)),
                        Speed::Longer(change) => i64::from(change.at_most.min(300)),
                    };
                    self.buffer.stretched(change);
                    i64::from(samples) + change
                }
                Decision::Fec { samples, .. } => {
                    self.recovered += 1;
                    i64::from(samples)
                }
                Decision::Conceal(samples) => {
                    self.concealed += u64::from(samples);
                    i64::from(samples)
                }
                Decision::Pause(samples) => {
                    self.paused += u64::from(samples);
                    i64::from(samples)
                }
            };
            assert!(samples > 0);
            self.ahead += samples;
            self.emitted += samples as u64;
        }
        self.ahead -= STEP;
        self.ticks += 1;
        self.longest = self.longest.max(self.buffer.waiting.len());
    }

    fn concealed_ratio(&self) -> f64 {
        self.concealed as f64 / self.emitted as f64
    }
}

/// Arrivals of `count` packets over a network that may change with the packet's number, in order of
/// arrival.
fn arrivals(
    start: Instant,
    seed: u64,
    count: u64,
    network: impl Fn(u64) -> Network,
) -> Vec<(Instant, u64)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut arrivals = Vec::new();
    for number in 0..count {
        let net = network(number);
        let delay = |random: &mut StdRng| {
            let ms = net.delay_ms + random.random_range(0.0..=net.jitter_ms);
            start + Duration::from_millis(number * 20) + Duration::from_secs_f64(ms / 1000.0)
        };
        let (first, again) = (delay(&mut random), delay(&mut random));
        if random.random_bool(net.loss) {
            continue;
        }
        arrivals.push((first, number));
        if random.random_bool(net.duplicated) {
            arrivals.push((again, number));
        }
    }
    arrivals.sort();
    arrivals
}

fn listen(seed: u64, count: u64, network: impl Fn(u64) -> Network) -> Listener {
    let start = Instant::now();
    let mut listener = Listener::new(start);
    let mut arrivals = arrivals(start, seed, count, network).into_iter().peekable();
    while listener.ticks < count * 2 {
        while let Some((at, number)) = arrivals.next_if(|(at, _)| *at <= listener.now()) {
            listener.buffer.insert(packet(number, at));
        }
        listener.tick();
    }
    listener
}

#[test]
fn a_steady_stream_plays_complete_and_in_order_with_the_least_delay() {
    let heard = listen(1, 500, |_| STEADY);
    assert!(
        heard.played.iter().zip(0..).all(|(&played, number)| played == number),
        "{:?}",
        heard.played
    );
    assert!(heard.played.len() >= 495);
    assert_eq!(heard.concealed, 0);
    // 30 ms under way, 5 ms for threads that are late, and up to 10 ms until a frame is fetched.
    let worst = heard.delays[150..].iter().copied().fold(0.0, f64::max);
    assert!(worst < 30.0 + 5.0 + 10.0 + 2.0, "{worst} ms");
}

#[test]
fn a_lost_packet_is_concealed_once_and_nothing_else_is() {
    let start = Instant::now();
    let mut listener = Listener::new(start);
    let mut next = 0;
    while listener.ticks < 400 {
        while start + Duration::from_millis(next * 20 + 30) <= listener.now() {
            if next != 100 {
                listener.buffer.insert(packet(next, start + Duration::from_millis(next * 20 + 30)));
            }
            next += 1;
        }
        listener.tick();
    }
    assert!(listener.concealed <= u64::from(PACKET), "{} samples", listener.concealed);
    assert!(
        listener.concealed + listener.recovered * u64::from(PACKET) <= 3 * u64::from(PACKET) / 2
    );
    assert!(!listener.played.contains(&100));
    assert_eq!(listener.buffer.stats().lost, 1);
}

#[test]
fn on_a_lossy_network_concealment_stays_near_the_loss_and_fec_saves_most() {
    for (loss, at_least) in [(0.03, 0.7), (0.10, 0.65), (0.20, 0.5)] {
        let heard = listen(2, 3000, |_| Network { jitter_ms: 15.0, loss, ..STEADY });
        let missing =
            heard.concealed_ratio() + heard.recovered as f64 * 960.0 / heard.emitted as f64;
        assert!((missing - loss).abs() < 0.02 + loss * 0.1, "{missing} at {loss}");
        let rebuilt = heard.recovered as f64 * 960.0
            / (heard.recovered as f64 * 960.0 + heard.concealed as f64);
        assert!(rebuilt > at_least, "{rebuilt} of what was missing at {loss}");
    }
}

#[test]
fn the_delay_follows_jitter_up_and_comes_down_again() {
    let heard = listen(3, 3000, |n| {
        if (500..1500).contains(&n) { Network { jitter_ms: 120.0, ..STEADY } } else { STEADY }
    });
    let mean =
        |from: usize, to: usize| heard.delays[from..to].iter().sum::<f64>() / (to - from) as f64;
    assert!(mean(100, 450) < 70.0, "{}", mean(100, 450));
    assert!((110.0..200.0).contains(&mean(1000, 1400)), "{}", mean(1000, 1400));
    assert!(mean(2500, 2850) < 70.0, "{}", mean(2500, 2850));
    assert!(heard.concealed_ratio() < 0.02, "{}", heard.concealed_ratio());
}

#[test]
fn a_sender_with_a_faster_or_slower_clock_does_not_make_the_delay_creep() {
    for drift in [0.9995, 1.0005] {
        let start = Instant::now();
        let mut listener = Listener::new(start);
        let mut number = 0_u64;
        let mut waits = Vec::new();
        while listener.ticks < 12_000 {
            loop {
                let arrival = start + Duration::from_secs_f64(number as f64 * 0.02 * drift + 0.03);
                if arrival > listener.now() {
                    break;
                }
                listener.buffer.insert(packet(number, arrival));
                number += 1;
            }
            listener.tick();
            waits.push(listener.buffer.waiting.len());
        }
        assert!(
            waits.iter().skip(100).all(|&waiting| waiting <= 3),
            "{:?} at {drift}",
            waits.iter().max()
        );
        assert!(listener.concealed_ratio() < 0.005, "{} at {drift}", listener.concealed_ratio());
    }
}

#[test]
fn a_stall_of_the_network_leaves_no_lasting_delay() {
    let heard = listen(4, 1500, |n| {
        let stalled = (300..350).contains(&n);
        Network { delay_ms: if stalled { 30.0 + (350 - n) as f64 * 20.0 } else { 30.0 }, ..STEADY }
    });
    let late = heard.delays[heard.delays.len() - 50..].iter().copied().fold(0.0, f64::max);
    assert!(late < 75.0, "{late} ms");
}

#[test]
fn a_listener_that_was_held_up_catches_up_soon() {
    let start = Instant::now();
    let mut listener = Listener::new(start);
    let mut next = 0;
    for tick in 0..1000 {
        // Held up for 50 ms every 2 s; the speaker has played silence meanwhile.
        if tick % 200 == 100 {
            listener.ticks += 5;
        }
        while start + Duration::from_millis(next * 20 + 30) <= listener.now() {
            listener.buffer.insert(packet(next, start + Duration::from_millis(next * 20 + 30)));
            next += 1;
        }
        listener.tick();
    }
    let last = listener.delays[listener.delays.len() - 20..].iter().copied().fold(0.0, f64::max);
    assert!(last < 70.0, "{last} ms");
    assert!(listener.concealed_ratio() < 0.02);
}

#[test]
fn a_paused_sender_is_not_a_lossy_one() {
    let start = Instant::now();
    let mut listener = Listener::new(start);
    let mut sequence = 0_u16;
    for tick in 0..600_u64 {
        let now = listener.now();
        let number = tick / 2;
        // Speech for 100 packets, then one empty packet every 400 ms, then speech again.
        let speaking = !(100..200).contains(&number);
        if tick % 2 == 0 && (speaking || number % 20 == 0) {
            let mut sent = packet(number, now);
            sent.sequence = sequence;
            if !speaking {
                sent.payload = Bytes::from_static(&[31 << 3]);
            }
            sequence += 1;
            if speaking {
                listener.buffer.insert(sent);
            } else {
                // The listener reads the number from the payload, so the pause is marked by a
                // number too.
                listener.buffer.insert(ReceivedAudio { payload: sent.payload, ..sent });
            }
        }
        while listener.ahead < STEP {
            match listener
                .buffer
                .pull(now, Duration::from_secs_f64(listener.ahead as f64 / 48_000.0))
            {
                Decision::Conceal(samples) => {
                    listener.concealed += u64::from(samples);
                    listener.ahead += i64::from(samples);
                }
                Decision::Pause(samples) => {
                    listener.paused += u64::from(samples);
                    listener.ahead += i64::from(samples);
                }
                Decision::Play { samples, .. } | Decision::Fec { samples, .. } => {
                    listener.ahead += i64::from(samples)
                }
                Decision::Wait => listener.ahead += STEP,
            }
        }
        listener.ahead -= STEP;
        listener.ticks += 1;
    }
    assert_eq!(listener.buffer.stats().lost, 0);
    assert!(listener.concealed <= 960, "{} samples", listener.concealed);
    assert!(listener.paused > 48_000, "{} samples", listener.paused);
}

#[test]
fn a_pause_whose_beginning_was_lost_is_no_loss_in_the_end() {
    let start = Instant::now();
    let mut listener = Listener::new(start);
    for number in 0..200_u64 {
        let sequence = if number < 130 { number } else { number - 29 };
        // Packet 100 announced the pause and was lost; the next that was sent is 130.
        if !(100..130).contains(&number) {
            let sequence = (65_500 + sequence) as u16;
            listener.buffer.insert(ReceivedAudio { sequence, ..packet(number, listener.now()) });
        }
        listener.tick();
        listener.tick();
    }
    let stats = listener.buffer.stats();
    assert_eq!(stats.lost, 1);
    let concealed = listener.concealed - stats.unsent;
    assert!((480..=1920).contains(&concealed), "{concealed} samples for one lost packet of 960");
}

#[test]
fn a_sender_that_restarts_is_played_again_at_once() {
    for (sequence, rtp_timestamp) in
        [(9_u16, 4_000_000_000_u32), (65_530, 900_000), (20_000, u32::MAX - 500)]
    {
        let start = Instant::now();
        let mut listener = Listener::new(start);
        for number in 0..400_u64 {
            let now = listener.now();
            let mut sent = packet(number, now);
            if number >= 200 {
                sent.sequence = sequence.wrapping_add(number as u16);
                sent.rtp_timestamp = rtp_timestamp.wrapping_add(number as u32 * PACKET);
            }
            listener.buffer.insert(sent);
            listener.tick();
            listener.tick();
        }
        let after = listener.played.iter().filter(|&&number| number >= 200).count();
        assert!(after >= 195, "{after} of 200 packets");
        assert_eq!(listener.buffer.stats().restarts, 1);
    }
}

#[test]
fn a_clock_set_back_by_a_second_silences_for_half_a_second_only() {
    let start = Instant::now();
    let mut listener = Listener::new(start);
    for number in 0..400_u64 {
        let mut sent = packet(number, listener.now());
        if number >= 200 {
            sent.rtp_timestamp = sent.rtp_timestamp.wrapping_sub(48_000);
        }
        listener.buffer.insert(sent);
        listener.tick();
        listener.tick();
    }
    assert!(listener.played.iter().filter(|&&number| number >= 200).count() >= 165);
}

#[test]
fn times_that_are_a_little_off_cost_nothing() {
    let mut random = StdRng::seed_from_u64(9);
    let mut listener = Listener::new(Instant::now());
    for number in 0..500_u64 {
        let mut sent = packet(number, listener.now());
        sent.rtp_timestamp = sent.rtp_timestamp.wrapping_add(random.random_range(0..100));
        listener.buffer.insert(sent);
        listener.tick();
        listener.tick();
    }
    assert!(listener.played.len() >= 495);
    assert_eq!((listener.concealed, listener.buffer.stats().late), (0, 0));
}

#[test]
fn a_new_buffer_waits_for_its_target_before_it_plays() {
    let (mut buffer, start) = (AudioJitterBuffer::default(), Instant::now());
    buffer.insert(packet(1, start));
    assert_eq!(buffer.pull(start, Duration::ZERO), Decision::Wait);
    let due = start + buffer.stats().target + Duration::from_millis(1);
    assert!(matches!(buffer.pull(due, Duration::ZERO), Decision::Play { .. }));
}

#[test]
fn foreign_packets_are_counted_and_ignored() {
    let mut buffer = AudioJitterBuffer::default();
    let now = Instant::now();
    for payload in [Bytes::new(), Bytes::from_static(&[3]), Bytes::from_static(&[31 << 3 | 3, 63])]
    {
        buffer.insert(ReceivedAudio { payload, ..packet(1, now) });
    }
    assert_eq!(buffer.stats().malformed, 3);
    assert_eq!(buffer.pull(now, Duration::ZERO), Decision::Wait);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_network_does_order_holds_and_concealment_stays_near_the_loss(
        seed in any::<u64>(),
        delay_ms in 0.0..300.0_f64,
        jitter_ms in 0.0..150.0_f64,
        loss in 0.0..0.3_f64,
        duplicated in 0.0..0.2_f64,
    ) {
        let heard = listen(seed, 1500, |_| Network { delay_ms, jitter_ms, loss, duplicated });
        prop_assert!(heard.played.windows(2).all(|pair| pair[0] < pair[1]), "out of order");
        let missing = heard.concealed_ratio() + heard.recovered as f64 * 960.0 / heard.emitted as f64;
        prop_assert!(missing < loss * 1.15 + 0.07, "{missing} missing at {loss} loss, {jitter_ms} ms jitter");
        prop_assert!(heard.longest <= 25, "{} packets waiting", heard.longest);
        let tail = &heard.delays[heard.delays.len() - 200..];
        let mean = tail.iter().sum::<f64>() / tail.len() as f64;
        prop_assert!(mean < delay_ms + jitter_ms + 70.0, "{mean} ms with {delay_ms}+{jitter_ms}");
    }

    #[test]
    fn nothing_is_concealed_where_nothing_is_lost_and_little_is_late(
        seed in any::<u64>(), delay_ms in 0.0..300.0_f64, jitter_ms in 0.0..4.0_f64,
    ) {
        let heard = listen(seed, 500, |_| Network { delay_ms, jitter_ms, loss: 0.0, duplicated: 0.1 });
        prop_assert_eq!(heard.concealed, 0);
        prop_assert!(heard.delays[150..].iter().all(|&waited| waited < delay_ms + 21.0));
    }

    #[test]
    fn absurd_packets_are_bounded_and_never_go_back_in_time(
        packets in proptest::collection::vec((any::<u16>(), any::<u32>(), any::<u8>(), 0..60_u64, any::<bool>(), any::<bool>()), 1..600),
    ) {
        let start = Instant::now();
        let mut buffer = AudioJitterBuffer::default();
        let mut now = start;
        for (sequence, rtp_timestamp, toc, pause_ms, near, redundant) in packets {
            now += Duration::from_millis(pause_ms);
            // Half of them near one another, so that some form streams.
            let (sequence, rtp_timestamp) = if near { (sequence % 64, rtp_timestamp % 100_000) } else { (sequence, rtp_timestamp) };
            buffer.insert(ReceivedAudio { sequence, rtp_timestamp, payload: vec![toc, 2, 0].into(), arrival: now, redundant });
            prop_assert!(buffer.waiting.len() <= CAPACITY);
            let before = (buffer.next, buffer.stats.restarts);
            if let Decision::Fec { samples, .. } | Decision::Conceal(samples) | Decision::Pause(samples)
                | Decision::Play { samples, .. } = buffer.pull(now, Duration::ZERO) {
                prop_assert!((1..=5760).contains(&samples));
            }
            prop_assert!(before.1 != buffer.stats.restarts || before.0 <= buffer.next);
        }
    }
}
