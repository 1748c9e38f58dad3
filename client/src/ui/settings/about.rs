//! Which program this is, under which licences, and where its log is.

use eframe::egui::{Align, Label, Layout, Ui};

use super::rows;
use crate::ui::design::{Palette, TypeStyle, size, space};
use crate::ui::{NAME, widgets};
use crate::words::text;

pub(super) fn show(ui: &mut Ui) {
    rows::group(ui, |ui| {
        rows::row(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_height(size::AVATAR_LG);
                widgets::mark(ui, size::CONTROL_LG);
                ui.add_space(space::S2);
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let words = TypeStyle::Heading.line() + TypeStyle::Small.line();
                    ui.add_space((size::AVATAR_LG - words) / 2.0);
                    let name = format!("{NAME} {}", crate::VERSION);
                    ui.label(TypeStyle::Heading.text(name));
                    let ink = Palette::of(ui.visuals()).text_3;
                    let licence = TypeStyle::Small.text(text!("licence")).color(ink);
                    ui.add(Label::new(licence).truncate());
                });
            });
        });
        rows::said(ui, &text!("licences-inside"), &text!("licences-inside-list"));
        rows::said(ui, &text!("log"), &text!("log-hint"));
    });
}
