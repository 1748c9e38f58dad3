//! The window without a window: each screen is driven by the labels that a person reads (and a
//! screen reader says), and what it asks of the session is compared.
#![cfg(feature = "gui")]

#[cfg(feature = "inspection")]
mod accessibility;
mod always;
mod calls;
mod closing;
#[cfg(feature = "inspection")]
mod contrast;
mod conversation;
mod files;
mod harness;
mod in_call;
mod invitations;
mod key;
mod lines;
mod list;
mod log_in;
mod nearby;
mod people;
mod push_to_talk;
mod rooms;
mod screen;
mod screens;
mod settings;
mod settings_layout;
mod sharing;
mod shortcuts;
mod trust;
