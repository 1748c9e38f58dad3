//! Whole calls on virtual time: estimator, pacer, retransmissions, FEC and frame buffer as the
//! tasks join them, over an emulated network in both directions. Each test is a network, and what a
//! call over it must be like.

#[expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]
mod call;
mod receiver;
mod scenarios;
mod sender;
mod speaker;
