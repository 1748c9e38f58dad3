//! Frames, units, codecs, jitter buffers and the stages between devices and the network.
//!
//! Pictures go camera → [`slot::LatestSlot`] → [`video_send`] → transport, and transport → [`video_receive`] →
//! [`slot::LatestSlot`] → window. Sound goes microphone → [`audio_send`] → transport, and transport →
//! [`audio_receive`] (jitter buffer, playout) → speaker. Each stage is one named thread with one owner.

pub mod frame;
pub mod frame_buffer;
pub mod slot;
pub mod units;
