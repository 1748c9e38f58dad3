//! What is remembered of somebody's key, on their page, and how it is forgotten.

use eframe::egui::accesskit::Live;
use eframe::egui::{Label, Sense, Ui, Vec2};
use visavis_shared::Username;

use super::{day_of, small_line};
use crate::session::snapshot::{Intent, PinnedKey, Snapshot};
use crate::ui::action::Actions;
use crate::ui::design::{Icon, Palette, TypeStyle, size, space};
use crate::ui::widgets::{self, Tone};
use crate::words::text;

/// What the card remembers from pass to pass.
#[derive(Debug, Default)]
pub(in crate::ui) struct KeyCard {
    /// Whose key is to be forgotten, until that is answered.
    forgets: Option<Username>,
}

impl KeyCard {
    /// Shows it, where a key is remembered.
    pub(in crate::ui) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        (username, name): (&Username, &str),
        actions: &mut Actions,
    ) {
        let Some(pinned) = snapshot.keys.get(username) else {
            self.forgets = None;
            return;
        };
        let p = Palette::of(ui.visuals());
        let (icon, ink) = icon(pinned, p.accent, p.warn, p.text_2);
        let (title, line) = words(pinned, name);
        widgets::card(ui).show(ui, |ui| {
            ui.take_available_width();
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::S3;
                let (place, _) = ui.allocate_exact_size(Vec2::splat(size::ICON), Sense::hover());
                icon.paint(ui.painter(), place, ink);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    ui.add(Label::new(TypeStyle::Strong.text(title)).wrap());
                    small_line(ui, &line);
                    ui.add_space(space::S2);
                    self.forget(ui, (username, name), actions);
                });
            });
        });
        ui.add_space(space::S4);
    }

    fn forget(&mut self, ui: &mut Ui, (username, name): (&Username, &str), actions: &mut Actions) {
        if self.forgets.as_ref() != Some(username) {
            let button = widgets::ghost_button(ui, Icon::Key, &text!("forget-key"));
            self.forgets = button.clicked().then(|| username.clone());
            return;
        }
        let question = text!("forget-key-sure", name = name);
        let question = ui.add(Label::new(TypeStyle::Body.text(question)).wrap());
        widgets::announce(ui, &question, Live::Assertive);
        ui.add_space(space::S1);
        ui.horizontal_wrapped(|ui| {
            let keep = widgets::button(ui, Tone::Plain, None, &text!("cancel"), 0.0).clicked();
            let forget = widgets::button(ui, Tone::Plain, None, &text!("forget"), 0.0).clicked();
            if forget {
                actions.send(Intent::ForgetKey(username.clone()));
            }
            if keep || forget {
                self.forgets = None;
            }
        });
    }
}

fn icon<T>(pinned: &PinnedKey, verified: T, changed: T, known: T) -> (Icon, T) {
    match (pinned.other_seen, pinned.confirmed) {
        (Some(_), _) => (Icon::ShieldAlert, changed),
        (None, Some(_)) => (Icon::ShieldCheck, verified),
        (None, None) => (Icon::ShieldCheck, known),
    }
}

fn words(pinned: &PinnedKey, name: &str) -> (String, String) {
    match (pinned.other_seen, pinned.confirmed) {
        (Some(at), _) => {
            (text!("person-changed"), text!("person-changed-line", name = name, day = day_of(at)))
        }
        (None, Some(at)) => {
            (text!("trust-verified"), text!("person-verified-line", name = name, day = day_of(at)))
        }
        (None, None) => {
            let day = day_of(pinned.since);
            (text!("trust-known"), text!("person-known-line", day = day))
        }
    }
}
