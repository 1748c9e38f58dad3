//! Media between the devices and the network: frames, codecs, jitter buffers and the stages.
//!
//! In go raw frames from camera and microphone and encoded ones from the transport; out go encoded
//! ones to the transport and raw ones to window and speaker:
//!
//! - camera, screen, or both as [`share_compose`] puts them together → [`drop_oldest_queue`] →
//!   [`video_send`] (size and rate by the network's targets, [`scale`], [`h264_encoder`]) →
//!   transport;
//! - transport ([`frame_buffer`]) → [`video_receive`] ([`h264_decoder`], [`lip_sync`],
//!   [`video_record`]) → [`drop_oldest_queue`] → window;
//! - microphone ([`capture_clock`]) → [`audio_send`] ([`voice_processing`], Opus) → transport
//!   ([`audio_adaptation`], [`red`]);
//! - transport → [`audio_receive`] ([`audio_jitter_buffer`], Opus, time stretching) →
//!   [`audio_output`] → speaker ([`speaker_pacing`]).
//!
//! What always holds: a stage is one named thread with one owner ([`stage_thread`]), and queues
//! between stages are bounded. What decides is pure and takes time as an argument.

#![warn(clippy::expect_used, clippy::panic)]

pub mod audio_adaptation;
pub mod audio_control;
mod audio_delay;
pub mod audio_jitter_buffer;
pub mod audio_level;
pub mod audio_output;
mod audio_playout;
pub mod audio_priority;
pub mod audio_receive;
pub mod audio_send;
mod audio_sequence;
#[cfg(test)]
mod audio_simulation_tests;
pub mod bit_reader;
pub mod capture_clock;
pub mod color_space;
pub mod convert;
mod drift;
pub mod drop_oldest_queue;
mod file_kind;
pub mod frame;
pub mod frame_buffer;
pub mod freeze;
pub mod h264_decoder;
pub mod h264_encoder;
pub mod h264_level;
pub mod h264_profile;
pub mod h264_sps;
pub mod lip_sync;
pub mod nal_flags;
mod opus_codec;
pub mod output_file;
pub mod pattern;
pub mod pattern_bar;
pub mod psnr;
pub mod quantiles;
mod rate_control;
pub mod red;
pub mod resample;
pub mod ringtone;
pub mod scale;
mod screen_changes;
pub mod screen_page;
mod screen_rate;
mod screen_send;
pub mod self_view;
mod send_rate;
mod send_size;
pub mod share_compose;
mod size_ladder;
mod size_losses;
pub mod snapshot_png;
pub mod speaker_pacing;
pub mod speech;
pub mod ssim;
pub mod stage_thread;
pub mod stop_signal;
mod system_sound;
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
pub mod wav_reader;
pub mod y4m;
