//! What was measured, beside what is expected of it. A miss is shown, not hidden.

use std::fmt;

use serde_json::{Value, json};

/// A bar and the measured value.
#[derive(Debug)]
pub struct Line {
    name: String,
    value: Option<f64>,
    bar: f64,
    /// Whether the value has to be at least the bar, not at most.
    at_least: bool,
    unit: &'static str,
}

impl Line {
    /// A value that may be this at most.
    #[must_use]
    pub fn at_most(name: &str, value: Option<f64>, bar: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, bar, at_least: false, unit }
    }

    /// A value that must be this at least.
    #[must_use]
    pub fn at_least(name: &str, value: Option<f64>, bar: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, bar, at_least: true, unit }
    }

    /// Whether it is met. What was not measured is not.
    #[must_use]
    pub fn met(&self) -> bool {
        self.value
            .is_some_and(|value| if self.at_least { value >= self.bar } else { value <= self.bar })
    }

    /// The same as a bar beyond the one that has to be met.
    #[must_use]
    pub fn further(self) -> Self {
        Self { name: format!("further: {}", self.name), ..self }
    }

    /// For a file of results.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({ "name": self.name, "figure": self.value, "bar": self.bar, "unit": self.unit, "met": self.met() })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.met() { "met  " } else { "SHORT" };
        let sign = if self.at_least { "≥" } else { "≤" };
        let (name, unit) = (&self.name, self.unit);
        // Of small numbers the second digit tells something.
        let digits = if self.bar.abs() < 10.0 { 2 } else { 1 };
        let bar = format!("({sign} {:.digits$} {unit})", self.bar);
        match self.value {
            Some(value) => write!(f, "{verdict} {name}: {value:.digits$} {unit} {bar}"),
            None => write!(f, "{verdict} {name}: not measured {bar}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_on_its_side_and_never_by_what_was_not_measured() {
        let most = |value| Line::at_most("queue", value, 60.0, "ms").met();
        let least = |value| Line::at_least("gain", value, 1.0, "dB").met();
        assert!(most(Some(60.0)) && !most(Some(60.1)) && !most(None) && !most(Some(f64::NAN)));
        assert!(least(Some(1.0)) && !least(Some(0.9)) && !least(None) && !least(Some(f64::NAN)));
    }
}
