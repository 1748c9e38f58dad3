//! What the screens ask for: they collect [`Action`]s, and only [`super::app::App`] applies them.

use std::path::PathBuf;

use crate::invitation::Invitation;
use crate::session::snapshot::Intent;
use crate::settings::Settings;
use crate::ui::outside::Question;

/// Everything a screen can ask for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Send(Intent),
    Help(bool),
    /// Open the list of shortcuts, or put it away.
    ToggleHelp,
    /// Show the settings, or put them away.
    Settings(bool),
    /// Show where devices are chosen: over a call, or in the settings.
    Devices,
    /// Show where the key of another computer is brought here.
    BringKey,
    /// Have these settings hold from now on.
    Change(Box<Settings>),
    Fullscreen(bool),
    /// Make the window small and keep it above all others, or give it back as it was.
    Mini(bool),
    ToggleMini,
    /// Show where a file is.
    ShowInFolder(PathBuf),
    /// Ask for files in the system's dialog.
    ChooseFiles(Question),
    /// Open a link in the browser.
    OpenLink(String),
    /// Open a folder.
    OpenFolder(PathBuf),
    /// Put away a notice of the window's own.
    DismissLocal(usize),
    /// Offer a server no more where one logs in.
    ForgetServer(String),
    /// Propose what an invitation is to, once we are logged in at its server.
    Invited(Invitation),
    /// Stop the server that runs here; it is asked first where somebody is on it.
    StopServer,
    /// Show the link to oneself, or put it away.
    Invite(bool),
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
