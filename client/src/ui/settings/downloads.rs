//! Where received files go.
//!
//! In: the folder as it is set. Out: another one, typed or chosen in the system's dialog; an empty
//! line is the system's own. What always holds: a folder that is not there is not set.

use std::path::PathBuf;

use eframe::egui::Ui;

use super::{Page, rows};
use crate::settings::Settings;
use crate::ui::action::{Action, Actions};
use crate::ui::design::space;
use crate::ui::outside::Question;
use crate::ui::widgets::{self, Tone};
use crate::words::{Phrase, phrase, text};

/// No path is longer.
const MOST_CHARS: usize = 4096;

/// What the part remembers from pass to pass.
#[derive(Default)]
pub(super) struct DownloadsPart {
    typed: String,
    /// The setting that was typed from.
    of: Option<PathBuf>,
    problem: Option<Phrase>,
}

impl DownloadsPart {
    pub(super) fn show(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let set = &page.settings.downloads;
        if self.of != *set {
            let typed = set.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            *self = Self { typed, of: set.clone(), problem: None };
        }
        rows::row(ui, |ui| {
            ui.add_space(space::S1);
            let caption = widgets::caption(ui, &text!("downloads-folder"));
            ui.add_space(space::S1);
            let choose = text!("choose-place");
            let button = widgets::button_width(ui, None, &choose, 0.0);
            let width = ui.available_width() - button - space::S2;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = space::S2;
                let usual = text!("downloads-usual");
                let field =
                    widgets::text_field(ui, &caption, &usual, &mut self.typed, MOST_CHARS, width);
                if field.changed() {
                    self.problem = None;
                }
                if field.lost_focus() {
                    self.keep(page.settings, actions);
                }
                if widgets::button(ui, Tone::Plain, None, &choose, 0.0).clicked() {
                    actions.push(Action::ChooseFiles(Question::Downloads));
                }
            });
            rows::problem(ui, self.problem.as_ref());
            ui.add_space(space::S1);
        });
    }

    fn keep(&mut self, settings: &Settings, actions: &mut Actions) {
        let typed = self.typed.trim();
        let path = (!typed.is_empty()).then(|| PathBuf::from(typed));
        if path.as_ref().is_some_and(|path| !path.is_absolute() || !path.is_dir()) {
            self.problem = Some(phrase!("downloads-wrong"));
        } else if path != settings.downloads {
            let settings = Settings { downloads: path, ..settings.clone() };
            actions.push(Action::Change(Box::new(settings)));
        }
    }
}
