//! What leaves: frames become packets, packets wait in the pacer, repair packets go along with
//! them, and the encoder is told what the path carries.

pub(crate) mod audio_out;
pub(crate) mod encoder_targets;
pub mod pacer;
pub mod packetizer;
pub(crate) mod send_task;
pub mod video_pause;
