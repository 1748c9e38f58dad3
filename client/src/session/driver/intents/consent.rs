//! The person's consent to one call.
//!
//! Only [`super`], where intents come in, can make one: the compiler keeps everything else in the
//! session from it. There is one for each intent that asks for a call, it can't be copied, and it
//! is gone when the call is over.

use crate::transport;

/// The proof that the person wants this one call.
///
/// It goes with [`Input::Call`] or [`Input::Accept`] into the call machine, which knows nothing of
/// it and so can't make another, and comes back with each output that opens something.
///
/// [`Input::Call`]: crate::call::Input::Call
/// [`Input::Accept`]: crate::call::Input::Accept
#[derive(Debug)]
pub(in crate::session::driver) struct Consent {
    network: transport::Consent,
}

impl Consent {
    /// The person's intent asks for a call.
    pub(super) const fn of_this_intent() -> Self {
        Self { network: transport::Consent::of_the_person() }
    }

    /// What a peer connection wants to see before it opens.
    pub(in crate::session::driver) const fn to_the_network(&self) -> &transport::Consent {
        &self.network
    }
}
