//! What an invitation that was opened comes to. Pure.
//!
//! In: the invitation, and how things are. Out: a [`Proposal`]. What always holds: none of it calls
//! anybody, and no server learns a name or an address by a link alone: it is shown first.

use crate::invitation::Invitation;
use crate::session::snapshot::{LoginPhase, Snapshot};

/// What can be proposed to the person who opened an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposal {
    /// To call them or to join the room, where it names either: we are logged in there.
    Meet,
    /// Nothing yet: a log-in is under way.
    Wait,
    /// To log in at that server, which the person decides.
    AskToLogIn,
    /// To leave the server that we are logged in to: the invitation is for another.
    Elsewhere,
}

impl Proposal {
    /// What to propose as things are.
    #[must_use]
    pub fn of(invitation: &Invitation, snapshot: &Snapshot) -> Self {
        let servers = [&snapshot.server, &snapshot.server_for_others()];
        let here = servers.into_iter().any(|server| invitation.is_at(server));
        match &snapshot.login {
            LoginPhase::LoggedIn { .. } | LoginPhase::Reconnecting { .. } if here => Self::Meet,
            LoginPhase::LoggedIn { .. } | LoginPhase::Reconnecting { .. } => Self::Elsewhere,
            LoginPhase::LoggingIn => Self::Wait,
            LoginPhase::LoggedOut | LoginPhase::Failed(_) => Self::AskToLogIn,
        }
    }
}

#[cfg(test)]
mod tests {
    use visavis_shared::Username;

    use super::*;
    use crate::invitation::Whom;

    #[test]
    fn it_is_proposed_at_its_own_server_and_no_other_server_learns_who_opened_it() {
        let alice = Username::parse("alice").expect("a name");
        let bob = Whom::Person(Username::parse("bob").expect("a name"));
        let invitation = Invitation::to("ws://here:9090", bob).expect("an invitation");
        let with = |server: &str, username: &str, login: LoginPhase| {
            let (server, username) = (server.to_owned(), username.to_owned());
            let snapshot = Snapshot { login, server, username, ..Snapshot::default() };
            Proposal::of(&invitation, &snapshot)
        };
        let logged_in = LoginPhase::LoggedIn { username: alice };
        assert_eq!(with("Here", "alice", logged_in.clone()), Proposal::Meet);
        assert_eq!(with("wss://here", "alice", logged_in), Proposal::Elsewhere);
        assert_eq!(with("here", "alice", LoginPhase::LoggedOut), Proposal::AskToLogIn);
        assert_eq!(with("here", "", LoginPhase::LoggedOut), Proposal::AskToLogIn);
        assert_eq!(with("there", "alice", LoginPhase::LoggedOut), Proposal::AskToLogIn);
        assert_eq!(with("here", "alice", LoginPhase::LoggingIn), Proposal::Wait);
        let failed = LoginPhase::Failed(crate::words::phrase!("own-name"));
        assert_eq!(with("here", "alice", failed), Proposal::AskToLogIn);
    }
}
