//! What the router does about events of other nodes.

use std::time::Instant;

use visavis_shared::{CallSignal, CloseReason, ErrorCode, ServerMessage, Username};

use super::outcome::{Undeliverable, Undelivered};
use super::{Announcement, Closing, Envelope, Output, Refusal, RemoteEvent, Router, deliver};

/// The `type` of a message that calls.
const OFFER: &str = "offer";

impl Router {
    /// Takes what came from another node.
    pub fn receive_remote(&mut self, event: RemoteEvent, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        match event {
            RemoteEvent::Message(envelope) => self.receive(envelope, now, &mut out),
            RemoteEvent::Undeliverable(Undelivered { from, to, kind, call }, why) => {
                if why == Undeliverable::Nobody && kind == OFFER {
                    out.extend(self.missed(&from, &to, call.as_ref()));
                }
                // They are in no call, then, of which somebody would have to be told.
                self.calls.ended(&from, &to, call.as_ref());
                if let Some(sender) = self.registry.owner_of(&from) {
                    let refusal = match why {
                        Undeliverable::Nobody => Refusal(
                            ErrorCode::UnknownUser,
                            "Nobody is online under that name.".into(),
                        ),
                        Undeliverable::Unreachable => Refusal(
                            ErrorCode::Unavailable,
                            "They are on another server, which can't be reached at the moment. Try again soon."
                                .into(),
                        ),
                    };
                    out.push(refusal.into_reply(sender, &kind, call));
                }
            }
            RemoteEvent::Presence(name, online) => {
                // Whoever is here has been told already.
                if self.registry.owner_of(&name).is_none()
                    && self.registry.seen_elsewhere(&name, online)
                {
                    self.notify_watchers(&name, online, &mut out);
                }
            }
            RemoteEvent::Lobby(message) => self.broadcast_locally(None, &message, &mut out),
            RemoteEvent::LeaseLost(name) => self.let_go(&name, now, &mut out),
        }
        out
    }

    /// A message from another node for somebody here. It was addressed and checked there.
    fn receive(&mut self, Envelope { to, message }: Envelope, now: Instant, out: &mut Vec<Output>) {
        let Some(connection) = self.registry.owner_of(&to) else { return };
        match &message {
            ServerMessage::Call { from, call, signal } => {
                if matches!(signal, CallSignal::Close(Some(CloseReason::Disconnected))) {
                    self.calls.cut(from, &to, call.as_ref());
                }
                self.remember(from, &to, call.as_ref(), signal, now)
            }
            ServerMessage::UserJoined { room, username }
                if self.rooms.room_of(&to) == Some(room) =>
            {
                // A room with two others can't be: the cluster let them in.
                let _ = self.rooms.enter(username, room);
            }
            ServerMessage::UserLeft { room, username }
                if self.rooms.room_of(username) == Some(room) =>
            {
                self.rooms.leave(username);
            }
            _ => {}
        }
        out.push(deliver(connection, message));
    }

    /// This node can no longer vouch for a name. Another may have it by now, so nothing is said of
    /// its going; whether they are online somewhere the cluster is asked.
    fn let_go(&mut self, name: &Username, now: Instant, out: &mut Vec<Output>) {
        let Some(connection) = self.registry.owner_of(name) else { return };
        let lives = !self.sessions.is_waiting(connection);
        self.end(connection, now, out);
        out.retain(|output| match output {
            Output::Announce(_) => false,
            Output::Deliver(_, ServerMessage::Presence { username, .. }) => username != name,
            _ => true,
        });
        if self.registry.watchers_of(name).next().is_some() {
            self.registry.ask_elsewhere(name.clone());
            self.announce(Announcement::Watching(name.clone()), out);
        }
        if lives {
            out.push(Output::Close(connection, Closing::LeaseLost));
        }
    }
}
