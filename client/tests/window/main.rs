//! The window without a window: each screen is driven by the labels that a person reads (and a
//! screen reader says), and what it asks of the session is compared.
#![cfg(feature = "gui")]

mod always;
mod calls;
mod harness;
mod invitations;
mod log_in;
mod people;
mod rooms;
mod settings;
mod settings_layout;
