//! Who a call is with, and which messages belong to it.

use visavis_shared::{CallId, CallSignal, Username};

use super::event::Output;

/// The other person of a call, and the call's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Party {
    /// The other person.
    pub(super) name: Username,
    /// The id under which the call was offered; `None` when an older client placed it.
    pub(super) call: Option<CallId>,
    /// Whether we placed it.
    pub(super) placed: bool,
    /// Whether the server reported that their connection was lost, and since then neither has
    /// anything of this call come from them nor has media connected.
    pub(super) gone: bool,
}

impl Party {
    pub(super) fn new(name: Username, call: Option<CallId>, placed: bool) -> Self {
        Self { name, call, placed, gone: false }
    }

    /// Whether a message belongs to this call. Clients on older dialects send no call id: then the
    /// person decides.
    pub(super) fn is_sender(&self, from: &Username, call: Option<&CallId>) -> bool {
        *from == self.name && self.is_call(call)
    }

    /// Whether an id, where there is one, is this call's.
    pub(super) fn is_call(&self, call: Option<&CallId>) -> bool {
        match (&self.call, call) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        }
    }

    /// Whether a further offer of ours would be understood. Pages on older dialects, which send no
    /// call id, take any offer from whom they called for another call.
    pub(super) fn can_offer_again(&self) -> bool {
        self.placed || self.call.is_some()
    }

    /// What sends them this.
    pub(super) fn send<C>(&self, signal: CallSignal) -> Output<C> {
        Output::Send { to: self.name.clone(), call: self.call.clone(), signal }
    }
}
