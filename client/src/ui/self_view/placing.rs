//! Where one's own picture rests and how large it is. Pure geometry, in points.
//!
//! What always holds: however the person chose, the picture is whole inside the stage, off the bar,
//! and no wider or higher than a third of the stage.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::ui::controls::{BAR_HEIGHT, HEAD_HEIGHT};
use crate::ui::design::{component, layout, space};

/// The corner in which it rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Corner {
    pub(crate) right: bool,
    pub(crate) bottom: bool,
}

/// What the person chose about their own picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SelfViewLook {
    pub(crate) corner: Corner,
    /// The longer side; `None` for what suits the stage.
    pub(crate) side: Option<f32>,
    pub(crate) mirrored: bool,
    pub(crate) hidden: bool,
}

impl Default for SelfViewLook {
    fn default() -> Self {
        let corner = Corner { right: true, bottom: true };
        Self { corner, side: None, mirrored: true, hidden: false }
    }
}

impl SelfViewLook {
    /// How large it is over a stage, by the shape of the camera's picture.
    pub(super) fn extent(&self, over: Rect, aspect: Option<f32>) -> Vec2 {
        let aspect = aspect
            .unwrap_or(component::CAMERA_ASPECT)
            .clamp(component::SELF_VIEW_TALLEST, component::SELF_VIEW_FLATTEST);
        let usual = component::self_view(over.width());
        // A third of the stage, also where that is less than what is usual.
        let (wide, high) = (over.width() / 3.0, over.height() / 3.0);
        let most = if aspect >= 1.0 { wide.min(high * aspect) } else { high.min(wide / aspect) };
        let long = self.side.unwrap_or(usual).max(component::SELF_VIEW_LEAST).min(most);
        if aspect >= 1.0 { vec2(long, long / aspect) } else { vec2(long * aspect, long) }
    }

    /// The rectangle of this extent in its corner.
    pub(super) fn place(&self, over: Rect, extent: Vec2) -> Rect {
        let in_the_way = over.width() < layout::BAR_IN_THE_WAY;
        let below = if in_the_way { BAR_HEIGHT + space::S2 } else { layout::BAR_GAP };
        let margin = layout::STAGE_MARGIN;
        let x =
            if self.corner.right { over.right() - margin - extent.x } else { over.left() + margin };
        let y = if self.corner.bottom {
            over.bottom() - below - extent.y
        } else {
            over.top() + HEAD_HEIGHT + space::S3
        };
        Rect::from_min_size(pos2(x, y), extent)
    }

    /// The corner of the picture that faces the middle of the stage: there it is resized.
    pub(super) fn grip(&self, rect: Rect) -> Pos2 {
        let x = if self.corner.right { rect.left() } else { rect.right() };
        let y = if self.corner.bottom { rect.top() } else { rect.bottom() };
        pos2(x, y)
    }

    /// The grip was dragged by so much.
    pub(super) fn drag_grip(&mut self, by: Vec2, extent: Vec2, over: Rect) {
        let x = if self.corner.right { -by.x } else { by.x };
        let y = if self.corner.bottom { -by.y } else { by.y };
        // The longer side follows whichever of the two changes it more.
        let by_width = x * extent.max_elem() / extent.x.max(1.0);
        let by_height = y * extent.max_elem() / extent.y.max(1.0);
        let grown = if by_width.abs() > by_height.abs() { by_width } else { by_height };
        self.resize(grown, extent, over);
    }

    /// One step larger or smaller.
    pub(super) fn step(&mut self, larger: bool, extent: Vec2, over: Rect) {
        let step = if larger { space::S4 } else { -space::S4 };
        self.resize(step, extent, over);
    }

    fn resize(&mut self, by: f32, extent: Vec2, over: Rect) {
        let side = Some(extent.max_elem() + by);
        // What the stage allows is what counts from now on, so that the way back begins at once.
        let allowed = Self { side, ..*self }.extent(over, Some(extent.x / extent.y.max(1.0)));
        self.side = Some(allowed.max_elem());
    }

    /// Lets it rest in the corner that is nearest to where it was dropped.
    pub(super) fn drop_at(&mut self, middle: Pos2, over: Rect) {
        self.corner =
            Corner { right: middle.x > over.center().x, bottom: middle.y > over.center().y };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn corner() -> impl Strategy<Value = Corner> {
        any::<(bool, bool)>().prop_map(|(right, bottom)| Corner { right, bottom })
    }

    proptest! {
        #[test]
        fn whatever_is_chosen_the_picture_is_inside_and_off_the_bar(
            width in 480.0f32..4000.0,
            height in 360.0f32..2200.0,
            corner in corner(),
            side in prop::option::of(0.0f32..5000.0),
            aspect in prop::option::of(0.01f32..100.0),
            drags in prop::collection::vec((-900.0f32..900.0, -900.0f32..900.0), 0..5),
        ) {
            let stage = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height));
            let mut look = SelfViewLook { corner, side, ..SelfViewLook::default() };
            for (x, y) in drags {
                let extent = look.extent(stage, aspect);
                look.drag_grip(vec2(x, y), extent, stage);
            }
            let extent = look.extent(stage, aspect);
            let rect = look.place(stage, extent);
            prop_assert!(stage.contains_rect(rect), "{stage:?} {rect:?}");
            prop_assert!(extent.x <= width / 3.0 + 0.1 && extent.y <= height / 3.0 + 0.1);
            prop_assert!(rect.contains(look.grip(rect)));
            let beside_the_bar = width >= layout::BAR_IN_THE_WAY;
            prop_assert!(beside_the_bar || rect.bottom() < height - BAR_HEIGHT, "{rect:?}");
        }
    }

    #[test]
    fn the_grip_faces_the_middle_and_pulling_it_there_enlarges_the_picture() {
        let stage = Rect::from_min_size(pos2(0.0, 0.0), vec2(1040.0, 680.0));
        for (right, bottom) in [(false, false), (false, true), (true, false), (true, true)] {
            let corner = Corner { right, bottom };
            let mut look = SelfViewLook { corner, ..SelfViewLook::default() };
            let extent = look.extent(stage, None);
            let grip = look.grip(look.place(stage, extent));
            let inwards = (stage.center() - grip).normalized() * 40.0;
            look.drag_grip(inwards, extent, stage);
            let larger = look.extent(stage, None);
            assert!(larger.x > extent.x + 20.0, "{corner:?} {extent:?} {larger:?}");
            look.drag_grip(-inwards * 100.0, larger, stage);
            assert_eq!(look.extent(stage, None).x, component::SELF_VIEW_LEAST, "{corner:?}");
            look.step(true, look.extent(stage, None), stage);
            assert_eq!(look.extent(stage, None).x, component::SELF_VIEW_LEAST + space::S4);
        }
    }
}
