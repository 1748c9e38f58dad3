//! What the end-to-end tests share: programs and browsers that are started, driven and always ended.
//!
//! Everything here talks over the loopback interface, on ports that the system chooses.

pub mod browser;
#[cfg(feature = "camera-vm")]
pub mod camera_vm;
pub mod http;
pub mod picture;
pub mod presence;
pub mod programs;
pub mod report;
