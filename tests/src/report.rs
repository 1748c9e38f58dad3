//! The report of a call as a test reads it.

use std::io;
use std::path::Path;

use serde_json::Value;

/// What `visavis --report` wrote.
#[derive(Debug, Clone)]
pub struct Report(pub Value);

impl Report {
    /// Reads it.
    ///
    /// # Errors
    /// When there is no such file, or it is not JSON.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self(serde_json::from_slice(&std::fs::read(path)?)?))
    }

    /// A number by its place, as in `video.received.frames_decoded`; `None` when it was not
    /// measured.
    #[must_use]
    pub fn number(&self, place: &str) -> Option<f64> {
        self.at(place)?.as_f64()
    }

    /// A word by its place.
    #[must_use]
    pub fn word(&self, place: &str) -> Option<&str> {
        self.at(place)?.as_str()
    }

    fn at(&self, place: &str) -> Option<&Value> {
        place.split('.').try_fold(&self.0, |value, key| value.get(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_not_zero() {
        let report =
            Report(serde_json::json!({"outcome": "completed", "audio": {"received": {"lost": 0}}}));
        assert_eq!(report.number("audio.received.lost"), Some(0.0));
        assert_eq!(report.number("audio.received.packets"), None);
        assert_eq!(report.word("outcome"), Some("completed"));
        assert_eq!(report.word("audio"), None);
    }
}
