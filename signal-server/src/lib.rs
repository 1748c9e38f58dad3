//! The signaling server of Visavis.
