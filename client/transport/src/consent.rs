//! What a person has to have said before anything leaves for the network.

/// The proof that a person wants a call. Opening a [`crate::Peer`], and with it gathering and every
/// STUN or TURN packet, needs one, and so does the probe of the NAT.
///
/// Nothing in this crate makes one, and nothing that a server, the other client or the network says
/// leads to one. The app makes one where it is told what the person wants, and nowhere else;
/// `tests/tests/architecture.rs` keeps that.
#[derive(Debug)]
pub struct Consent(());

impl Consent {
    /// The person has said so: with a click, a key, or the command line.
    #[must_use]
    pub const fn of_the_person() -> Self {
        Self(())
    }
}
