//! Which program this is, under which licences, and where its log is.

use eframe::egui::{Align, Label, Layout, Ui};
use visavis_about::{RELEASE, Release, VERSION};

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
                    let name = format!("{NAME} {}", VERSION);
                    ui.label(TypeStyle::Heading.text(name));
                    let ink = Palette::of(ui.visuals()).text_3;
                    let licence = TypeStyle::Small.text(text!("licence")).color(ink);
                    ui.add(Label::new(licence).truncate());
                });
            });
        });
        rows::said(ui, &text!("build"), &build(RELEASE));
        rows::said(ui, &text!("licences-inside"), &text!("licences-inside-list"));
        rows::said(ui, &text!("log"), &text!("log-hint"));
    });
}

/// What the program was built from, and when.
fn build(release: Option<Release>) -> String {
    match release {
        None => text!("build-in-development"),
        Some(Release { commit: "", day }) => text!("build-of-unknown-commit", date = day),
        Some(Release { commit, day }) => text!("build-of-commit", commit = commit, date = day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_its_commit_and_day_or_says_that_the_commit_is_not_known() {
        let of = |commit| build(Some(Release { commit, day: "2026-11-30" }));
        let named = of("0123456789ab");
        assert!(named.contains("0123456789ab") && named.contains("2026-11-30"), "{named}");
        assert!(of("").contains("2026-11-30") && of("") != of(" "));
        assert!(!build(None).is_empty());
    }
}
