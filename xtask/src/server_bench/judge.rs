//! The bars that our server is held against, some of them set by the other server in the same run,
//! and the verdicts.

use serde_json::{Value, json};

use crate::bars::Verdict;
use crate::report::NOT_MEASURED;
use crate::table;

/// What a measured value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Kibibytes,
    Mebibytes,
    Seconds,
    Microseconds,
    PerSecond,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Kibibytes => format!("{value:.1} KiB"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Seconds if value < 10.0 => format!("{value:.2} s"),
            Self::Seconds => format!("{value:.1} s"),
            Self::Microseconds => format!("{value:.0} µs"),
            Self::PerSecond => format!("{value:.0}/s"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kibibytes => "KiB",
            Self::Mebibytes => "MiB",
            Self::Seconds => "s",
            Self::Microseconds => "µs",
            Self::PerSecond => "1/s",
        }
    }
}

/// What is expected of ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bar {
    /// At most this.
    AtMost(f64),
    /// At most the other server's value divided by this.
    Fraction(f64),
    /// Shown to judge the others by.
    None,
}

/// One line of the result.
#[derive(Debug, Clone)]
pub(super) struct Line {
    name: String,
    unit: Unit,
    ours: Option<f64>,
    other: Option<f64>,
    bar: Bar,
}

impl Line {
    pub(super) fn new(
        name: impl Into<String>,
        unit: Unit,
        (ours, other): (Option<f64>, Option<f64>),
        bar: Bar,
    ) -> Self {
        Self { name: name.into(), unit, ours, other, bar }
    }

    fn at_most(&self) -> Option<f64> {
        match self.bar {
            Bar::AtMost(most) => Some(most),
            Bar::Fraction(parts) => Some(self.other? / parts),
            Bar::None => None,
        }
    }

    /// Without the other server's value there may be no bar, and then nobody knows.
    fn verdict(&self) -> Option<Verdict> {
        (self.bar != Bar::None).then(|| {
            self.at_most().map_or(Verdict::NotMeasured, |at_most| Verdict::of(self.ours, at_most))
        })
    }

    fn cells(&self) -> Vec<String> {
        let show = |value: Option<f64>| {
            value.map_or_else(|| NOT_MEASURED.to_owned(), |f| self.unit.show(f))
        };
        let bar = match self.bar {
            Bar::None => String::new(),
            Bar::AtMost(_) => format!("≤ {}", show(self.at_most())),
            Bar::Fraction(1.0) => format!("≤ {} (Node's)", show(self.at_most())),
            Bar::Fraction(parts) => format!("≤ {} (1/{parts} of Node's)", show(self.at_most())),
        };
        let verdict = self.verdict().map_or("", Verdict::word);
        vec![self.name.clone(), show(self.ours), show(self.other), bar, verdict.into()]
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": self.unit.name(),
            "ours": self.ours,
            "node": self.other,
            "at_most": self.at_most(),
            "verdict": self.verdict().map(Verdict::word),
        })
    }
}

/// The result as a table.
pub(super) fn in_words(lines: &[Line]) -> String {
    let head = ["", "ours", "Node ws", "bar", "verdict"].map(str::to_owned);
    table::aligned(&head, &lines.iter().map(Line::cells).collect::<Vec<_>>())
}

/// The result as JSON.
pub(super) fn as_json(lines: &[Line]) -> Value {
    lines.iter().map(Line::json).collect()
}

/// What could not be measured, though it has a bar.
pub(super) fn not_measured(lines: &[Line]) -> Vec<String> {
    let missing = lines.iter().filter(|line| line.verdict() == Some(Verdict::NotMeasured));
    missing.map(|line| line.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ours: Option<f64>, other: Option<f64>, bar: Bar, expected: Option<Verdict>) {
        let line = Line::new("it", Unit::Seconds, (ours, other), bar);
        assert_eq!(line.verdict(), expected, "{line:?}");
    }

    #[test]
    fn a_bar_is_a_number_or_a_part_of_the_other_servers() {
        check(Some(8.0), Some(1.0), Bar::AtMost(8.0), Some(Verdict::Pass));
        check(Some(8.1), None, Bar::AtMost(8.0), Some(Verdict::Short));
        check(Some(0.4), Some(2.0), Bar::Fraction(5.0), Some(Verdict::Pass));
        check(Some(0.41), Some(2.0), Bar::Fraction(5.0), Some(Verdict::Short));
        check(Some(9.0), Some(1.0), Bar::None, None);
    }

    #[test]
    fn without_a_value_on_either_side_nothing_passes() {
        check(None, Some(2.0), Bar::Fraction(5.0), Some(Verdict::NotMeasured));
        check(Some(0.1), None, Bar::Fraction(5.0), Some(Verdict::NotMeasured));
        check(None, None, Bar::AtMost(1.0), Some(Verdict::NotMeasured));
        let line = Line::new("latency", Unit::Microseconds, (Some(1.0), None), Bar::Fraction(1.0));
        assert_eq!(not_measured(&[line]), ["latency"]);
    }

    #[test]
    fn the_bar_names_where_it_comes_from() {
        let line =
            Line::new("processor", Unit::Seconds, (Some(0.4), Some(2.5)), Bar::Fraction(5.0));
        assert_eq!(
            line.cells(),
            ["processor", "0.40 s", "2.50 s", "≤ 0.50 s (1/5 of Node's)", "pass"]
        );
        assert_eq!(line.json()["at_most"], json!(0.5));
        let unmeasured = Line::new("memory", Unit::Kibibytes, (None, None), Bar::AtMost(22.0));
        assert_eq!(unmeasured.cells(), ["memory", "–", "–", "≤ 22.0 KiB", "not measured"]);
    }
}
