//! How everything looks, and in which language.

use eframe::egui::accesskit::Role;
use eframe::egui::{CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::rows;
use crate::settings::{Appearance, Language, Settings, Theme};
use crate::ui::design::{Palette, TypeStyle, component, radius, size, space};
use crate::ui::widgets;
use crate::words::{self, text};

/// How large everything can be, in percent.
const SCALES: [u16; 7] = [80, 90, 100, 110, 125, 150, 200];

pub(super) fn show(ui: &mut Ui, kept: &mut Settings) {
    rows::group(ui, |ui| {
        rows::row(ui, |ui| themes(ui, &mut kept.theme));
        let current = &kept.appearance.scale_percent;
        let mut scales: Vec<(String, u16)> = SCALES
            .map(|percent| (words::percent(Appearance::zoom(percent).into(), 0), percent))
            .into();
        if !SCALES.contains(current) {
            scales.push((words::percent(Appearance::zoom(*current).into(), 0), *current));
        }
        if let Some(percent) = rows::choice(ui, &text!("scale"), "", &scales, current) {
            kept.appearance.scale_percent = percent;
        }
        let mut languages = vec![(text!("language-system"), Language::System)];
        languages.extend(words::Language::ALL.map(|language| {
            (language.own_name().to_owned(), Language::Tag(language.tag().to_owned()))
        }));
        let current = &kept.appearance.language;
        if let Some(language) = rows::choice(ui, &text!("language"), "", &languages, current) {
            kept.appearance.language = language;
        }
        let less = kept.appearance.less_motion;
        let second = text!("less-motion-hint");
        if let Some(on) = rows::switch(ui, less, &text!("less-motion"), &second) {
            kept.appearance.less_motion = on;
        }
    });
}

/// The themes side by side, each as a small picture of itself.
fn themes(ui: &mut Ui, current: &mut Theme) {
    ui.add_space(space::S1);
    let caption = widgets::caption(ui, &text!("theme"));
    caption.widget_info(|| WidgetInfo::labeled(Role::Label, true, text!("theme")));
    ui.add_space(space::S2);
    let all = [
        (Theme::System, text!("theme-follow")),
        (Theme::Dark, text!("theme-dark")),
        (Theme::Light, text!("theme-light")),
    ];
    let between = space::S3;
    let width = (ui.available_width() - 2.0 * between) / 3.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = between;
        for (theme, name) in all {
            if tile(ui, theme, &name, *current == theme, width) {
                *current = theme;
            }
        }
    });
    ui.add_space(space::S1);
}

/// A theme. Returns whether it was pressed.
fn tile(ui: &mut Ui, theme: Theme, name: &str, chosen: bool, width: f32) -> bool {
    let p = Palette::of(ui.visuals());
    let extent = vec2(width, component::THEME + space::S2 + TypeStyle::Small.line());
    let (rect, response) = ui.allocate_exact_size(extent, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, name));
    let picture = Rect::from_min_size(rect.min, vec2(width, component::THEME));
    let (left, right) = match theme {
        Theme::System => (Palette::themed(true).bg, Palette::themed(false).bg),
        Theme::Dark => (Palette::themed(true).panel, Palette::themed(true).bg),
        Theme::Light => (Palette::themed(false).panel, Palette::themed(false).bg),
    };
    let split = match theme {
        Theme::System => picture.center().x,
        Theme::Dark | Theme::Light => picture.left() + picture.width() / 3.0,
    };
    let corner = radius::MD;
    let one = CornerRadius { nw: corner, sw: corner, ne: 0, se: 0 };
    let other = CornerRadius { nw: 0, sw: 0, ne: corner, se: corner };
    let middle = pos2(split, picture.bottom());
    let painter = ui.painter();
    painter.rect_filled(Rect::from_min_max(picture.min, middle), one, left);
    painter.rect_filled(Rect::from_min_max(pos2(split, picture.top()), picture.max), other, right);
    let outline = if chosen {
        Stroke::new(size::RING, p.accent)
    } else {
        Stroke::new(size::HAIRLINE, if response.hovered() { p.text_3 } else { p.edge })
    };
    painter.rect_stroke(picture, CornerRadius::same(corner), outline, StrokeKind::Inside);
    let (style, ink) =
        if chosen { (TypeStyle::SmallStrong, p.text) } else { (TypeStyle::Small, p.text_2) };
    let galley = painter.layout_job(style.layout(name, ink, width, false));
    let left = picture.center().x - galley.size().x / 2.0;
    painter.galley(pos2(left, picture.bottom() + space::S2), galley, ink);
    widgets::focus::ring(ui, &response, radius::MD);
    response.clicked()
}
