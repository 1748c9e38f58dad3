//! Circles with somebody's initials, and the dot that says whether they are there.
//!
//! Presence has a shape as well as a colour: a full dot for online, a ring for offline.

use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Sense, Stroke, Ui, Vec2};

use crate::ui::design::{Palette, TypeStyle, component, size};
use crate::ui::words;

/// How high the initials are in a circle of this diameter.
fn initials_font(diameter: f32) -> FontId {
    let style = TypeStyle::Strong.font();
    let of_avatar = TypeStyle::Body.size() / size::AVATAR;
    FontId::new((diameter * of_avatar).round(), style.family)
}

/// Paints a circle with the initials of a name.
pub(crate) fn paint_avatar(
    painter: &Painter,
    palette: &Palette,
    center: Pos2,
    diameter: f32,
    name: &str,
) {
    let (ground, ink) = palette.avatar(name);
    painter.circle_filled(center, diameter / 2.0, ground);
    let font = initials_font(diameter);
    painter.text(center, Align2::CENTER_CENTER, words::initials(name), font, ink);
}

/// An avatar in the flow of the layout. It is decoration: the name stands beside it.
pub(crate) fn avatar(ui: &mut Ui, diameter: f32, name: &str, online: Option<bool>) -> Rect {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(diameter), Sense::hover());
    let palette = Palette::of(ui.visuals());
    paint_avatar(ui.painter(), palette, rect.center(), diameter, name);
    if let Some(online) = online {
        paint_presence(ui.painter(), palette, rect, online, palette.panel);
    }
    rect
}

/// The dot at the lower right of an avatar, set off from it by a ring in the colour of the ground.
pub(crate) fn paint_presence(
    painter: &Painter,
    palette: &Palette,
    avatar: Rect,
    online: bool,
    ground: Color32,
) {
    let diameter = component::presence(avatar.width());
    let center = avatar.right_bottom() - Vec2::splat(diameter / 2.0 - 1.0);
    painter.circle_filled(center, diameter / 2.0 + size::RING, ground);
    paint_dot(painter, palette, center, diameter, online);
}

fn paint_dot(painter: &Painter, palette: &Palette, center: Pos2, diameter: f32, online: bool) {
    if online {
        painter.circle_filled(center, diameter / 2.0, palette.accent);
    } else {
        let stroke = Stroke::new(size::RING, palette.text_3);
        painter.circle_stroke(center, (diameter - size::RING) / 2.0, stroke);
    }
}
