//! The buttons by which a device is tried out, and what they say of it.

use eframe::egui::Ui;
use eframe::egui::accesskit::Live;

use super::{Page, rows};
use crate::session::snapshot::{Intent, Trial, TrialPhase, TrialState};
use crate::ui::action::Actions;
use crate::ui::design::Icon;
use crate::ui::widgets::{self, Tone};
use crate::words::text;

/// Whether something was tried on a page: it ends with the page.
#[derive(Default)]
pub(super) struct Tried(bool);

impl Tried {
    /// A button that tries a device out, or stops to.
    pub(super) fn button(
        &mut self,
        ui: &mut Ui,
        page: &Page<'_>,
        (trial, icon, label): (Trial, Icon, &str),
        width: f32,
        actions: &mut Actions,
    ) {
        let runs =
            state(page, trial).is_some_and(|state| !matches!(state.phase, TrialPhase::Failed(_)));
        let stop = text!("trial-stop");
        let (icon, label) = if runs { (Icon::Close, stop.as_str()) } else { (icon, label) };
        let pressed = ui
            .add_enabled_ui(page.is_between_calls(), |ui| {
                widgets::button(ui, Tone::Plain, Some(icon), label, width)
                    .on_disabled_hover_text(text!("trial-not-in-call"))
                    .clicked()
            })
            .inner;
        if pressed && runs {
            self.leave(actions);
        } else if pressed {
            self.try_out(trial, actions);
        }
    }

    /// Tries it out.
    pub(super) fn try_out(&mut self, trial: Trial, actions: &mut Actions) {
        self.0 = true;
        actions.send(Intent::TryDevice(Some(trial)));
    }

    /// The page is seen no longer.
    pub(super) fn leave(&mut self, actions: &mut Actions) {
        if std::mem::take(&mut self.0) {
            actions.send(Intent::TryDevice(None));
        }
    }
}

/// How wide such a button is.
pub(super) fn width(ui: &Ui, icon: Icon, label: &str) -> f32 {
    let stop = widgets::button_width(ui, Some(icon), &text!("trial-stop"), 0.0);
    widgets::button_width(ui, Some(icon), label, stop)
}

/// Whether there is something to say of it.
pub(super) fn speaks(page: &Page<'_>, trial: Trial) -> bool {
    !page.is_between_calls() || state(page, trial).is_some()
}

/// How far it is, or why it can't be tried.
pub(super) fn line(ui: &mut Ui, page: &Page<'_>, trial: Trial) {
    if !page.is_between_calls() {
        rows::note(ui, &text!("trial-not-in-call"));
        return;
    }
    let Some(TrialState { phase, .. }) = state(page, trial) else { return };
    let words = match phase {
        TrialPhase::Failed(words) => {
            return widgets::warning(ui, &words.text(), Live::Assertive);
        }
        TrialPhase::Opening => text!("trial-opening"),
        TrialPhase::Recording => text!("trial-recording"),
        TrialPhase::Playing if trial == Trial::Microphone => text!("trial-playing-back"),
        TrialPhase::Playing => text!("trial-playing"),
    };
    let said = rows::note(ui, &words);
    widgets::announce(ui, &said, Live::Polite);
}

fn state<'a>(page: &'a Page<'_>, trial: Trial) -> Option<&'a TrialState> {
    page.snapshot.trial.as_ref().filter(|state| state.trial == trial)
}
