//! Whether the marker bit ends a sender's pictures (RFC 6184 §5.1), learned from what it sends.
//!
//! A picture ends with the marker until a sender goes on with one behind it. From then on the
//! number of slices ends it, if that is always the same: who cuts slices by their size never makes
//! it known. Pure.

/// So many pictures in a row with as many slices make the number believed.
const SAME_IN_A_ROW: u32 = 8;

/// What is known of a sender's markers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Markers {
    within_pictures: bool,
    /// Of the last picture, and how many in a row had as many.
    slices: u32,
    in_a_row: u32,
    /// Whether two pictures had another number of slices.
    varied: bool,
}

impl Markers {
    /// Whether a marker behind so many slices of a picture is its end.
    pub(super) fn end_picture_of(&self, slices: u32) -> bool {
        let counted = !self.varied && self.in_a_row >= SAME_IN_A_ROW && slices == self.slices;
        !self.within_pictures || counted
    }

    /// A picture of so many slices was whole.
    pub(super) fn whole_picture(&mut self, slices: u32) {
        if !self.within_pictures {
            return;
        }
        if slices != self.slices {
            self.varied |= self.in_a_row > 0;
            self.in_a_row = 0;
        }
        self.slices = slices;
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    /// A picture had a marker within.
    pub(super) fn within_picture(&mut self) {
        self.within_pictures = true;
    }

    /// A picture went on behind what was taken for its end.
    pub(super) fn misled(&mut self) {
        self.varied |= self.in_a_row >= SAME_IN_A_ROW;
        self.in_a_row = 0;
        self.within_pictures = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_believed_until_a_picture_goes_on_behind_it() {
        let mut markers = Markers::default();
        markers.whole_picture(1);
        assert!(markers.end_picture_of(1) && markers.end_picture_of(4));
        markers.misled();
        for _ in 0..SAME_IN_A_ROW {
            assert!(!markers.end_picture_of(4));
            markers.whole_picture(4);
        }
        assert!(markers.end_picture_of(4) && !markers.end_picture_of(3));
    }

    #[test]
    fn a_number_of_slices_that_varies_is_never_believed() {
        for numbers in [[3, 2], [2, 3]] {
            let mut markers = Markers::default();
            markers.within_picture();
            for number in numbers {
                (0..50).for_each(|_| markers.whole_picture(number));
            }
            assert!(!markers.end_picture_of(numbers[1]));
        }
        let mut markers = Markers::default();
        markers.within_picture();
        (0..50).for_each(|_| markers.whole_picture(2));
        markers.misled();
        (0..50).for_each(|_| markers.whole_picture(2));
        assert!(!markers.end_picture_of(2));
    }
}
