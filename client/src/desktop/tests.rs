use std::time::Duration;

use visavis_shared::{PublicKey, Username};

use super::*;
use crate::attention::Vouched;
use crate::call::event::EndReason;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::session::snapshot::{CallTrust, CodeState, Standing};
use crate::settings::QuietHours;

fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

/// A desktop's driver with a session that a test plays.
struct Stage {
    driver: Driver,
    snapshots: watch::Sender<Arc<Snapshot>>,
    intents: mpsc::Receiver<Intent>,
    window: WindowLink,
}

impl Stage {
    fn new() -> Self {
        let (intent_in, intents) = mpsc::channel(16);
        let (snapshots, snapshot_out) = watch::channel(Arc::new(Snapshot::default()));
        let link = SessionLink {
            intents: intent_in,
            snapshots: snapshot_out,
            remote_video: DropOldestQueue::latest(),
            self_video: DropOldestQueue::latest(),
        };
        let window = WindowLink::default();
        let mut driver = Driver::new(link, window.clone());
        // What the machine that tests run on has of a desktop is not asked.
        driver.tasks.abort_all();
        Self { driver, snapshots, intents, window }
    }

    fn is(&mut self, call: CallPhase, quiet: bool) {
        let snapshot = Arc::new(Snapshot { call, quiet, ..Snapshot::default() });
        self.snapshots.send_replace(Arc::clone(&snapshot));
        self.driver.look(&snapshot, false);
    }

    /// The same of a call under another key than before.
    fn changed(&mut self, call: CallPhase) {
        let (before, now) = (PublicKey([1; 32]), Some(PublicKey([2; 32])));
        let standing = Standing::Changed { before, now };
        let trust = Some(CallTrust { standing, code: CodeState::None, page: false });
        let snapshot = Arc::new(Snapshot { call, trust, ..Snapshot::default() });
        self.snapshots.send_replace(Arc::clone(&snapshot));
        self.driver.look(&snapshot, false);
    }

    fn intended(&mut self) -> Vec<Intent> {
        std::iter::from_fn(|| self.intents.try_recv().ok()).collect()
    }

    fn asked(&self) -> Vec<WindowRequest> {
        std::iter::from_fn(|| self.window.take()).collect()
    }
}

#[tokio::test]
async fn a_click_means_the_call_that_it_was_shown_for_and_no_other() {
    let (mut stage, since) = (Stage::new(), Instant::now());
    let shown = Incoming { peer: name("bob"), vouched: Vouched::ByNothing, since };
    stage.is(CallPhase::Ringing { peer: name("bob"), since }, false);
    assert_eq!(stage.driver.wishes.notifications.borrow().incoming, Some(shown.clone()));
    stage.driver.on_event(DesktopEvent::Answer(shown.clone()));
    assert_eq!(stage.intended(), [Intent::Accept { from: name("bob") }]);
    stage.driver.on_event(DesktopEvent::Decline(shown.clone()));
    assert_eq!(stage.intended(), [Intent::Decline]);
    let later = since + Duration::from_secs(1);
    for other in [
        CallPhase::Ringing { peer: name("carol"), since: later },
        CallPhase::Ringing { peer: name("bob"), since: later },
        CallPhase::InCall { peer: name("bob"), since },
        CallPhase::Idle,
    ] {
        stage.is(other, false);
        stage.driver.on_event(DesktopEvent::Answer(shown.clone()));
        stage.driver.on_event(DesktopEvent::Decline(shown.clone()));
        assert_eq!(stage.intended(), []);
    }
}

#[tokio::test]
async fn a_call_under_another_key_is_not_taken_outside_the_window() {
    let (mut stage, since) = (Stage::new(), Instant::now());
    stage.changed(CallPhase::Ringing { peer: name("bob"), since });
    let shown = stage.driver.wishes.notifications.borrow().incoming.clone().unwrap();
    assert_eq!(shown.vouched, Vouched::ByAnotherKey);
    assert_eq!(stage.asked(), [WindowRequest::Raise]);
    // From a notification that was shown before that was known.
    stage.driver.on_event(DesktopEvent::Answer(shown.clone()));
    assert_eq!((stage.intended(), stage.asked()), (vec![], vec![WindowRequest::Raise]));
    stage.driver.on_event(DesktopEvent::Decline(shown));
    assert_eq!(stage.intended(), [Intent::Decline]);
}

#[tokio::test]
async fn the_window_is_raised_once_for_each_call() {
    let (mut stage, since) = (Stage::new(), Instant::now());
    stage.is(CallPhase::Ringing { peer: name("bob"), since }, false);
    stage.is(CallPhase::Ringing { peer: name("bob"), since }, false);
    assert_eq!(stage.asked(), [WindowRequest::Raise]);
    let reason = EndReason::ClosedByPeer;
    stage.is(CallPhase::Ended { peer: name("bob"), reason, talked: None }, false);
    assert_eq!(stage.asked(), []);
    assert_eq!(stage.driver.wishes.notifications.borrow().clone(), Notifications::default());
    stage
        .is(CallPhase::Ringing { peer: name("bob"), since: since + Duration::from_secs(9) }, false);
    assert_eq!(stage.asked(), [WindowRequest::Raise]);
}

#[tokio::test]
async fn the_session_learns_when_nothing_may_ring_and_when_it_may_again() {
    let (mut stage, since) = (Stage::new(), Instant::now());
    stage.is(CallPhase::Idle, false);
    assert_eq!(stage.intended(), []);
    stage.window.set_rules(Rules { do_not_disturb: true, ..Rules::default() });
    stage.is(CallPhase::Idle, false);
    assert_eq!(stage.intended(), [Intent::BeQuiet(true)]);
    stage.is(CallPhase::Ringing { peer: name("bob"), since }, true);
    assert_eq!((stage.intended(), stage.asked()), (vec![], vec![]));
    assert_eq!(stage.driver.wishes.notifications.borrow().clone(), Notifications::default());
    stage.window.set_rules(Rules::default());
    stage.is(CallPhase::Ringing { peer: name("bob"), since }, true);
    assert_eq!(stage.intended(), [Intent::BeQuiet(false)]);
    assert_eq!(stage.asked(), [WindowRequest::Raise]);
}

#[tokio::test(start_paused = true)]
async fn quiet_hours_begin_and_end_by_the_clock_over_midnight() {
    let mut stage = Stage::new();
    let began = tokio::time::Instant::now();
    let time = move || {
        // It is ten to ten in the evening.
        let minutes = 21 * 60 + 50 + began.elapsed().as_secs() / 60;
        let part = |value: u64| u16::try_from(value).expect("a part of a day");
        TimeOfDay::new(part(minutes / 60 % 24), part(minutes % 60)).expect("a time")
    };
    stage.driver.clock = Box::new(time);
    let at = |text: &str| text.parse().expect("a time");
    let quiet_hours = QuietHours { on: true, from: at("22:00"), until: at("6:30") };
    stage.window.set_rules(Rules { quiet_hours, ..Rules::default() });
    let Stage { driver, snapshots, mut intents, .. } = stage;
    let running = tokio::spawn(driver.run());
    let mut changes = Vec::new();
    while changes.len() < 4 {
        let Some(Intent::BeQuiet(quiet)) = intents.recv().await else { panic!("no change") };
        changes.push((time().to_string(), quiet));
        snapshots.send_replace(Arc::new(Snapshot { quiet, ..Snapshot::default() }));
    }
    let expected = [("22:00", true), ("06:30", false), ("22:00", true), ("06:30", false)];
    assert_eq!(changes, expected.map(|(time, quiet)| (time.to_owned(), quiet)));
    drop(snapshots);
    running.await.expect("it ends with its session");
}

#[test]
fn the_rules_are_those_of_the_settings() {
    let mut settings = Settings::default();
    assert_eq!(rules(&settings), Rules::default());
    settings.ring.on = false;
    settings.notifications.desktop = false;
    settings.notifications.quiet_hours.on = true;
    let quiet_hours = QuietHours { on: true, ..QuietHours::default() };
    let expected = Rules { do_not_disturb: false, quiet_hours, notifications: false, ring: false };
    assert_eq!(rules(&settings), expected);
    assert!(is_quiet_now(&settings));
}

#[tokio::test]
async fn the_tray_mutes_hangs_up_shows_and_quits() {
    let mut stage = Stage::new();
    stage.is(CallPhase::InCall { peer: name("bob"), since: Instant::now() }, false);
    assert!(*stage.driver.wishes.keep_awake.borrow());
    stage.driver.on_event(DesktopEvent::ToggleMute);
    stage.driver.on_event(DesktopEvent::HangUp);
    assert_eq!(stage.intended(), [Intent::MuteMicrophone(true), Intent::HangUp]);
    stage.driver.on_event(DesktopEvent::Show);
    stage.driver.on_event(DesktopEvent::Quit);
    assert_eq!(stage.asked(), [WindowRequest::Raise, WindowRequest::Quit]);
}
