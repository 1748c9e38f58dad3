//! Segments: a few things side by side of which one is shown.
//!
//! They are one stop of the keyboard: arrow keys go from one to the next.

use eframe::egui::accesskit::Role;
use eframe::egui::{CornerRadius, Id, Painter, Rect, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::focus::{self, Axis};
use crate::ui::design::{Palette, TypeStyle, radius, size, space};

/// One of them.
pub(crate) struct Segment<'a> {
    /// What stands on it.
    pub(crate) words: &'a str,
    /// What a screen reader says.
    pub(crate) name: &'a str,
    /// How many things wait behind it.
    pub(crate) count: usize,
}

impl<'a> Segment<'a> {
    /// One behind which nothing waits.
    pub(crate) fn new(words: &'a str) -> Self {
        Self { words, name: words, count: 0 }
    }
}

/// Shows them as wide as there is room. Returns which one is to be shown instead.
pub(crate) fn segments(ui: &mut Ui, id: Id, all: &[Segment<'_>], shown: usize) -> Option<usize> {
    let place = UiBuilder::new().accessibility_role(Role::TabList);
    ui.scope_builder(place, |ui| inside(ui, id, all, shown)).inner
}

fn inside(ui: &mut Ui, id: Id, all: &[Segment<'_>], shown: usize) -> Option<usize> {
    let p = Palette::of(ui.visuals());
    let extent = vec2(ui.available_width(), size::CONTROL);
    let (rect, _) = ui.allocate_exact_size(extent, Sense::hover());
    ui.painter().rect_filled(rect, radius::MD, p.raised);
    let wide = rect.width() / all.len().max(1) as f32;
    let mut chosen = None;
    for (n, segment) in all.iter().enumerate() {
        let left = rect.left() + wide * n as f32;
        let place = Rect::from_min_size(pos2(left, rect.top()), vec2(wide, rect.height()))
            .shrink(space::S1);
        let is_shown = n == shown;
        let sense = if is_shown { Sense::click() } else { Sense::CLICK };
        let response = ui.interact(place, id.with(n), sense);
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_shown, segment.name));
        if is_shown {
            ui.painter().rect_filled(place, radius::MD, p.raised_press);
        } else if response.hovered() {
            ui.painter().rect_filled(place, radius::MD, p.raised_hover);
        }
        paint_counted(ui.painter(), p, place, segment.words, segment.count);
        focus::ring(ui, &response, radius::MD);
        if response.clicked() && !is_shown {
            chosen = Some(n);
        }
        if is_shown && response.has_focus() {
            chosen = chosen.or(focus::by_arrow(ui, Axis::Across, response.id, n, all.len()));
        }
    }
    if let Some(chosen) = chosen
        && ui.memory(|memory| memory.has_focus(id.with(shown)))
    {
        ui.memory_mut(|memory| memory.request_focus(id.with(chosen)));
    }
    chosen
}

/// Words in the middle of a place, and behind them how many things wait, where some do.
fn paint_counted(painter: &Painter, p: &Palette, place: Rect, words: &str, count: usize) {
    let middle = place.center();
    let badge = (count > 0).then(|| {
        let count =
            if count > MOST_COUNTED { format!("{MOST_COUNTED}+") } else { count.to_string() };
        painter.layout_job(TypeStyle::CaptionStrong.layout(
            &count,
            p.on_accent,
            f32::INFINITY,
            false,
        ))
    });
    let pill = badge.as_ref().map_or(0.0, |galley| (galley.size().x + space::S2).max(size::ICON));
    let between = if badge.is_some() { space::S2 } else { 0.0 };
    let room = place.width() - 2.0 * space::S1 - between - pill;
    let words = painter.layout_job(TypeStyle::SmallStrong.layout(words, p.text, room, false));
    let left = middle.x - (words.size().x + between + pill) / 2.0;
    let right = left + words.size().x;
    painter.galley(pos2(left, middle.y - words.size().y / 2.0), words, p.text);
    if let Some(galley) = badge {
        let place = Rect::from_min_size(
            pos2(right + between, middle.y - size::ICON / 2.0),
            vec2(pill, size::ICON),
        );
        painter.rect_filled(place, CornerRadius::same((size::ICON / 2.0) as u8), p.accent);
        painter.galley(place.center() - galley.size() / 2.0, galley, p.on_accent);
    }
}

/// More than this is only said to be more.
const MOST_COUNTED: usize = 99;
