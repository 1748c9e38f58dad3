//! The device's key: where it is, and its way to another computer.
//!
//! In: what the session knows of the key, and what is typed. Out: intents to export or import it.
//! What always holds: passphrases are dots, and are gone from here as soon as they are used; a key
//! that is here is replaced only after a question.

use std::path::{Path, PathBuf};

use eframe::egui::Ui;
use eframe::egui::accesskit::Live;

use super::{Page, rows};
use crate::session::snapshot::{
    Intent, KEY_EXPORT_NAME, KeyPlace, KeyWork, MOST_PASSPHRASE_CHARS, Passphrase, Strength,
};
use crate::ui::action::Actions;
use crate::ui::design::space;
use crate::ui::widgets::{self, Tone};
use crate::words::{Phrase, phrase, text};

/// No path is longer.
const MOST_CHARS: usize = 1024;

/// What the part remembers from pass to pass.
#[derive(Default)]
pub(super) struct KeyPart {
    form: Option<Form>,
}

/// What is being typed.
struct Form {
    imports: bool,
    file: String,
    passphrase: String,
    again: String,
    problem: Option<Phrase>,
    /// Whether it asks now before the key is replaced.
    asks: bool,
}

impl Form {
    fn new(imports: bool) -> Self {
        let file = std::env::home_dir().unwrap_or_default().join(KEY_EXPORT_NAME);
        Self {
            imports,
            file: file.display().to_string(),
            passphrase: String::new(),
            again: String::new(),
            problem: None,
            asks: false,
        }
    }

    /// Why this can't be done, as far as what is typed says it.
    fn why_not(&self) -> Option<Phrase> {
        let path = Path::new(self.file.trim());
        if !path.is_absolute() || path.file_name().is_none() {
            return Some(phrase!("export-file-wrong"));
        }
        if self.imports {
            return None;
        }
        if Passphrase::new(&self.passphrase).strength() == Strength::TooShort {
            return Some(phrase!("key-passphrase-too-short"));
        }
        (self.passphrase != self.again).then(|| phrase!("key-passphrases-differ"))
    }

    fn intent(&self) -> Intent {
        let file = PathBuf::from(self.file.trim());
        let passphrase = Passphrase::new(&self.passphrase);
        match self.imports {
            true => Intent::ImportKey { from: file, passphrase },
            false => Intent::ExportKey { to: file, passphrase },
        }
    }
}

/// Where the key is, in words.
pub(super) fn place(place: Option<&KeyPlace>) -> String {
    match place {
        Some(KeyPlace::Keyring) => text!("key-in-keyring"),
        Some(KeyPlace::File(path)) => text!("key-in-file", file = path.display().to_string()),
        None => text!("key-none"),
    }
}

impl KeyPart {
    /// Shows what is typed to bring a key here.
    pub(super) fn bring(&mut self) {
        self.form = Some(Form::new(true));
    }

    pub(super) fn show(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let status = &page.snapshot.key;
        rows::group(ui, |ui| {
            rows::said(ui, &text!("your-key"), &place(status.place.as_ref()));
            rows::said(ui, &text!("move-key"), &text!("move-key-hint"));
            rows::row(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    let mut opens = |ui: &mut Ui, label: &str, imports: bool, enabled: bool| {
                        let button = ui.add_enabled_ui(enabled, |ui| {
                            widgets::button(ui, Tone::Plain, None, label, 0.0).clicked()
                        });
                        if button.inner {
                            self.form = Some(Form::new(imports));
                        }
                    };
                    let free = status.work != KeyWork::Underway;
                    opens(ui, &text!("export-key"), false, free && status.place.is_some());
                    opens(ui, &text!("import-key"), true, free);
                });
            });
            if let Some(form) = &mut self.form {
                let sent = rows::row(ui, |ui| form.show(ui, status.place.is_some()));
                if let Some(done) = sent {
                    if done {
                        actions.send(form.intent());
                    }
                    self.form = None;
                }
            } else {
                outcome(ui, &status.work);
            }
        });
    }
}

/// What became of the last time.
fn outcome(ui: &mut Ui, work: &KeyWork) {
    match work {
        KeyWork::None => {}
        KeyWork::Underway => {
            rows::row(ui, |ui| {
                let note = rows::note(ui, &text!("key-working"));
                widgets::announce(ui, &note, Live::Polite);
            });
        }
        KeyWork::Done(words) => {
            rows::row(ui, |ui| {
                let note = rows::note(ui, &words.text());
                widgets::announce(ui, &note, Live::Polite);
            });
        }
        KeyWork::Failed(words) => rows::row(ui, |ui| rows::problem(ui, Some(words))),
    }
}

impl Form {
    /// Shows it. Returns whether it is to be carried out, once that is decided.
    fn show(&mut self, ui: &mut Ui, has_key: bool) -> Option<bool> {
        let width = ui.available_width();
        ui.add_space(space::S1);
        let caption = widgets::caption(ui, &text!("export-file"));
        ui.add_space(space::S1);
        let file = widgets::text_field(ui, &caption, "", &mut self.file, MOST_CHARS, width);
        let mut changed = file.changed();
        ui.add_space(space::S2);
        let caption = widgets::caption(ui, &text!("key-passphrase"));
        ui.add_space(space::S1);
        let most = MOST_PASSPHRASE_CHARS;
        let field = widgets::secret_field(ui, &caption, &mut self.passphrase, most, width);
        changed |= field.changed();
        let mut wanted = self.imports && widgets::submitted(&field);
        if !self.imports {
            if let Some(words) = strength(&self.passphrase) {
                ui.add_space(space::S1);
                let note = rows::note(ui, &words);
                widgets::announce(ui, &note, Live::Polite);
            }
            ui.add_space(space::S2);
            let caption = widgets::caption(ui, &text!("key-passphrase-again"));
            ui.add_space(space::S1);
            let field = widgets::secret_field(ui, &caption, &mut self.again, most, width);
            changed |= field.changed();
            wanted |= widgets::submitted(&field);
        }
        if changed {
            (self.problem, self.asks) = (None, false);
        }
        rows::problem(ui, self.problem.as_ref());
        ui.add_space(space::S2);
        let label = if self.imports { text!("key-use") } else { text!("key-save") };
        if self.asks {
            let question = rows::Confirmed {
                asked: &mut self.asks,
                title: "",
                second: "",
                button: &label,
                question: &text!("import-key-sure"),
                enabled: true,
            };
            return question.show(ui).then_some(true);
        }
        let mut cancelled = false;
        ui.horizontal_wrapped(|ui| {
            cancelled = widgets::button(ui, Tone::Plain, None, &text!("cancel"), 0.0).clicked();
            wanted |= widgets::button(ui, Tone::Plain, None, &label, 0.0).clicked();
        });
        ui.add_space(space::S1);
        if cancelled {
            return Some(false);
        }
        if wanted {
            self.problem = self.why_not();
            self.asks = self.problem.is_none() && self.imports && has_key;
        }
        (wanted && self.problem.is_none() && !self.asks).then_some(true)
    }
}

/// How good the passphrase is, once something is typed.
fn strength(typed: &str) -> Option<String> {
    match Passphrase::new(typed).strength() {
        Strength::TooShort if typed.is_empty() => None,
        Strength::TooShort => Some(text!("key-passphrase-too-short")),
        Strength::Weak => Some(text!("key-passphrase-weak")),
        Strength::Fair => Some(text!("key-passphrase-fair")),
        Strength::Strong => Some(text!("key-passphrase-strong")),
    }
}
