//! The driver: owns the [`crate::call`] machine, carries out its outputs, starts and stops the
//! media pipelines.
//!
//! A window or a command line sends an [`snapshot::Intent`] and sees [`snapshot::Snapshot`]s; it
//! never touches a device, a socket or the machine.

mod audio_devices;
mod call_hints;
mod device_keeper;
mod device_trial;
mod device_words;
mod diagnosis;
mod directory;
mod downloads;
pub mod driver;
pub mod ending;
pub mod headless;
mod kept_picture;
mod keys;
pub mod log_in_form;
mod measure;
mod media;
mod media_engine;
mod notices;
mod open_devices;
pub mod options;
mod outgoing_picture;
mod pace;
mod people;
mod pipeline;
mod process;
pub mod report;
mod room;
mod screens;
pub mod sharing;
pub mod snapshot;
mod speaker_turn;
pub mod statistics;
mod switchable;
mod video_trouble;
