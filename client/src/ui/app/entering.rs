//! How one gets onto a server: invitations are brought to where they can be taken, servers are
//! looked for while they are shown, and what worked is remembered.

use super::App;
use crate::desktop;
use crate::desktop::proposal::Proposal;
use crate::invitation::Invitation;
use crate::session::snapshot::{Intent, LoginPhase};

/// Where somebody wanted to log in; both as typed.
pub(super) struct RequestedLogin {
    /// `None` for the server that is started here.
    pub(super) server: Option<String>,
    pub(super) username: String,
}

/// An invitation that was opened and is not proposed yet.
pub(super) struct Invited {
    pub(super) invitation: Invitation,
    /// Whether what it takes to get there was asked for.
    pub(super) asked: bool,
}

impl App {
    /// Has servers looked for on the local network as long as somebody might see them.
    pub(super) fn follow_nearby(&mut self) {
        self.login.seed(&self.snapshot, self.settings.hosts_server);
        let logs_in = matches!(
            self.snapshot.login,
            LoginPhase::LoggedOut | LoginPhase::LoggingIn | LoginPhase::Failed(_)
        );
        let hidden = self.closing.is_hidden() || self.settings_page.is_seen(&self.snapshot.call);
        let between = self.snapshot.call.is_between_calls();
        let looks = logs_in && between && !hidden && self.login.looks_nearby();
        if std::mem::replace(&mut self.looks_nearby, looks) != looks {
            self.send(Intent::LookNearby(looks));
        }
    }

    /// Brings an invitation to where the person can take it with a click.
    pub(super) fn follow_invitation(&mut self) {
        let Some(Invited { invitation, asked }) = &mut self.invited else { return };
        match Proposal::of(invitation, &self.snapshot) {
            Proposal::Wait => return,
            Proposal::AskToLogIn if *asked => return,
            Proposal::AskToLogIn => {
                *asked = true;
                self.login.invite(invitation);
                return;
            }
            Proposal::Meet => {
                if let Some(whom) = invitation.whom() {
                    self.people.propose(whom);
                }
            }
            Proposal::Elsewhere => {
                self.local_notices.push(desktop::other_server(&invitation.server()));
            }
        }
        self.invited = None;
    }

    /// Remembers a login that was requested in this window, once it works.
    pub(super) fn login_changed(&mut self) {
        if let LoginPhase::LoggedIn { .. } = &self.snapshot.login
            && let Some(RequestedLogin { server, username }) = self.requested_login.take()
        {
            match server {
                Some(server) => self.settings.logged_in(&server, &username),
                None => {
                    self.settings.logged_in_here(&username);
                    // Who has started a server wants others to come.
                    self.inviting = true;
                }
            }
            self.keep_settings();
        }
    }
}
