//! What leaves: frames become packets, packets wait in the pacer, FEC packets go along with
//! them, and the encoders get their targets.

pub(crate) mod audio_out;
pub(crate) mod encoder_targets;
mod file_rate;
pub(crate) mod file_share;
pub(crate) mod handover;
pub(crate) mod outgoing_stream;
pub mod pacer;
pub mod packetizer;
mod queued;
pub mod send_history;
pub(crate) mod send_task;
mod video_budget;
pub mod video_pause;
