//! What the other says about our packets: the ledger of sent packets, their outcomes, and what the
//! estimator learns from both.

pub(crate) mod feedback_delay;
pub(crate) mod media_path;
pub(crate) mod media_status;
pub mod sent_packets;
