//! Transfers as cards: what it is, how far it is, and what can be done about it.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    CornerRadius, Frame, Label, Margin, Rect, Sense, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::words;
use crate::conversation::{Command, Direction, Party, Transfer, TransferId, TransferState};
use crate::session::snapshot::Intent;
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};
use crate::ui::thumbnails::Thumbnails;
use crate::ui::widgets::{self, Tone};
use crate::words::text;

/// Shows one.
pub(super) fn card(
    ui: &mut Ui,
    thumbnails: &mut Thumbnails<TransferId>,
    transfer: &Transfer,
    peer: &str,
    actions: &mut Actions,
) {
    let p = Palette::of(ui.visuals());
    let frame = Frame::new()
        .fill(p.raised)
        .corner_radius(radius::LG)
        .inner_margin(Margin::same(space::S3 as i8));
    ui.push_id(transfer.id, |ui| {
        frame.show(ui, |ui| {
            ui.take_available_width();
            ui.spacing_mut().item_spacing.y = space::S2;
            head(ui, thumbnails, transfer, peer, actions);
            if transfer.executable && transfer.direction == Direction::Incoming {
                widgets::warning(ui, &text!("transfer-executable"), Live::Off);
            }
            if let Some((line, wrong)) = words::state(transfer, peer) {
                if wrong {
                    widgets::warning(ui, &line, Live::Polite);
                } else {
                    let ink = p.text_2;
                    let words = TypeStyle::Small.text(line).color(ink);
                    let said = ui.add(Label::new(words).wrap());
                    widgets::announce(ui, &said, Live::Polite);
                }
            }
            foot(ui, transfer, actions);
        });
    });
}

/// The picture or the icon, the name, and what it is; what is over can be put away at the right.
fn head(
    ui: &mut Ui,
    thumbnails: &mut Thumbnails<TransferId>,
    transfer: &Transfer,
    peer: &str,
    actions: &mut Actions,
) {
    let p = Palette::of(ui.visuals());
    let high = TypeStyle::Strong.line() + TypeStyle::Caption.line();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), high), Sense::hover());
    let square = Rect::from_min_size(rect.min, Vec2::splat(high));
    ui.painter().rect_filled(square, CornerRadius::same(radius::MD), p.accent_soft);
    let shown = transfer.thumbnail.as_ref().is_some_and(|picture| {
        thumbnails.paint(ui.painter(), (&transfer.id, picture), square, radius::XS)
    });
    if !shown {
        let icon = Rect::from_center_size(square.center(), Vec2::splat(size::ICON));
        let ink = if transfer.executable { p.warn } else { p.accent };
        words::icon(transfer).paint(ui.painter(), icon, ink);
    }
    let left = square.right() + space::S3;
    let over = transfer.state.is_over();
    let room = rect.right() - left - if over { size::CONTROL } else { 0.0 };
    let second = match transfer.state {
        TransferState::Running | TransferState::Paused(_) | TransferState::Interrupted => {
            words::progress(transfer)
        }
        _ => words::about(transfer, peer),
    };
    let name = ui.painter().layout_job(cut(&transfer.name, p.text, room));
    let below = TypeStyle::Caption.layout(&second, p.text_2, room, false);
    let below = ui.painter().layout_job(below);
    ui.painter().galley(pos2(left, rect.top()), name, p.text);
    let at = pos2(left, rect.top() + TypeStyle::Strong.line());
    ui.painter().galley(at, below, p.text_2);
    let label = [&*transfer.name, &*second].join(", ");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
    response.on_hover_text(&*transfer.name);
    if over {
        let corner = pos2(rect.right() - size::CONTROL, rect.top());
        let place = Rect::from_min_size(corner, Vec2::splat(size::CONTROL));
        let label = text!("transfer-put-away", name = &*transfer.name);
        let builder = UiBuilder::new().max_rect(place);
        let pressed =
            ui.scope_builder(builder, |ui| widgets::icon_button(ui, Icon::Close, &label).clicked());
        if pressed.inner {
            actions.send(Intent::Converse(Command::PutAway(transfer.id)));
        }
    }
}

/// A name on one line.
fn cut(name: &str, ink: eframe::egui::Color32, room: f32) -> eframe::egui::text::LayoutJob {
    TypeStyle::Strong.layout(name, ink, room, false)
}

/// What can be done about it, and how far it is.
fn foot(ui: &mut Ui, transfer: &Transfer, actions: &mut Actions) {
    let id = transfer.id;
    let send = |actions: &mut Actions, command| actions.send(Intent::Converse(command));
    let incoming = transfer.direction == Direction::Incoming;
    match &transfer.state {
        TransferState::Offered if incoming => {
            let (takes, refuses) = (text!("save-to-downloads"), text!("refuse"));
            let widths = [&takes, &refuses].map(|words| widgets::small_button_width(ui, words));
            let beside = widths.iter().sum::<f32>() + space::S2 <= ui.available_width();
            let buttons = |ui: &mut Ui| {
                ui.spacing_mut().item_spacing = Vec2::splat(space::S2);
                let accepts = widgets::small_button(ui, Tone::Accent, &takes, !beside).clicked();
                let refuses =
                    widgets::small_button(ui, Tone::OnRaised, &refuses, !beside).clicked();
                (accepts, refuses)
            };
            let (accepts, refuses) =
                if beside { ui.horizontal(buttons).inner } else { ui.vertical(buttons).inner };
            if accepts {
                send(actions, Command::Accept(id));
            }
            if refuses {
                send(actions, Command::Refuse(id));
            }
        }
        TransferState::Done(Some(place)) => {
            let shows = text!("show-file-in-folder");
            if widgets::small_button(ui, Tone::OnRaised, &shows, false).clicked() {
                actions.push(Action::ShowInFolder(place.clone()));
            }
        }
        state if state.is_over() => {}
        state => {
            let pauses = match state {
                TransferState::Running => Some(true),
                TransferState::Paused(Party::Us) => Some(false),
                _ => None,
            };
            let (whole, _) =
                ui.allocate_exact_size(vec2(ui.available_width(), size::CONTROL), Sense::hover());
            let buttons = 1.0 + if pauses.is_some() { 1.0 } else { 0.0 };
            let room = whole.width() - buttons * (size::CONTROL + space::S1);
            let track = Rect::from_center_size(
                pos2(whole.left() + (room - space::S2) / 2.0, whole.center().y),
                vec2(room - space::S2, space::S1),
            );
            bar(ui, track, transfer);
            let mut left = whole.left() + room;
            let mut button = |ui: &mut Ui, icon, label: String| {
                let place = Rect::from_min_size(
                    pos2(left + space::S1, whole.top()),
                    Vec2::splat(size::CONTROL),
                );
                left = place.right();
                let builder = UiBuilder::new().max_rect(place);
                ui.scope_builder(builder, |ui| widgets::icon_button(ui, icon, &label).clicked())
                    .inner
            };
            let name = &*transfer.name;
            if pauses == Some(true) && button(ui, Icon::Pause, text!("transfer-pause", name = name))
            {
                send(actions, Command::Pause(id));
            }
            if pauses == Some(false)
                && button(ui, Icon::Play, text!("transfer-resume", name = name))
            {
                send(actions, Command::Resume(id));
            }
            if button(ui, Icon::Close, text!("transfer-cancel", name = name)) {
                send(actions, Command::Cancel(id));
            }
        }
    }
}

/// How far it is, as a bar.
fn bar(ui: &mut Ui, track: Rect, transfer: &Transfer) {
    let p = Palette::of(ui.visuals());
    let share = transfer.done.min(transfer.size) as f64 / transfer.size.max(1) as f64;
    ui.painter().rect_filled(track, radius::FULL, p.raised_press);
    if transfer.done > 0 {
        let width = (track.width() * share as f32).max(track.height());
        let filled = Rect::from_min_size(track.min, vec2(width, track.height()));
        let running = transfer.state == TransferState::Running;
        let fill = if running { p.accent } else { p.text_3 };
        ui.painter().rect_filled(filled, radius::FULL, fill);
    }
    let response = ui.interact(track, ui.make_persistent_id("progress"), Sense::hover());
    let label = text!("transfer-progress", name = &*transfer.name);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &label));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        let whole = f64::from(100_u8);
        node.set_numeric_value((share * whole).floor());
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(whole);
    });
}
