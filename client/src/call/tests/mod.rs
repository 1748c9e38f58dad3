//! What one client does, step by step. The interleavings are in
//! `client/tests/call_properties.rs`.

mod authentication;
mod ending;
mod meeting;
mod mending;
mod ringing;
mod script;
mod setting_up;
mod strangers;
