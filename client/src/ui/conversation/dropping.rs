//! Files that are dragged over the window and dropped.

use eframe::egui::accesskit::Live;
use eframe::egui::{
    Align2, Context, CornerRadius, Id, LayerId, Order, Rect, Stroke, StrokeKind, Theme, Vec2, pos2,
};
use std::path::PathBuf;

use crate::conversation::{Availability, Command, View};
use crate::session::snapshot::Intent;
use crate::ui::action::Actions;
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space, stage};
use crate::ui::widgets;
use crate::words::text;

/// Says while something is over the window what dropping it does, and offers what is dropped.
/// Returns whether something is.
pub(super) fn show(ctx: &Context, peer: &str, view: &View, actions: &mut Actions) -> bool {
    let takes = matches!(view.availability, Availability::Ready | Availability::Waiting);
    let (over, dropped) = ctx.input(|input| {
        let dropped: Vec<PathBuf> =
            input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect();
        (!input.raw.hovered_files.is_empty(), dropped)
    });
    if over {
        overlay(ctx, peer, takes);
    }
    let offers = takes && !dropped.is_empty();
    if offers {
        actions.send(Intent::Converse(Command::Offer(dropped)));
    }
    offers
}

fn overlay(ctx: &Context, peer: &str, takes: bool) {
    let line = if takes {
        text!("drop-to-send", peer = peer)
    } else {
        text!("text-no-files", peer = peer)
    };
    let p = Palette::of(&ctx.style_of(Theme::Dark).visuals);
    let whole = ctx.content_rect();
    let id = Id::unique("drop-here");
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, id));
    painter.rect_filled(whole, 0.0, stage::DIMMED);
    let inner = whole.shrink(space::S4);
    let edge = if takes { p.accent } else { p.warn };
    let corners = CornerRadius::same(radius::XL);
    painter.rect_stroke(inner, corners, Stroke::new(size::RING, edge), StrokeKind::Inside);
    let job = TypeStyle::Title.layout(&line, stage::TEXT, inner.width() - 2.0 * space::S10, true);
    let words = painter.layout_job(job);
    let middle = inner.center();
    let card = Rect::from_center_size(
        middle,
        words.size() + 2.0 * Vec2::splat(space::S6) + Vec2::new(0.0, size::AVATAR),
    );
    painter.rect_filled(card, corners, stage::GROUND);
    let icon = Rect::from_center_size(
        pos2(middle.x, card.top() + space::S6 + size::ICON_LG / 2.0),
        Vec2::splat(size::ICON_LG),
    );
    let mark = if takes { Icon::Attach } else { Icon::Block };
    mark.paint(&painter, icon, edge);
    let corner = pos2(middle.x - words.size().x / 2.0, icon.bottom() + space::S3);
    painter.galley(corner, words, stage::TEXT);
    // Said as well.
    eframe::egui::Area::new(id.with("said"))
        .order(Order::Foreground)
        .pivot(Align2::CENTER_CENTER)
        .fixed_pos(middle)
        .interactable(false)
        .show(ctx, |ui| {
            let said = widgets::hidden_caption(ui, &line);
            widgets::announce(ui, &said, Live::Assertive);
        });
}
