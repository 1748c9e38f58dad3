//! Paints what egui made of a pass into a picture, without a GPU and without a display, so that
//! screens can be compared with pictures in the repository.
//!
//! In: triangles with textures and colours of their corners ([`egui::ClippedPrimitive`]), and the
//! changes of textures. Out: a [`Picture`], its PNG, and where two pictures differ. What always
//! holds: the same triangles make the same picture, byte by byte; two triangles that share an edge
//! paint each pixel on it once. It paints as egui's own shaders do: colours are multiplied and
//! blended in gamma space, premultiplied by their alpha.

mod difference;
mod picture;
mod textures;
mod triangle;

pub use difference::{Difference, Tolerance};
pub use picture::{Picture, PictureError};
pub use textures::Textures;

use egui::ClippedPrimitive;
use egui::epaint::Primitive;

use triangle::Clip;

/// Paints a pass over a ground of one colour.
///
/// In: triangles in points, as [`egui::Context::tessellate`] makes them, and how many pixels a
/// point has.
#[must_use]
pub fn paint(
    primitives: &[ClippedPrimitive],
    textures: &Textures,
    size: [u32; 2],
    pixels_per_point: f32,
    ground: [u8; 3],
) -> Picture {
    let mut picture = Picture::filled(size, ground);
    for ClippedPrimitive { clip_rect, primitive } in primitives {
        let Primitive::Mesh(mesh) = primitive else { continue };
        let clip = Clip::of(*clip_rect, pixels_per_point, size);
        let Some(texture) = textures.get(mesh.texture_id) else { continue };
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |at: usize| mesh.vertices.get(*corners.get(at)? as usize).copied();
            if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
                triangle::paint(&mut picture, [a, b, c], texture, clip, pixels_per_point);
            }
        }
    }
    picture
}

#[cfg(test)]
mod tests;
