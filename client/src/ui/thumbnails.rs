//! Small pictures that come with a snapshot, as textures.
//!
//! What always holds: a picture is uploaded once; what is shown no longer is kept no longer; one
//! whose bytes don't fit its size is not shown.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use eframe::egui::epaint::RectShape;
use eframe::egui::{
    Color32, ColorImage, Context, CornerRadius, Painter, Rect, TextureHandle, TextureOptions, pos2,
};

use super::video_view::letterbox;
use crate::media::frame::RgbaFrame;

/// The pictures, by what they are of.
pub(super) struct Thumbnails<K> {
    all: HashMap<K, Thumbnail>,
}

struct Thumbnail {
    of: Arc<[u8]>,
    texture: TextureHandle,
    /// Whether it was asked for since [`Thumbnails::forget_others`].
    used: bool,
}

impl<K> Default for Thumbnails<K> {
    fn default() -> Self {
        Self { all: HashMap::new() }
    }
}

impl<K: Hash + Eq + Clone> Thumbnails<K> {
    /// Paints a picture whole into the middle of a rectangle, with round corners. Returns whether
    /// it can be shown.
    pub(super) fn paint(
        &mut self,
        painter: &Painter,
        (key, frame): (&K, &RgbaFrame),
        rect: Rect,
        radius: u8,
    ) -> bool {
        let Some(texture) = self.texture(painter.ctx(), key, frame) else { return false };
        let size = texture.size_vec2();
        let place = letterbox(size.x / size.y.max(1.0), rect);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        painter.add(
            RectShape::filled(place, CornerRadius::same(radius), Color32::WHITE)
                .with_texture(texture.id(), whole),
        );
        true
    }

    fn texture(&mut self, ctx: &Context, key: &K, frame: &RgbaFrame) -> Option<&TextureHandle> {
        if frame.rgba.len() != frame.size.pixels() * 4 {
            return None;
        }
        let same = self.all.get(key).is_some_and(|known| Arc::ptr_eq(&known.of, &frame.rgba));
        if !same {
            let size = [frame.size.width() as usize, frame.size.height() as usize];
            let image = ColorImage::from_rgba_premultiplied(size, &frame.rgba);
            let of = Arc::clone(&frame.rgba);
            match self.all.get_mut(key) {
                Some(known) => {
                    known.texture.set(image, TextureOptions::LINEAR);
                    known.of = of;
                }
                None => {
                    let texture = ctx.load_texture("thumbnail", image, TextureOptions::LINEAR);
                    self.all.insert(key.clone(), Thumbnail { of, texture, used: true });
                }
            }
        }
        let known = self.all.get_mut(key)?;
        known.used = true;
        Some(&known.texture)
    }

    /// Forgets those that were not painted since the last time.
    pub(super) fn forget_others(&mut self) {
        self.all.retain(|_, known| std::mem::take(&mut known.used));
    }
}
