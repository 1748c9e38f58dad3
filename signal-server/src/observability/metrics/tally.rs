//! Counters by the type of a message, found without a lock or a hash: every message is counted
//! twice.

use std::sync::OnceLock;

use prometheus_client::metrics::counter::Counter;

use super::ByLabel;

/// More types than the protocol has. A type that found no place is counted all the same, only
/// slower.
const PLACES: usize = 16;

/// A counter for each type.
#[derive(Debug, Default)]
pub(super) struct Tally {
    family: ByLabel<Counter>,
    /// Those of the family that were needed, in the order in which they were.
    known: [OnceLock<(&'static str, Counter)>; PLACES],
}

impl Tally {
    /// The counters, for whoever reads them.
    pub(super) fn family(&self) -> ByLabel<Counter> {
        self.family.clone()
    }

    pub(super) fn count(&self, r#type: &'static str) {
        let counter = || self.family.get_or_create_owned(&[("type", r#type)]);
        for place in &self.known {
            let (known, count) = place.get_or_init(|| (r#type, counter()));
            if *known == r#type {
                count.inc();
                return;
            }
        }
        counter().inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_counted_by_itself_also_beyond_the_places() {
        let names: Vec<&'static str> =
            (0..PLACES + 3).map(|n| &*format!("type {n}").leak()).collect();
        let tally = Tally::default();
        for _ in 0..2 {
            for name in &names {
                tally.count(name);
            }
        }
        for r#type in names {
            assert_eq!(tally.family.get_or_create(&[("type", r#type)]).get(), 2, "{type}");
        }
    }
}
