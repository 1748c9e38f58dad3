//! A question over everything, with two answers.

use eframe::egui::{Context, CornerRadius, Frame, Id, Margin, Modal};

use super::{Tone, button, quiet_line};
use crate::ui::design::{Palette, TypeStyle, radius, size, space};

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The first.
    First,
    /// The second, which has the keyboard.
    Second,
    /// Neither: the question was put away.
    Neither,
}

/// Asks it. The second answer is what happens by Enter, Escape answers neither.
pub(crate) fn question(
    ctx: &Context,
    id: Id,
    (title, line): (&str, &str),
    first: (Tone, &str),
    second: (Tone, &str),
) -> Option<Answer> {
    let style = ctx.style_of(ctx.theme());
    let frame = Frame::popup(&style)
        .inner_margin(Margin::same(space::S6 as i8))
        .corner_radius(CornerRadius::same(radius::XL));
    let scrim = Palette::of(&style.visuals).scrim;
    let area = Modal::default_area(id).accessible_name(title);
    let modal = Modal::new(id).area(area).frame(frame).backdrop_color(scrim).show(ctx, |ui| {
        super::dialog::keep_to_it(ui);
        let screen = ui.ctx().content_rect();
        ui.set_width((screen.width() - 2.0 * space::S10).min(size::DIALOG));
        ui.label(TypeStyle::Title.text(title));
        ui.add_space(space::S1);
        quiet_line(ui, line);
        ui.add_space(space::S4);
        let mut answer = None;
        ui.horizontal_wrapped(|ui| {
            if button(ui, first.0, None, first.1, 0.0).clicked() {
                answer = Some(Answer::First);
            }
            let second = button(ui, second.0, None, second.1, 0.0);
            if ui.memory(|memory| memory.focused().is_none()) {
                second.request_focus();
            }
            if second.clicked() {
                answer = Some(Answer::Second);
            }
        });
        answer
    });
    modal.inner.or(modal.should_close().then_some(Answer::Neither))
}
