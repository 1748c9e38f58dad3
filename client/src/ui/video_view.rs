//! A video slot as a texture: takes the newest frame, uploads it, paints it at its own shape.
//!
//! What always holds: a frame whose bytes don't fit its size is not shown; after
//! [`VideoView::clear`] nothing of an earlier call can be seen.

use std::sync::Arc;

use eframe::egui::{Color32, epaint::RectShape};
use eframe::egui::{
    ColorImage, Context, CornerRadius, Painter, Pos2, Rect, TextureFilter, TextureHandle,
    TextureOptions, Vec2,
};

use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::RgbaFrame;

/// The newest frame of one slot, ready to be painted.
pub(super) struct VideoView {
    name: &'static str,
    slot: Arc<DropOldestQueue<RgbaFrame>>,
    texture: Option<TextureHandle>,
    options: TextureOptions,
}

impl VideoView {
    pub(super) fn new(name: &'static str, slot: Arc<DropOldestQueue<RgbaFrame>>) -> Self {
        Self { name, slot, texture: None, options: TextureOptions::LINEAR }
    }

    /// Takes the newest frame, if there is one, and uploads it.
    pub(super) fn refresh(&mut self, ctx: &Context) {
        let Some(frame) = self.slot.take() else { return };
        let size = [frame.size.width() as usize, frame.size.height() as usize];
        if frame.rgba.len() != frame.size.pixels() * 4 {
            let bytes = frame.rgba.len();
            tracing::warn!(size = %frame.size, bytes, "a frame of the wrong length");
            return;
        }
        // Opaque pixels are the same with and without premultiplied alpha; this way is a plain
        // copy.
        let image = ColorImage::from_rgba_premultiplied(size, &frame.rgba);
        match &mut self.texture {
            Some(texture) => texture.set(image, self.options),
            none => *none = Some(ctx.load_texture(self.name, image, self.options)),
        }
    }

    /// Whether small text stays readable where the frame is shown much smaller than it is.
    pub(super) fn shrinks_finely(&mut self, finely: bool) {
        let mipmap_mode = finely.then_some(TextureFilter::Linear);
        self.options = TextureOptions { mipmap_mode, ..TextureOptions::LINEAR };
    }

    /// The size of the frame in its pixels; `None` while there is none.
    pub(super) fn size(&self) -> Option<Vec2> {
        self.texture.as_ref().map(TextureHandle::size_vec2)
    }

    /// Whether nothing is made of what comes, because nobody sees the window.
    pub(super) fn is_paused(&self) -> bool {
        self.slot.is_paused()
    }

    /// Forgets the frame, and any that waits in the slot.
    pub(super) fn clear(&mut self) {
        self.texture = None;
        drop(self.slot.take());
    }

    /// The shape of the frame, width over height; `None` while there is none.
    pub(super) fn aspect(&self) -> Option<f32> {
        self.texture.as_ref().map(|texture| {
            let size = texture.size_vec2();
            size.x / size.y.max(1.0)
        })
    }

    /// Paints the whole frame into a rectangle of its shape. Returns whether there was one.
    pub(super) fn paint(
        &self,
        painter: &Painter,
        rect: Rect,
        corners: impl Into<CornerRadius>,
        mirrored: bool,
    ) -> bool {
        self.paint_part(painter, rect, WHOLE, corners.into(), mirrored)
    }

    /// Fills a rectangle with the frame, cropped around its middle. Returns whether there was one.
    pub(super) fn fill(&self, painter: &Painter, rect: Rect) -> bool {
        let part = self.aspect().map_or(WHOLE, |aspect| cropped(aspect, rect));
        self.paint_part(painter, rect, part, CornerRadius::ZERO, false)
    }

    fn paint_part(
        &self,
        painter: &Painter,
        rect: Rect,
        part: Rect,
        corners: CornerRadius,
        mirrored: bool,
    ) -> bool {
        let Some(texture) = &self.texture else { return false };
        let uv =
            if mirrored { Rect::from_min_max(part.right_top(), part.left_bottom()) } else { part };
        painter
            .add(RectShape::filled(rect, corners, Color32::WHITE).with_texture(texture.id(), uv));
        true
    }
}

/// All of a texture.
const WHOLE: Rect = Rect { min: Pos2::ZERO, max: Pos2::new(1.0, 1.0) };

/// The part of a texture of a shape (width over height) that fills a rectangle: as much as there
/// is of one direction, the middle of the other.
fn cropped(aspect: f32, rect: Rect) -> Rect {
    let wanted = rect.width() / rect.height();
    if !(aspect.is_finite() && aspect > 0.0 && wanted.is_finite() && wanted > 0.0) {
        return WHOLE;
    }
    let part = Vec2::new((wanted / aspect).min(1.0), (aspect / wanted).min(1.0));
    Rect::from_center_size(WHOLE.center(), part)
}

/// The largest rectangle of a shape (width over height) inside another, in its middle.
pub(super) fn letterbox(aspect: f32, inside: Rect) -> Rect {
    let space = inside.size();
    if !(aspect.is_finite() && aspect > 0.0 && space.x > 0.0 && space.y > 0.0) {
        return inside;
    }
    let size = if space.x / space.y > aspect {
        Vec2::new(space.y * aspect, space.y)
    } else {
        Vec2::new(space.x, space.x / aspect)
    };
    Rect::from_center_size(inside.center(), size)
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;
    use crate::media::units::VideoSize;

    fn frame(width: u32, height: u32, bytes: usize) -> RgbaFrame {
        RgbaFrame {
            size: VideoSize::new(width, height).expect("a size"),
            rgba: vec![255; bytes].into(),
        }
    }

    #[test]
    fn a_frame_keeps_its_shape_in_any_window() {
        let wide = Rect::from_min_size(pos2(0.0, 0.0), Vec2::new(1600.0, 400.0));
        assert_eq!(
            letterbox(2.0, wide),
            Rect::from_min_size(pos2(400.0, 0.0), Vec2::new(800.0, 400.0))
        );
        let high = Rect::from_min_size(pos2(0.0, 0.0), Vec2::new(400.0, 1600.0));
        assert_eq!(
            letterbox(2.0, high),
            Rect::from_min_size(pos2(0.0, 700.0), Vec2::new(400.0, 200.0))
        );
        assert_eq!(letterbox(f32::NAN, wide), wide);
    }

    #[test]
    fn a_picture_that_fills_keeps_its_shape_and_loses_as_much_on_either_side() {
        let inside = |width, height| Rect::from_min_size(pos2(0.0, 0.0), Vec2::new(width, height));
        let middle = Rect::from_min_max(pos2(0.25, 0.0), pos2(0.75, 1.0));
        assert_eq!(cropped(2.0, inside(400.0, 400.0)), middle);
        let middle = Rect::from_min_max(pos2(0.0, 0.25), pos2(1.0, 0.75));
        assert_eq!(cropped(0.5, inside(400.0, 400.0)), middle);
        assert_eq!(cropped(2.0, inside(400.0, 200.0)), WHOLE);
        assert_eq!(cropped(f32::NAN, inside(4.0, 2.0)), WHOLE);
        assert_eq!(cropped(2.0, inside(4.0, 0.0)), WHOLE);
    }

    #[test]
    fn the_newest_frame_is_taken_and_a_cleared_view_shows_nothing_of_the_last_call() {
        let (ctx, slot) = (Context::default(), DropOldestQueue::latest());
        let mut view = VideoView::new("test", Arc::clone(&slot));
        view.refresh(&ctx);
        assert_eq!(view.aspect(), None);
        slot.put(frame(4, 4, 64));
        slot.put(frame(8, 4, 128));
        view.refresh(&ctx);
        assert_eq!(view.aspect(), Some(2.0));
        slot.put(frame(4, 4, 64));
        view.clear();
        view.refresh(&ctx);
        assert_eq!(view.aspect(), None);
    }

    #[test]
    fn a_frame_whose_bytes_do_not_fit_its_size_is_not_shown() {
        let (ctx, slot) = (Context::default(), DropOldestQueue::latest());
        let mut view = VideoView::new("test", Arc::clone(&slot));
        slot.put(frame(8, 4, 127));
        view.refresh(&ctx);
        assert_eq!(view.aspect(), None);
    }
}
