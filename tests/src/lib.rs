//! What the end-to-end tests share.

pub mod browser;
#[cfg(feature = "camera-vm")]
pub mod camera_vm;
#[cfg(target_os = "linux")]
pub mod desktop_bus;
pub mod hostile;
pub mod http;
pub mod inspection;
pub mod listen;
pub mod look;
#[cfg(target_os = "linux")]
pub mod peers;
pub mod person;
pub mod picture;
pub mod presence;
pub mod programs;
pub mod redirect;
pub mod report;
pub mod server;
#[cfg(target_os = "linux")]
pub mod sound_server;
pub mod stop_signal;
pub mod voice;
pub mod window;
#[cfg(target_os = "linux")]
pub mod window_manager;
