//! What was measured, and the bars.

use serde_json::{Value, json};

/// A line of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    name: &'static str,
    value: Option<f64>,
    unit: &'static str,
    at_most: Option<f64>,
}

impl Line {
    /// A measured value with what is expected of it.
    pub(crate) fn bar(
        name: &'static str,
        value: Option<f64>,
        unit: &'static str,
        at_most: f64,
    ) -> Self {
        Self { name, value, unit, at_most: Some(at_most) }
    }

    /// A measured value to judge the others by.
    pub(crate) fn context(name: &'static str, value: Option<f64>, unit: &'static str) -> Self {
        Self { name, value, unit, at_most: None }
    }

    fn verdict(&self) -> &'static str {
        match (self.value, self.at_most) {
            (_, None) => "",
            (None, Some(_)) => "not measured",
            // Within the digit that is shown.
            (Some(value), Some(at_most)) if value < at_most + 0.05 => "pass",
            (Some(_), Some(_)) => "SHORT",
        }
    }
}

/// The table.
pub(crate) fn in_words(lines: &[Line]) -> String {
    let mut table = format!("{:<52}{:>14}{:>14}\n", "", "measured", "bar");
    for line in lines {
        let number = |value: f64| format!("{value:.1} {}", line.unit);
        let value = line.value.map_or_else(|| "–".to_owned(), number);
        let bar = line.at_most.map_or_else(String::new, |bar| format!("≤ {}", number(bar)));
        let text = format!("{:<52}{value:>14}{bar:>14}  {}", line.name, line.verdict());
        table.push_str(text.trim_end());
        table.push('\n');
    }
    table
}

/// The same for programs.
pub(crate) fn as_json(lines: &[Line]) -> Value {
    let line = |line: &Line| {
        json!({
            "name": line.name,
            "value": line.value,
            "unit": line.unit,
            "at_most": line.at_most,
            "verdict": line.verdict(),
        })
    };
    lines.iter().map(line).collect()
}

/// The value below which so much of all lies, of 0 to 1.
pub(crate) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_up_to_the_digit_that_is_shown() {
        let lines = [
            Line::bar("processor", Some(0.04), "%", 0.0),
            Line::bar("start", Some(400.1), "ms", 400.0),
            Line::bar("memory", None, "MB", 150.0),
            Line::context("frames", Some(30.0), "/s"),
        ];
        let verdicts: Vec<&str> = lines.iter().map(Line::verdict).collect();
        assert_eq!(verdicts, ["pass", "SHORT", "not measured", ""]);
        let table = in_words(&lines);
        assert!(table.contains("400.1 ms    ≤ 400.0 ms  SHORT\n"), "{table}");
        assert_eq!(as_json(&lines)[0]["verdict"], "pass");
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!((quantile(&values, 0.95), quantile(&values, 1.0)), (Some(95.0), Some(100.0)));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
