//! Who is let in at all: the listener, how many connections one address may have, proxies and
//! origins that are trusted, encryption, and the first bytes that say which protocol it is.

pub(crate) mod drain;
pub(crate) mod front;
pub(crate) mod listener;
pub(crate) mod origin;
pub(crate) mod permits;
pub(crate) mod proxy;
pub(crate) mod tls;
