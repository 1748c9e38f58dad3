use super::*;

use proptest::prelude::*;

fn size(width: u32, height: u32) -> VideoSize {
    VideoSize::new(width, height).expect("a size")
}

const HD: (u32, u32) = (1280, 720);

/// Runs a ladder over (seconds, kbit/s) steps at 30 fps and says how wide the frame was at
/// the end of each.
fn widths(steps: &[(f64, u64)]) -> Vec<u32> {
    let mut ladder = SizeLadder::new(size(HD.0, HD.1));
    let mut now = Instant::now();
    let mut widths = Vec::new();
    for (seconds, kbps) in steps {
        let mut width = 0;
        for _ in 0..(seconds * 30.0) as u32 {
            width = ladder
                .size_for(size(HD.0, HD.1), Bitrate::from_kbps(*kbps), 30.0, false, now)
                .width();
            now += Duration::from_micros(33_333);
        }
        widths.push(width);
    }
    widths
}

#[test]
fn the_first_frame_has_a_size_that_the_rate_easily_carries() {
    for (kbps, width) in [
        (2500, 1280),
        (1300, 1280),
        (1100, 960),
        (750, 960),
        (650, 640),
        (350, 640),
        (300, 480),
        (170, 320),
        (0, 320),
    ] {
        assert_eq!(widths(&[(0.1, kbps)]), [width], "{kbps} kbit/s");
    }
}

#[test]
fn a_later_frame_may_have_any_size_that_the_rate_carries() {
    for (kbps, width) in [
        (2500, 1280),
        (900, 1280),
        (700, 960),
        (500, 960),
        (450, 640),
        (250, 640),
        (150, 480),
        (110, 320),
        (0, 320),
    ] {
        assert_eq!(widths(&[(0.1, 2500), (0.7, kbps)]), [1280, width], "{kbps} kbit/s");
    }
}

#[test]
fn a_lower_rate_lowers_the_size_soon_and_straight_to_where_it_belongs() {
    assert_eq!(widths(&[(1.0, 2500), (0.4, 300), (0.2, 300)]), [1280, 1280, 640]);
}

#[test]
fn a_key_frame_is_made_at_the_size_that_fits_now() {
    let mut ladder = SizeLadder::new(size(HD.0, HD.1));
    let now = Instant::now();
    let mut width = |kbps, key| {
        let rate = Bitrate::from_kbps(kbps);
        ladder.size_for(size(HD.0, HD.1), rate, 30.0, key, now).width()
    };
    assert_eq!((width(2500, false), width(250, false)), (1280, 1280));
    assert_eq!((width(250, true), width(2500, false)), (640, 640));
}

#[test]
fn a_short_dip_changes_nothing() {
    assert_eq!(widths(&[(1.0, 2500), (0.4, 100), (1.0, 2500), (0.4, 100)]), [1280; 4]);
}

#[test]
fn a_higher_rate_raises_the_size_after_it_held_and_straight_to_where_it_belongs() {
    assert_eq!(
        widths(&[(0.5, 2500), (1.0, 100), (2.9, 3000), (0.2, 3000)]),
        [1280, 320, 320, 1280]
    );
}

#[test]
fn at_the_start_the_size_follows_the_rate_sooner() {
    assert_eq!(
        widths(&[(0.1, 350), (0.6, 1000), (0.2, 1000), (0.5, 2500), (0.3, 2500)]),
        [640, 640, 960, 960, 1280]
    );
}

#[test]
fn a_rate_that_swings_by_a_quarter_does_not_swing_the_size() {
    let mut steps = vec![(1.0, 720)];
    steps.extend((0..20).map(|i| (4.0, if i % 2 == 0 { 480 } else { 690 })));
    assert!(widths(&steps).iter().all(|width| *width == 960));
}

#[test]
fn a_smaller_source_is_not_made_larger_and_a_larger_one_keeps_its_shape() {
    let now = Instant::now();
    let enough = Bitrate::from_kbps(5000);
    let ladder = || SizeLadder::new(size(HD.0, HD.1));
    assert_eq!(ladder().size_for(size(640, 480), enough, 30.0, false, now), size(640, 480));
    assert_eq!(ladder().size_for(size(1600, 1200), enough, 30.0, false, now), size(960, 720));
}

#[test]
fn a_small_picture_is_not_made_tiny_at_any_rate_and_a_tiny_one_stays_as_it_is() {
    let now = Instant::now();
    for (source, least) in
        [((640, 360), (320, 180)), ((320, 240), (320, 240)), ((160, 90), (160, 90))]
    {
        let source = size(source.0, source.1);
        let mut ladder = SizeLadder::new(source);
        let sent = ladder.size_for(source, Bitrate::from_kbps(10), 30.0, false, now);
        assert_eq!(sent, size(least.0, least.1), "{source}");
    }
}

/// Content: the quantizer at which a frame takes one bit for each pixel at the full size, how much
/// higher it is with each halving of the pixels, and what the steps lose.
#[derive(Debug, Clone, Copy)]
struct Content {
    cost: f64,
    sharper: f64,
    losses: [f64; 5],
}

/// As measured of clips at 1280x720 (`docs/performance.md`): a soft talking head and a film with
/// fine detail; and a head before a camera that is as sharp as the film.
const SOFT_HEAD: Content = Content { cost: 1.8, sharper: 2.0, losses: [4.8, 4.9, 4.9, 5.0, 5.3] };
const FILM: Content = Content { cost: 2.7, sharper: 2.2, losses: [5.1, 7.2, 14.0, 24.0, 42.2] };
const SHARP_HEAD: Content = Content { cost: -6.0, ..FILM };

/// A call in virtual time, at 30 frames a second.
struct Call {
    ladder: SizeLadder,
    now: Instant,
    widths: Vec<u32>,
    frames: u32,
}

impl Call {
    fn new() -> Self {
        let ladder = SizeLadder::new(size(HD.0, HD.1));
        Self { ladder, now: Instant::now(), widths: Vec::new(), frames: 0 }
    }

    /// So many seconds of content at a rate that is `swing` more or less by turns.
    fn pass(&mut self, seconds: f64, kbps: u64, swing: f64, content: Content) -> u32 {
        let full = size(HD.0, HD.1);
        for _ in 0..(seconds * 30.0) as u32 {
            if self.frames.is_multiple_of(60) {
                self.ladder.loses(content.losses);
            }
            let share = 1.0 + if self.frames % 60 < 30 { swing } else { -swing };
            let target = Bitrate::from_kbps(kbps).scaled(share);
            let sent = self.ladder.size_for(full, target, 30.0, false, self.now);
            let key = self.widths.last() != Some(&sent.width());
            // The encoder takes the target, with the quantizer that this takes.
            let (pixels, bits) = (sent.pixels() as f64, target.bps() as f64 / 30.0);
            let halved = (full.pixels() as f64 / pixels).log2();
            let qp = content.cost + content.sharper * halved - HALVED_BY * (bits / pixels).log2();
            let qp = qp.clamp(16.0, 51.0);
            let fewer = if qp > 16.0 { 1.0 } else { 0.5 };
            self.ladder.encoded(qp.round() as u8, (bits * fewer / 8.0) as usize, key);
            self.widths.push(sent.width());
            self.now += Duration::from_micros(33_333);
            self.frames += 1;
        }
        self.widths.last().copied().unwrap_or_default()
    }

    fn changes(&self) -> usize {
        self.widths.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_there_soon_and_tries_another_size_ever_more_seldom_whatever_the_content(
        kbps in 100_u64..3000,
        cost in -8.0..10.0_f64,
        sharper in 0.5..3.5_f64,
        detail in 1.0..200.0_f64,
        more in 1.05..2.5_f64,
    ) {
        let losses = [0.0, 1.0, more, more.powf(1.5), more * more].map(|of| of * detail);
        let mut call = Call::new();
        let content = Content { cost, sharper, losses };
        call.pass(10.0, kbps, 0.0, content);
        prop_assert!(call.changes() <= 4, "{} changes in the first 10 s", call.changes());
        // Content that is not like what was measured is tried again, after twice as long each time.
        let mut changes = |seconds| {
            let before = call.changes();
            call.pass(seconds, kbps, 0.0, content);
            call.changes() - before
        };
        let (first, later) = (changes(180.0), changes(180.0));
        prop_assert!(first <= 12 && later <= 6, "{first} changes, then {later}");
    }

    #[test]
    fn a_rate_that_swings_by_a_fifth_moves_the_size_seldom(
        kbps in 150_u64..2500,
        cost in -8.0..8.0_f64,
        detail in 1.0..100.0_f64,
    ) {
        let losses = [0.0, 1.0, 1.8, 2.8, 4.0].map(|of| of * detail);
        let mut call = Call::new();
        call.pass(10.0, kbps, 0.2, Content { cost, sharper: 2.0, losses });
        let before = call.changes();
        call.pass(60.0, kbps, 0.2, Content { cost, sharper: 2.0, losses });
        let changes = call.changes() - before;
        prop_assert!(changes <= 4, "{changes} changes in a minute");
    }

    #[test]
    fn a_lower_rate_never_gets_a_larger_size_and_easier_content_never_a_smaller_one(
        kbps in 100_u64..2500,
        less in 0.2..0.95_f64,
        cost in -8.0..8.0_f64,
        easier in 0.5..8.0_f64,
        detail in 1.0..100.0_f64,
    ) {
        let losses = [0.0, 1.0, 1.8, 2.8, 4.0].map(|of| of * detail);
        let width = |kbps, cost| {
            let mut call = Call::new();
            // From the smallest size up, so that hysteresis is the same for both.
            call.pass(2.0, 50, 0.0, Content { cost: 10.0, sharper: 2.0, losses });
            call.pass(90.0, kbps, 0.0, Content { cost, sharper: 2.0, losses })
        };
        let lower = (kbps as f64 * less) as u64;
        prop_assert!(width(lower, cost) <= width(kbps, cost));
        prop_assert!(width(kbps, cost - easier) >= width(kbps, cost));
    }
}

#[test]
fn a_still_head_gets_a_larger_size_than_a_film_and_a_soft_picture_no_larger_one_than_it_fills() {
    let width = |kbps, content| Call::new().pass(15.0, kbps, 0.0, content);
    assert_eq!([200, 300, 600].map(|kbps| width(kbps, SHARP_HEAD)), [960, 960, 1280]);
    assert_eq!([200, 300, 600].map(|kbps| width(kbps, FILM)), [480, 480, 960]);
    assert!(width(600, SOFT_HEAD) <= 640);
}

#[test]
fn where_coding_is_not_seen_a_picture_is_as_large_as_it_can_be_however_little_that_gains() {
    let flat = Content { cost: -4.0, sharper: 2.0, losses: [0.0, 0.1, 0.1, 0.1, 0.1] };
    let mut call = Call::new();
    assert_eq!(call.pass(15.0, 2500, 0.0, flat), 1280);
    assert_eq!(call.pass(60.0, 2500, 0.1, flat), 1280);
    assert!(call.changes() <= 2, "{} changes", call.changes());
    assert!(call.pass(15.0, 150, 0.0, flat) <= 640);
}

#[test]
fn it_finds_its_size_within_two_seconds_of_the_start() {
    for (kbps, content, width) in [(600, FILM, 960), (900, SHARP_HEAD, 1280), (300, FILM, 480)] {
        let mut call = Call::new();
        assert_eq!(call.pass(2.0, kbps, 0.0, content), width, "{kbps} kbit/s");
    }
}

#[test]
fn content_that_moves_by_turns_is_not_followed_up_and_down() {
    let mut call = Call::new();
    for _ in 0..20 {
        call.pass(5.0, 600, 0.0, SHARP_HEAD);
        call.pass(5.0, 600, 0.0, Content { cost: 9.0, ..FILM });
    }
    assert!(call.changes() <= 20, "{} changes in 200 s", call.changes());
}

#[test]
fn the_sizes_stay_within_what_was_allowed_whatever_is_measured() {
    let mut ladder = SizeLadder::new(size(640, 360));
    let mut now = Instant::now();
    for n in 0..400_u32 {
        ladder.loses([0.0, f64::from(n), f64::from(n) * 2.0, f64::NAN, f64::INFINITY]);
        let sent = ladder.size_for(size(1280, 720), Bitrate::from_kbps(9000), 30.0, false, now);
        ladder.encoded(if n % 2 == 0 { 51 } else { 16 }, n as usize * 1000, n % 7 == 0);
        assert!(sent.width() <= 640 && sent.height() <= 360);
        now += Duration::from_millis(33);
    }
}
