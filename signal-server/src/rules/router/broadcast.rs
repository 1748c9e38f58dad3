//! The lobby: where the pages of dialect 4 are, which know neither names nor rooms. Every guest who
//! is in no room is there, and what one sends goes to all the others.

use visavis_shared::{Payload, ServerMessage};

use super::{Announcement, Output, Router, deliver};
use crate::rules::registry::ConnectionId;

impl Router {
    /// A guest sends a message to all the others. Outside the lobby it reaches nobody.
    pub fn broadcast(&self, from: ConnectionId, message: Payload) -> Vec<Output> {
        let mut out = Vec::new();
        if self.is_in_lobby(from)
            && let Some(name) = self.registry.name_of(from)
        {
            let said = ServerMessage::Broadcast { from: name.clone(), message };
            self.broadcast_everywhere(from, said, &mut out);
        }
        out
    }

    pub(super) fn is_in_lobby(&self, connection: ConnectionId) -> bool {
        self.registry
            .person(connection)
            .is_some_and(|person| !person.listed && self.rooms.room_of(&person.name).is_none())
    }

    /// Sends to everyone in the lobby, on this node and the others, except one.
    pub(super) fn broadcast_everywhere(
        &self,
        except: ConnectionId,
        message: ServerMessage,
        out: &mut Vec<Output>,
    ) {
        self.broadcast_locally(Some(except), &message, out);
        self.announce(Announcement::Lobby(message), out);
    }

    /// Sends to everyone in the lobby of this node, except one.
    pub(super) fn broadcast_locally(
        &self,
        except: Option<ConnectionId>,
        message: &ServerMessage,
        out: &mut Vec<Output>,
    ) {
        let mut members: Vec<_> = self
            .registry
            .guests()
            .filter(|guest| Some(*guest) != except && self.is_in_lobby(*guest))
            .collect();
        // In the order in which they came, so that a schedule always goes the same way.
        members.sort_unstable();
        out.extend(members.into_iter().map(|to| deliver(to, message.clone())));
    }
}
