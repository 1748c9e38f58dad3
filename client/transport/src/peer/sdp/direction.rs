//! Which way media of a section goes (RFC 3264 §5.1, §6.1). Pure.

use super::text::{Attributes, Section, Text};

/// Seen from whoever wrote the section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) sends: bool,
    pub(super) receives: bool,
}

impl Direction {
    /// What holds where nothing is said.
    pub(super) const BOTH: Self = Self { sends: true, receives: true };

    /// A section's own, or the session's, or both ways.
    pub(super) fn of(text: &Text, section: &Section) -> Self {
        let own = Self::stated(&section.attributes);
        own.or_else(|| Self::stated(&text.session)).unwrap_or(Self::BOTH)
    }

    fn stated(attributes: &Attributes) -> Option<Self> {
        attributes.iter().find_map(|(name, _)| match name {
            "sendrecv" => Some(Self::BOTH),
            "sendonly" => Some(Self { sends: true, receives: false }),
            "recvonly" => Some(Self { sends: false, receives: true }),
            "inactive" => Some(Self { sends: false, receives: false }),
            _ => None,
        })
    }

    /// What is left of our direction when the other's is this one.
    pub(super) fn answered_by(self, ours: Self) -> Self {
        Self { sends: ours.sends && self.receives, receives: ours.receives && self.sends }
    }

    /// As the attribute's name.
    pub(super) fn name(self) -> &'static str {
        match (self.sends, self.receives) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        }
    }

    /// How many ways are open.
    pub(super) fn open_ways(self) -> u8 {
        u8::from(self.sends) + u8::from(self.receives)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_inherits_the_direction_of_the_session_and_else_goes_both_ways() {
        let direction = |sdp: &str| {
            let text = Text::read(sdp).expect("sdp");
            Direction::of(&text, &text.sections[0]).name()
        };
        assert_eq!(direction("v=0\nm=audio 9 P 0\n"), "sendrecv");
        assert_eq!(direction("v=0\na=sendonly\nm=audio 9 P 0\n"), "sendonly");
        assert_eq!(direction("v=0\na=sendonly\nm=audio 9 P 0\na=inactive\n"), "inactive");
    }

    #[test]
    fn an_answer_mirrors_what_was_offered() {
        let only = |sends, receives| Direction { sends, receives };
        for (offered, ours, answered) in [
            (Direction::BOTH, Direction::BOTH, "sendrecv"),
            (only(true, false), Direction::BOTH, "recvonly"),
            (only(false, true), Direction::BOTH, "sendonly"),
            (only(false, true), only(false, true), "inactive"),
            (only(false, false), Direction::BOTH, "inactive"),
        ] {
            assert_eq!(offered.answered_by(ours).name(), answered);
        }
    }
}
