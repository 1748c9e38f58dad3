//! Notices: lines for the person, as toasts on the right, until they are put away.

use std::path::PathBuf;

use eframe::egui::accesskit::Live;
use eframe::egui::{Align, Align2, Area, Context, Id, Label, Layout, Margin, Order, Ui, vec2};

use super::action::{Action, Actions};
use super::design::{Elevation, Icon, TypeStyle, layout, size, space};
use super::widgets::Tone;
use super::{widgets, words};
use crate::session::snapshot::{Intent, Snapshot};
use crate::words::{Phrase, text};

/// How many are shown at once; the newest are.
const MOST_SHOWN: usize = 3;

/// Shows the session's notices and the window's own: below, or from `call_from` on downwards while
/// a call's controls are below.
pub(super) fn show(
    ctx: &Context,
    snapshot: &Snapshot,
    local: &[Phrase],
    call_from: Option<f32>,
    actions: &mut Actions,
) {
    let own = local.iter().enumerate().map(|(i, text)| Toast {
        text: text.text(),
        dismiss: Action::DismissLocal(i),
        shows: None,
    });
    let all: Vec<Toast> = snapshot
        .notices
        .iter()
        .map(|notice| {
            let kept = snapshot.kept_picture.as_ref();
            Toast {
                text: notice.text.text(),
                dismiss: Action::Send(Intent::DismissNotice(notice.id)),
                shows: kept.filter(|(id, _)| *id == notice.id).map(|(_, path)| path.clone()),
            }
        })
        .chain(own)
        .collect();
    if all.is_empty() {
        return;
    }
    let screen = ctx.content_rect();
    let edge = layout::STAGE_MARGIN;
    let width = (screen.width() - 2.0 * edge).min(size::TOAST);
    let (align, offset) = match call_from {
        Some(top) => (Align2::RIGHT_TOP, vec2(-edge, top - screen.top())),
        None => (Align2::RIGHT_BOTTOM, vec2(-edge, -edge)),
    };
    let older = all.len().saturating_sub(MOST_SHOWN);
    Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(align, offset)
        .accessible_name(text!("notices"))
        .show(ctx, |ui| {
            ui.spacing_mut().item_spacing.y = space::S2;
            for toast in all.iter().skip(older) {
                toast.show(ui, width, actions);
            }
            if older > 0 {
                widgets::caption(ui, &text!("older-notices", count = older));
            }
        });
}

/// One notice as it is shown.
struct Toast {
    text: String,
    dismiss: Action,
    /// The file that it is about.
    shows: Option<PathBuf>,
}

impl Toast {
    fn show(&self, ui: &mut Ui, width: f32, actions: &mut Actions) {
        let Some(text) = words::foreign(&self.text) else {
            // Nothing to read, so nothing to keep.
            actions.push(self.dismiss.clone());
            return;
        };
        let shadow = Elevation::Menu.shadow(ui.visuals().dark_mode);
        let margin = Margin {
            left: space::S4 as i8,
            right: space::S2 as i8,
            top: space::S2 as i8,
            bottom: space::S2 as i8,
        };
        widgets::card(ui).inner_margin(margin).shadow(shadow).show(ui, |ui| {
            ui.set_width(width - space::S4 - space::S2);
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                let dismiss = widgets::icon_button(ui, Icon::Close, &text!("dismiss"));
                let dismiss = dismiss.accessible_name(text!("dismiss-notice", notice = &text));
                if dismiss.clicked() {
                    actions.push(self.dismiss.clone());
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.add_space((size::CONTROL - TypeStyle::Body.line()) / 2.0);
                    let line = ui.add(Label::new(TypeStyle::Body.text(text.as_str())).wrap());
                    widgets::announce(ui, &line, Live::Polite);
                    if let Some(path) = &self.shows {
                        let show = text!("show-in-folder");
                        if widgets::button(ui, Tone::Plain, None, &show, 0.0).clicked() {
                            actions.push(Action::ShowInFolder(path.clone()));
                        }
                    }
                });
            });
        });
    }
}
