//! The WebSocket connection to the signaling server: log in, stay logged in, log in again.
