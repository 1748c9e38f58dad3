//! Two peers over real UDP on 127.0.0.1: what one sends is what the other gets.

mod media;
mod negotiation;
#[expect(unreachable_pub, reason = "its home is the library of the end-to-end tests")]
#[path = "../../../../tests/src/relay.rs"]
mod relay;
mod support;
