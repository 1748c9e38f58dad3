//! What stands over everything: a title and what belongs under it; of a dialog, *Done*.

use eframe::egui::{
    Context, CornerRadius, Frame, Id, Margin, Modal, ModalResponse, Rect, ScrollArea, Ui,
    UiBuilder, UiKind, Vec2, pos2,
};

use super::{Tone, button, icon_button};
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};
use crate::words::text;

/// Shows it; what does not fit is scrolled. Returns whether it is to be put away.
pub(crate) fn dialog(ctx: &Context, id: Id, title: &str, add: impl FnOnce(&mut Ui)) -> bool {
    let modal = over_everything(ctx, id, title, |ui| {
        ui.add_space(space::S2);
        let room = ui.ctx().content_rect().height() - 2.0 * (size::CONTROL_LG + 2.0 * space::S6);
        // As high as it will be at once, rather than growing from pass to pass.
        ScrollArea::vertical()
            .auto_shrink([false, true])
            .max_height(room)
            .min_scrolled_height(room)
            .show(ui, add);
        ui.add_space(space::S3);
        let width = ui.available_width();
        button(ui, Tone::Plain, None, &text!("done"), width).clicked()
    });
    modal.inner || modal.should_close()
}

/// Shows a title with a button to close beside it, which comes last for the keyboard, and under it
/// what is added. Returns what that gives, and whether the dialog is to be put away.
pub(crate) fn closable<R>(
    ctx: &Context,
    id: Id,
    title: &str,
    close: &str,
    add: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    closable_within(ctx, (id, size::DIALOG), title, close, add)
}

/// The same, as wide as what can be shared needs.
pub(crate) fn wide_closable<R>(
    ctx: &Context,
    id: Id,
    title: &str,
    close: &str,
    add: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    closable_within(ctx, (id, size::SHARE_DIALOG - 2.0 * space::S6), title, close, add)
}

fn closable_within<R>(
    ctx: &Context,
    (id, most): (Id, f32),
    title: &str,
    close: &str,
    add: impl FnOnce(&mut Ui) -> R,
) -> (R, bool) {
    let modal = dialog_within(ctx, (id, most), title, |ui| {
        ui.label(TypeStyle::Title.text(title));
        let top = ui.min_rect().top() - space::S1;
        let right = ui.max_rect().right() + space::S2;
        ui.add_space(space::S1);
        let inner = add(ui);
        let corner = pos2(right - size::CONTROL, top);
        let place = Rect::from_min_size(corner, Vec2::splat(size::CONTROL));
        let closed = ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            icon_button(ui, Icon::Close, close).clicked()
        });
        (inner, closed.inner)
    });
    let put_away = modal.should_close();
    let (inner, closed) = modal.inner;
    (inner, closed || put_away)
}

/// Shows a title, and under it what is added.
pub(super) fn over_everything<R>(
    ctx: &Context,
    id: Id,
    title: &str,
    add: impl FnOnce(&mut Ui) -> R,
) -> ModalResponse<R> {
    bare_dialog(ctx, id, title, |ui| {
        ui.label(TypeStyle::Title.text(title));
        add(ui)
    })
}

/// Shows what is added, which brings its title along.
pub(crate) fn bare_dialog<R>(
    ctx: &Context,
    id: Id,
    title: &str,
    add: impl FnOnce(&mut Ui) -> R,
) -> ModalResponse<R> {
    dialog_within(ctx, (id, size::DIALOG), title, add)
}

fn dialog_within<R>(
    ctx: &Context,
    (id, most): (Id, f32),
    title: &str,
    add: impl FnOnce(&mut Ui) -> R,
) -> ModalResponse<R> {
    let style = ctx.style_of(ctx.theme());
    let frame = Frame::popup(&style)
        .inner_margin(Margin::same(space::S6 as i8))
        .corner_radius(CornerRadius::same(radius::XL));
    let scrim = Palette::of(&style.visuals).scrim;
    let area = Modal::default_area(id).accessible_name(title);
    Modal::new(id).area(area).frame(frame).backdrop_color(scrim).show(ctx, |ui| {
        keep_to_it(ui);
        let screen = ui.ctx().content_rect();
        ui.set_width((screen.width() - 2.0 * space::S10).min(most));
        add(ui)
    })
}

/// Lets a screen reader keep to the dialog that this is in.
fn keep_to_it(ui: &Ui) {
    if let Some(dialog) = ui.stack().iter().find(|of| of.kind() == Some(UiKind::Modal)) {
        ui.ctx().accesskit_node_builder(dialog.unique_id, |node| node.set_modal());
    }
}
