//! Visavis, the native app for private one-to-one video calls, as a library.
//!
//! Dependencies point one way: `ui -> session -> {call, signaling}`,
//! `session -> {device, transport} -> media`, `signaling -> {device_key, transport}`, and
//! everything may use `visavis-shared`. What is said to people goes through `words`. `call` is
//! pure, and so are the jitter buffers, the depacketizer, the bandwidth estimator and the pacer:
//! they take time as an argument.

#![warn(clippy::expect_used, clippy::panic)]

pub mod attention;
pub mod call;
pub mod cli;
pub mod config;
#[cfg(feature = "gui")]
pub mod desktop;
pub mod device;
pub mod device_key;
pub mod doctor;
#[cfg(feature = "inspection")]
#[expect(clippy::expect_used, reason = "made-up values that are right")]
pub mod gallery;
pub mod hosting;
pub mod instance;
pub mod invitation;
pub mod nearby;
pub mod people;
mod private_file;
pub mod session;
pub mod settings;
pub mod signaling;
pub mod stop;
pub mod trust;
#[cfg(feature = "gui")]
pub mod ui;
pub mod words;

pub use visavis_conversation as conversation;
pub use visavis_media as media;
pub use visavis_screen as screen;
pub use visavis_transport as transport;
