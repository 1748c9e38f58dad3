//! The desktop round the window: notifications, the tray, a screen that stays awake, and what is
//! asked of the window from outside it.
//!
//! In: the session's snapshots, the person's [`Rules`], and whether the window is seen. Out:
//! [`Intent`]s, as if they were given in the window, and [`WindowRequest`]s. The rules of it are in
//! [`crate::attention`]; each thing of the desktop is a task of its own that makes up the
//! difference between how it is and how it is to be. What always holds: what waits for such a task
//! is only the newest of what is wanted; each call to the desktop has a deadline; without a
//! desktop, or with one that hangs, everything else works. A click on a notification means the call
//! that it was shown for, and no other.

#[cfg(any(target_os = "macos", windows))]
mod awake_thread;
mod file_manager;
mod local_time;
mod missed;
pub mod proposal;
mod texts;
#[cfg(any(target_os = "macos", windows))]
mod toasts;
mod window;
#[cfg(any(target_os = "macos", windows))]
mod window_tray;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

#[cfg(target_os = "linux")]
use linux as imp;
#[cfg(target_os = "macos")]
use macos as imp;
#[cfg(windows)]
use windows as imp;

pub use file_manager::{open_folder, open_link, show_in_folder};
pub use imp::WindowTray;
pub use texts::other_server;
pub use window::{WindowLink, WindowRequest};

use crate::attention::{Attention, Facts, Incoming, MissedNotification, Outlook, Rules, Tray};
use crate::call::event::CallPhase;
use crate::session::snapshot::{Intent, SessionLink, Snapshot};
use crate::settings::{Settings, TimeOfDay};
use missed::MissedWatch;

/// What people do outside the window waits here; more than this nobody clicks at once, and what
/// does not fit is lost.
const EVENT_QUEUE: usize = 16;
/// How often the clock is looked at for quiet hours.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(10);
/// How long everything may take that is withdrawn at the end.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

/// The notifications that are to stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Notifications {
    incoming: Option<Incoming>,
    missed: Option<MissedNotification>,
}

/// What a person does outside the window.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DesktopEvent {
    /// Takes the call that a notification was shown for.
    Answer(Incoming),
    /// Declines it.
    Decline(Incoming),
    /// Wants to see the window.
    Show,
    /// Has put the notification of missed calls away, of which this is the last.
    MissedPutAway(u64),
    /// Mutes the microphone, or unmutes it.
    ToggleMute,
    /// Closes, cancels or declines the call.
    HangUp,
    /// Ends the program.
    Quit,
}

/// The desktop of a session; it ends with the session.
pub struct Desktop {
    task: tokio::task::JoinHandle<()>,
}

impl Desktop {
    /// Starts it on the current tokio runtime.
    #[must_use]
    pub fn start(link: SessionLink, window: WindowLink) -> Self {
        Self { task: tokio::spawn(Driver::new(link, window).run()) }
    }

    /// Comes back when everything is withdrawn, or that has taken too long. The session has ended.
    pub async fn finish(self) {
        if tokio::time::timeout(LEAVE_WITHIN, self.task).await.is_err() {
            tracing::debug!("the desktop did not let go in time");
        }
    }
}

/// The rules as they stand in the settings.
#[must_use]
pub fn rules(settings: &Settings) -> Rules {
    let notifications = &settings.notifications;
    Rules {
        do_not_disturb: notifications.do_not_disturb,
        quiet_hours: notifications.quiet_hours,
        notifications: notifications.desktop,
        ring: settings.ring.on,
    }
}

/// Whether nothing may be heard now.
#[must_use]
pub fn is_quiet_now(settings: &Settings) -> bool {
    !rules(settings).allow_ringing(local_time::now())
}

/// How each thing of the desktop is to be.
struct Wishes {
    notifications: watch::Sender<Notifications>,
    keep_awake: watch::Sender<bool>,
    tray: watch::Sender<Tray>,
}

/// What time of the day it is where the person is.
type Clock = Box<dyn Fn() -> TimeOfDay + Send>;

struct Driver {
    link: SessionLink,
    window: WindowLink,
    rules: watch::Receiver<Rules>,
    /// What time of the day it is.
    clock: Clock,
    attention: Attention,
    missed: MissedWatch,
    /// The call for which the window was raised.
    raised: Option<Instant>,
    wishes: Wishes,
    events: mpsc::Receiver<DesktopEvent>,
    tasks: JoinSet<()>,
}

impl Driver {
    fn new(link: SessionLink, window: WindowLink) -> Self {
        let (event_in, events) = mpsc::channel(EVENT_QUEUE);
        let wishes = Wishes {
            notifications: watch::Sender::default(),
            keep_awake: watch::Sender::default(),
            tray: watch::Sender::default(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(imp::notifications(wishes.notifications.subscribe(), event_in.clone()));
        tasks.spawn(imp::keep_awake(wishes.keep_awake.subscribe()));
        tasks.spawn(imp::tray(wishes.tray.subscribe(), event_in, window.clone()));
        Self {
            link,
            rules: window.rules(),
            clock: Box::new(local_time::now),
            window,
            attention: Attention::default(),
            missed: MissedWatch::default(),
            raised: None,
            wishes,
            events,
            tasks,
        }
    }

    async fn run(mut self) {
        let mut sight = self.window.sight();
        let mut clock = tokio::time::interval(LOOK_AT_THE_CLOCK);
        loop {
            let snapshot = Arc::clone(&self.link.snapshots.borrow_and_update());
            let seen = *sight.borrow_and_update();
            self.look(&snapshot, seen);
            tokio::select! {
                changed = self.link.snapshots.changed() => {
                    if changed.is_err() {
                        break;
                    }
                }
                // The window link is held here, so that the other ends are always there.
                _ = sight.changed() => {}
                _ = self.rules.changed() => {}
                _ = clock.tick() => {}
                Some(event) = self.events.recv() => self.on_event(event),
            }
        }
        self.wish(Outlook::default());
        drop(self.wishes);
        while self.tasks.join_next().await.is_some() {}
    }

    fn look(&mut self, snapshot: &Snapshot, seen: bool) {
        let rules = *self.rules.borrow_and_update();
        let now = (self.clock)();
        self.missed.look(snapshot, !rules.allow_disturbing(now));
        let outlook = self.attention.outlook(&Facts {
            call: &snapshot.call,
            trust: snapshot.trust,
            missed: self.missed.calls(),
            muted: snapshot.microphone_muted,
            rules: &rules,
            now,
            window_is_seen: seen,
        });
        if snapshot.quiet != outlook.quiet {
            self.intend(Intent::BeQuiet(outlook.quiet));
        }
        if outlook.raise != self.raised {
            self.raised = outlook.raise;
            if self.raised.is_some() {
                self.window.ask(WindowRequest::Raise);
            }
        }
        self.wish(outlook);
    }

    fn wish(&self, outlook: Outlook) {
        let Outlook { incoming, missed, keep_awake, tray, .. } = outlook;
        let notifications = Notifications { incoming, missed };
        put(&self.wishes.notifications, notifications);
        put(&self.wishes.keep_awake, keep_awake);
        put(&self.wishes.tray, tray);
    }

    fn on_event(&mut self, event: DesktopEvent) {
        let snapshot = Arc::clone(&self.link.snapshots.borrow());
        match event {
            // What there is to decide stands in the window.
            DesktopEvent::Answer(call) if rings(&snapshot.call, &call) && changed(&snapshot) => {
                self.window.ask(WindowRequest::Raise);
            }
            DesktopEvent::Answer(call) if rings(&snapshot.call, &call) => {
                self.intend(Intent::Accept { from: call.peer });
                self.window.ask(WindowRequest::Raise);
            }
            DesktopEvent::Decline(call) if rings(&snapshot.call, &call) => {
                self.intend(Intent::Decline);
            }
            // The call that was meant is over.
            DesktopEvent::Answer(_) | DesktopEvent::Decline(_) => {}
            DesktopEvent::Show => self.window.ask(WindowRequest::Raise),
            DesktopEvent::MissedPutAway(last) => self.attention.missed_was_put_away(last),
            DesktopEvent::ToggleMute => {
                self.intend(Intent::MuteMicrophone(!snapshot.microphone_muted));
            }
            DesktopEvent::HangUp => self.intend(Intent::HangUp),
            DesktopEvent::Quit => self.window.ask(WindowRequest::Quit),
        }
    }

    fn intend(&self, intent: Intent) {
        if let Err(error) = self.link.intents.try_send(intent) {
            tracing::warn!(%error, "an intent was lost");
        }
    }
}

/// Whether this is the call that rings.
fn rings(phase: &CallPhase, call: &Incoming) -> bool {
    matches!(phase, CallPhase::Ringing { peer, since }
        if *peer == call.peer && *since == call.since)
}

/// Whether the call comes under another key than before.
fn changed(snapshot: &Snapshot) -> bool {
    snapshot.trust.is_some_and(|trust| trust.standing.is_changed())
}

fn put<T: PartialEq>(wish: &watch::Sender<T>, new: T) {
    wish.send_if_modified(|before| {
        let differs = *before != new;
        if differs {
            *before = new;
        }
        differs
    });
}

#[cfg(test)]
mod tests;
