//! The keys, and what they do.

use eframe::egui::{Label, Ui};

use super::rows;
use crate::ui::design::{TypeStyle, space};
use crate::ui::keyboard;

pub(super) fn show(ui: &mut Ui) {
    let shortcuts = keyboard::shortcuts(ui.ctx());
    rows::group(ui, |ui| {
        for (keys, meaning) in shortcuts {
            rows::row(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.spacing_mut().item_spacing.x = space::S3;
                    ui.label(TypeStyle::SmallStrong.text(keys));
                    ui.add(Label::new(TypeStyle::Body.text(meaning)).wrap());
                });
            });
        }
    });
}
