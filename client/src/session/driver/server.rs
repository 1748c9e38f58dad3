//! What the server sends, and what is sent to it.
//!
//! Nothing that it sends is taken for what the person wants: a call that follows from it needs a
//! consent that the person has given before ([`super::intents`]).

use std::time::{Duration, Instant};

use visavis_shared::{ClientMessage, ServerMessage};

use super::Driver;
use crate::call::event::Input;
use crate::device::DeviceList;
use crate::people::UnixTime;
use crate::session::media_engine::MediaCommand;
use crate::session::snapshot::LoginPhase;
use crate::signaling::SignalingEvent;
use crate::words::phrase;

/// How often the list of people is asked for while nobody is in a call.
pub(super) const REFRESH_PEOPLE: Duration = Duration::from_secs(5);

impl Driver {
    pub(super) fn on_signaling(&mut self, event: Option<SignalingEvent>) {
        match event {
            Some(SignalingEvent::LoggedIn { username, ice_servers, resumed }) => {
                if let Some(asked_at) = self.login_asked_at.take() {
                    self.measured.logged_in(asked_at.elapsed());
                }
                // Their names are looked up when somebody calls, and not before.
                self.server_ice = ice_servers;
                self.snapshot.username = username.to_string();
                self.snapshot.login = LoginPhase::LoggedIn { username: username.clone() };
                self.retry = None;
                self.people_of(&username);
                self.room.forget_refusal();
                let key = self.login_key.clone();
                self.handle(Input::SignalingUp { username, key });
                if let Some(room) = self.room.enter_again(resumed) {
                    self.send(ClientMessage::Join { room });
                }
                self.ask_for_people();
                if self.options.window && self.snapshot.devices == DeviceList::default() {
                    self.media.command(MediaCommand::ListDevices);
                }
            }
            Some(SignalingEvent::LoginRefused { message, .. }) => {
                self.retry = None;
                self.shut_out(message);
            }
            Some(SignalingEvent::Unreachable { message }) => {
                self.shut_out(message);
                self.retry_later();
            }
            Some(SignalingEvent::Replaced) => {
                let name = &self.snapshot.username;
                self.shut_out(phrase!("logged-in-elsewhere", name = name));
            }
            Some(SignalingEvent::Down) => {
                if let LoginPhase::LoggedIn { username } = &self.snapshot.login {
                    self.snapshot.login = LoginPhase::Reconnecting { username: username.clone() };
                }
                self.people.forget_presence();
                self.handle(Input::SignalingDown);
            }
            Some(SignalingEvent::Message(message)) => self.on_server_message(message),
            None => self.log_out(),
        }
    }

    fn on_server_message(&mut self, message: ServerMessage) {
        match message {
            // A blocked name learns nothing, not even that it is.
            ServerMessage::Call { from, .. } if !self.may_call(&from) => {}
            ServerMessage::Call { from, call, signal } => {
                let known = self.known(&from);
                self.handle(Input::Signal { from, call, signal, known })
            }
            ServerMessage::Error { code, message, in_reply_to, call } => {
                tracing::debug!(?code, ?in_reply_to, "the server refused a message: {message}");
                self.room.refused(code, in_reply_to.as_deref(), &message);
                self.handle(Input::SignalRefused { code, in_reply_to, call });
            }
            ServerMessage::Users { users, total } => {
                let complete = self.snapshot.search.is_empty() && total <= users.len();
                self.people.set_listed(&users, complete, &self.watched);
                let people = &self.people;
                self.directory.set_users(users, total, |name| people.is_blocked(name));
                self.watch_people();
            }
            ServerMessage::Presence { username, online } => {
                self.people.set_presence(&username, online);
                self.directory.set_presence(username, online)
            }
            ServerMessage::Joined { room, mut users } => {
                users.retain(|name| self.cannot_call(name).is_none());
                if let Some((first, consent)) = self.room.joined(room, users, Instant::now()) {
                    self.place_call(first, consent);
                }
            }
            ServerMessage::UserJoined { username, .. } if self.cannot_call(&username).is_some() => {
            }
            ServerMessage::UserJoined { room, username } => self.room.user_joined(&room, username),
            ServerMessage::MissedCalls { calls } => {
                let told = calls.into_iter().map(|call| {
                    let at = UnixTime(call.at.unix_seconds());
                    (call.from, at)
                });
                self.missed_while_away(told.collect());
            }
            ServerMessage::UserLeft { room, username } => self.room.user_left(&room, &username),
            ServerMessage::Hello { .. }
            | ServerMessage::LoggedIn { .. }
            | ServerMessage::LoginRefused { .. }
            | ServerMessage::Message { .. }
            | ServerMessage::Broadcast { .. }
            | ServerMessage::GuestLeft { .. } => {}
            ServerMessage::IceServers { ice_servers } => self.server_ice = ice_servers,
        }
    }

    /// When to ask who is there, as long as somebody might see it.
    pub(super) fn people_due(&self) -> Option<Instant> {
        let asks = self.is_logged_in_with_window() && self.is_between_calls();
        asks.then(|| self.people_asked_at.map_or_else(Instant::now, |at| at + REFRESH_PEOPLE))
    }

    fn is_logged_in_with_window(&self) -> bool {
        self.options.window && matches!(self.snapshot.login, LoginPhase::LoggedIn { .. })
    }

    pub(super) fn ask_for_people(&mut self) {
        if self.is_logged_in_with_window() {
            self.people_asked_at = Some(Instant::now());
            self.send(ClientMessage::Users { prefix: self.snapshot.search.clone() });
        }
    }

    pub(super) fn send(&self, message: ClientMessage) {
        if let Some(login) = &self.signaling {
            login.signaling.send(message);
        }
    }
}
