//! A question over everything, with two answers.

use eframe::egui::{Context, Id};

use super::dialog::over_everything;
use super::{Tone, button, quiet_line};
use crate::ui::design::space;

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
    let modal = over_everything(ctx, id, title, |ui| {
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
