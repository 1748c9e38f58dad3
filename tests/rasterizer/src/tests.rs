use egui::epaint::{ImageDelta, Mesh, Vertex};
use egui::{Color32, ColorImage, Pos2, Rect, TextureId, TextureOptions, TexturesDelta, pos2, vec2};

use super::*;

const TEXTURE: TextureId = TextureId::Managed(0);

fn textures(image: ColorImage) -> Textures {
    let mut delta = TexturesDelta::default();
    delta.push(TEXTURE, ImageDelta::full(image, TextureOptions::LINEAR));
    let mut textures = Textures::default();
    textures.apply(&mut delta);
    textures
}

fn white() -> Textures {
    textures(ColorImage::filled([1, 1], Color32::WHITE))
}

fn mesh(corners: &[(Pos2, Pos2, Color32)], indices: &[u32]) -> Primitive {
    let mut mesh = Mesh::with_texture(TEXTURE);
    mesh.vertices = corners
        .iter()
        .map(|(pos, uv, color)| Vertex { pos: *pos, uv: *uv, color: *color })
        .collect();
    mesh.indices = indices.to_vec();
    Primitive::Mesh(mesh)
}

fn painted(primitive: Primitive, textures: &Textures, clip: Rect, scale: f32) -> Picture {
    let primitives = [ClippedPrimitive { clip_rect: clip, primitive }];
    paint(&primitives, textures, [8, 8], scale, [0; 3])
}

fn everywhere() -> Rect {
    Rect::from_min_size(Pos2::ZERO, vec2(8.0, 8.0))
}

#[test]
fn triangles_that_share_an_edge_paint_each_pixel_once() {
    // A fan round a point within a square, half transparent: twice would be brighter.
    let half = Color32::from_rgba_premultiplied(100, 100, 100, 128);
    for (x, y) in [(4.0, 4.0), (3.3, 4.7), (1.5, 2.5), (6.01, 3.5)] {
        let at = |x, y| (pos2(x, y), Pos2::ZERO, half);
        let corners = [at(1.0, 1.0), at(7.0, 1.0), at(7.0, 7.0), at(1.0, 7.0), at(x, y)];
        let fan = mesh(&corners, &[0, 1, 4, 2, 1, 4, 2, 3, 4, 0, 3, 4]);
        let picture = painted(fan, &white(), everywhere(), 1.0);
        for (n, pixel) in picture.pixels().enumerate() {
            let inside = (1..7).contains(&(n % 8)) && (1..7).contains(&(n / 8));
            assert_eq!(pixel, if inside { [100; 3] } else { [0; 3] }, "{n} with ({x}, {y})");
        }
    }
}

#[test]
fn colours_run_from_corner_to_corner_and_textures_between_their_texels() {
    let square = |right: Color32| {
        let at = |x, y, color| (pos2(x, y), pos2(x / 8.0, y / 8.0), color);
        let corners = [
            at(0.0, 0.0, Color32::BLACK),
            at(8.0, 0.0, right),
            at(8.0, 8.0, right),
            at(0.0, 8.0, Color32::BLACK),
        ];
        mesh(&corners, &[0, 1, 2, 0, 2, 3])
    };
    let picture = painted(square(Color32::WHITE), &white(), everywhere(), 1.0);
    assert_eq!(picture.at(0, 3), Some([16; 3]));
    assert_eq!(picture.at(7, 5), Some([239; 3]));

    let two = ColorImage::new([2, 1], vec![Color32::RED, Color32::BLUE]);
    let at = |x, y| (pos2(x, y), pos2(x / 8.0, y / 8.0), Color32::WHITE);
    let corners = [at(0.0, 0.0), at(8.0, 0.0), at(8.0, 8.0), at(0.0, 8.0)];
    let picture = painted(mesh(&corners, &[0, 1, 2, 0, 2, 3]), &textures(two), everywhere(), 1.0);
    assert_eq!(picture.at(0, 0), Some([255, 0, 0]));
    assert_eq!(picture.at(7, 0), Some([0, 0, 255]));
    let Some([red, 0, blue]) = picture.at(4, 4) else { panic!("a mixture") };
    assert_eq!(u32::from(red) + u32::from(blue), 255);
    assert!(blue > red, "{red} {blue}");
}

#[test]
fn what_is_clipped_or_off_the_picture_is_not_painted() {
    let at = |x, y| (pos2(x, y), Pos2::ZERO, Color32::WHITE);
    let corners = [at(-50.0, -50.0), at(90.0, -50.0), at(-50.0, 90.0)];
    let clip = Rect::from_min_max(pos2(1.0, 0.6), pos2(2.0, 3.4));
    let picture = painted(mesh(&corners, &[0, 1, 2]), &white(), clip, 2.0);
    let painted: Vec<usize> =
        picture.pixels().enumerate().filter(|(_, p)| *p == [255; 3]).map(|(n, _)| n).collect();
    let wanted: Vec<usize> = (1..7).flat_map(|row| [row * 8 + 2, row * 8 + 3]).collect();
    assert_eq!(painted, wanted);
}

#[test]
fn a_picture_is_the_same_after_a_file_whatever_its_colours() {
    let folder = std::env::temp_dir().join(format!("visavis-rasterizer-{}", std::process::id()));
    for colors in [3_u32, 200, 5000] {
        let mut picture = Picture::filled([80, 70], [9, 8, 7]);
        for n in 0..80 * 70 {
            let value = n % colors;
            picture.put(n % 80, n / 80, [(value / 256) as u8, value as u8, 77]);
        }
        let file = folder.join("p.png");
        picture.save(&file).expect("written");
        assert_eq!(Picture::load(&file).expect("read"), picture);
    }
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn shades_and_single_pixels_pass_and_more_is_named_with_its_place() {
    let one = Picture::filled([40, 40], [100; 3]);
    let mut other = Picture::filled([40, 40], [112, 88, 100]);
    assert_eq!(Difference::between(&one, &other, Tolerance::SCREENS), None);
    for n in 0..9 {
        assert_eq!(Difference::between(&one, &other, Tolerance::SCREENS), None, "{n}");
        other.put(20 + n, 5 + n, [0; 3]);
    }
    let found = Difference::between(&one, &other, Tolerance::SCREENS);
    assert_eq!(found, Some(Difference::Pixels { count: 9, bounds: [20, 5, 29, 14] }));
    let found = found.map(|found| found.to_string()).unwrap_or_default();
    assert_eq!(found, "9 pixels differ, between (20, 5) and (29, 14)");
    let small = Picture::filled([40, 20], [100; 3]);
    let found = Difference::between(&one, &small, Tolerance::SCREENS);
    assert_eq!(found, Some(Difference::Size { expected: [40, 40], actual: [40, 20] }));
    assert_eq!(Picture::beside(&one, &small).size(), [40 + 40 + 40 + 16, 40]);
}
