//! Something that can be shared, as a card with its picture.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    CornerRadius, Id, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::words;
use crate::screen::{SourceId, SourceKind};
use crate::session::snapshot::ShareChoice;
use crate::ui::design::{Icon, Palette, TypeStyle, component, radius, size, space, stage};
use crate::ui::thumbnails::Thumbnails;
use crate::ui::widgets::focus;

/// How a card is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Counts those of its kind from 1.
    pub(super) number: usize,
    pub(super) width: f32,
    pub(super) chosen: bool,
    /// Whether the keyboard stops at it.
    pub(super) stop: bool,
}

/// What a card is to egui.
pub(super) fn id(source: &SourceId) -> Id {
    Id::unique("share-card").with(source)
}

/// Shows it. Returns whether it was chosen.
pub(super) fn show(
    ui: &mut Ui,
    thumbnails: &mut Thumbnails<SourceId>,
    choice: &ShareChoice,
    look: Look,
) -> bool {
    let p = Palette::of(ui.visuals());
    let source = &choice.source;
    let high = (look.width / component::CAMERA_ASPECT).round();
    let line = TypeStyle::Small.line();
    let (_, whole) = ui.allocate_space(vec2(look.width, high + space::S2 + line));
    let picture = whole.with_max_y(whole.top() + high);
    let sense = if look.stop { Sense::click() } else { Sense::CLICK };
    let response = ui.interact(whole, id(&source.id), sense);
    let words = words::under(source, look.number);
    let label = match source.kind {
        SourceKind::Portal => [words::called(source, look.number), words.clone()].join(". "),
        SourceKind::Screen | SourceKind::Window => words.clone(),
    };
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, look.chosen, &label));
    let corners = CornerRadius::same(radius::MD);
    ui.painter().rect_filled(picture, corners, stage::GROUND);
    let shown = choice.picture.as_ref().is_some_and(|frame| {
        thumbnails.paint(ui.painter(), (&source.id, frame), picture, radius::MD)
    });
    let icon = match source.kind {
        SourceKind::Window => Icon::Window,
        SourceKind::Screen | SourceKind::Portal => Icon::Screen,
    };
    if !shown {
        let place = Rect::from_center_size(picture.center(), Vec2::splat(size::ICON_LG));
        icon.paint(ui.painter(), place, stage::TEXT_2);
    }
    let (wide, edge) = if look.chosen {
        (size::RING, p.accent)
    } else if response.hovered() {
        (size::RING, p.text_3)
    } else {
        (size::HAIRLINE, p.edge)
    };
    ui.painter().rect_stroke(picture, corners, Stroke::new(wide, edge), StrokeKind::Outside);
    if look.chosen {
        let side = Vec2::splat(component::CHOSEN);
        let at = pos2(picture.right() - space::S2, picture.top() + space::S2);
        let mark = Rect::from_min_size(at - vec2(side.x, 0.0), side);
        ui.painter().circle_filled(mark.center(), side.x / 2.0, p.accent);
        let tick = Rect::from_center_size(mark.center(), Vec2::splat(size::ICON_SM));
        Icon::Check.paint(ui.painter(), tick, p.on_accent);
    }
    let middle = whole.bottom() - line / 2.0;
    let small = Rect::from_center_size(
        pos2(whole.left() + size::ICON_SM / 2.0, middle),
        Vec2::splat(size::ICON_SM),
    );
    icon.paint(ui.painter(), small, if look.chosen { p.accent } else { p.text_2 });
    let left = small.right() + space::S2;
    let style = if look.chosen { TypeStyle::SmallStrong } else { TypeStyle::Small };
    let words = style.layout(&words, p.text, whole.right() - left, false);
    let words = ui.painter().layout_job(words);
    ui.painter().galley(pos2(left, middle - words.size().y / 2.0), words, p.text);
    focus::ring(ui, &response, radius::MD);
    let chosen = response.clicked();
    response.on_hover_text(label);
    chosen
}
