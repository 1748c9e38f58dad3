//! What the end-to-end tests share.

pub mod browser;
pub mod http;
pub mod listen;
pub mod picture;
pub mod presence;
pub mod programs;
pub mod report;
