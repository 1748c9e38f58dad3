//! The textures that a pass paints with.

use std::collections::HashMap;
use std::sync::Arc;

use egui::epaint::{ColorImage, ImageData, ImageDelta};
use egui::{Color32, TextureFilter, TextureId, TexturesDelta, Vec2};

/// One texture, and how it is read between its texels.
#[derive(Debug, Clone)]
pub(crate) struct Texture {
    size: [usize; 2],
    texels: Vec<Color32>,
    linear: bool,
}

impl Texture {
    fn new(image: &ColorImage, linear: bool) -> Self {
        Self { size: image.size, texels: image.pixels.clone(), linear }
    }

    fn patch(&mut self, [left, top]: [usize; 2], image: &ColorImage) {
        let [width, height] = image.size;
        let fits = left + width <= self.size[0] && top + height <= self.size[1];
        if width == 0 || !fits {
            return;
        }
        for (row, texels) in image.pixels.chunks_exact(width).enumerate() {
            let start = (top + row) * self.size[0] + left;
            self.texels[start..start + width].copy_from_slice(texels);
        }
    }

    fn texel(&self, x: i64, y: i64) -> [f32; 4] {
        let at = |value: i64, size: usize| {
            usize::try_from(value).unwrap_or(0).min(size.saturating_sub(1))
        };
        let (x, y) = (at(x, self.size[0]), at(y, self.size[1]));
        let texel = self.texels.get(y * self.size[0] + x).copied().unwrap_or_default();
        texel.to_array().map(f32::from)
    }

    /// The colour at a place from (0, 0) to (1, 1), channels from 0 to 255; beyond the edge that of
    /// the edge.
    pub(crate) fn sample(&self, place: Vec2) -> [f32; 4] {
        let (x, y) = (place.x * self.size[0] as f32, place.y * self.size[1] as f32);
        if !self.linear {
            return self.texel(x.floor() as i64, y.floor() as i64);
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (right_share, lower_share) = (x - left, y - top);
        let (left, top) = (left as i64, top as i64);
        let upper = mix(self.texel(left, top), self.texel(left + 1, top), right_share);
        let lower = mix(self.texel(left, top + 1), self.texel(left + 1, top + 1), right_share);
        mix(upper, lower, lower_share)
    }
}

fn mix(a: [f32; 4], b: [f32; 4], share: f32) -> [f32; 4] {
    std::array::from_fn(|n| a[n] + (b[n] - a[n]) * share)
}

/// All textures by their ids.
#[derive(Debug, Clone, Default)]
pub struct Textures(HashMap<TextureId, Texture>);

impl Textures {
    /// Takes what a pass changed; textures that it frees go.
    pub fn apply(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            for ImageDelta { image, options, pos } in deltas {
                let ImageData::Color(image) = image;
                let image: &Arc<ColorImage> = &image;
                match (pos, self.0.get_mut(&id)) {
                    (Some(place), Some(texture)) => texture.patch(place, image),
                    (Some(_), None) => {}
                    (None, _) => {
                        let linear = options.minification == TextureFilter::Linear;
                        self.0.insert(id, Texture::new(image, linear));
                    }
                }
            }
        }
        for id in delta.free.drain() {
            self.0.remove(&id);
        }
    }

    pub(crate) fn get(&self, id: TextureId) -> Option<&Texture> {
        self.0.get(&id)
    }
}
