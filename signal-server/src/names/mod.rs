//! Names that are somebody's: the first device key that claims one owns it.
//!
//! [`decision`] and [`call_list`] hold the rules and are pure; [`store`] remembers in one SQLite
//! file who owns what, and [`missed_calls`] who called an owned name while nobody was online under
//! it; [`proof`] checks that a device holds the key it shows; [`options`] says where the file is
//! and who may do without a key. The calls of a store last as long as the disk takes; in the server
//! `owners` makes them, one at a time.
//!
//! What always holds: a name has at most one owner, in this server and in all that share the file;
//! two names that look the same are never owned by two; a claim that was granted survives a power
//! failure; a damaged file is an error in one line, and stays as it is.

pub mod call_list;
pub mod decision;
mod error;
mod file;
pub mod missed_calls;
pub mod options;
mod owners;
pub mod proof;
mod schema;
pub mod store;

pub use decision::{Claim, Guests, Refusal, Standing};
pub use error::NameStoreError;
pub use options::{MissedCallsSwitch, NamesConfig, NamesOptions};
pub(crate) use owners::{Owners, StoreError};
pub(crate) use proof::proven;
pub use proof::{ProofError, verify};
pub use store::{NameStore, OwnedName};
