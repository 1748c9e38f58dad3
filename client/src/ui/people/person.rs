//! Whoever is chosen: call them, keep, rename or block them, and the calls there were.

use eframe::egui::accesskit::Live;
use eframe::egui::{Align, Label, Layout, Rect, Sense, Ui, vec2};
use visavis_shared::Username;

use super::calls;
use super::index::ContactIndex;
use super::side_bar::presence;
use crate::session::snapshot::{Intent, MAX_DISPLAY_NAME_CHARS, Presence, Snapshot};
use crate::ui::action::Actions;
use crate::ui::clock;
use crate::ui::design::{Icon, Palette, TypeStyle, size, space};
use crate::ui::trust::KeyCard;
use crate::ui::widgets::{self, Tone};
use crate::ui::words;
use crate::words::text;

/// What the pane remembers from pass to pass.
#[derive(Default)]
pub(super) struct PersonPane {
    /// Who is being renamed, and what was typed.
    renamed: Option<(Username, String)>,
    key: KeyCard,
}

/// A few more than fit into a window.
const CALLS: usize = 30;

impl PersonPane {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        (snapshot, contacts): (&Snapshot, &ContactIndex),
        username: &Username,
        online: bool,
        actions: &mut Actions,
    ) {
        let name = contacts.shown_name(username);
        let contact = contacts.contact(username);
        let listed = snapshot.people.iter().find(|person| person.username == *username);
        let blocked = snapshot.blocked.contains(username);
        let there = match (contact, listed) {
            (Some(contact), _) => contact.presence,
            (None, Some(person)) if person.online => Presence::Online,
            (None, Some(_)) => Presence::Offline,
            (None, None) => Presence::Unknown,
        };
        let verified = snapshot
            .keys
            .get(username)
            .is_some_and(|key| key.confirmed.is_some() && key.other_seen.is_none());
        head(ui, (name, username), there, (blocked, verified && !blocked));
        ui.add_space(space::S6);
        if blocked {
            widgets::quiet_line(ui, &text!("blocked-line", name = name));
            ui.add_space(space::S2);
            if widgets::button(ui, Tone::Plain, None, &text!("unblock"), 0.0).clicked() {
                actions.send(Intent::Unblock(username.clone()));
            }
        } else {
            ui.horizontal_wrapped(|ui| {
                call_buttons(ui, username, online && there != Presence::Offline, actions);
            });
            ui.add_space(space::S4);
            self.tools(ui, username, contact.is_some(), name, actions);
        }
        self.rename(ui, contact.is_some(), username, actions);
        if let Some(problem) = &snapshot.contact_problem {
            widgets::warning(ui, &problem.text(), Live::Assertive);
        }
        ui.add_space(space::S6);
        if !blocked {
            self.key.show(ui, snapshot, (username, name), actions);
        }
        with_them(ui, snapshot, username, name);
    }

    fn tools(
        &mut self,
        ui: &mut Ui,
        username: &Username,
        is_contact: bool,
        name: &str,
        actions: &mut Actions,
    ) {
        ui.horizontal_wrapped(|ui| {
            if is_contact {
                if widgets::ghost_button(ui, Icon::Edit, &text!("rename")).clicked() {
                    self.renamed = Some((username.clone(), name.to_owned()));
                }
                if widgets::ghost_button(ui, Icon::Trash, &text!("remove-contact")).clicked() {
                    actions.send(Intent::RemoveContact(username.clone()));
                }
            } else if widgets::ghost_button(ui, Icon::UserPlus, &text!("add-contact")).clicked() {
                let username = username.as_str().to_owned();
                actions.send(Intent::AddContact { username, display_name: String::new() });
            }
            if widgets::ghost_button(ui, Icon::Block, &text!("block")).clicked() {
                actions.send(Intent::Block(username.clone()));
            }
        });
    }

    fn rename(
        &mut self,
        ui: &mut Ui,
        is_contact: bool,
        username: &Username,
        actions: &mut Actions,
    ) {
        let Some((_, typed)) =
            self.renamed.as_mut().filter(|(renamed, _)| renamed == username && is_contact)
        else {
            self.renamed = None;
            return;
        };
        ui.add_space(space::S3);
        let caption = widgets::caption(ui, &text!("display-name", name = username));
        let (mut save, mut cancel) = (false, false);
        ui.horizontal(|ui| {
            let width = (ui.available_width() / 2.0).max(size::CONTROL_LG);
            let limit = MAX_DISPLAY_NAME_CHARS * 2;
            let field = widgets::text_field(ui, &caption, username.as_str(), typed, limit, width);
            save = widgets::submitted(&field);
            save |= widgets::button(ui, Tone::Plain, None, &text!("save"), 0.0).clicked();
            cancel = widgets::button(ui, Tone::Plain, None, &text!("cancel"), 0.0).clicked();
        });
        if save {
            let display_name = typed.clone();
            actions.send(Intent::RenameContact { username: username.clone(), display_name });
        }
        if save || cancel {
            self.renamed = None;
        }
    }
}

fn head(
    ui: &mut Ui,
    (name, username): (&str, &Username),
    there: Presence,
    (blocked, verified): (bool, bool),
) {
    ui.horizontal(|ui| {
        let dot = match there {
            Presence::Online => Some(true),
            Presence::Offline => Some(false),
            Presence::Unknown => None,
        };
        widgets::avatar(ui, size::AVATAR_LG, name, dot.filter(|_| !blocked));
        ui.add_space(space::S3);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let lines = TypeStyle::Display.line() + TypeStyle::Small.line();
            ui.add_space((size::AVATAR_LG - lines) / 2.0);
            let p = Palette::of(ui.visuals());
            // The mark stands behind the name, however long that is.
            let mark = if verified { size::ICON_LG + space::S3 } else { 0.0 };
            let room = ui.available_width() - mark;
            let words = TypeStyle::Display.layout(name, p.text, room, false);
            let words = ui.painter().layout_job(words);
            let line = ui.add(Label::new(words));
            if verified {
                let middle = line.rect.right_center() + vec2(space::S3 + size::ICON_LG / 2.0, 0.0);
                let place = Rect::from_center_size(middle, vec2(size::ICON_LG, size::ICON_LG));
                Icon::ShieldCheck.paint(ui.painter(), place, p.accent);
            }
            let state = if blocked { text!("blocked") } else { presence(there) };
            let line = if name == username.as_str() {
                state
            } else {
                text!("name-and-state", name = username, state = state)
            };
            ui.add(Label::new(TypeStyle::Small.text(line).color(p.text_2)).truncate());
        });
    });
}

fn call_buttons(ui: &mut Ui, username: &Username, enabled: bool, actions: &mut Actions) {
    ui.add_enabled_ui(enabled, |ui| {
        let call = Intent::Call { username: username.as_str().to_owned() };
        if widgets::button(ui, Tone::Accent, Some(Icon::Camera), &text!("call"), 0.0).clicked() {
            actions.send(call.clone());
        }
        let without = text!("call-without-video");
        if widgets::button(ui, Tone::Plain, Some(Icon::Phone), &without, 0.0).clicked() {
            actions.send(Intent::TurnCameraOff(true));
            actions.send(call);
        }
    });
}

/// The calls with somebody, the newest first.
fn with_them(ui: &mut Ui, snapshot: &Snapshot, username: &Username, name: &str) {
    let now = clock::today();
    let mut those =
        snapshot.recent_calls.iter().filter(|call| call.with == *username).take(CALLS).peekable();
    if those.peek().is_none() {
        return;
    }
    ui.label(TypeStyle::Heading.text(text!("calls-with", name = name)));
    ui.add_space(space::S2);
    widgets::card(ui).show(ui, |ui| {
        ui.take_available_width();
        let p = Palette::of(ui.visuals());
        for call in those {
            let ink = if call.is_missed() { p.warn } else { p.text };
            ui.horizontal(|ui| {
                ui.set_height(size::CONTROL);
                let (place, _) =
                    ui.allocate_exact_size(vec2(size::ICON, size::ICON), Sense::hover());
                let quiet = if call.is_missed() { p.warn } else { p.text_2 };
                calls::icon(call).paint(ui.painter(), place, quiet);
                ui.add_space(space::S2);
                ui.label(TypeStyle::Strong.text(calls::who(call, name)).color(ink));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let when = words::when(call.at.system(), now);
                    ui.label(TypeStyle::Small.text(when).color(p.text_3));
                    ui.add_space(space::S3);
                    if !call.is_missed() {
                        ui.label(TypeStyle::Small.text(calls::outcome(call)).color(p.text_2));
                    }
                });
            });
        }
    });
}
