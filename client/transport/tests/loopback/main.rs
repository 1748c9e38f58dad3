//! Two peers over real UDP on 127.0.0.1: what one sends is what the other gets.

mod audio;
#[expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]
mod beside_a_call;
#[expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]
mod conversation;
mod data_channels;
mod descriptions;
mod hostile;
mod media;
mod negotiation;
mod offer_answer_rules;
#[expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]
mod path;
mod plain_peer;
mod random_offers;
#[expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]
mod relay;
mod renegotiation;
mod support;
mod unbundled;
