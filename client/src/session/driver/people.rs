//! Contacts, blocked names and the history: what the person wants of them, and what calls and the
//! server do to them.
//!
//! What always holds: whatever a blocked name sends ends here, without an answer; one's own name is
//! neither called nor listed; each call gets into the history once.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use visavis_shared::{CallId, ClientMessage, Username};

use super::Driver;
use super::phase::begun_at;
use crate::call::event::{CallPhase, EndReason, Input};
use crate::people::book::{EndedCall, MAX_BLOCKED, MAX_CONTACTS};
use crate::people::contact::MAX_DISPLAY_NAME_CHARS;
use crate::people::{
    Account, CallEnd, Change, Direction, DisplayName, MAX_KEYS, PeopleError, UnixTime,
};
use crate::session::people::{CallNote, PeopleEvent};
use crate::session::snapshot::LoginPhase;
use crate::signaling::ServerUrl;
use crate::words::{Phrase, name_problem, phrase};

/// Callers who were told that we are in a call, and are remembered so that each call counts once.
const TURNED_AWAY_KEPT: usize = 32;
/// Calls of older clients have no id: what the same name sends within this is the same call.
const SAME_CALL: Duration = Duration::from_secs(90);

/// Somebody who was told that we are in a call.
pub(super) struct TurnedAway {
    who: Username,
    call: Option<CallId>,
    at: Instant,
}

impl Driver {
    /// The own name, while it is known.
    pub(super) fn own_name(&self) -> Option<&Username> {
        self.people.account().map(|account| &account.username)
    }

    /// Makes a change that the person asks for; why not is shown until the next.
    pub(super) fn change_people(&mut self, change: Change) {
        let changed = self.people.change(change);
        self.snapshot.contact_problem = changed.err().map(problem);
        self.watch_people();
    }

    /// Keeps somebody; both are as typed.
    pub(super) fn add_contact(&mut self, typed: &str, display_name: &str) {
        self.with_display_name(display_name, |driver, display_name| match driver.whom(typed) {
            Ok(username) => driver.change_people(Change::Add(username, display_name)),
            Err(error) => driver.snapshot.contact_problem = Some(name_problem(error)),
        });
    }

    pub(super) fn rename_contact(&mut self, username: Username, display_name: &str) {
        self.with_display_name(display_name, |driver, display_name| {
            driver.change_people(Change::Rename(username, display_name));
        });
    }

    fn with_display_name(
        &mut self,
        typed: &str,
        then: impl FnOnce(&mut Self, Option<DisplayName>),
    ) {
        match DisplayName::parse(typed) {
            Ok(display_name) => then(self, display_name),
            Err(error) => self.snapshot.contact_problem = Some(problem(error)),
        }
    }

    /// Somebody may call no more. A call with them ends as any other does.
    pub(super) fn block(&mut self, username: Username) {
        if peer_of(&self.snapshot.call) == Some(&username) {
            self.handle(Input::HangUp);
        }
        self.directory.forget(&username);
        self.room.user_gone(&username);
        self.change_people(Change::Block(username));
    }

    pub(super) fn export_people(&mut self, to: PathBuf) {
        if !self.people.export(to) {
            self.notices.add(phrase!("people-not-exportable"));
        }
    }

    /// Why somebody can't be called, if that is known here.
    pub(super) fn cannot_call(&self, peer: &Username) -> Option<Phrase> {
        if self.own_name() == Some(peer) {
            return Some(problem(PeopleError::OwnName));
        }
        self.people.is_blocked(peer).then(|| problem(PeopleError::Blocked))
    }

    /// Whether what somebody sends about calls is heard at all.
    pub(super) fn may_call(&self, from: &Username) -> bool {
        let expected = || {
            peer_of(&self.snapshot.call) == Some(from)
                || self.room.mate().is_some_and(|mate| mate.username == *from)
        };
        !self.people.is_blocked(from)
            && (!self.options.only_contacts_call || self.people.has(from) || expected())
    }

    pub(super) fn on_people(&mut self, event: PeopleEvent) {
        match event {
            PeopleEvent::Ready(words) => {
                self.notices.people(words);
                // A call came before the book: its key is judged by what stands there.
                if let Some(peer) = peer_of(&self.snapshot.call).cloned() {
                    self.learn(peer);
                }
                if let Some(config) = self.login_waits.take() {
                    self.connect(config);
                }
                self.watch_people();
            }
            PeopleEvent::Kept(words) => self.notices.people(words),
            PeopleEvent::Exported(Ok(path)) => {
                self.notices.add(phrase!("people-exported", file = path.display().to_string()));
            }
            PeopleEvent::Exported(Err(words)) => self.notices.add(words),
        }
    }

    /// We are logged in under this name. Its book is open, unless the log-in was not ours to begin.
    pub(super) fn people_of(&mut self, username: &Username) {
        if self.own_name() != Some(username) {
            let server = ServerUrl::parse(&self.snapshot.server)
                .map(|url| url.origin().to_owned())
                .unwrap_or_default();
            self.people.open(Account { server, username: username.clone() });
        }
        // Nobody is watched in a new session.
        self.watched.clear();
        self.people.forget_presence();
        self.directory.set_own_name(username.clone());
        self.watch_people();
    }

    /// Has the server tell who of the contacts and of those on the list comes and goes.
    pub(super) fn watch_people(&mut self) {
        if !self.options.window || !matches!(self.snapshot.login, LoginPhase::LoggedIn { .. }) {
            return;
        }
        let list = self.people.watch_list(self.directory.names());
        if list != self.watched {
            self.watched.clone_from(&list);
            self.send(ClientMessage::Watch { usernames: list });
        }
    }

    /// The call is somewhere else than before, which [`super::Driver::snapshot`] still shows.
    pub(super) fn note_call(&mut self, phase: &CallPhase) {
        let direction = match phase {
            CallPhase::Calling { .. } => Direction::Outgoing,
            _ => Direction::Incoming,
        };
        match phase {
            CallPhase::Calling { peer, since, .. } | CallPhase::Ringing { peer, since }
                if begun_at(&self.snapshot.call) != Some(*since) =>
            {
                // They lost the call before and call again: that one is over.
                let talked = match &self.snapshot.call {
                    CallPhase::InCall { since, .. } => Some(since.elapsed()),
                    CallPhase::Reconnecting { since, lost_at, .. } => {
                        Some(lost_at.saturating_duration_since(*since))
                    }
                    _ => None,
                };
                self.call_ended(&EndReason::PeerLost, talked);
                let with = peer.clone();
                self.call_note = Some(CallNote { with, direction, at: UnixTime::now() });
            }
            CallPhase::Ended { reason, talked, .. } => {
                self.call_ended(reason, *talked);
                if let EndReason::KeyChanged(change) = reason {
                    self.change_key(Change::NoteOtherKey(change.peer.clone()));
                }
            }
            _ => {}
        }
    }

    /// Keeps that a call rings under another key than the kept one, until the person allows it.
    pub(super) fn note_other_key(&mut self) {
        let changed = self.snapshot.trust.is_some_and(|trust| trust.standing.is_changed());
        if let CallPhase::Ringing { peer, since } = &self.snapshot.call
            && changed
            && self.people.other_key_noted != Some(*since)
        {
            self.people.other_key_noted = Some(*since);
            self.change_key(Change::NoteOtherKey(peer.clone()));
        }
    }

    /// Makes a change of a name's key that follows from a call.
    pub(super) fn change_key(&mut self, change: Change) {
        if let Err(error) = self.people.change(change) {
            tracing::warn!(%error, "a key is not kept");
            self.notices.add(problem(error));
        }
    }

    fn call_ended(&mut self, reason: &EndReason, talked: Option<Duration>) {
        let Some(note) = self.call_note.take() else { return };
        let ended = note.ended(&self.snapshot.call, reason, talked);
        // Nobody of that name may exist: it was mistyped.
        let unheard_of = ended.end == CallEnd::Offline
            && !self.people.knows(&ended.with)
            && !self.directory.knows(&ended.with);
        if !unheard_of {
            self.record(ended);
        }
    }

    fn record(&mut self, ended: EndedCall) {
        if let Err(error) = self.people.change(Change::Record(ended)) {
            tracing::warn!(%error, "a call is not in the history");
        }
    }

    /// Somebody called while another call was running, and is told so.
    pub(super) fn note_turned_away(&mut self, who: &Username, call: Option<&CallId>) {
        let is_same = |other: &TurnedAway| {
            other.who == *who
                && other.call.as_ref() == call
                && (call.is_some() || other.at.elapsed() < SAME_CALL)
        };
        if peer_of(&self.snapshot.call) == Some(who) || self.turned_away.iter().any(is_same) {
            return;
        }
        if self.turned_away.len() == TURNED_AWAY_KEPT {
            self.turned_away.pop_front();
        }
        let (who, call) = (who.clone(), call.cloned());
        self.turned_away.push_back(TurnedAway { who: who.clone(), call, at: Instant::now() });
        self.notices.add(phrase!("turned-away", name = self.people.shown_name(&who)));
        self.record(EndedCall {
            with: who,
            at: UnixTime::now(),
            direction: Direction::Incoming,
            end: CallEnd::CameWhileBusy,
            talked: None,
        });
    }

    /// The server tells who called while we were away, and when.
    pub(super) fn missed_while_away(&mut self, calls: Vec<(Username, UnixTime)>) {
        if let Err(error) = self.people.change(Change::MissedWhileAway(calls)) {
            tracing::warn!(%error, "missed calls are not in the history");
        }
    }
}

/// Why a change can't be made, and what to do.
fn problem(error: PeopleError) -> Phrase {
    match error {
        PeopleError::OwnName => phrase!("people-own-name"),
        PeopleError::Blocked => phrase!("people-blocked"),
        PeopleError::TooManyContacts => phrase!("people-too-many", most = MAX_CONTACTS),
        PeopleError::TooManyBlocked => phrase!("people-too-many-blocked", most = MAX_BLOCKED),
        PeopleError::NameTooLong => phrase!("people-name-too-long", most = MAX_DISPLAY_NAME_CHARS),
        PeopleError::NoContact => phrase!("people-no-contact"),
        PeopleError::OtherKey => phrase!("people-other-key"),
        PeopleError::TooManyKeys => phrase!("people-too-many-keys", most = MAX_KEYS),
    }
}

/// With whom a call is.
pub(super) fn peer_of(phase: &CallPhase) -> Option<&Username> {
    match phase {
        CallPhase::Idle | CallPhase::Ended { .. } => None,
        CallPhase::Calling { peer, .. }
        | CallPhase::Ringing { peer, .. }
        | CallPhase::Connecting { peer, .. }
        | CallPhase::InCall { peer, .. }
        | CallPhase::Reconnecting { peer, .. } => Some(peer),
    }
}
