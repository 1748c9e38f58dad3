//! A call that reached nobody, as the server tells it to whoever was called.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ids::Username;
use crate::limits::MAX_MISSED_CALLS;
use crate::timestamp::Timestamp;

/// Somebody called a name while nobody was online under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedCall {
    /// The name that the caller had.
    pub from: Username,
    /// When they called, by the server's clock.
    pub at: Timestamp,
    /// Nobody owned the caller's name then, so that today somebody else may have it.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
}

/// Whether a member says yes. What is neither yes nor no says no.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(deserializer)? == Value::Bool(true))
}

impl MissedCall {
    /// Reads `calls`. An entry that can't be read costs nothing but itself, and of more than
    /// [`MAX_MISSED_CALLS`] the last count, which are the latest.
    pub(crate) fn read_list(json: &RawValue) -> Vec<Self> {
        let entries: Vec<Value> = serde_json::from_str(json.get()).unwrap_or_default();
        let read = |entry| serde_json::from_value(entry).ok();
        let mut calls: Vec<Self> =
            entries.into_iter().rev().filter_map(read).take(MAX_MISSED_CALLS).collect();
        calls.reverse();
        calls
    }
}
