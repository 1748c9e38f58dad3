//! Who we are, where, by which proof, and who may not call.

use eframe::egui::{Align, Label, Layout, Ui, vec2};
use visavis_shared::Username;

use super::{Page, key, rows};
use crate::invitation::{Invitation, Whom};
use crate::session::snapshot::{Intent, LoginPhase};
use crate::ui::action::Actions;
use crate::ui::design::{Palette, TypeStyle, size, space};
use crate::ui::widgets::{self, Tone};
use crate::ui::words;
use crate::words::text;

/// Of more names only those are laid out that are seen.
const MANY: usize = 200;

/// What the page remembers from pass to pass.
#[derive(Default)]
pub(super) struct ProfilePage {
    copied: bool,
    leaves: bool,
}

impl ProfilePage {
    pub(super) fn show(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let snapshot = page.snapshot;
        let (LoginPhase::LoggedIn { username } | LoginPhase::Reconnecting { username }) =
            &snapshot.login
        else {
            rows::group(ui, |ui| rows::said(ui, &text!("not-logged-in"), ""));
            return;
        };
        let whom = Whom::Person(username.clone());
        let link = Invitation::to(&snapshot.server_for_others(), whom).ok();
        rows::group(ui, |ui| {
            rows::row(ui, |ui| self.head(ui, username, &snapshot.server, link.as_ref()));
            if let Some(link) = &link {
                let encrypted = if link.is_encrypted() {
                    text!("settings-server-encrypted")
                } else {
                    text!("settings-server-not-encrypted")
                };
                rows::said(ui, &text!("server"), &encrypted);
            }
            let place = snapshot.key.place.as_ref().map(|place| key::place(Some(place)));
            let hint = [Some(text!("your-key-hint")), place].into_iter().flatten();
            rows::said(ui, &text!("your-key"), &hint.collect::<Vec<_>>().join(" "));
            let (title, second) = (text!("log-out"), text!("log-out-hint"));
            let leaves = if page.is_between_calls() {
                rows::action(ui, &title, &second, &title, true)
            } else {
                let question = rows::Confirmed {
                    asked: &mut self.leaves,
                    title: &title,
                    second: &second,
                    button: &title,
                    question: &text!("log-out-in-call"),
                    enabled: true,
                };
                question.show(ui)
            };
            if leaves {
                actions.send(Intent::LogOut);
            }
        });
        if !snapshot.blocked.is_empty() {
            rows::group(ui, |ui| {
                rows::said(ui, &text!("blocked-names"), &text!("blocked-names-hint"));
                let seen = ui.clip_rect().expand(size::ROW);
                for name in snapshot.blocked.iter() {
                    let top = ui.cursor().top();
                    let is_seen = top < seen.bottom() && top + size::ROW > seen.top();
                    if snapshot.blocked.len() > MANY && !is_seen {
                        ui.allocate_space(vec2(ui.available_width(), size::ROW));
                        continue;
                    }
                    if rows::action(ui, name.as_str(), "", &text!("unblock"), true) {
                        actions.send(Intent::Unblock(name.clone()));
                    }
                }
            });
        }
    }

    fn head(&mut self, ui: &mut Ui, username: &Username, server: &str, link: Option<&Invitation>) {
        ui.horizontal(|ui| {
            ui.set_height(size::AVATAR_LG);
            widgets::avatar(ui, size::AVATAR_LG, username.as_str(), None);
            ui.add_space(space::S2);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(link) = link {
                    let label = if self.copied {
                        text!("settings-copied")
                    } else {
                        text!("settings-copy-link")
                    };
                    if widgets::button(ui, Tone::Plain, None, &label, 0.0).clicked() {
                        ui.ctx().copy_text(link.to_string());
                        self.copied = true;
                    }
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let words = TypeStyle::Heading.line() + TypeStyle::Small.line();
                    ui.add_space((size::AVATAR_LG - words) / 2.0);
                    ui.add(Label::new(TypeStyle::Heading.text(username.as_str())).truncate());
                    let ink = Palette::of(ui.visuals()).text_3;
                    let on = text!("logged-in-at", server = words::without_scheme(server));
                    ui.add(Label::new(TypeStyle::Small.text(on).color(ink)).truncate());
                });
            });
        });
    }
}
