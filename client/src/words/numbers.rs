//! Numbers as each language writes them (CLDR 48): the decimal mark, the groups of thousands,
//! units. Pure but for the language of the window.

use std::time::Duration;

use super::{Language, spoken_language, text};
use crate::media::units::Bitrate;

/// How a language writes numbers.
struct Marks {
    decimal: char,
    group: char,
    /// Numbers with fewer digits are not grouped.
    grouped_from: usize,
}

fn marks(language: Language) -> Marks {
    let (decimal, group, grouped_from) = match language {
        Language::English | Language::Chinese => ('.', ',', 4),
        Language::German => (',', '.', 4),
        Language::French => (',', '\u{a0}', 4),
        Language::Spanish => (',', '.', 5),
    };
    Marks { decimal, group, grouped_from }
}

/// A number with so many decimals.
pub(super) fn number_in(language: Language, value: f64, decimals: usize) -> String {
    let Marks { decimal, group, grouped_from } = marks(language);
    let plain = format!("{value:.decimals$}");
    let (sign, plain) = match plain.strip_prefix('-') {
        // Nobody reads "-0".
        Some(rest) if rest.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) => ("−", rest),
        Some(rest) => ("", rest),
        None => ("", plain.as_str()),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let mut text = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        let behind = whole.len() - at;
        if at > 0 && behind % 3 == 0 && whole.len() >= grouped_from {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(decimal);
        text.push_str(fraction);
    }
    text
}

/// A number with so many decimals, as the window's language writes it.
#[must_use]
pub fn number(value: f64, decimals: usize) -> String {
    number_in(spoken_language(), value, decimals)
}

/// A whole number.
#[must_use]
pub fn count(value: u64) -> String {
    number(value as f64, 0)
}

/// A share of 1 in percent.
#[must_use]
pub fn percent(share: f64, decimals: usize) -> String {
    text!("percent", value = number(share * 100.0, decimals))
}

/// A time below a minute, in milliseconds: exact to a tenth below 10 ms.
#[must_use]
pub fn milliseconds(time: Duration) -> String {
    let exact = time < Duration::from_millis(10);
    text!("milliseconds", value = number(time.as_secs_f64() * 1e3, usize::from(exact)))
}

/// A bitrate, in Mbit/s from 1 Mbit/s.
#[must_use]
pub fn bitrate(bitrate: Bitrate) -> String {
    match bitrate.bps() {
        bps if bps >= 1_000_000 => {
            text!("megabits-per-second", value = number(bps as f64 / 1e6, 1))
        }
        bps => text!("kilobits-per-second", value = count(bps / 1000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_decimal_mark_and_its_groups() {
        let write =
            |value, decimals| Language::ALL.map(|language| number_in(language, value, decimals));
        assert_eq!(write(0.0, 0), ["0"; 5]);
        assert_eq!(write(999.0, 0), ["999"; 5]);
        assert_eq!(write(2500.0, 0), ["2,500", "2.500", "2\u{a0}500", "2500", "2,500"]);
        assert_eq!(
            write(1_234_567.0, 0),
            ["1,234,567", "1.234.567", "1\u{a0}234\u{a0}567", "1.234.567", "1,234,567"]
        );
        assert_eq!(write(2.05, 1), ["2.0", "2,0", "2,0", "2,0", "2.0"]);
        assert_eq!(write(-0.04, 1), ["0.0", "0,0", "0,0", "0,0", "0.0"]);
        assert_eq!(write(-12_345.6, 1)[1], "−12.345,6");
        assert_eq!(write(f64::NAN, 1)[0], "NaN");
        assert_eq!(write(f64::INFINITY, 0)[0], "inf");
    }
}
