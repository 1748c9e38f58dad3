//! Notices: lines for the person, as toasts on the right, until they are put away.

use eframe::egui::accesskit::Live;
use eframe::egui::{Align, Align2, Area, Context, Id, Label, Layout, Margin, Order, Ui, vec2};

use super::action::{Action, Actions};
use super::controls::HEAD_HEIGHT;
use super::design::{Elevation, Icon, TypeStyle, layout, size, space};
use super::{widgets, words};
use crate::session::snapshot::{Intent, Notice};
use crate::words::{Phrase, text};

/// How many are shown at once; the newest are.
const MOST_SHOWN: usize = 3;

/// Shows the session's notices and the window's own: below, or above while a call's controls are
/// below.
pub(super) fn show(
    ctx: &Context,
    notices: &[Notice],
    local: &[Phrase],
    in_call: bool,
    actions: &mut Actions,
) {
    let dismissals =
        local.iter().enumerate().map(|(i, text)| (text.text(), Action::DismissLocal(i)));
    let all: Vec<(String, Action)> = notices
        .iter()
        .map(|notice| (notice.text.text(), Action::Send(Intent::DismissNotice(notice.id))))
        .chain(dismissals)
        .collect();
    if all.is_empty() {
        return;
    }
    let screen = ctx.content_rect();
    let edge = layout::STAGE_MARGIN;
    let width = (screen.width() - 2.0 * edge).min(size::TOAST);
    let (align, offset) = if in_call {
        (Align2::RIGHT_TOP, vec2(-edge, HEAD_HEIGHT + space::S3))
    } else {
        (Align2::RIGHT_BOTTOM, vec2(-edge, -edge))
    };
    let older = all.len().saturating_sub(MOST_SHOWN);
    Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(align, offset)
        .accessible_name(text!("notices"))
        .show(ctx, |ui| {
            ui.spacing_mut().item_spacing.y = space::S2;
            for (text, action) in all.iter().skip(older) {
                toast(ui, text, action, width, actions);
            }
            if older > 0 {
                widgets::caption(ui, &text!("older-notices", count = older));
            }
        });
}

fn toast(ui: &mut Ui, text: &str, action: &Action, width: f32, actions: &mut Actions) {
    let Some(text) = words::foreign(text) else {
        // Nothing to read, so nothing to keep.
        actions.push(action.clone());
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
                actions.push(action.clone());
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.add_space((size::CONTROL - TypeStyle::Body.line()) / 2.0);
                let line = ui.add(Label::new(TypeStyle::Body.text(text.as_str())).wrap());
                widgets::announce(ui, &line, Live::Polite);
            });
        });
    });
}
