//! The name under which a server stands in the list: that of its machine (RFC 6763 §4.1.1).

use std::fmt;

use crate::foreign_text::ForeignText;
use crate::nearby::SERVICE_TYPE;

/// The longest label of a name, in bytes (RFC 1035 §2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// The name of one announced server, fit to be shown and to be announced: one line of at most 63
/// bytes, not empty, without control characters, marks of direction or anything invisible.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceName(String);

impl InstanceName {
    /// Cleans a name; there is none if nothing of it can be seen.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let clean = ForeignText::new(text);
        let mut end = clean.len().min(MAX_LABEL_BYTES);
        while !clean.is_char_boundary(end) {
            end -= 1;
        }
        let label = clean.get(..end).unwrap_or_default().trim_end();
        (!label.is_empty()).then(|| Self(label.to_owned()))
    }

    /// The name in a service's full name, such as `Anna's laptop._visavis._tcp.local.`, in which
    /// dots and backslashes of the name are escaped by a backslash (RFC 6763 §4.3). There is none
    /// if it is of another type or nothing of it can be seen.
    #[must_use]
    pub fn of_service(full_name: &str) -> Option<Self> {
        let at = full_name.len().checked_sub(SERVICE_TYPE.len())?;
        let (label, service) = (full_name.get(..at)?, full_name.get(at..)?);
        if !service.eq_ignore_ascii_case(SERVICE_TYPE) {
            return None;
        }
        Self::new(&unescaped(label.strip_suffix('.')?))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands where a machine has no name that can be seen.
impl Default for InstanceName {
    fn default() -> Self {
        Self("Visavis".to_owned())
    }
}

fn unescaped(label: &str) -> String {
    let mut characters = label.chars();
    let mut plain = String::with_capacity(label.len());
    while let Some(c) = characters.next() {
        if c == '\\' {
            plain.extend(characters.next());
        } else {
            plain.push(c);
        }
    }
    plain
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::foreign_text::is_unprintable;

    fn service(full_name: &str) -> Option<String> {
        InstanceName::of_service(full_name).map(|name| name.to_string())
    }

    #[test]
    fn a_name_is_what_can_be_seen_of_it() {
        for (foreign, clean) in [
            ("kitchen", Some("kitchen")),
            ("Büro  von\tAnna", Some("Büro von Anna")),
            ("\u{1b}[31mred\u{1b}[0m", Some("red")),
            ("abc\u{202e}gnp", Some("abcgnp")),
            ("\u{200b}\u{feff}\u{0}", None),
            ("", None),
        ] {
            let name = InstanceName::new(foreign);
            assert_eq!(name.as_ref().map(InstanceName::as_str), clean, "{foreign:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = InstanceName::new(&"ä".repeat(100)).expect("a name");
        assert_eq!(name.as_str(), "ä".repeat(31));
        let exact = "x".repeat(63);
        assert_eq!(InstanceName::new(&exact).expect("a name").as_str(), exact);
        let with_space = format!("{} yz", "x".repeat(62));
        assert_eq!(InstanceName::new(&with_space).expect("a name").as_str(), "x".repeat(62));
    }

    #[test]
    fn it_is_read_from_the_full_name_of_a_service() {
        assert_eq!(service("kitchen._visavis._tcp.local.").as_deref(), Some("kitchen"));
        assert_eq!(service("Kitchen._Visavis._TCP.Local.").as_deref(), Some("Kitchen"));
        assert_eq!(
            service(r"Anna\.s \\ laptop._visavis._tcp.local.").as_deref(),
            Some(r"Anna.s \ laptop")
        );
        for other in [
            "",
            ".",
            "_visavis._tcp.local.",
            "._visavis._tcp.local.",
            "kitchen._ipp._tcp.local.",
            "kitchen_visavis._tcp.local.",
            "kitchen._visavis._tcp.local",
            "\u{202e}._visavis._tcp.local.",
            "ä_visavis._tcp.local.",
        ] {
            assert_eq!(service(other), None, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_a_short_clean_line_comes_out(text in any::<String>()) {
            if let Some(cleaned) = InstanceName::new(&text) {
                let name = cleaned.as_str();
                prop_assert!((1..=MAX_LABEL_BYTES).contains(&name.len()));
                prop_assert!(!name.chars().any(is_unprintable));
                prop_assert_eq!(name.trim(), name);
                prop_assert_eq!(InstanceName::new(name), Some(cleaned.clone()));
            }
        }

        #[test]
        fn no_full_name_panics(start in any::<String>(), dot in "[.\\\\]{0,2}") {
            let _ = InstanceName::of_service(&format!("{start}{dot}{SERVICE_TYPE}"));
            let _ = InstanceName::of_service(&start);
        }
    }
}
