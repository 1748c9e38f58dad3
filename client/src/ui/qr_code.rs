//! A QR code (ISO/IEC 18004), painted by the window.
//!
//! In: a text. Out: dark modules on a light ground in both themes, with a quiet zone of four
//! modules; each module is a square of whole pixels, so that its edges are sharp. A text that is
//! too long for one shows nothing.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Id, Mesh, Rect, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};
use qrcode::{Color, EcLevel, QrCode};

use super::design::{component, qr, radius};

/// The light modules round it (§6.3.8).
const QUIET: usize = 4;

/// The modules of a text, row by row: true for a dark one.
#[derive(Debug, PartialEq, Eq)]
struct Modules {
    side: usize,
    dark: Vec<bool>,
}

impl Modules {
    fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Some(Self { side: code.width(), dark })
    }

    /// Rows of dark modules that touch: where each begins, and how long it is.
    fn runs(&self) -> impl Iterator<Item = ([usize; 2], usize)> {
        self.dark.chunks(self.side.max(1)).enumerate().flat_map(|(y, row)| {
            let starts = (0..row.len()).filter(move |x| row[*x] && (*x == 0 || !row[*x - 1]));
            starts.map(move |x| ([x, y], row[x..].iter().take_while(|dark| **dark).count()))
        })
    }
}

/// Shows it with a name for those who do not see it.
pub(super) fn show(ui: &mut Ui, text: &str, name: &str) {
    let Some(modules) = made_once(ui, text) else { return };
    let modules_across = modules.side + 2 * QUIET;
    let pixels = ui.ctx().pixels_per_point();
    let module = (component::QR_CODE * pixels / modules_across as f32).floor().max(1.0) / pixels;
    let side = module * modules_across as f32;
    let (place, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let corner = (place.min.to_vec2() * pixels).round() / pixels;
    let ground = Rect::from_min_size(corner.to_pos2(), Vec2::splat(side));
    ui.painter().rect_filled(ground, radius::XS, qr::LIGHT);
    // A mesh has no soft edges, which would leave seams between modules.
    let mut mesh = Mesh::default();
    for ([x, y], length) in modules.runs() {
        let at = vec2((x + QUIET) as f32, (y + QUIET) as f32) * module;
        let extent = vec2(length as f32, 1.0) * module;
        let min = pos2(ground.min.x + at.x, ground.min.y + at.y);
        mesh.add_colored_rect(Rect::from_min_size(min, extent), qr::DARK);
    }
    ui.painter().add(mesh);
}

/// The modules, made when the text is another one than before.
fn made_once(ui: &Ui, text: &str) -> Option<Arc<Modules>> {
    let id = Id::unique("qr-code");
    let known: Option<(String, Arc<Modules>)> = ui.data(|data| data.get_temp(id));
    if let Some((_, modules)) = known.filter(|(of, _)| of == text) {
        return Some(modules);
    }
    let modules = Arc::new(Modules::of(text)?);
    ui.data_mut(|data| data.insert_temp(id, (text.to_owned(), Arc::clone(&modules))));
    Some(modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_runs_are_its_dark_modules_and_its_corners_are_finder_patterns() {
        let modules = Modules::of("visavis://192.168.1.20?tls=off").expect("a code");
        let mut painted = vec![false; modules.dark.len()];
        for ([x, y], length) in modules.runs() {
            painted[y * modules.side + x..][..length].fill(true);
        }
        assert_eq!(painted, modules.dark);
        let dark = |x: usize, y: usize| modules.dark[y * modules.side + x];
        let last = modules.side - 1;
        for [x, y] in [[0, 0], [last - 6, 0], [0, last - 6]] {
            assert!((0..7).all(|n| dark(x + n, y) && dark(x, y + n)), "{x} {y}");
            assert!((1..6).all(|n| !dark(x + n, y + 1)), "{x} {y}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_none() {
        assert_eq!(Modules::of(&"x".repeat(5000)), None);
    }
}
