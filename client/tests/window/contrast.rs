//! Whatever is written stands out from what is under it: measured in what each screen paints, in
//! both themes.

use eframe::egui::epaint::{ClippedShape, RectShape, Shape};
use eframe::egui::{Color32, FontId, Pos2, Rect, vec2};
use egui_kittest::kittest::NodeT;
use visavis_client::config::{Settings, Theme};
use visavis_client::gallery::{self, Moment, SCREENS};
use visavis_client::session::snapshot::Snapshot;
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, picture};

/// The least contrast of text (WCAG 2.1, 1.4.3).
const LEAST: f32 = 4.5;

/// Relative luminance (WCAG 2.1).
fn luminance(color: Color32) -> f32 {
    let linear = |c: u8| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

fn contrast(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Something painted that covers what is under it, in part or wholly.
struct Ground {
    place: Rect,
    color: Color32,
}

#[derive(Default)]
struct Painted {
    grounds: Vec<Ground>,
    /// Texts, where each is, and how it stands out.
    texts: Vec<(String, Rect, f32)>,
}

impl Painted {
    /// The colour at a point, over a video of a colour.
    fn at(&self, point: Pos2) -> Color32 {
        let under = self.grounds.iter().filter(|ground| ground.place.contains(point));
        under.fold(Color32::BLACK, |below, ground| below.blend(ground.color))
    }

    fn take(&mut self, shape: &Shape, clip: Rect, video: Color32) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| self.take(shape, clip, video)),
            Shape::Rect(RectShape { rect, fill, brush, .. }) => {
                let color = if brush.is_some() { video } else { *fill };
                self.grounds.push(Ground { place: rect.intersect(clip), color });
            }
            Shape::Circle(circle) => {
                let place = Rect::from_center_size(circle.center, vec2(1.0, 1.0) * circle.radius);
                self.grounds.push(Ground { place: place.intersect(clip), color: circle.fill });
            }
            Shape::Path(path) if path.closed => {
                let place = path.visual_bounding_rect().intersect(clip);
                self.grounds.push(Ground { place, color: path.fill });
            }
            Shape::Mesh(mesh) if mesh.texture_id != Default::default() => {
                let place = mesh.calc_bounds().intersect(clip);
                self.grounds.push(Ground { place, color: video });
            }
            Shape::Text(text) => {
                let place = text.galley.rect.translate(text.pos.to_vec2()).intersect(clip);
                let words = text.galley.text().to_owned();
                if !place.is_positive() || words.trim().is_empty() || text.opacity_factor < 1.0 {
                    return;
                }
                let sections = &text.galley.job.sections;
                let own = sections.first().map(|section| section.format.color);
                let color = match (text.override_text_color, own) {
                    (Some(color), _) => color,
                    (None, Some(color)) if color != Color32::PLACEHOLDER => color,
                    _ => text.fallback_color,
                };
                // What fades, or is out of use, need not stand out.
                if color.is_opaque() {
                    let found = contrast(color, self.at(place.center()));
                    self.texts.push((words, place, found));
                }
            }
            _ => {}
        }
    }
}

/// The texts that stand out too little among what was painted. What is out of use need not.
fn too_faint(painted: &[ClippedShape], out_of_use: &[Rect], video: Color32) -> Vec<(String, f32)> {
    let mut all = Painted::default();
    for ClippedShape { clip_rect, shape, .. } in painted {
        all.take(shape, *clip_rect, video);
    }
    assert!(!all.texts.is_empty(), "there is something to read");
    let faint = all.texts.into_iter().filter(|(_, place, found)| {
        *found < LEAST && !out_of_use.iter().any(|rect| rect.contains_rect(*place))
    });
    faint.map(|(words, _, found)| (words, found)).collect()
}

fn out_of_use(window: &Window) -> Vec<Rect> {
    let all = window.harness.root().children_recursive();
    all.filter(|node| node.accesskit_node().is_disabled()).map(|node| node.rect()).collect()
}

#[test]
fn a_text_that_stands_out_too_little_is_found() {
    let window = Window::open(Snapshot::default());
    let place = Rect::from_min_size(Pos2::ZERO, vec2(200.0, 100.0));
    let on = |ground: u8, ink: u8| {
        let ink = Color32::from_gray(ink);
        let font = FontId::proportional(14.0);
        let words = "words".to_owned();
        let words = window.harness.ctx.fonts_mut(|fonts| fonts.layout_no_wrap(words, font, ink));
        let ground = Shape::rect_filled(place, 0.0, Color32::from_gray(ground));
        let text = Shape::galley(Pos2::new(20.0, 20.0), words, ink);
        [ground, text].map(|shape| ClippedShape {
            clip_rect: place,
            shape,
            transform_after_tessellation: Default::default(),
        })
    };
    let found = |ground, ink| too_faint(&on(ground, ink), &[], Color32::BLACK).len();
    assert_eq!([found(255, 0x77), found(255, 0x76), found(0, 20), found(0, 255)], [1, 0, 1, 0]);
    assert_eq!(too_faint(&on(255, 0x77), &[place], Color32::BLACK), []);
}

#[test]
fn every_text_on_every_screen_stands_out_from_what_is_under_it_in_both_themes() {
    let mut wrong = Vec::new();
    for theme in [Theme::Dark, Theme::Light] {
        for screen in SCREENS {
            let settings = Settings { theme, ..Settings::default() };
            let options = WindowOptions { settings, ..WindowOptions::default() };
            let snapshot = gallery::snapshot(screen, Moment::now());
            let mut window = Window::open_with(snapshot, vec2(1040.0, 680.0), options);
            window.remote_video.put(picture());
            window.self_video.put(picture());
            for label in gallery::presses(screen) {
                window.click(&label);
            }
            // Whatever moves comes to rest.
            window.harness.run_steps(4);
            let painted = &window.harness.output().shapes;
            let out_of_use = out_of_use(&window);
            for video in [Color32::WHITE, Color32::BLACK] {
                for (text, found) in too_faint(painted, &out_of_use, video) {
                    wrong.push(format!("{screen}, {theme:?}: {text:?} has {found:.2}"));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
