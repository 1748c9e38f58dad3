//! The ring round what has the keyboard. It is shown only after a key was used, so that nobody who
//! points and clicks sees rings.

use eframe::egui::{
    Context, CornerRadius, Event, Id, Key, Painter, Rect, Response, Stroke, StrokeKind, Ui,
};

use crate::ui::design::{Palette, radius, size};

/// Notes what was used last, the keyboard or the pointer; comes first in each pass.
pub(crate) fn note_input(ctx: &Context) {
    let (key, pointer) = ctx.input(|i| {
        let walks = |event: &Event| {
            let Event::Key { key, pressed: true, .. } = event else { return false };
            matches!(
                key,
                Key::Tab | Key::ArrowDown | Key::ArrowUp | Key::ArrowLeft | Key::ArrowRight
            )
        };
        (i.events.iter().any(walks), i.pointer.any_pressed())
    });
    if key || pointer {
        ctx.data_mut(|data| data.insert_temp(id(), key));
    }
}

/// Whether a person goes from widget to widget by keys.
pub(crate) fn by_keyboard(ctx: &Context) -> bool {
    ctx.data(|data| data.get_temp(id())).unwrap_or(false)
}

fn id() -> Id {
    Id::unique("keyboard-walks")
}

/// Paints the ring round a widget that has the keyboard, 2 points outside of it.
pub(crate) fn ring(ui: &Ui, response: &Response, corners: u8) {
    if response.has_focus() && by_keyboard(ui.ctx()) {
        paint_ring(ui.painter(), response.rect, corners, Palette::of(ui.visuals()));
    }
}

/// Paints the ring round a rectangle.
pub(crate) fn paint_ring(painter: &Painter, rect: Rect, corners: u8, palette: &Palette) {
    let corners = if corners == radius::FULL {
        corners
    } else {
        corners.saturating_add(size::RING_GAP as u8 + 1)
    };
    painter.rect_stroke(
        rect.expand(size::RING_GAP),
        CornerRadius::same(corners),
        Stroke::new(size::RING, palette.accent),
        StrokeKind::Outside,
    );
}
