use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
enum Pick {
    Default,
    Named,
    File,
    None,
}

impl Choice for Pick {
    fn is_any(&self) -> bool {
        *self != Self::None
    }

    fn is_device(&self) -> bool {
        matches!(self, Self::Default | Self::Named)
    }

    fn fallback(&self, was_there: bool) -> Option<Self> {
        (was_there && *self == Self::Named).then_some(Self::Default)
    }

    fn is_default(&self) -> bool {
        *self == Self::Default
    }

    fn name(&self) -> Option<&str> {
        (*self == Self::Named).then_some("named")
    }
}

/// A keeper and its clock.
struct Bench {
    keeper: DeviceKeeper<Pick>,
    start: Instant,
    now: Instant,
}

const MS: Duration = Duration::from_millis(1);

impl Bench {
    fn wanted(choice: Pick) -> Self {
        let now = Instant::now();
        let mut keeper = DeviceKeeper::new(choice, false);
        keeper.want(true, now);
        Self { keeper, start: now, now }
    }

    fn polled(&mut self) -> Option<Step<Pick>> {
        self.keeper.poll(self.now)
    }

    /// The attempt that is due now.
    fn attempts(&mut self) -> (Pick, Option<Pick>) {
        match self.polled() {
            Some(Step::Open { chosen, or_else }) => (chosen, or_else),
            other => panic!("{other:?} after {:?}", self.now - self.start),
        }
    }

    fn fails(&mut self) {
        self.keeper.failed(Failure::Other, "it does not work".into(), self.now);
    }

    fn opens(&mut self) {
        self.keeper.opened(Opened::Chosen, self.now);
    }

    /// Goes on to the next attempt; returns when that was.
    fn next_attempt(&mut self) -> Duration {
        let limit = self.now + Duration::from_secs(20);
        loop {
            if let Some(Step::Open { .. }) = self.polled() {
                return self.now - self.start;
            }
            self.now += MS;
            assert!(self.now < limit, "it is given up");
        }
    }

    fn changes(&mut self, change: Change) {
        self.keeper.devices_changed(change, self.now);
    }
}

const LIST: Change =
    Change { list: true, default: false, chosen_is_there: false, chosen_is_back: false };
const DEFAULT: Change =
    Change { list: false, default: true, chosen_is_there: false, chosen_is_back: false };
const BACK: Change =
    Change { list: true, default: false, chosen_is_there: true, chosen_is_back: true };

#[test]
fn a_device_that_does_not_open_is_tried_again_at_once_and_then_after_ever_longer_waits() {
    let mut bench = Bench::wanted(Pick::Default);
    let attempts: Vec<u128> = (0..8)
        .map(|_| {
            let at = bench.next_attempt();
            bench.fails();
            at.as_millis()
        })
        .collect();
    assert_eq!(attempts, [0, 0, 500, 1_500, 3_500, 7_500, 15_500, 23_500]);
}

#[test]
fn it_is_tried_again_at_once_when_the_devices_change() {
    let mut bench = Bench::wanted(Pick::Named);
    (0..6).for_each(|_| {
        bench.next_attempt();
        bench.fails();
    });
    bench.now += 100 * MS;
    assert_eq!(bench.polled(), None);
    bench.changes(LIST);
    bench.attempts();
    // Also when they change while it is being tried, and the waits start over.
    bench.changes(LIST);
    bench.fails();
    bench.attempts();
    bench.fails();
    let (before, after) = (bench.now, bench.next_attempt());
    assert_eq!(bench.start + after - before, 500 * MS);
}

#[test]
fn a_failure_that_the_next_attempt_mends_is_not_said_and_one_that_lasts_is_until_it_is_mended() {
    let mut bench = Bench::wanted(Pick::Default);
    bench.attempts();
    bench.fails();
    assert_eq!(bench.keeper.trouble(), None);
    bench.attempts();
    bench.fails();
    assert_eq!(bench.keeper.trouble(), Some(&Trouble::Missing("it does not work".into())));
    bench.next_attempt();
    assert!(bench.keeper.trouble().is_some());
    bench.opens();
    assert_eq!(bench.keeper.trouble(), None);
    assert_eq!(bench.polled(), None);
}

#[test]
fn a_system_that_does_not_answer_is_said_after_the_first_attempt() {
    let mut bench = Bench::wanted(Pick::Default);
    bench.attempts();
    bench.now += 5_000 * MS;
    bench.fails();
    assert!(bench.keeper.trouble().is_some());
}

#[test]
fn a_device_that_is_lost_is_tried_again_at_once_and_its_fallback_is_used_until_it_is_back() {
    let mut bench = Bench::wanted(Pick::Named);
    assert_eq!(bench.attempts(), (Pick::Named, None));
    bench.opens();
    bench.now += 10_000 * MS;
    bench.keeper.lost("it is gone".into(), bench.now);
    assert_eq!(bench.polled(), Some(Step::Close));
    assert_eq!(bench.attempts(), (Pick::Named, Some(Pick::Default)));
    bench.keeper.opened(Opened::Fallback("it is not there".into()), bench.now);
    assert_eq!(bench.keeper.trouble(), Some(&Trouble::Replaced));
    assert!(bench.keeper.is_missing());
    bench.changes(BACK);
    // The fallback goes on until the chosen one is open.
    assert_eq!(bench.attempts(), (Pick::Named, None));
    bench.opens();
    assert_eq!((bench.keeper.trouble(), bench.keeper.is_missing()), (None, false));
}

#[test]
fn what_two_looks_found_is_told_apart() {
    let seen = |names: &[&str]| Seen {
        default: None,
        names: Some(names.iter().map(|name| (*name).to_owned()).collect()),
    };
    let mut bench = Bench::wanted(Pick::Named);
    bench.attempts();
    bench.opens();
    bench.keeper.devices_seen(&seen(&["named"]), &seen(&["named", "other"]), bench.now);
    assert_eq!((bench.polled(), bench.keeper.trouble()), (None, None));
    // The sound server keeps the stream and moves it.
    bench.keeper.devices_seen(&seen(&["named", "other"]), &seen(&["other"]), bench.now);
    assert_eq!(bench.keeper.trouble(), Some(&Trouble::Replaced));
    bench.keeper.devices_seen(&seen(&["other"]), &seen(&["named", "other"]), bench.now);
    assert_eq!(bench.attempts(), (Pick::Named, None));
}

#[test]
fn a_device_that_is_lost_as_soon_as_it_is_open_is_not_tried_again_without_a_rest() {
    let mut bench = Bench::wanted(Pick::Default);
    let mut attempts = Vec::new();
    for _ in 0..5 {
        attempts.push(bench.next_attempt().as_millis());
        bench.opens();
        bench.keeper.lost("it is gone".into(), bench.now);
    }
    assert_eq!(attempts, [0, 500, 1_500, 3_500, 7_500]);
    assert!(bench.keeper.trouble().is_some());
}

#[test]
fn a_device_that_is_there_and_does_not_open_again_is_tried_now_and_then_while_its_fallback_is_used()
{
    let mut bench = Bench::wanted(Pick::Named);
    bench.attempts();
    bench.opens();
    bench.now += 10_000 * MS;
    bench.keeper.lost("it is gone".into(), bench.now);
    assert_eq!(bench.polled(), Some(Step::Close));
    bench.attempts();
    bench.keeper.opened(Opened::Fallback("it is busy".into()), bench.now);
    let there = Change { chosen_is_there: true, ..Change::default() };
    let began = bench.now;
    let attempts: Vec<_> = (0..4)
        .map(|_| {
            bench.changes(there);
            bench.next_attempt();
            bench.keeper.failed(Failure::Taken, "it is busy".into(), bench.now);
            (bench.now - began).as_millis()
        })
        .collect();
    assert_eq!(attempts, [500, 500, 1_500, 3_500]);
    // The fallback has gone on all the time.
    assert_eq!(bench.keeper.trouble(), Some(&Trouble::Replaced));
}

#[test]
fn another_default_is_followed_and_the_last_one_stays_where_the_next_does_not_open() {
    let mut bench = Bench::wanted(Pick::Default);
    bench.attempts();
    bench.opens();
    bench.changes(LIST);
    assert_eq!(bench.polled(), None, "it is none of its business");
    bench.changes(DEFAULT);
    bench.attempts();
    bench.fails();
    assert_eq!(bench.keeper.trouble(), None);
    bench.attempts();
    bench.opens();
    assert_eq!(bench.polled(), None);
}

#[test]
fn where_only_one_can_be_open_the_last_one_is_closed_before_the_next_is_opened() {
    let mut bench = Bench::wanted(Pick::Default);
    bench.attempts();
    bench.opens();
    bench.keeper.choose(Pick::Named, bench.now);
    bench.attempts();
    bench.keeper.failed(Failure::Taken, "it is in use".into(), bench.now);
    assert_eq!(bench.polled(), Some(Step::Close));
    bench.attempts();
    bench.opens();
    assert_eq!(bench.keeper.trouble(), None);

    let mut exclusive = DeviceKeeper::new(Pick::Default, true);
    exclusive.want(true, bench.now);
    assert!(matches!(exclusive.poll(bench.now), Some(Step::Open { .. })));
    exclusive.opened(Opened::Chosen, bench.now);
    exclusive.choose(Pick::Named, bench.now);
    assert_eq!(exclusive.poll(bench.now), Some(Step::Close));
    assert!(matches!(exclusive.poll(bench.now), Some(Step::Open { chosen: Pick::Named, .. })));
}

#[test]
fn another_choice_that_does_not_open_does_not_leave_the_last_one_open() {
    let mut bench = Bench::wanted(Pick::Default);
    bench.attempts();
    bench.opens();
    bench.keeper.choose(Pick::Named, bench.now);
    bench.attempts();
    bench.fails();
    assert_eq!(bench.polled(), Some(Step::Close));
    bench.keeper.choose(Pick::None, bench.now);
    assert_eq!(bench.polled(), None);
    assert_eq!(bench.keeper.trouble(), None);
}

#[test]
fn a_file_is_not_opened_again() {
    let mut bench = Bench::wanted(Pick::File);
    bench.attempts();
    bench.opens();
    bench.now += 10_000 * MS;
    bench.keeper.lost("the disk is full".into(), bench.now);
    assert_eq!(bench.polled(), Some(Step::Close));
    bench.now += 60_000 * MS;
    bench.changes(LIST);
    assert_eq!(bench.polled(), None);
    assert_eq!(bench.keeper.trouble(), Some(&Trouble::Missing("the disk is full".into())));
}

#[test]
fn what_is_said_is_withdrawn_when_the_device_is_not_wanted_any_more() {
    let mut bench = Bench::wanted(Pick::Default);
    bench.next_attempt();
    bench.fails();
    bench.next_attempt();
    bench.fails();
    bench.keeper.want(false, bench.now);
    assert_eq!(bench.keeper.trouble(), None);
    assert_eq!(bench.polled(), None);
    bench.keeper.want(true, bench.now);
    bench.attempts();
}

/// Something that happens to a keeper.
#[derive(Debug, Clone)]
enum Event {
    Want(bool),
    Choose(Pick),
    Opened(bool),
    Failed(Failure),
    Lost,
    MovedOn,
    Changed(Change),
    Passes(u64),
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![Just(Pick::Default), Just(Pick::Named), Just(Pick::File), Just(Pick::None)]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        any::<bool>().prop_map(Event::Want),
        pick().prop_map(Event::Choose),
        any::<bool>().prop_map(Event::Opened),
        prop_oneof![Just(Failure::Taken), Just(Failure::Other)].prop_map(Event::Failed),
        Just(Event::Lost),
        Just(Event::MovedOn),
        any::<[bool; 4]>().prop_map(|[list, default, chosen_is_there, chosen_is_back]| {
            Event::Changed(Change { list, default, chosen_is_there, chosen_is_back })
        }),
        (0..12_000_u64).prop_map(Event::Passes),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_nothing_unwanted_opens_one_attempt_runs_at_a_time_and_no_device_is_given_up(
        first in pick(),
        exclusive: bool,
        events in proptest::collection::vec(event(), 1..60),
    ) {
        let mut now = Instant::now();
        let mut keeper = DeviceKeeper::new(first, exclusive);
        // What the shell does: the attempt under way, and whether something is open.
        let (mut wanted, mut opening, mut open) = (false, false, false);
        for event in events {
            match event {
                Event::Want(now_wanted) => {
                    wanted = now_wanted;
                    keeper.want(wanted, now);
                }
                Event::Choose(choice) => keeper.choose(choice, now),
                Event::Opened(chosen) if opening && keeper.is_opening() => {
                    opening = false;
                    open = true;
                    let fallback = || Opened::Fallback("it is away".into());
                    keeper.opened(if chosen { Opened::Chosen } else { fallback() }, now);
                }
                Event::Failed(failure) if opening && keeper.is_opening() => {
                    opening = false;
                    keeper.failed(failure, "it does not work".into(), now);
                }
                Event::Lost if open => keeper.lost("it is gone".into(), now),
                Event::MovedOn => keeper.moved_on(),
                Event::Changed(change) => keeper.devices_changed(change, now),
                Event::Passes(ms) => now += Duration::from_millis(ms),
                Event::Opened(_) | Event::Failed(_) | Event::Lost => {}
            }
            // The shell drops an attempt that is not one any more.
            opening &= keeper.is_opening();
            for _ in 0..4 {
                match keeper.poll(now) {
                    Some(Step::Open { chosen, .. }) => {
                        prop_assert!(wanted && !opening && chosen.is_any());
                        prop_assert!(!(exclusive && open), "the last one is closed first");
                        opening = true;
                    }
                    Some(Step::Close) => open = false,
                    None => break,
                }
            }
            prop_assert_eq!(keeper.poll(now), None, "it comes to rest");
            prop_assert!(wanted || !(open || opening), "nothing stays open that is not wanted");
            prop_assert!(wanted || keeper.trouble().is_none());
            if wanted && keeper.choice().is_device() && !open && !opening {
                // In time it is tried again, whatever happened before.
                let (mut later, mut copy_due) = (now, false);
                while later <= now + Duration::from_secs(8) && !copy_due {
                    copy_due = keeper.is_due(later);
                    later += 100 * MS;
                }
                prop_assert!(copy_due, "{keeper:?} is given up");
            }
        }
    }
}

#[test]
fn an_attempt_that_takes_long_is_reported_once_and_goes_on() {
    let mut bench = Bench::wanted(Pick::File);
    bench.attempts();
    let words = |_: &Pick| Phrase::from("nothing comes yet");
    bench.now += PATIENCE - MS;
    bench.keeper.report_overdue(words, bench.now);
    assert_eq!(bench.keeper.trouble(), None);
    bench.now += MS;
    bench.keeper.report_overdue(words, bench.now);
    assert_eq!(bench.keeper.trouble(), Some(&Trouble::Missing("nothing comes yet".into())));
    assert!(bench.keeper.is_opening());
    bench.keeper.report_overdue(|_| unreachable!("it was reported"), bench.now);
    bench.opens();
    assert_eq!(bench.keeper.trouble(), None);
    bench.keeper.report_overdue(|_| unreachable!("it is open"), bench.now + PATIENCE);
}
