//! The lines of a menu: an icon, words, and the keys that do the same.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Color32, CornerRadius, Id, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::focus;
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};

/// One line.
pub(crate) struct MenuItem {
    pub(crate) icon: Icon,
    pub(crate) words: String,
    pub(crate) keys: Option<String>,
}

impl MenuItem {
    /// How wide it has to be.
    pub(crate) fn width(&self, ui: &Ui) -> f32 {
        let wide = |style: TypeStyle, text: &str| {
            let job = style.layout(text, Color32::PLACEHOLDER, f32::INFINITY, false);
            ui.painter().layout_job(job).size().x
        };
        let keys = self.keys.as_ref();
        let keys = keys.map_or(0.0, |keys| wide(TypeStyle::Caption, keys) + space::S6);
        let words = wide(TypeStyle::Body, &self.words);
        (size::ICON_BUTTON + words + keys + 3.0 * space::S3).ceil()
    }

    /// Shows it, in a menu of this name.
    pub(crate) fn show(&self, ui: &mut Ui, menu: Id) -> Response {
        let p = Palette::of(ui.visuals());
        let extent = vec2(ui.available_width(), size::CONTROL_SM);
        let (_, rect) = ui.allocate_space(extent);
        let response = ui.interact(rect, menu.with(self.icon as usize), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, &self.words));
        if let Some(keys) = &self.keys {
            ui.ctx().accesskit_node_builder(response.id, |node| {
                node.set_keyboard_shortcut(keys.as_str());
            });
        }
        let fill = match (response.is_pointer_button_down_on(), response.hovered()) {
            (true, _) => p.raised_hover,
            (false, true) => p.raised,
            (false, false) => Color32::TRANSPARENT,
        };
        ui.painter().rect_filled(rect, CornerRadius::same(radius::MD), fill);
        let left = rect.left() + space::S3;
        let icon = Rect::from_center_size(
            pos2(left + size::ICON_BUTTON / 2.0, rect.center().y),
            Vec2::splat(size::ICON_BUTTON),
        );
        self.icon.paint(ui.painter(), icon, p.text_2);
        let line = |style: TypeStyle, text: &str, ink| {
            ui.painter().layout_job(style.layout(text, ink, f32::INFINITY, false))
        };
        let words = line(TypeStyle::Body, &self.words, p.text);
        let at = pos2(icon.right() + space::S3, rect.center().y - words.size().y / 2.0);
        ui.painter().galley(at, words, p.text);
        if let Some(keys) = &self.keys {
            let keys = line(TypeStyle::Caption, keys, p.text_3);
            let at = vec2(rect.right() - space::S3 - keys.size().x, rect.center().y);
            ui.painter().galley(pos2(at.x, at.y - keys.size().y / 2.0), keys, p.text_3);
        }
        focus::ring(ui, &response, radius::MD);
        response
    }
}

/// A line between two parts of a menu.
pub(crate) fn menu_line(ui: &mut Ui) {
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), 2.0 * space::S1));
    let line = Stroke::new(size::HAIRLINE, Palette::of(ui.visuals()).line);
    ui.painter().hline(rect.x_range(), rect.center().y, line);
}
