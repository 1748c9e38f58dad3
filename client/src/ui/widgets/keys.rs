//! Keys as they look on a keyboard, a cap for each, behind what they do.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Galley, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::focus;
use crate::ui::design::{Palette, TypeStyle, component, radius, size, space};
use crate::words::text;

/// Caps, measured before they are painted.
struct KeyCaps(Vec<Arc<Galley>>);

impl KeyCaps {
    /// The caps of keys that are pressed together, by what stands on each.
    fn new(ui: &Ui, keys: &[String]) -> Self {
        let ink = Palette::of(ui.visuals()).text_2;
        let cap = |words: &String| {
            let words = TypeStyle::CaptionStrong.layout(words, ink, f32::INFINITY, false);
            ui.painter().layout_job(words)
        };
        Self(keys.iter().map(cap).collect())
    }

    fn width(&self) -> f32 {
        let widths: f32 = self.0.iter().map(|words| cap_width(words)).sum();
        widths + space::S1 * self.0.len().saturating_sub(1) as f32
    }

    /// Paints them up to this point, in the middle of whose height they stand.
    fn paint(&self, ui: &Ui, end: Pos2) {
        let p = Palette::of(ui.visuals());
        let mut left = end.x - self.width();
        for words in &self.0 {
            let extent = vec2(cap_width(words), component::KEY_CAP);
            let cap = Rect::from_min_size(pos2(left, end.y - extent.y / 2.0), extent);
            let edge = Stroke::new(size::HAIRLINE, p.edge);
            ui.painter().rect(cap, radius::XS, p.card, edge, StrokeKind::Inside);
            ui.painter().galley(cap.center() - words.size() / 2.0, Arc::clone(words), p.text_2);
            left += extent.x + space::S1;
        }
    }
}

fn cap_width(words: &Galley) -> f32 {
    (words.size().x + 2.0 * space::S2).max(component::KEY_CAP)
}

/// A line that says what keys do, and the keys at its end; nothing to press.
pub(crate) fn keys_row(ui: &mut Ui, meaning: &str, keys: &[String]) -> Response {
    let response = line(ui, meaning, keys, 0.0, Sense::hover(), None);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken(meaning, keys)));
    response
}

/// The same as a button that changes the keys; `waiting` for new ones.
pub(crate) fn keys_button(ui: &mut Ui, meaning: &str, keys: &[String], waiting: bool) -> Response {
    let instead = waiting.then(|| text!("shortcuts-waiting"));
    let response = line(ui, meaning, keys, space::S3, Sense::click(), instead.as_deref());
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, ui.is_enabled(), waiting, spoken(meaning, keys))
    });
    focus::ring(ui, &response, radius::MD);
    response
}

/// What a screen reader says of a line.
fn spoken(meaning: &str, keys: &[String]) -> String {
    let keys = if keys.is_empty() { text!("no-keys") } else { keys.join("+") };
    [meaning, keys.as_str()].join(": ")
}

/// The line; `instead` stands in the place of the keys.
fn line(
    ui: &mut Ui,
    meaning: &str,
    keys: &[String],
    pad: f32,
    sense: Sense,
    instead: Option<&str>,
) -> Response {
    let p = Palette::of(ui.visuals());
    let caps = KeyCaps::new(ui, keys);
    let words = |words: &str, ink| {
        let words = TypeStyle::Small.layout(words, ink, f32::INFINITY, false);
        ui.painter().layout_job(words)
    };
    let none = text!("no-keys");
    let behind = match instead {
        Some(instead) => Some(words(instead, p.accent)),
        None => keys.is_empty().then(|| words(&none, p.text_3)),
    };
    let end = behind.as_ref().map_or(caps.width(), |words| words.size().x);
    let width = ui.available_width();
    let room = (width - end - space::S4 - 2.0 * pad).max(2.0 * space::S10);
    let meaning = TypeStyle::Body.layout(meaning, p.text, room, true);
    let meaning = ui.painter().layout_job(meaning);
    let least = if pad > 0.0 { size::CONTROL } else { size::CONTROL_SM };
    let extent = vec2(width, (meaning.size().y + space::S2).max(least));
    let (rect, response) = ui.allocate_exact_size(extent, sense);
    let lit = response.hovered() && sense.senses_click();
    if lit || instead.is_some() {
        ui.painter().rect_filled(rect, radius::MD, p.raised);
    }
    let inner = rect.shrink2(Vec2::new(pad, 0.0));
    let at = pos2(inner.left(), inner.center().y - meaning.size().y / 2.0);
    ui.painter().galley(at, meaning, p.text);
    match behind {
        Some(words) => {
            let at = pos2(inner.right() - end, inner.center().y - words.size().y / 2.0);
            ui.painter().galley(at, words, p.text_3);
        }
        None => caps.paint(ui, inner.right_center()),
    }
    response
}
