//! One triangle: which pixels it covers, and their colours.
//!
//! A pixel is covered when its middle lies between the two edges that cross its row, the left one
//! included. Where an edge crosses a row is computed from its upper to its lower end whichever
//! triangle asks, so that neighbours leave no gap and paint nothing twice.

use egui::epaint::Vertex;
use egui::{Pos2, Rect, vec2};

use crate::picture::Picture;
use crate::textures::Texture;

/// The pixels that may be painted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clip {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Clip {
    /// Rounded to whole pixels, as egui's painters do.
    pub(crate) fn of(rect: Rect, pixels_per_point: f32, size: [u32; 2]) -> Self {
        let pixel = |points: f32, limit: u32| {
            ((points * pixels_per_point).round() as i64).clamp(0, i64::from(limit))
        };
        Self {
            left: pixel(rect.min.x, size[0]),
            top: pixel(rect.min.y, size[1]),
            right: pixel(rect.max.x, size[0]),
            bottom: pixel(rect.max.y, size[1]),
        }
    }
}

/// Where an edge crosses the middle of a row, when it does.
fn crossing(a: Pos2, b: Pos2, middle: f32) -> Option<f32> {
    let (upper, lower) = if (a.y, a.x) <= (b.y, b.x) { (a, b) } else { (b, a) };
    if middle < upper.y || middle >= lower.y {
        return None;
    }
    Some(upper.x + (lower.x - upper.x) * ((middle - upper.y) / (lower.y - upper.y)))
}

/// How much each corner counts at a place.
struct Weights {
    origin: Pos2,
    ab: egui::Vec2,
    ac: egui::Vec2,
    double_area: f32,
}

impl Weights {
    fn at(&self, place: Pos2) -> [f32; 3] {
        let from = place - self.origin;
        let b = ((from.x * self.ac.y - from.y * self.ac.x) / self.double_area).clamp(0.0, 1.0);
        let c = ((self.ab.x * from.y - self.ab.y * from.x) / self.double_area).clamp(0.0, 1.0 - b);
        [1.0 - b - c, b, c]
    }
}

/// Paints a triangle whose corners are in points.
pub(crate) fn paint(
    picture: &mut Picture,
    corners: [Vertex; 3],
    texture: &Texture,
    clip: Clip,
    pixels_per_point: f32,
) {
    let [a, b, c] = corners.map(|corner| (corner.pos.to_vec2() * pixels_per_point).to_pos2());
    let (ab, ac) = (b - a, c - a);
    let double_area = ab.x * ac.y - ab.y * ac.x;
    if double_area == 0.0 || !double_area.is_finite() {
        return;
    }
    let weights = Weights { origin: a, ab, ac, double_area };
    let colors = corners.map(|corner| corner.color.to_array().map(f32::from));
    let places = corners.map(|corner| corner.uv.to_vec2());
    let one_color = corners[0].color == corners[1].color && corners[1].color == corners[2].color;
    let one_place = places[0] == places[1] && places[1] == places[2];
    let one_texel = one_place.then(|| texture.sample(places[0]));

    let (top, bottom) = (a.y.min(b.y).min(c.y), a.y.max(b.y).max(c.y));
    let first = ((top - 0.5).ceil() as i64).max(clip.top);
    let last = ((bottom - 0.5).ceil() as i64).min(clip.bottom);
    for row in first..last {
        let middle = row as f32 + 0.5;
        let (mut left, mut right) = (f32::INFINITY, f32::NEG_INFINITY);
        for x in [crossing(a, b, middle), crossing(b, c, middle), crossing(c, a, middle)] {
            let Some(x) = x else { continue };
            (left, right) = (left.min(x), right.max(x));
        }
        if left >= right {
            continue;
        }
        let start = ((left - 0.5).ceil() as i64).max(clip.left);
        let end = ((right - 0.5).ceil() as i64).min(clip.right);
        if start >= end {
            continue;
        }
        if let (true, Some(texel)) = (one_color, one_texel) {
            picture.blend_row(row, start..end, multiply(colors[0], texel));
            continue;
        }
        for column in start..end {
            let shares = weights.at(Pos2::new(column as f32 + 0.5, middle));
            let color = if one_color {
                colors[0]
            } else {
                std::array::from_fn(|n| mixed(shares, colors.map(|color| color[n])))
            };
            let texel = one_texel.unwrap_or_else(|| {
                texture.sample(vec2(
                    mixed(shares, places.map(|place| place.x)),
                    mixed(shares, places.map(|place| place.y)),
                ))
            });
            picture.blend(row, column, multiply(color, texel));
        }
    }
}

fn mixed(shares: [f32; 3], values: [f32; 3]) -> f32 {
    shares[0] * values[0] + shares[1] * values[1] + shares[2] * values[2]
}

fn multiply(color: [f32; 4], texel: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|n| color[n] * texel[n] / 255.0)
}
