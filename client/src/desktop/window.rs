//! What joins the window and the desktop.
//!
//! In: what is asked of the window from outside it: by the desktop, by a later start, by a link.
//! Out: whether the window is seen, what the person has decided, and whether there is a tray. What
//! always holds: the queue is bounded, and what is oldest in it gives way; neither side waits for
//! the other.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::attention::Rules;
use crate::invitation::{Invitation, InvitationError};
use crate::media::drop_oldest_queue::DropOldestQueue;

/// More than this nobody asks for between two looks of the window.
const REQUESTS: usize = 16;

/// What is asked of the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowRequest {
    /// Come to the front, or ask for attention where the system does not allow that.
    Raise,
    /// Propose what an invitation is to; nobody is called.
    Open(Invitation),
    /// Say why a link that was opened leads nowhere.
    Refuse(InvitationError),
    /// Close, and end the program.
    Quit,
    /// Look whether there still is a tray, and how it is to be.
    TrayChanged,
}

impl WindowRequest {
    /// What a start with this link asks for, or one without.
    #[must_use]
    pub fn of_link(link: Option<Result<Invitation, InvitationError>>) -> Self {
        match link {
            None => Self::Raise,
            Some(Ok(invitation)) => Self::Open(invitation),
            Some(Err(error)) => Self::Refuse(error),
        }
    }
}

/// Both ends of what joins the window and the desktop.
#[derive(Clone)]
pub struct WindowLink {
    requests: Arc<DropOldestQueue<WindowRequest>>,
    seen: Arc<watch::Sender<bool>>,
    tray: Arc<watch::Sender<bool>>,
    rules: Arc<watch::Sender<Rules>>,
    /// A tray that waits for the thread of the window.
    #[cfg(any(target_os = "macos", windows))]
    handed_over: Arc<std::sync::Mutex<Option<super::window_tray::TrayEnds>>>,
}

impl Default for WindowLink {
    fn default() -> Self {
        Self {
            requests: DropOldestQueue::new(REQUESTS),
            seen: Arc::new(watch::Sender::new(false)),
            tray: Arc::new(watch::Sender::new(false)),
            rules: Arc::new(watch::Sender::new(Rules::default())),
            #[cfg(any(target_os = "macos", windows))]
            handed_over: Arc::default(),
        }
    }
}

impl fmt::Debug for WindowLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowLink").finish_non_exhaustive()
    }
}

impl WindowLink {
    /// Asks something of the window.
    pub fn ask(&self, request: WindowRequest) {
        self.requests.put(request);
    }

    /// What was asked of the window, the oldest first.
    #[must_use]
    pub fn take(&self) -> Option<WindowRequest> {
        self.requests.take()
    }

    /// Calls this each time that something is asked of the window.
    pub fn on_request(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.requests.on_fill(wake);
    }

    /// The window says whether it is in front of the person: it has the focus and is not minimised.
    pub fn is_seen(&self, seen: bool) {
        self.seen.send_if_modified(|before| std::mem::replace(before, seen) != seen);
    }

    /// The person has decided about being called.
    pub fn set_rules(&self, rules: Rules) {
        self.rules.send_if_modified(|before| std::mem::replace(before, rules) != rules);
    }

    pub(super) fn rules(&self) -> watch::Receiver<Rules> {
        self.rules.subscribe()
    }

    /// Whether there is a tray, in which a closed window can be found again.
    #[must_use]
    pub fn has_tray(&self) -> bool {
        *self.tray.borrow()
    }

    pub(super) fn sight(&self) -> watch::Receiver<bool> {
        self.seen.subscribe()
    }

    /// The desktop says whether there is a tray.
    pub fn tray_is_there(&self, there: bool) {
        let changed =
            self.tray.send_if_modified(|before| std::mem::replace(before, there) != there);
        if changed && !there {
            self.ask(WindowRequest::TrayChanged);
        }
    }

    /// The desktop hands the tray over to the window.
    #[cfg(any(target_os = "macos", windows))]
    pub(super) fn hand_over_tray(&self, ends: super::window_tray::TrayEnds) {
        *self.handed_over() = Some(ends);
    }

    /// What was handed over since the last time.
    #[cfg(any(target_os = "macos", windows))]
    pub(super) fn take_tray(&self) -> Option<super::window_tray::TrayEnds> {
        self.handed_over().take()
    }

    #[cfg(any(target_os = "macos", windows))]
    fn handed_over(&self) -> std::sync::MutexGuard<'_, Option<super::window_tray::TrayEnds>> {
        self.handed_over.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
