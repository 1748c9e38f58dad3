//! The screen to log in: a name, a server, a button, and what to do when it did not work.

use eframe::egui::accesskit::Live;
use eframe::egui::{Align, Label, Layout, Margin, Response, Ui};
use visavis_shared::limits::MAX_USERNAME_CHARS;
use visavis_shared::{NameError, canonical_name};

use super::action::Actions;
use super::design::{TypeStyle, component, layout, size, space};
use super::widgets::{self, Tone};
use super::words;
use crate::session::snapshot::{Intent, LoginPhase, Snapshot};
use crate::words::{Phrase, phrase, text};

/// The longest server address that can be typed, in characters.
const MAX_SERVER_CHARS: usize = 255;

#[derive(Default)]
pub(super) struct LoginForm {
    username: String,
    server: String,
    seeded: bool,
    focused: bool,
    problem: Option<Phrase>,
}

impl LoginForm {
    pub(super) fn show(&mut self, ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
        self.seed(snapshot);
        let busy = snapshot.login == LoginPhase::LoggingIn;
        let failure = match &snapshot.login {
            LoginPhase::Failed(words) => Some(words),
            _ => None,
        };
        eframe::egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let low = ui.available_height() < layout::ROOMY_HEIGHT;
            let height = if low { component::LOG_IN_LOW } else { component::LOG_IN };
            widgets::centered_column(ui, size::DIALOG, height, |ui| {
                if !low {
                    widgets::mark(ui, size::ROW);
                    ui.add_space(space::S2);
                }
                ui.label(TypeStyle::Display.text(super::NAME));
                if !low {
                    widgets::quiet_line(ui, &text!("tagline"));
                    ui.add_space(space::S4);
                }
                widgets::card(ui).inner_margin(Margin::same(space::S6 as i8)).show(ui, |ui| {
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        self.fields(ui, busy, failure, actions);
                    });
                });
                ui.add_space(space::S4);
            });
        });
    }

    /// Puts the server of an invitation into the field; the person logs in.
    pub(super) fn suggest_server(&mut self, server: String) {
        self.server = server;
        self.problem = None;
    }

    /// Takes over what the session remembers, once, and never over what was typed.
    fn seed(&mut self, snapshot: &Snapshot) {
        let remembers = !snapshot.server.is_empty() || !snapshot.username.is_empty();
        if remembers && !self.seeded {
            self.seeded = true;
            if self.server.is_empty() {
                self.server.clone_from(&snapshot.server);
            }
            if self.username.is_empty() {
                self.username.clone_from(&snapshot.username);
            }
        }
    }

    fn fields(&mut self, ui: &mut Ui, busy: bool, failure: Option<&Phrase>, actions: &mut Actions) {
        let mut entered = false;
        ui.add_enabled_ui(!busy, |ui| {
            let name = field(
                ui,
                &text!("username"),
                &text!("username-example"),
                &mut self.username,
                MAX_USERNAME_CHARS * 2,
            );
            if !self.focused && !busy {
                self.focused = true;
                name.request_focus();
            }
            if name.changed() {
                self.problem = None;
            }
            entered |= widgets::submitted(&name);
            ui.add_space(space::S1);
            let server = field(
                ui,
                &text!("server"),
                &text!("server-example"),
                &mut self.server,
                MAX_SERVER_CHARS,
            );
            entered |= widgets::submitted(&server);
            widgets::hint(ui, &text!("server-help"));
        });

        if let Some(problem) = self.problem.as_ref().or(if busy { None } else { failure }) {
            ui.add_space(space::S1);
            widgets::warning(ui, &problem.text(), Live::Assertive);
        }
        ui.add_space(space::S2);
        let width = ui.available_width();
        if busy {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.add(Label::new(text!("logging-in")));
            });
            if widgets::button(ui, Tone::Plain, None, &text!("cancel"), width).clicked() {
                actions.send(Intent::LogOut);
            }
        } else if widgets::button(ui, Tone::Accent, None, &text!("log-in"), width).clicked()
            || entered
        {
            self.submit(actions);
        }
    }

    fn submit(&mut self, actions: &mut Actions) {
        match canonical_name(&self.username) {
            Err(NameError::Empty) => self.problem = Some(phrase!("username-missing")),
            Err(error) => self.problem = Some(words::name_problem(error)),
            Ok(_) if self.server.trim().is_empty() => {
                let example = phrase!("server-example");
                self.problem = Some(phrase!("server-missing", example = example));
            }
            Ok(_) => {
                self.problem = None;
                actions.send(Intent::LogIn {
                    server: self.server.trim().to_owned(),
                    username: self.username.trim().to_owned(),
                });
            }
        }
    }
}

/// A labelled line to type into, as wide as there is room.
fn field(ui: &mut Ui, label: &str, hint: &str, text: &mut String, limit: usize) -> Response {
    let caption = widgets::caption(ui, label);
    let width = ui.available_width();
    widgets::text_field(ui, &caption, hint, text, limit, width)
}
