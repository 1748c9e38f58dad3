//! The `visavis-signal-server` program.

fn main() {}
