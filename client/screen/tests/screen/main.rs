//! Screens, windows and the computer's audio on real servers: X11, Wayland behind its portal,
//! PulseAudio and PipeWire. Each test has servers of its own.
#![cfg(target_os = "linux")]

mod fake_portal;
mod portal;
mod proxy;
mod session;
mod shown;
mod sound;
mod wayland_proxy;
mod x11;
mod x11_faults;
mod x11_patches;
mod xvfb;
