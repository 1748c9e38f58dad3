use std::time::{Duration, Instant};

use proptest::prelude::*;
use visavis_shared::{PublicKey, Username};

use super::*;
use crate::call::event::{CallPhase, EndReason};
use crate::settings::{QuietHours, TimeOfDay};
use crate::trust::{CallTrust, CodeState, Standing};

fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

fn time(text: &str) -> TimeOfDay {
    text.parse().expect("a time")
}

fn ringing(peer: &str, since: Instant) -> CallPhase {
    CallPhase::Ringing { peer: name(peer), since }
}

fn ended(peer: &str) -> CallPhase {
    CallPhase::Ended { peer: name(peer), reason: EndReason::NoAnswer, talked: None }
}

fn incoming(peer: &str, since: Instant) -> Incoming {
    Incoming { peer: name(peer), vouched: Vouched::ByNothing, since }
}

fn missed(peer: &str) -> Missed {
    Missed { peer: name(peer), while_busy: false, silently: false }
}

/// A window that nobody looks at, and the usual rules.
struct Desk {
    attention: Attention,
    missed: MissedCalls,
    rules: Rules,
    seen: bool,
    now: TimeOfDay,
    muted: bool,
    trust: Option<CallTrust>,
}

impl Desk {
    fn new() -> Self {
        Self {
            attention: Attention::default(),
            missed: MissedCalls::default(),
            rules: Rules::default(),
            seen: false,
            now: time("12:00"),
            muted: false,
            trust: None,
        }
    }

    fn when(&mut self, call: &CallPhase) -> Outlook {
        let facts = Facts {
            call,
            trust: self.trust,
            missed: &self.missed,
            muted: self.muted,
            rules: &self.rules,
            now: self.now,
            window_is_seen: self.seen,
        };
        self.attention.outlook(&facts)
    }
}

#[test]
fn a_call_rings_raises_the_window_and_is_shown_until_it_is_taken() {
    let (mut desk, since) = (Desk::new(), Instant::now());
    let outlook = desk.when(&ringing("bob", since));
    assert_eq!(outlook.incoming, Some(incoming("bob", since)));
    assert!(outlook.rings && outlook.raise == Some(since) && !outlook.keep_awake);
    assert_eq!(outlook.tray.call, TrayCall::Ringing(name("bob")));
    let outlook = desk.when(&CallPhase::Connecting { peer: name("bob"), since });
    assert_eq!((outlook.incoming, outlook.rings, outlook.raise), (None, false, None));
    assert!(outlook.keep_awake);
    assert_eq!(outlook.tray.call, TrayCall::With(name("bob")));
    let outlook = desk.when(&ended("bob"));
    assert_eq!(outlook, Outlook::default());
}

#[test]
fn who_looks_at_the_window_needs_no_notification() {
    let (mut desk, since) = (Desk::new(), Instant::now());
    desk.seen = true;
    let outlook = desk.when(&ringing("bob", since));
    assert_eq!((outlook.incoming, outlook.rings), (None, true));
    desk.missed.note(missed("bob"));
    assert_eq!(desk.when(&ended("bob")), Outlook::default());
    desk.seen = false;
    assert_eq!(desk.when(&CallPhase::Idle), Outlook::default());
}

#[test]
fn a_missed_call_is_shown_until_the_window_is_seen_or_it_is_put_away() {
    let mut desk = Desk::new();
    desk.missed.note(missed("bob"));
    desk.missed.note(missed("carol"));
    desk.missed.note(missed("bob"));
    let outlook = desk.when(&ended("bob"));
    let shown = MissedNotification { names: vec![name("bob"), name("carol")], calls: 3, last: 3 };
    assert_eq!((outlook.missed.as_ref(), outlook.tray.missed), (Some(&shown), 3));
    desk.seen = true;
    assert_eq!(desk.when(&ended("bob")), Outlook::default());
    desk.seen = false;
    desk.missed.note(missed("dora"));
    let shown = MissedNotification { names: vec![name("dora")], calls: 1, last: 4 };
    assert_eq!(desk.when(&ended("dora")).missed, Some(shown));
    desk.attention.missed_was_put_away(4);
    assert_eq!(desk.when(&ended("dora")).missed, None);
}

#[test]
fn who_is_not_to_be_disturbed_hears_and_sees_nothing_but_learns_of_it_in_the_tray() {
    let (mut desk, since) = (Desk::new(), Instant::now());
    desk.rules.do_not_disturb = true;
    let outlook = desk.when(&ringing("bob", since));
    assert_eq!((outlook.incoming, outlook.rings, outlook.raise), (None, false, None));
    assert!(outlook.quiet);
    desk.missed.note(Missed { silently: true, ..missed("bob") });
    desk.rules.do_not_disturb = false;
    let outlook = desk.when(&ended("bob"));
    assert_eq!((outlook.missed, outlook.tray.missed, outlook.quiet), (None, 1, false));
}

#[test]
fn without_notifications_it_still_rings() {
    let (mut desk, since) = (Desk::new(), Instant::now());
    desk.rules.notifications = false;
    let outlook = desk.when(&ringing("bob", since));
    assert_eq!((outlook.incoming, outlook.rings), (None, true));
    desk.missed.note(missed("bob"));
    assert_eq!(desk.when(&ended("bob")).missed, None);
}

#[test]
fn quiet_hours_go_over_midnight_and_end_on_the_minute() {
    let between = |from: &str, until: &str| {
        let quiet_hours = QuietHours { on: true, from: time(from), until: time(until) };
        Rules { quiet_hours, ..Rules::default() }
    };
    let rules = between("22:30", "7:00");
    for (at, disturbs) in [
        ("22:29", true),
        ("22:30", false),
        ("23:59", false),
        ("0:00", false),
        ("06:59", false),
        ("07:00", true),
        ("12:00", true),
    ] {
        assert_eq!(rules.allow_disturbing(time(at)), disturbs, "{at}");
    }
    let rules = between("12:00", "13:00");
    assert!(rules.allow_disturbing(time("11:59")) && rules.allow_disturbing(time("13:00")));
    assert!(!rules.allow_disturbing(time("12:00")));
    let rules = between("5:00", "5:00");
    assert!(rules.allow_disturbing(time("5:00")));
    let never = Rules { do_not_disturb: true, ..Rules::default() };
    assert!(!never.allow_disturbing(time("12:00")));
}

#[test]
fn who_wants_no_ring_tone_still_sees_that_somebody_calls() {
    let (mut desk, since) = (Desk::new(), Instant::now());
    desk.rules.ring = false;
    let outlook = desk.when(&ringing("bob", since));
    assert_eq!(outlook.incoming, Some(incoming("bob", since)));
    assert!(outlook.quiet && !outlook.rings && outlook.raise == Some(since));
}

#[test]
fn of_many_missed_calls_the_last_are_known_by_name_and_all_are_counted() {
    let mut calls = MissedCalls::default();
    for n in 0..200 {
        calls.note(missed(&format!("caller{n}")));
    }
    assert_eq!((calls.total(), calls.after(0).count(), calls.after(197).count()), (200, 50, 3));
    assert_eq!(calls.after(199).next().map(|last| last.peer.as_str()), Some("caller199"));
    assert_eq!(calls.after(500).count(), 0);
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    Call(CallPhase),
    Missed(Missed),
    Seen(bool),
    Time(TimeOfDay),
    DoNotDisturb(bool),
    Ring(bool),
    Notifications(bool),
    Muted(bool),
    PutAway(u64),
    LoggedOut,
}

fn phases() -> impl Strategy<Value = CallPhase> {
    let epoch = Instant::now();
    let peer = prop::sample::select(vec!["bob", "carol"]).prop_map(name);
    (peer, 0..6, 0..3_u64).prop_map(move |(peer, kind, at)| {
        let since = epoch + Duration::from_secs(at);
        match kind {
            0 => CallPhase::Idle,
            1 => CallPhase::Ringing { peer, since },
            2 => CallPhase::Calling { peer, ringing: at == 1, since },
            3 => CallPhase::Connecting { peer, since },
            4 => CallPhase::InCall { peer, since },
            _ => CallPhase::Ended { peer, reason: EndReason::ClosedByPeer, talked: None },
        }
    })
}

fn happenings() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => phases().prop_map(Happening::Call),
        1 => any::<(bool, bool)>().prop_map(|(while_busy, silently)| {
            Happening::Missed(Missed { peer: name("bob"), while_busy, silently })
        }),
        1 => any::<bool>().prop_map(Happening::Seen),
        1 => (0..24_u16).prop_map(|hour| {
            Happening::Time(TimeOfDay::new(hour, 0).expect("a time"))
        }),
        1 => any::<bool>().prop_map(Happening::DoNotDisturb),
        1 => any::<bool>().prop_map(Happening::Ring),
        1 => any::<bool>().prop_map(Happening::Notifications),
        1 => any::<bool>().prop_map(Happening::Muted),
        1 => (0..9_u64).prop_map(Happening::PutAway),
        1 => Just(Happening::LoggedOut),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_in_whatever_order_nothing_rings_or_stands_when_no_call_rings(
        story in prop::collection::vec(happenings(), 0..40),
    ) {
        let (mut desk, mut call) = (Desk::new(), CallPhase::Idle);
        desk.rules.quiet_hours =
            QuietHours { on: true, from: time("22:00"), until: time("7:00") };
        for happening in story {
            match happening {
                Happening::Call(phase) => call = phase,
                Happening::Missed(missed) => desk.missed.note(missed),
                Happening::Seen(seen) => desk.seen = seen,
                Happening::Time(now) => desk.now = now,
                Happening::DoNotDisturb(on) => desk.rules.do_not_disturb = on,
                Happening::Ring(on) => desk.rules.ring = on,
                Happening::Notifications(on) => desk.rules.notifications = on,
                Happening::Muted(muted) => desk.muted = muted,
                Happening::PutAway(last) => desk.attention.missed_was_put_away(last),
                Happening::LoggedOut => desk.missed = MissedCalls::default(),
            }
            let outlook = desk.when(&call);
            let rings = matches!(call, CallPhase::Ringing { .. });
            let disturbs = desk.rules.allow_disturbing(desk.now);
            let disturbed = outlook.incoming.is_some() || outlook.rings || outlook.raise.is_some();
            prop_assert!(!disturbed || rings && disturbs);
            prop_assert_eq!(outlook.rings, rings && disturbs && desk.rules.ring);
            prop_assert_eq!(outlook.quiet, !disturbs || !desk.rules.ring);
            if let Some(incoming) = &outlook.incoming {
                let same = CallPhase::Ringing { peer: incoming.peer.clone(), since: incoming.since };
                prop_assert_eq!(&same, &call);
                prop_assert!(!desk.seen && desk.rules.notifications);
            }
            if let Some(missed) = &outlook.missed {
                prop_assert!(!desk.seen && desk.rules.notifications && !desk.rules.do_not_disturb);
                prop_assert!(missed.calls > 0 && !missed.names.is_empty());
            }
            if desk.seen {
                prop_assert_eq!(outlook.tray.missed, 0);
            }
            // Asked again, it says the same.
            prop_assert_eq!(desk.when(&call), outlook);
        }
    }
}

#[test]
fn a_notification_knows_what_vouches_for_the_caller() {
    let (one, two) = (PublicKey([1; 32]), PublicKey([2; 32]));
    let (mut desk, since) = (Desk::new(), Instant::now());
    for (standing, vouched) in [
        (Standing::Unsigned, Vouched::ByNothing),
        (Standing::New(one), Vouched::ByKey),
        (Standing::Same { key: one, confirmed: true }, Vouched::ByKey),
        (Standing::Changed { before: one, now: Some(two) }, Vouched::ByAnotherKey),
        (Standing::Changed { before: one, now: None }, Vouched::ByAnotherKey),
    ] {
        desk.trust = Some(CallTrust { standing, code: CodeState::None, page: false });
        let shown = desk.when(&ringing("bob", since)).incoming;
        assert_eq!(shown, Some(Incoming { peer: name("bob"), vouched, since }), "{standing:?}");
    }
}
