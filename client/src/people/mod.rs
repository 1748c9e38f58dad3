//! Whom a person knows and whom they talked to: contacts, blocked names, recent calls, and the keys
//! that names had in them, for each server and own name apart.
//!
//! [`book`] holds the rules and is pure: a [`Change`] and the time go in, a [`Book`] comes out.
//! [`form`] is how a book is written. [`store`] keeps books in one file each, on a thread of its
//! own. What always holds: a book is bounded whatever the network sends; a file is the old book or
//! the new one, never half of either; one that can't be read is set aside and never replaced.

pub mod book;
pub mod contact;
pub mod form;
mod pinned_key;
pub mod recent_call;
pub mod store;
mod unix_time;

pub use book::{Account, Book, Change, PeopleError};
pub use contact::{Contact, DisplayName};
pub use pinned_key::{Keys, MAX_KEYS, PinnedKey};
pub use recent_call::{CallEnd, Direction, RecentCall};
pub use unix_time::UnixTime;
