//! The settings that are no device's: how everything looks, in which language, and whose calls
//! ring.
//!
//! In: the settings as they are. Out: an [`Action::Change`] for each that the person changes, at
//! once.

use eframe::egui::{Context, Id, Ui};

use super::action::{Action, Actions, Change};
use super::design::{TypeStyle, space};
use super::{shortcuts_page, widgets};
use crate::settings::{Appearance, Callers, Language, Settings, Theme};
use crate::words::{self, text};

/// How large everything can be, in percent.
const SCALES: [u16; 6] = [80, 90, 100, 125, 150, 200];

/// Shows the dialog over everything.
pub(super) fn show(ctx: &Context, settings: &Settings, actions: &mut Actions) {
    let closed = widgets::dialog(ctx, Id::unique("settings"), &text!("settings"), |ui| {
        appearance(ui, settings, actions);
        ui.add_space(space::S4);
        calls(ui, settings, actions);
        ui.add_space(space::S4);
        ui.label(TypeStyle::Heading.text(text!("keyboard-shortcuts")));
        shortcuts_page::show(ui, settings, actions);
    });
    if closed {
        actions.push(Action::Settings(false));
    }
}

fn appearance(ui: &mut Ui, settings: &Settings, actions: &mut Actions) {
    ui.label(TypeStyle::Heading.text(text!("appearance")));
    ui.add_space(space::S1);
    let themes = [
        (text!("theme-follow"), Theme::System),
        (text!("theme-dark"), Theme::Dark),
        (text!("theme-light"), Theme::Light),
    ];
    if let Some(theme) = widgets::chooser(ui, &text!("theme"), &themes, &settings.theme) {
        actions.push(Action::Theme(theme));
    }
    let mut languages = vec![(text!("language-system"), Language::System)];
    languages.extend(words::Language::ALL.map(|language| {
        (language.own_name().to_owned(), Language::Tag(language.tag().to_owned()))
    }));
    let current = &settings.appearance.language;
    if let Some(language) = widgets::chooser(ui, &text!("language"), &languages, current) {
        actions.push(Action::Change(Change::Language(language)));
    }
    let scales =
        SCALES.map(|percent| (words::percent(Appearance::zoom(percent).into(), 0), percent));
    let current = &settings.appearance.scale_percent;
    if let Some(percent) = widgets::chooser(ui, &text!("scale"), &scales, current) {
        actions.push(Action::Change(Change::Scale(percent)));
    }
}

fn calls(ui: &mut Ui, settings: &Settings, actions: &mut Actions) {
    ui.label(TypeStyle::Heading.text(text!("incoming-calls")));
    let mut quiet = settings.notifications.do_not_disturb;
    if widgets::switch(ui, &mut quiet, &text!("do-not-disturb")).changed() {
        actions.push(Action::Change(Change::DoNotDisturb(quiet)));
    }
    let mut only_contacts = settings.calls.from == Callers::Contacts;
    if widgets::switch(ui, &mut only_contacts, &text!("only-contacts-call")).changed() {
        actions.push(Action::Change(Change::OnlyContactsCall(only_contacts)));
    }
    let mut camera = settings.calls.camera_on;
    if widgets::switch(ui, &mut camera, &text!("begin-with-camera")).changed() {
        actions.push(Action::Change(Change::BeginWithCamera(camera)));
    }
    let mut microphone = settings.calls.microphone_on;
    if widgets::switch(ui, &mut microphone, &text!("begin-with-microphone")).changed() {
        actions.push(Action::Change(Change::BeginWithMicrophone(microphone)));
    }
}
