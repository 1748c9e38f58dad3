//! What two people in a call say in writing and send to each other: text and files, over data
//! channels and never through the server.
//!
//! In: a [`Command`] of the person, and what comes over the two channels of
//! `visavis_transport::DataEnds`. Out: a [`View`] of the conversation, for the window, and what
//! goes over the channels. What always holds: no byte of a file is written, and no file is read for
//! the other, before the person here has asked for it.

#![warn(clippy::expect_used, clippy::panic)]

mod command;
mod disk;
mod file_name;
mod link;
mod links;
pub mod protocol;
mod task;
mod text;
mod thumbnail;
mod transfer;
mod view;

pub use command::Command;
pub use links::{LinkTarget, link_target, links};
pub use task::{Conversation, ConversationConfig, ConversationHandle, Unsent};
pub use view::{
    Availability, Direction, Line, LineId, LineState, Party, Problem, Transfer, TransferId,
    TransferProblem, TransferState, View,
};
