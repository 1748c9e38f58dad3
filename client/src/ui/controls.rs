//! The floating bar of a call: one round button for each thing, which fades when the mouse rests.
//!
//! What always holds: the buttons are in the accessibility tree even while they can't be seen; a
//! pointer can't press what is not seen; what has the keyboard is seen.

use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, Color32, Context, CornerRadius, FontId, Id, PointerButton, Rect, Response, Sense,
    Stroke, StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::icons::Icon;
use super::theme::{FADE_SECONDS, FLOATING, Palette};

/// How long the mouse rests before the controls fade, in seconds.
const REST_SECONDS: f64 = 3.0;
const BUTTON: Vec2 = vec2(82.0, 68.0);
const CIRCLE_RADIUS: f32 = 21.0;
const MARGIN: f32 = 8.0;
/// How far the bar is from the window's lower edge.
const GAP: f32 = 16.0;

/// How high the bar is, with the gap under it.
pub(super) const BAR_HEIGHT: f32 = BUTTON.y + 2.0 * MARGIN + GAP;

/// Decides whether the controls are to be seen.
#[derive(Debug, Default)]
pub(super) struct Reveal {
    last_moved: Option<f64>,
    opacity: f32,
    visible: bool,
    /// Whether they were to be seen when the button of the mouse went down.
    press_counts: bool,
}

impl Reveal {
    /// Looks at the input of this pass; `hold` keeps the controls in sight. Asks for the repaint
    /// that hides them.
    pub(super) fn update(&mut self, ctx: &Context, hold: bool) -> f32 {
        let (now, moved, went_down) = ctx.input(|i| {
            let moved = i.pointer.is_moving() || i.pointer.any_down() || !i.keys_down.is_empty();
            (i.time, moved || i.smooth_scroll_delta() != Vec2::ZERO, i.pointer.any_pressed())
        });
        if went_down {
            self.press_counts = self.visible;
        }
        if moved || hold || self.last_moved.is_none() {
            self.last_moved = Some(now);
        }
        let rested = now - self.last_moved.unwrap_or(now);
        self.visible = rested < REST_SECONDS;
        if self.visible && !hold {
            ctx.request_repaint_after(Duration::from_secs_f64(REST_SECONDS - rested));
        }
        self.opacity =
            ctx.animate_bool_with_time(Id::unique("controls-shown"), self.visible, FADE_SECONDS);
        self.opacity
    }
}

pub(super) struct Control<'a> {
    pub(super) icon: Icon,
    /// Under the button, and its name.
    pub(super) text: &'static str,
    /// What it does, with its key.
    pub(super) hint: &'a str,
    pub(super) look: Look,
}

/// How a button of the bar looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    /// Something is switched away from the usual: muted, camera off, a panel open.
    Switched,
    HangUp,
}

/// Shows the bar at the lower edge of `stage`. Returns which button was pressed, and whether the
/// bar is being used.
pub(super) fn bar(
    ui: &mut Ui,
    stage: Rect,
    reveal: &Reveal,
    controls: &[Control<'_>],
) -> (Option<usize>, bool) {
    let size = vec2(BUTTON.x * controls.len() as f32, BUTTON.y) + Vec2::splat(2.0 * MARGIN);
    let rect = Rect::from_min_size(
        pos2(stage.center().x - size.x / 2.0, stage.bottom() - GAP - size.y),
        size,
    );
    let mut pressed = None;
    let mut used = false;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_opacity(reveal.opacity);
        ui.painter().rect_filled(rect, CornerRadius::same(24), FLOATING);
        ui.painter().rect_stroke(
            rect,
            CornerRadius::same(24),
            Stroke::new(1.0, Color32::from_white_alpha(18)),
            StrokeKind::Inside,
        );
        for (i, control) in controls.iter().enumerate() {
            let place = Rect::from_min_size(
                pos2(rect.left() + MARGIN + BUTTON.x * i as f32, rect.top() + MARGIN),
                BUTTON,
            );
            let response = button(ui, place, control);
            used |= response.has_focus();
            let by_pointer = response.clicked_by(PointerButton::Primary);
            if response.clicked() && (!by_pointer || reveal.press_counts) {
                pressed = Some(i);
            }
        }
    });
    let hovered = ui.rect_contains_pointer(rect);
    (pressed, used || hovered)
}

fn button(ui: &mut Ui, rect: Rect, control: &Control<'_>) -> Response {
    let palette = Palette::of(ui.visuals());
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Button, ui.is_enabled(), control.text);
        info.selected = (control.look == Look::Switched).then_some(true);
        info
    });
    let lit = response.hovered() || response.has_focus();
    let (fill, ink) = match (control.look, lit) {
        (Look::Plain, false) => (Color32::from_white_alpha(22), palette.text),
        (Look::Plain, true) => (Color32::from_white_alpha(44), palette.text),
        (Look::Switched, false) => (palette.text, Color32::BLACK),
        (Look::Switched, true) => (Color32::WHITE, Color32::BLACK),
        (Look::HangUp, false) => (palette.hang_up, Color32::WHITE),
        (Look::HangUp, true) => (palette.hang_up_hover, Color32::WHITE),
    };
    let center = pos2(rect.center().x, rect.top() + 3.0 + CIRCLE_RADIUS);
    let painter = ui.painter();
    painter.circle_filled(center, CIRCLE_RADIUS, fill);
    if response.has_focus() {
        painter.circle_stroke(center, CIRCLE_RADIUS + 3.0, Stroke::new(2.0, palette.accent));
    }
    control.icon.paint_on(painter, Rect::from_center_size(center, Vec2::splat(22.0)), ink, fill);
    let caption = pos2(rect.center().x, rect.bottom() - 2.0);
    painter.text(
        caption,
        Align2::CENTER_BOTTOM,
        control.text,
        FontId::proportional(12.5),
        palette.text,
    );
    response.on_hover_text(control.hint)
}
