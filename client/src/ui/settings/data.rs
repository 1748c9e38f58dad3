//! What the program keeps, where, and how to take it along or erase it.

use std::path::{Path, PathBuf};

use eframe::egui::Ui;

use super::downloads::DownloadsPart;
use super::key::KeyPart;
use super::{Page, rows};
use crate::session::snapshot::{EXPORT_FILE, Intent, LoginPhase};
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Icon, space};
use crate::ui::widgets::{self, Tone};
use crate::words::{Phrase, phrase, text};

/// No path is longer.
const MOST_CHARS: usize = 1024;

/// What the page remembers from pass to pass.
#[derive(Default)]
pub(super) struct DataPage {
    /// Where to export to, as typed.
    target: Option<String>,
    problem: Option<Phrase>,
    key: KeyPart,
    downloads: DownloadsPart,
    erases_calls: bool,
    erases_all: bool,
}

impl DataPage {
    /// Shows where the key of another computer is brought here.
    pub(super) fn bring_key(&mut self) {
        self.key.bring();
    }

    pub(super) fn show(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let logged_in = matches!(
            page.snapshot.login,
            LoginPhase::LoggedIn { .. } | LoginPhase::Reconnecting { .. }
        );
        rows::group(ui, |ui| {
            folder(ui, &text!("data-folder"), page.folders.data.as_deref(), actions);
            folder(ui, &text!("settings-folder"), page.folders.settings.as_deref(), actions);
        });
        rows::group(ui, |ui| self.downloads.show(ui, page, actions));
        self.key.show(ui, page, actions);
        if !logged_in {
            rows::group(ui, |ui| rows::said(ui, &text!("data-after-log-in"), ""));
            return;
        }
        rows::group(ui, |ui| {
            rows::said(ui, &text!("export-people"), &text!("export-people-hint"));
            rows::row(ui, |ui| self.export(ui, actions));
        });
        rows::group(ui, |ui| {
            let calls = rows::Confirmed {
                asked: &mut self.erases_calls,
                title: &text!("erase-history"),
                second: "",
                button: &text!("settings-erase"),
                question: &text!("erase-history-sure"),
                enabled: !page.snapshot.recent_calls.is_empty(),
            };
            if calls.show(ui) {
                actions.send(Intent::EraseHistory);
            }
            let people = rows::Confirmed {
                asked: &mut self.erases_all,
                title: &text!("erase-people"),
                second: &text!("erase-people-hint"),
                button: &text!("settings-erase"),
                question: &text!("erase-people-sure"),
                enabled: true,
            };
            if people.show(ui) {
                actions.send(Intent::ErasePeople);
            }
        });
    }

    fn export(&mut self, ui: &mut Ui, actions: &mut Actions) {
        ui.add_space(space::S1);
        let caption = widgets::caption(ui, &text!("export-file"));
        ui.add_space(space::S1);
        let target = self.target.get_or_insert_with(|| {
            let folder = std::env::home_dir().unwrap_or_default();
            folder.join(EXPORT_FILE).display().to_string()
        });
        let width = ui.available_width();
        let field = widgets::text_field(ui, &caption, "", target, MOST_CHARS, width);
        if field.changed() {
            self.problem = None;
        }
        let mut wanted = widgets::submitted(&field);
        rows::problem(ui, self.problem.as_ref());
        ui.add_space(space::S2);
        let button =
            widgets::button(ui, Tone::Plain, Some(Icon::Download), &text!("settings-export"), 0.0);
        wanted |= button.clicked();
        ui.add_space(space::S1);
        if wanted {
            let path = PathBuf::from(target.trim());
            self.problem = why_not(&path);
            if self.problem.is_none() {
                actions.send(Intent::ExportPeople(path));
            }
        }
    }
}

/// Why nothing can be exported to there, as far as the path says it.
fn why_not(path: &Path) -> Option<Phrase> {
    (!path.is_absolute() || path.file_name().is_none()).then(|| phrase!("export-file-wrong"))
}

/// A folder, a button that opens it, and one that copies its path.
fn folder(ui: &mut Ui, title: &str, path: Option<&Path>, actions: &mut Actions) {
    let Some(path) = path else { return rows::said(ui, title, &text!("folder-none")) };
    let shown = path.display().to_string();
    match rows::actions(ui, title, &shown, [&text!("settings-open"), &text!("settings-copy")]) {
        Some(0) => actions.push(Action::OpenFolder(path.to_path_buf())),
        Some(_) => ui.ctx().copy_text(shown),
        None => {}
    }
}
