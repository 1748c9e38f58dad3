//! Two peers over real UDP on 127.0.0.1: what one sends is what the other gets.

mod media;
mod negotiation;
mod support;
