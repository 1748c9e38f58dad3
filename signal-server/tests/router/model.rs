//! What an observer of all deliveries knows, and what must be true of each.

use std::collections::{BTreeMap, BTreeSet};

use visavis_shared::{CallSignal, ClientMessage, CloseReason, RoomId, ServerMessage, Username};
use visavis_signal_server::rules::registry::ConnectionId;

use crate::world::{Delivery, Effects};

/// Somebody with a name.
#[derive(Debug)]
struct Person {
    connection: ConnectionId,
    listed: bool,
    token: bool,
    /// The connection is gone; the session waits.
    waits: bool,
    room: Option<RoomId>,
    watching: BTreeSet<Username>,
}

/// Everything there is to know.
#[derive(Debug, Default)]
pub(crate) struct Model {
    people: BTreeMap<Username, Person>,
    /// The last token that each name got.
    tokens: BTreeMap<Username, String>,
    /// Who exchanged an offer since the last time that either said it is over.
    in_call: BTreeSet<(Username, Username)>,
}

impl Model {
    pub(crate) fn token_of(&self, name: &str) -> &str {
        self.tokens.get(name).map_or("no-such-token", String::as_str)
    }

    fn name_of(&self, connection: ConnectionId) -> Option<Username> {
        self.people
            .iter()
            .find(|(_, person)| person.connection == connection)
            .map(|(name, _)| name.clone())
    }

    #[track_caller]
    fn person_on(&self, connection: ConnectionId) -> (&Username, &Person) {
        let found = self.people.iter().find(|(_, person)| person.connection == connection);
        found.unwrap_or_else(|| panic!("nobody is on {connection}"))
    }

    fn set_in_call(&mut self, one: &Username, other: &Username, is: bool) {
        for pair in [(one.clone(), other.clone()), (other.clone(), one.clone())] {
            if is {
                self.in_call.insert(pair);
            } else {
                self.in_call.remove(&pair);
            }
        }
    }

    fn check_presence(&self, to: ConnectionId, username: &Username, online: bool) {
        let (watcher, person) = self.person_on(to);
        assert!(person.watching.contains(username), "{watcher} does not watch {username}");
        let seen = self.people.get(username).is_some_and(|person| person.listed);
        assert_eq!(seen, online, "{username} is not so");
    }

    fn check_lobby(&self, to: ConnectionId) {
        let (name, person) = self.person_on(to);
        assert!(!person.listed && person.room.is_none(), "{name} is not in the lobby");
    }

    /// Takes what a message led to.
    pub(crate) fn said(
        &mut self,
        sender: ConnectionId,
        message: &ClientMessage,
        effects: &Effects,
    ) {
        let delivered = &effects.deliveries;
        let sender_name = self.name_of(sender);
        let refused = delivered
            .iter()
            .any(|d| d.to == sender && matches!(d.message, ServerMessage::Error { .. }));
        let mut room_before = None;
        if let Some(me) = sender_name.as_ref().and_then(|name| self.people.get_mut(name)) {
            match message {
                ClientMessage::Watch { usernames } => {
                    me.watching = usernames.iter().cloned().collect()
                }
                ClientMessage::Join { room } if !refused => {
                    room_before = me.room.replace(room.clone())
                }
                _ => {}
            }
        }
        for (callee, caller) in &effects.missed {
            assert!(refused, "{caller} was told nothing");
            assert_eq!(Some(caller), sender_name.as_ref());
            assert!(!self.people.contains_key(callee), "{callee} is there");
        }
        for Delivery { to, message: out } in delivered {
            match out {
                ServerMessage::LoggedIn { username, resume, .. } => {
                    assert_eq!(*to, sender);
                    self.logged_in(username, sender, resume.as_ref(), effects);
                }
                ServerMessage::Call { from, signal, .. } => {
                    let (to, _) = self.person_on(*to);
                    let to = to.clone();
                    if signal == &CallSignal::Close(Some(CloseReason::Disconnected)) {
                        // A session that another node took over is lost to its calls.
                        assert!(matches!(message, ClientMessage::Login(_)), "nobody was lost");
                        assert!(self.in_call.contains(&(from.clone(), to)));
                        continue;
                    }
                    let ClientMessage::Call { to: addressed, .. } = message else {
                        panic!("nobody said {out:?}")
                    };
                    assert_eq!(Some(from), sender_name.as_ref());
                    assert_ne!(*from, to);
                    match addressed {
                        Some(addressed) => assert_eq!(*addressed, to),
                        None => assert!(self.in_call.contains(&(from.clone(), to.clone()))),
                    }
                    assert_eq!(delivered.len(), 1);
                    match signal {
                        CallSignal::Offer(_) => self.set_in_call(from, &to, true),
                        // One of several calls may go on; that it ended is then not known from
                        // here.
                        CallSignal::Close(_) | CallSignal::Decline(_)
                            if matches!(message, ClientMessage::Call { call: None, .. }) =>
                        {
                            self.set_in_call(from, &to, false);
                        }
                        _ => {}
                    }
                }
                ServerMessage::Presence { username, online } => {
                    self.check_presence(*to, username, *online)
                }
                ServerMessage::Joined { room, .. } => {
                    let (_, person) = self.person_on(*to);
                    assert_eq!((*to, person.room.as_ref()), (sender, Some(room)));
                    assert!(
                        self.people.values().filter(|p| p.room.as_ref() == Some(room)).count() <= 2,
                        "three"
                    );
                }
                ServerMessage::UserJoined { room, username } => {
                    let (_, person) = self.person_on(*to);
                    assert_eq!(
                        (person.room.as_ref(), Some(username)),
                        (Some(room), sender_name.as_ref())
                    );
                }
                ServerMessage::UserLeft { room, username } => {
                    let (_, person) = self.person_on(*to);
                    assert_eq!(person.room.as_ref(), Some(room));
                    if !matches!(message, ClientMessage::Login(_)) {
                        assert_eq!(
                            (Some(username), room_before.as_ref()),
                            (sender_name.as_ref(), Some(room))
                        );
                    }
                }
                ServerMessage::Message { room, username, .. } => {
                    let (name, person) = self.person_on(*to);
                    assert_eq!(
                        (person.room.as_ref(), Some(username)),
                        (Some(room), sender_name.as_ref())
                    );
                    assert_ne!(name, username);
                    assert_eq!(self.people[username].room.as_ref(), Some(room));
                }
                ServerMessage::Users { users, total } => {
                    assert_eq!(*to, sender);
                    let listed = self
                        .people
                        .iter()
                        .filter(|(name, p)| p.listed && Some(*name) != sender_name.as_ref());
                    let listed: Vec<_> = listed.map(|(name, _)| name.clone()).collect();
                    assert_eq!(
                        (users, *total),
                        (&listed, listed.len()),
                        "the directory tells of others"
                    );
                }
                ServerMessage::LoginRefused { .. } | ServerMessage::Error { .. } => {
                    assert_eq!(*to, sender)
                }
                ServerMessage::Hello { .. }
                | ServerMessage::IceServers { .. }
                | ServerMessage::MissedCalls { .. }
                | ServerMessage::Broadcast { .. }
                | ServerMessage::GuestLeft { .. } => {
                    panic!("nobody said {out:?}")
                }
            }
        }
    }

    /// Somebody got a name, or came back to it.
    fn logged_in(
        &mut self,
        name: &Username,
        connection: ConnectionId,
        resume: Option<&String>,
        effects: &Effects,
    ) {
        let token = resume.is_some();
        if let Some(resume) = resume {
            self.tokens.insert(name.clone(), resume.clone());
        }
        if let Some(person) = self.people.get_mut(name) {
            assert!(person.token, "{name} has two owners");
            if effects.adopted.contains(&(person.connection, connection)) {
                // The same session goes on.
                person.connection = connection;
                person.waits = false;
                return;
            }
            let gone = person.connection;
            let ended = effects
                .closed
                .iter()
                .map(|(closed, _)| *closed)
                .chain(effects.forgotten.iter().copied());
            assert!(ended.collect::<Vec<_>>().contains(&gone), "{name} has two owners");
            // The person goes on on another node, and so may their calls.
            self.people.remove(name);
        }
        let (room, watching) = Default::default();
        self.people.insert(
            name.clone(),
            Person { connection, listed: true, token, waits: false, room, watching },
        );
    }

    /// Takes what came of a guest that came.
    pub(crate) fn entered(&mut self, guest: ConnectionId, effects: &Effects) {
        match effects.deliveries.as_slice() {
            [] => assert!(self.name_of(guest).is_some()),
            [Delivery { to, message: ServerMessage::LoggedIn { username, resume: None, .. } }] => {
                assert_eq!(*to, guest);
                let (room, watching) = Default::default();
                let person = Person {
                    connection: guest,
                    listed: false,
                    token: false,
                    waits: false,
                    room,
                    watching,
                };
                assert!(self.people.insert(username.clone(), person).is_none());
            }
            other => panic!("a guest is nobody's business: {other:?}"),
        }
    }

    /// Takes what a guest said to all the others.
    pub(crate) fn broadcast(&mut self, sender: ConnectionId, effects: &Effects) {
        let said = effects.deliveries.iter().map(|Delivery { to, message }| {
            assert!(
                matches!(message, ServerMessage::Broadcast { from, .. } if Some(from) == self.name_of(sender).as_ref())
            );
            self.check_lobby(*to);
            *to
        });
        let mut heard: Vec<_> = said.collect();
        let in_lobby = |person: &&Person| !person.listed && person.room.is_none();
        let speaks =
            self.people.values().filter(in_lobby).any(|person| person.connection == sender);
        let others = self.people.values().filter(in_lobby).map(|person| person.connection);
        let mut expected: Vec<_> = others.filter(|other| speaks && *other != sender).collect();
        heard.sort_unstable();
        expected.sort_unstable();
        assert_eq!(heard, expected);
    }

    /// Takes what the loss of a connection led to.
    pub(crate) fn lost(&mut self, connection: ConnectionId, effects: &Effects) {
        let Some(name) = self.name_of(connection) else {
            assert_eq!(effects.deliveries, []);
            return;
        };
        let person = self.people.get_mut(&name).unwrap();
        if person.token {
            person.waits = true;
            for Delivery { to, message } in &effects.deliveries {
                let (to, _) = self.person_on(*to);
                assert!(
                    self.in_call.contains(&(name.clone(), to.clone())),
                    "{to} was in no call with {name}"
                );
                assert!(matches!(message, ServerMessage::Call { from, signal, .. }
                    if *from == name && *signal == CallSignal::Close(Some(CloseReason::Disconnected))));
            }
        } else {
            self.gone(&[name], &effects.deliveries);
        }
    }

    /// Takes what the end of sessions that waited led to.
    pub(crate) fn expired(&mut self, effects: &Effects) {
        let waited = |(name, person): (&Username, &Person)| {
            effects.forgotten.contains(&person.connection).then(|| {
                assert!(person.waits, "{name} did not wait");
                name.clone()
            })
        };
        let names: Vec<_> = self.people.iter().filter_map(waited).collect();
        assert_eq!(names.len(), effects.forgotten.len());
        self.gone(&names, &effects.deliveries);
    }

    fn forget(&mut self, name: &Username) -> Option<Person> {
        self.in_call.retain(|(one, other)| one != name && other != name);
        self.people.remove(name)
    }

    /// These are gone for good, and that is what others are told.
    fn gone(&mut self, names: &[Username], delivered: &[Delivery]) {
        let in_call = self.in_call.clone();
        // Several end one after the other: a later one may still be told of an earlier one.
        let connections: BTreeMap<_, _> =
            self.people.iter().map(|(name, person)| (person.connection, name.clone())).collect();
        let rooms: BTreeMap<_, _> =
            self.people.iter().map(|(name, person)| (name.clone(), person.room.clone())).collect();
        let watching: BTreeMap<_, _> = self
            .people
            .iter()
            .map(|(name, person)| (name.clone(), person.watching.clone()))
            .collect();
        let gone: Vec<_> =
            names.iter().filter_map(|name| Some((name, self.forget(name)?))).collect();
        for Delivery { to, message } in delivered {
            let to_name = &connections[to];
            match message {
                ServerMessage::Call { from, signal, .. } => {
                    assert!(names.contains(from));
                    assert_eq!(signal, &CallSignal::Close(Some(CloseReason::Disconnected)));
                    assert!(
                        in_call.contains(&(from.clone(), to_name.clone())),
                        "{to_name} was in no call with {from}"
                    );
                }
                ServerMessage::UserLeft { username, room } => {
                    assert!(names.contains(username));
                    assert_eq!(
                        (rooms[to_name].as_ref(), rooms[username].as_ref()),
                        (Some(room), Some(room))
                    );
                }
                ServerMessage::Presence { username, online } => {
                    assert!(names.contains(username) && !online);
                    assert!(
                        watching[to_name].contains(username),
                        "{to_name} does not watch {username}"
                    );
                    assert!(
                        gone.iter().any(|(name, person)| *name == username && person.listed),
                        "a guest was seen"
                    );
                }
                ServerMessage::GuestLeft { username } => {
                    assert!(
                        gone.iter()
                            .any(|(name, p)| *name == username && !p.listed && p.room.is_none())
                    );
                    self.check_lobby(*to);
                }
                other => panic!("nobody said {other:?}"),
            }
        }
    }
}
