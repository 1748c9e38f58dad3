//! What has the keyboard: the ring round it, and where the keyboard goes when a dialog comes and
//! goes.
//!
//! The ring is shown only after a key was used, so that nobody who points and clicks sees rings.
//! What always holds: what gets the keyboard by a key is scrolled into view; a dialog takes the
//! keyboard, keeps it inside, and gives it back to what had it or opened it.

use eframe::egui::{
    Context, CornerRadius, Event, EventFilter, FocusDirection, Id, Key, LayerId, Modifiers,
    Painter, Rect, Response, Stroke, StrokeKind, Ui, vec2,
};

use crate::ui::design::{Palette, TypeStyle, radius, size};

/// The dialogs that are open, each over the one before, with what had the keyboard before it came.
#[derive(Debug, Clone, Default)]
struct Dialogs {
    open: Vec<(LayerId, Option<Id>)>,
    /// Whether the last of them has come just now and may choose what has the keyboard.
    chooses: bool,
}

/// Notes what was used last, the keyboard or the pointer, and follows the dialogs; comes first in
/// each pass.
pub(crate) fn note_input(ctx: &Context) {
    let (walks, any_key, pointer) = ctx.input(|i| {
        let walks = |event: &Event| {
            let Event::Key { key, pressed: true, .. } = event else { return false };
            matches!(
                key,
                Key::Tab | Key::ArrowDown | Key::ArrowUp | Key::ArrowLeft | Key::ArrowRight
            )
        };
        let key = |event: &Event| matches!(event, Event::Key { pressed: true, .. });
        let (walks, key) = (i.events.iter().any(walks), i.events.iter().any(key));
        (walks, key, i.pointer.any_pressed())
    });
    if walks || pointer {
        ctx.data_mut(|data| data.insert_temp(id(), walks));
    }
    let clicked = ctx.interaction_snapshot(|pointer| pointer.clicked);
    if clicked.is_some() || any_key {
        ctx.data_mut(|data| data.insert_temp(clicked_id(), clicked));
    }
    follow_dialogs(ctx);
    let focused = ctx.memory(|memory| memory.focused());
    ctx.data_mut(|data| {
        if data.get_temp(in_view_id()) != focused {
            data.remove::<Id>(in_view_id());
        }
    });
}

/// Takes the keyboard into a dialog that has come, and back from one that has gone.
fn follow_dialogs(ctx: &Context) {
    let top = ctx.memory(|memory| memory.top_modal_layer());
    let mut dialogs: Dialogs = ctx.data(|data| data.get_temp(dialogs_id())).unwrap_or_default();
    let focused = ctx.memory(|memory| memory.focused());
    if dialogs.open.last().map(|(layer, _)| *layer) == top {
        if std::mem::take(&mut dialogs.chooses) {
            ctx.data_mut(|data| data.insert_temp(dialogs_id(), dialogs));
            if focused.is_none() {
                ctx.memory_mut(|memory| memory.move_focus(FocusDirection::Next));
            }
        }
        return;
    }
    let known = top.and_then(|top| dialogs.open.iter().position(|(layer, _)| *layer == top));
    match (top, known) {
        (Some(top), None) => {
            let inside = |id: &Id| ctx.read_response(*id).is_some_and(|of| of.layer_id == top);
            let outside = focused.filter(|id| !inside(id));
            dialogs.open.push((top, outside.or_else(|| clicked(ctx))));
            if outside.is_some() {
                leave(ctx);
            }
            dialogs.chooses = true;
            ctx.request_repaint();
        }
        (_, known) => {
            dialogs.chooses = false;
            let gone = dialogs.open.split_off(known.map_or(0, |at| at + 1));
            if let Some((_, Some(before))) = gone.first() {
                ctx.memory_mut(|memory| memory.request_focus(*before));
            }
        }
    }
    ctx.data_mut(|data| data.insert_temp(dialogs_id(), dialogs));
}

/// What opened what comes now: it has the keyboard, or was clicked last.
pub(crate) fn opener(ctx: &Context) -> Option<Id> {
    ctx.memory(|memory| memory.focused()).or_else(|| clicked(ctx))
}

fn clicked(ctx: &Context) -> Option<Id> {
    ctx.data(|data| data.get_temp(clicked_id())).flatten()
}

/// Takes the keyboard from whatever has it.
pub(crate) fn leave(ctx: &Context) {
    ctx.memory_mut(|memory| {
        if let Some(focused) = memory.focused() {
            memory.surrender_focus(focused);
        }
    });
}

/// Whether a person goes from widget to widget by keys.
pub(crate) fn by_keyboard(ctx: &Context) -> bool {
    ctx.data(|data| data.get_temp(id())).unwrap_or(false)
}

fn id() -> Id {
    Id::unique("keyboard-walks")
}

fn clicked_id() -> Id {
    Id::unique("clicked-last")
}

fn in_view_id() -> Id {
    Id::unique("in-view")
}

fn dialogs_id() -> Id {
    Id::unique("dialogs")
}

/// Scrolls a widget into view when it gets the keyboard by a key. Those that paint their ring need
/// no more; for the others.
pub(crate) fn keep_in_view(response: &Response) {
    let ctx = &response.ctx;
    if !response.has_focus() || !by_keyboard(ctx) {
        return;
    }
    let last: Option<Id> = ctx.data(|data| data.get_temp(in_view_id()));
    if last != Some(response.id) {
        ctx.data_mut(|data| data.insert_temp(in_view_id(), response.id));
        response.scroll_to_me(None);
    }
}

/// How things stand that are one stop of the keyboard together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Side by side.
    Across,
    /// One below the other.
    Down,
}

/// The next of such things or the one before, where an arrow key asks for it; the one `at` has the
/// keyboard by `id`.
pub(crate) fn by_arrow(ui: &Ui, axis: Axis, id: Id, at: usize, all: usize) -> Option<usize> {
    let (next, before) = match axis {
        Axis::Across => (Key::ArrowRight, Key::ArrowLeft),
        Axis::Down => (Key::ArrowDown, Key::ArrowUp),
    };
    let arrows = EventFilter {
        horizontal_arrows: axis == Axis::Across,
        vertical_arrows: axis == Axis::Down,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(next) && at + 1 < all {
        Some(at + 1)
    } else if pressed(before) && at > 0 {
        Some(at - 1)
    } else {
        None
    }
}

/// Scrolls a text by keys, where nothing in it has the keyboard; comes within what scrolls.
pub(crate) fn scroll_by_keys(ui: &Ui) {
    let page = ui.clip_rect().height() - 2.0 * TypeStyle::Body.line();
    let line = 2.0 * TypeStyle::Body.line();
    let steps = [
        (Key::ArrowDown, -line),
        (Key::ArrowUp, line),
        (Key::PageDown, -page),
        (Key::PageUp, page),
        (Key::End, f32::NEG_INFINITY),
        (Key::Home, f32::INFINITY),
    ];
    let far = ui.min_rect().height().max(ui.clip_rect().height()) * f32::from(u8::MAX);
    for (key, step) in steps {
        if ui.input(|input| input.key_pressed(key)) {
            ui.scroll_with_delta(vec2(0.0, step.clamp(-far, far)));
        }
    }
}

/// Paints the ring round a widget that has the keyboard, 2 points outside of it.
pub(crate) fn ring(ui: &Ui, response: &Response, corners: u8) {
    keep_in_view(response);
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
