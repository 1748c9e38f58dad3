//! Which calls somebody missed.

use std::time::Instant;

use visavis_shared::identity::canonical_name;
use visavis_shared::{CallId, CallSignal, ServerMessage, Username};

use super::{Output, Router};
use crate::rules::registry::{ConnectionId, Person};

impl Router {
    /// The calls among the messages that nobody will come back for.
    #[must_use]
    pub fn unread<'a>(
        &self,
        owner: &Username,
        messages: impl IntoIterator<Item = &'a ServerMessage>,
    ) -> Vec<Output> {
        let missed = |message: &ServerMessage| match message {
            ServerMessage::Call { from, call, signal: CallSignal::Offer(_) } => {
                self.missed(from, owner, call.as_ref())
            }
            _ => None,
        };
        messages.into_iter().filter_map(missed).collect()
    }

    /// The calls that were written to the connection of an owner, which is lost, and of which their
    /// app gave no sign: as far as can be known here, it did not get them.
    pub(super) fn unheard(&self, connection: ConnectionId, now: Instant) -> Vec<Output> {
        let person = self.registry.person(connection).filter(|person| person.key.is_some());
        let Some(Person { name, .. }) = person else { return Vec::new() };
        let calls = self.calls.unheard(name, now);
        calls.iter().filter_map(|(from, call)| self.missed(from, name, call.as_ref())).collect()
    }

    /// An offer that found nobody is a missed call, unless it renews one that was interrupted, or
    /// nobody could call back: a page without a login is known by the id of its socket.
    pub(super) fn missed(
        &self,
        caller: &Username,
        callee: &Username,
        call: Option<&CallId>,
    ) -> Option<Output> {
        let person = self.registry.owner_of(caller).and_then(|owner| self.registry.person(owner));
        let has_name = person.is_none_or(|person| person.listed)
            && canonical_name(caller.as_str()).is_ok_and(|name| name == *caller);
        (has_name && !self.calls.was_cut(caller, callee, call))
            .then(|| Output::Missed { callee: callee.clone(), caller: caller.clone() })
    }
}
