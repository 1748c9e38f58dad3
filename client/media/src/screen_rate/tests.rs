use super::*;

use proptest::prelude::*;

const MACROBLOCKS: u32 = 8160;
/// What a key frame of dense text takes at [`COST_QP`].
const KEY: f64 = 200_000.0;

/// A screen whose frames take what the model says, in virtual time.
struct Screen {
    rate: ScreenRate,
    start: Instant,
    now: Instant,
    target: Bitrate,
    /// The quantizer of what stands, and what changed since.
    qp: u8,
    changed: f64,
    sent: Vec<(Duration, Plan, f64)>,
}

impl Screen {
    fn new(kbps: u64) -> Self {
        let now = Instant::now();
        let rate = ScreenRate::new(MACROBLOCKS, Some((COST_QP as u8, KEY as usize)), now);
        let target = Bitrate::from_kbps(kbps);
        Self { rate, start: now, now, target, qp: 51, changed: 1.0, sent: Vec::new() }
    }

    fn change(&mut self, changed: f64, new: f64) {
        self.changed = self.changed.max(new);
        self.rate.changed(Changes { changed, new }, self.now);
    }

    fn pass(&mut self, time: Duration, key: Option<KeyFrame>) {
        let (until, mut key) = (self.now + time, key);
        while self.now < until {
            match self.rate.next(self.target, key, self.now) {
                Next::At(at) => {
                    assert!(at > self.now, "it would look again at once, for ever");
                    self.now = at.min(until);
                }
                Next::Encode(plan) => {
                    let whole = matches!(plan.reason, Reason::Key | Reason::NewPage);
                    let sharper = f64::from(self.qp.saturating_sub(plan.qp)) * 0.08;
                    let bytes = match plan.reason {
                        _ if whole => at_qp(KEY, plan.qp),
                        Reason::Liveness => 13.0,
                        _ => at_qp(KEY, plan.qp) * self.changed + KEY * sharper,
                    };
                    let encoded = Encoded { bytes: bytes as usize, key: whole };
                    self.rate.encoded(plan, encoded, self.now);
                    self.sent.push((self.now - self.start, plan, bytes));
                    if plan.reason != Reason::Liveness {
                        (self.qp, self.changed) = (plan.qp, 0.0);
                    }
                    key = None;
                }
            }
        }
    }
}

#[test]
fn a_still_screen_gets_finer_step_by_step_to_the_end_and_then_only_shows_that_it_lives() {
    let mut screen = Screen::new(1500);
    screen.change(1.0, 1.0);
    screen.pass(Duration::from_secs(30), None);
    let qps: Vec<u8> = screen
        .sent
        .iter()
        .filter(|(_, plan, _)| plan.reason != Reason::Liveness)
        .map(|(_, plan, _)| plan.qp)
        .collect();
    assert!(qps.windows(2).all(|pair| pair[1] <= pair[0]), "{qps:?}");
    assert_eq!(qps.iter().filter(|qp| **qp == FINAL_QP).count(), usize::from(FINAL_FRAMES));
    let last = screen.sent.iter().rposition(|(_, plan, _)| plan.reason != Reason::Liveness);
    let (at, ..) = screen.sent[last.expect("it was refined")];
    assert!(at < Duration::from_secs(8), "{at:?}");
}

#[test]
fn a_detail_that_moves_all_the_time_does_not_keep_the_rest_from_getting_finer() {
    let mut screen = Screen::new(1500);
    for _ in 0..150 {
        screen.change(0.01, 0.01);
        screen.pass(Duration::from_millis(66), None);
    }
    assert!(screen.qp <= 20, "{}", screen.qp);
}

#[test]
fn text_in_motion_stays_readable_and_comes_less_often_where_there_is_little_room() {
    let mut counts = Vec::new();
    for kbps in [4000, 1000, 500] {
        let mut screen = Screen::new(kbps);
        screen.pass(Duration::from_secs(4), None);
        let before = screen.sent.len();
        for _ in 0..90 {
            screen.change(0.2, 0.2);
            screen.pass(Duration::from_micros(66_667), None);
        }
        let moving = &screen.sent[before..];
        assert!(moving.iter().all(|(_, plan, _)| plan.qp <= READABLE_QP));
        counts.push(moving.len() / 6);
    }
    assert!(counts[0] >= 10 && counts.is_sorted_by(|a, b| a > b), "{counts:?}");
}

#[derive(Debug, Clone)]
enum Happening {
    Change(f64, f64),
    Key(KeyFrame),
    Target(u64),
    Slow(u64),
    Pass(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0.0..1.0_f64, 0.0..1.0_f64)
            .prop_map(|(changed, new)| Happening::Change(changed, changed * new)),
        prop_oneof![Just(KeyFrame::Fine), Just(KeyFrame::Coarse)].prop_map(Happening::Key),
        (20_u64..20_000).prop_map(Happening::Target),
        (0_u64..400).prop_map(Happening::Slow),
        (1_u64..3_000).prop_map(Happening::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_queues_up_and_there_is_a_sign_of_life(
        happenings in prop::collection::vec(happening(), 1..80),
    ) {
        let mut screen = Screen::new(1000);
        let (mut key, mut slowest, mut narrowest) = (None, Duration::ZERO, screen.target);
        for happening in happenings {
            match happening {
                Happening::Change(changed, new) => screen.change(changed, new),
                Happening::Key(kind) => key = Some(kind),
                Happening::Target(kbps) => {
                    screen.target = Bitrate::from_kbps(kbps);
                    narrowest = narrowest.min(screen.target);
                }
                Happening::Slow(ms) => {
                    screen.rate.took(Duration::from_millis(ms));
                    slowest = slowest.max(Duration::from_millis(ms));
                }
                Happening::Pass(ms) => screen.pass(Duration::from_millis(ms), key.take()),
            }
        }
        let mut free = Duration::ZERO;
        for (at, plan, bytes) in &screen.sent {
            prop_assert!((FINAL_QP..=COARSEST_QP).contains(&plan.qp), "{plan:?}");
            // Rates change: what waits is bounded by what the narrowest was.
            if plan.reason != Reason::Liveness && narrowest == Bitrate::from_kbps(1000) && screen.target == narrowest {
                prop_assert!(free <= *at + NEARLY_FREE + LOOK, "{free:?} at {at:?}");
            }
            free = free.max(*at) + narrowest.time_for(*bytes as usize);
        }
        // What waits longest is one frame that takes the line at the narrowest rate.
        let largest = screen.sent.iter().map(|(.., bytes)| *bytes as usize).max().unwrap_or(0);
        let most = MAX_GAP + narrowest.time_for(largest) + slowest.mul_f64(1.0 / BUSY);
        for pair in screen.sent.windows(2) {
            prop_assert!(pair[1].0 - pair[0].0 <= most, "{pair:?}");
        }
    }
}
