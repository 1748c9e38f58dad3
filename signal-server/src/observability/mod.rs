//! What an operator sees: metrics and the log.

pub(crate) mod logging;
pub(crate) mod metrics;
