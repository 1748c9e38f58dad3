//! What the screens ask for: they collect [`Action`]s, and only [`super::app::App`] applies them.

use crate::config::Theme;
use crate::invitation::Invitation;
use crate::session::snapshot::Intent;
use crate::settings::{Language, Shortcuts};

/// Everything a screen can ask for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Send(Intent),
    /// Look different from now on.
    Theme(Theme),
    Help(bool),
    /// Open the list of shortcuts, or put it away.
    ToggleHelp,
    /// Show the settings, or put them away.
    Settings(bool),
    Change(Change),
    Fullscreen(bool),
    /// Put away a notice of the window's own.
    DismissLocal(usize),
    /// Offer a server no more where one logs in.
    ForgetServer(String),
    /// Propose what an invitation is to, once we are logged in at its server.
    Invited(Invitation),
    /// Show the link to oneself, or put it away.
    Invite(bool),
}

/// A setting that is to be another from now on.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Language(Language),
    /// How large everything is, in percent.
    Scale(u16),
    DoNotDisturb(bool),
    OnlyContactsCall(bool),
    BeginWithCamera(bool),
    BeginWithMicrophone(bool),
    Shortcuts(Shortcuts),
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
