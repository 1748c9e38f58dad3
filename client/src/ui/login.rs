//! The screen to log in: a name, a server nearby, by its address or started here, a button, and
//! what to do when it did not work.
//!
//! What always holds: what went wrong stands under the field in which it is mended, and that field
//! has the keyboard.

mod nearby;
mod server;

use eframe::egui::accesskit::Live;
use eframe::egui::{Align, Label, Layout, Margin, Response, ScrollArea, Ui};
use visavis_shared::limits::MAX_USERNAME_CHARS;
use visavis_shared::{NameError, canonical_name};

use super::action::{Action, Actions};
use super::design::{TypeStyle, component, layout, size, space};
use super::widgets::{self, Mark, Tone};
use super::words;
use crate::invitation::Invitation;
use crate::session::log_in_form::{Field, another_key_helps};
use crate::session::snapshot::{Intent, LoginPhase, Snapshot};
use crate::words::{Phrase, phrase, text};
use server::{ServerForm, Target, View};

#[derive(Default)]
pub(super) struct LoginForm {
    username: String,
    server: ServerForm,
    seeded: bool,
    /// Whether the name is one that was remembered: whoever has one knows what it is for.
    knows_names: bool,
    /// What is wrong with the name as it was typed.
    name_problem: Option<Phrase>,
    /// Why the last log-in failed, until it is put away by typing something else.
    failure: Option<Phrase>,
    failure_is_old: bool,
    /// Where the keyboard is to be.
    focus: Option<Field>,
    /// The pass that showed this last, and whether a log-in was under way in it.
    last: Option<(u64, bool)>,
    /// How high everything was in it.
    height: f32,
}

impl LoginForm {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        recent: &[String],
        actions: &mut Actions,
    ) {
        let busy = snapshot.login == LoginPhase::LoggingIn;
        self.follow(ui, snapshot, busy);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let low = ui.available_height() < layout::ROOMY_HEIGHT;
            let before = if self.height > 0.0 { self.height } else { component::LOG_IN };
            widgets::centered_column(ui, size::DIALOG, before, |ui| {
                head(ui, low);
                let view = View { snapshot, recent, low };
                if low {
                    self.form(ui, busy, view, actions);
                } else {
                    let margin = Margin::same(space::S6 as i8);
                    widgets::card(ui).inner_margin(margin).show(ui, |ui| {
                        self.form(ui, busy, view, actions);
                    });
                }
                ui.add_space(space::S4);
                self.height = ui.min_rect().height();
            });
            if (self.height - before).abs() > 1.0 {
                ui.ctx().request_repaint();
            }
        });
    }

    /// Shows whom an invitation is to, and its server; the person logs in.
    pub(super) fn invite(&mut self, invitation: &Invitation) {
        self.server.invite(invitation.clone());
        self.failure_is_old = true;
    }

    /// Whether it is to be looked for servers nearby while the form is shown.
    pub(super) fn looks_nearby(&self) -> bool {
        self.server.looks_nearby()
    }

    /// Takes over what the session remembers, once, and never over what was typed; and whether the
    /// last server was one that was started here. Comes before the form is shown.
    pub(super) fn seed(&mut self, snapshot: &Snapshot, here: bool) {
        let remembers = !snapshot.server.is_empty() || !snapshot.username.is_empty();
        if remembers && !self.seeded {
            self.seeded = true;
            self.server.seed(&snapshot.server, here && snapshot.can_host);
            if self.username.is_empty() {
                self.username.clone_from(&snapshot.username);
                self.knows_names = !self.username.is_empty();
            }
        }
    }

    /// Looks at what has changed since the last pass, and decides where the keyboard is to be.
    fn follow(&mut self, ui: &Ui, snapshot: &Snapshot, busy: bool) {
        let pass = ui.ctx().cumulative_pass_nr();
        let (last, was_busy) = self.last.replace((pass, busy)).unwrap_or_default();
        let came = last == 0 || pass > last + 1;
        let failure = match &snapshot.login {
            LoginPhase::Failed(words) => Some(words.clone()),
            _ => None,
        };
        let failed = failure.is_some() && (failure != self.failure || was_busy);
        if failed || failure.is_none() {
            self.failure_is_old = false;
        }
        self.failure = failure;
        if (came || was_busy && !busy || failed) && ui.memory(|memory| memory.focused().is_none()) {
            let mends = self.failure.as_ref().map(Field::of);
            self.focus = Some(match mends {
                Some(Field::Server) => Field::Server,
                _ => Field::Username,
            });
        }
    }

    /// Whether another key would help: the name is somebody else's, or the key can't be used.
    fn needs_a_key(&self) -> bool {
        self.failure.as_ref().is_some_and(another_key_helps)
    }

    /// The failure, where it belongs to a field.
    fn failure_at(&self, field: Field, busy: bool) -> Option<&Phrase> {
        let shown = self.failure.as_ref().filter(|_| !busy && !self.failure_is_old);
        shown.filter(|failure| Field::of(failure) == field)
    }

    fn form(&mut self, ui: &mut Ui, busy: bool, view: View<'_>, actions: &mut Actions) {
        let View { snapshot, recent, low } = view;
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = space::S1;
            self.server.show_invited(ui);
            let mut entered = false;
            ui.add_enabled_ui(!busy, |ui| {
                entered |= self.name(ui, busy, low);
                ui.add_space(if low { 0.0 } else { space::S2 });
                entered |= self.server_part(ui, busy, view, actions);
            });
            if let Some(failure) = self.failure_at(Field::Neither, busy) {
                widgets::warning(ui, &failure.text(), Live::Assertive);
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
            } else {
                let text = self.server.button(snapshot);
                if widgets::button(ui, Tone::Accent, None, &text, width).clicked() || entered {
                    self.submit(snapshot, actions);
                }
                if self.needs_a_key() {
                    ui.add_space(space::S1);
                    let bring = text!("import-key");
                    if widgets::button(ui, Tone::Plain, None, &bring, width).clicked() {
                        actions.push(Action::BringKey);
                    }
                }
                if low {
                    self.server.recent(ui, recent, actions);
                }
            }
        });
    }

    /// The name, checked while it is typed. Returns whether Enter was pressed in it.
    fn name(&mut self, ui: &mut Ui, busy: bool, low: bool) -> bool {
        let failure = self.failure_at(Field::Username, busy).cloned();
        let problem = self.name_problem.clone().or(failure);
        let caption = widgets::caption(ui, &text!("username"));
        let (width, limit) = (ui.available_width(), MAX_USERNAME_CHARS * 2);
        let hint = text!("username-example");
        let mark = Mark { wrong: problem.is_some(), ..Mark::default() };
        let username = &mut self.username;
        let field = widgets::marked_field(ui, &caption, &hint, username, limit, width, mark);
        self.focus_if(&field, Field::Username, busy);
        if field.changed() {
            self.failure_is_old |= self.failure_at(Field::Username, busy).is_some();
            self.name_problem = problem_while_typing(&self.username);
        }
        match (problem, seen_as(&self.username)) {
            (Some(problem), _) => widgets::warning(ui, &problem.text(), Live::Polite),
            (None, Some(name)) => {
                let line = widgets::hint(ui, &text!("username-becomes", name = name));
                widgets::announce(ui, &line, Live::Polite);
            }
            (None, None) if !low && !self.knows_names => {
                widgets::hint(ui, &text!("username-help"));
            }
            (None, None) => {}
        }
        widgets::submitted(&field)
    }

    fn server_part(
        &mut self,
        ui: &mut Ui,
        busy: bool,
        view: View<'_>,
        actions: &mut Actions,
    ) -> bool {
        let failure = self.failure_at(Field::Server, busy).cloned();
        let shown = self.server.show(ui, view, failure.as_ref(), actions);
        self.failure_is_old |= shown.changed && failure.is_some();
        match &shown.field {
            Some(field) => self.focus_if(field, Field::Server, busy),
            // There is nothing to be typed.
            None => self.focus = self.focus.filter(|field| *field != Field::Server),
        }
        shown.entered
    }

    fn focus_if(&mut self, field: &Response, which: Field, busy: bool) {
        if self.focus == Some(which) && !busy {
            self.focus = None;
            field.request_focus();
        }
    }

    fn submit(&mut self, snapshot: &Snapshot, actions: &mut Actions) {
        self.name_problem = match canonical_name(&self.username) {
            Ok(_) => None,
            Err(NameError::Empty) => Some(phrase!("username-missing")),
            Err(error) => Some(words::name_problem(error)),
        };
        let target = self.server.target(snapshot);
        let username = self.username.trim().to_owned();
        match (&self.name_problem, target) {
            (Some(_), _) => self.focus = Some(Field::Username),
            (None, None) => self.focus = Some(Field::Server),
            (None, Some(Target::Server(server, invitation))) => {
                if let Some(invitation) = invitation {
                    actions.push(Action::Invited(invitation));
                }
                actions.send(Intent::LogIn { server, username });
            }
            (None, Some(Target::Here)) => actions.send(Intent::HostServer { username }),
        }
    }
}

/// What the window is, above the form: in one line where there is little room.
fn head(ui: &mut Ui, low: bool) {
    if low {
        ui.label(TypeStyle::Title.text(super::NAME));
        return;
    }
    widgets::mark(ui, size::ROW);
    ui.add_space(space::S2);
    ui.label(TypeStyle::Display.text(super::NAME));
    widgets::quiet_line(ui, &text!("tagline"));
    ui.add_space(space::S4);
}

/// What is wrong with a name that may not be whole yet.
fn problem_while_typing(typed: &str) -> Option<Phrase> {
    match canonical_name(typed) {
        Ok(_) | Err(NameError::Empty) => None,
        // More is coming after the dot.
        Err(NameError::Misplaced(last)) if typed.trim_end().ends_with(last) => None,
        Err(error) => Some(words::name_problem(error)),
    }
}

/// What others see, where it is not what was typed.
fn seen_as(typed: &str) -> Option<String> {
    let name = canonical_name(typed).ok()?;
    (name.as_str() != typed.trim()).then(|| name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_judged_while_it_is_typed_but_not_before_it_can_be_whole() {
        let problem = |typed| problem_while_typing(typed).map(|phrase| phrase.plain());
        for typed in ["", "a", "ada.", "ada.l", "ada ", "李雷"] {
            assert_eq!(problem(typed), None, "{typed:?}");
        }
        for typed in ["ada l", "ada/", ".ada", "ada..l"] {
            assert!(problem(typed).is_some(), "{typed:?}");
        }
        assert_eq!(seen_as("Ada "), Some("ada".to_owned()));
        assert_eq!(seen_as(" ada"), None);
    }
}
