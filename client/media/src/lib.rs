//! Frames, units, codecs, jitter buffers and the stages between devices and the network.
//!
//! Frames go camera → [`drop_oldest_queue::DropOldestQueue`] → [`video_send`] → transport, and
//! transport → [`video_receive`] → [`drop_oldest_queue::DropOldestQueue`] → window. Audio goes
//! microphone → [`audio_send`] → transport, and transport → [`audio_receive`] (jitter buffer,
//! playout) → speaker. Each stage is one named thread with one owner.

#![warn(clippy::expect_used, clippy::panic)]

pub mod audio_adaptation;
pub mod audio_control;
mod audio_delay;
pub mod audio_jitter_buffer;
pub mod audio_level;
pub mod audio_output;
mod audio_playout;
pub mod audio_receive;
pub mod audio_send;
mod audio_sequence;
#[cfg(test)]
mod audio_simulation_tests;
pub mod capture_clock;
pub mod color_space;
pub mod convert;
mod drift;
pub mod drop_oldest_queue;
pub mod frame;
pub mod frame_buffer;
pub mod freeze;
pub mod h264_decoder;
pub mod h264_encoder;
pub mod h264_level;
pub mod lip_sync;
mod opus_codec;
pub mod pattern;
pub mod pattern_bar;
pub mod psnr;
pub mod quantiles;
pub mod red;
pub mod resample;
pub mod ringtone;
pub mod scale;
pub mod self_view;
mod send_rate;
mod send_size;
pub mod snapshot_png;
pub mod speaker_pacing;
pub mod speech;
mod splice;
pub mod stage_thread;
pub mod stop_signal;
mod time_stretch;
pub mod tone;
pub mod tone_detector;
pub mod units;
pub mod video_control;
pub mod video_receive;
pub mod video_record;
pub mod video_send;
pub mod voice_processing;
pub mod wav;
pub mod y4m;
