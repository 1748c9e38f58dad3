//! What the screens ask for: they collect [`Action`]s, and only [`super::app::App`] applies them.

use crate::session::snapshot::Intent;
use crate::settings::Settings;

/// Everything a screen can ask for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Send(Intent),
    Help(bool),
    /// Show the settings, or put them away.
    Settings(bool),
    Change(Change),
    Fullscreen(bool),
    /// Put away a notice of the window's own.
    DismissLocal(usize),
}

/// Settings that are to be others from now on.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// All of them, as they are to be.
    All(Box<Settings>),
}

/// What one pass over the screens asked for, in order.
#[derive(Debug, Default)]
pub(super) struct Actions(Vec<Action>);

impl Actions {
    pub(super) fn send(&mut self, intent: Intent) {
        self.0.push(Action::Send(intent));
    }

    pub(super) fn push(&mut self, action: Action) {
        self.0.push(action);
    }

    pub(super) fn into_vec(self) -> Vec<Action> {
        self.0
    }
}
