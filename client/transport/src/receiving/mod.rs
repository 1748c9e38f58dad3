//! What arrives: packets become frames in order, losses are requested again, and a key frame is
//! requested when nothing else helps.

pub(crate) mod audio_in;
pub(crate) mod depacketizer;
pub mod key_frame_requests;
pub(crate) mod nack_tracker;
pub(crate) mod parameter_sets;
pub(crate) mod receive_task;
pub(crate) mod sprop_parameter_sets;
pub mod video_stream;

#[cfg(test)]
mod foreign_streams_tests;
