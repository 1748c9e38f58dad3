//! Notices: lines for the person, as toasts on the right, until they are put away.
//!
//! What always holds: in a call they stand between what floats over the picture, and so many as
//! have room there; where a card leaves no room at all they wait until it is closed. Elsewhere the
//! newest is shown, and older ones as far as the page can still be used.

use eframe::egui::accesskit::Live;
use eframe::egui::{
    Align, Align2, Area, Color32, Context, Id, Label, Layout, Margin, Order, Rect, Ui, pos2, vec2,
};

use super::action::{Action, Actions};
use super::controls::{BAR_HEIGHT, HEAD_HEIGHT};
use super::design::{Elevation, Icon, TypeStyle, component, layout, size, space};
use super::widgets::Tone;
use super::{widgets, words};
use crate::session::snapshot::{DeviceKind, Intent, NoticeId, Snapshot};
use crate::words::{Phrase, text};

/// How many are shown at once; the newest are.
const MOST_SHOWN: usize = 3;

/// Where the notices stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// At the lower right of the window.
    Below,
    /// From the top of this place downwards: nothing else is there.
    InCall(Rect),
}

/// Where notices have room over a call: the right side, between what is in the way there; over
/// one's own picture only if there is no other room.
pub(super) fn place_in_call(stage: Rect, in_the_way: &[Rect], own: Rect) -> Rect {
    let all: Vec<Rect> = in_the_way.iter().copied().chain([own]).collect();
    let place = place_between(stage, &all);
    let has_room = place.height() >= component::ROOMY_TOAST;
    if has_room { place } else { place_between(stage, in_the_way) }
}

fn place_between(stage: Rect, in_the_way: &[Rect]) -> Rect {
    let edge = layout::STAGE_MARGIN;
    let width = (stage.width() - 2.0 * edge).min(size::TOAST);
    let mut place = Rect::from_min_max(
        pos2(stage.right() - edge - width, stage.top() + HEAD_HEIGHT + space::S3),
        pos2(stage.right() - edge, stage.bottom() - BAR_HEIGHT - space::S2),
    );
    let column = place.x_range();
    for other in in_the_way.iter().filter(|other| other.x_range().intersects(column)) {
        if other.center().y < stage.center().y && other.height() < stage.height() / 2.0 {
            place.min.y = place.min.y.max(other.bottom() + space::S2);
        } else {
            place.max.y = place.max.y.min(other.top() - space::S2);
        }
    }
    place
}

/// Shows the session's notices and the window's own.
pub(super) fn show(
    ctx: &Context,
    snapshot: &Snapshot,
    local: &[Phrase],
    place: Place,
    actions: &mut Actions,
) {
    let own = local.iter().enumerate().map(|(i, text)| Toast {
        text: text.text(),
        dismiss: Action::DismissLocal(i),
        help: None,
    });
    let all: Vec<Toast> = snapshot
        .notices
        .iter()
        .map(|notice| Toast {
            text: notice.text.text(),
            dismiss: Action::Send(Intent::DismissNotice(notice.id)),
            help: help(snapshot, notice.id),
        })
        .chain(own)
        .collect();
    if all.is_empty() {
        return;
    }
    let screen = ctx.content_rect();
    let edge = layout::STAGE_MARGIN;
    let width = match place {
        Place::InCall(place) => place.width(),
        Place::Below => screen.width() - 2.0 * edge,
    };
    let width = width.min(size::TOAST);
    let (align, offset, room) = match place {
        Place::InCall(place) if place.height() < component::LEAST_TOAST => return,
        Place::InCall(place) => {
            let offset = place.right_top() - screen.right_top();
            (Align2::RIGHT_TOP, offset, place.height())
        }
        Place::Below => (Align2::RIGHT_BOTTOM, vec2(-edge, -edge), room_below(screen.height())),
    };
    Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(align, offset)
        .accessible_name(text!("notices"))
        .show(ctx, |ui| {
            ui.spacing_mut().item_spacing.y = space::S2;
            let heights = all.iter().rev().map(|toast| toast.height(ui, width) + space::S2);
            let below = heights.scan(0.0, |below, height| {
                *below += height;
                Some(*below)
            });
            // The newest in any case.
            let fit = below.take(MOST_SHOWN).take_while(|below| *below <= room).count().max(1);
            let older = all.len() - fit;
            for toast in all.iter().skip(older) {
                toast.show(ui, width, actions);
            }
            if older > 0 {
                // What it stands on may be a picture, or a list.
                let margin = Margin::symmetric(space::S3 as i8, space::S1 as i8);
                widgets::card(ui).inner_margin(margin).show(ui, |ui| {
                    widgets::caption(ui, &text!("older-notices", count = older));
                });
            }
        });
}

/// How high notices may be together over a page; one is shown in any case.
fn room_below(screen: f32) -> f32 {
    if screen < layout::ROOMY_HEIGHT { screen / 3.0 } else { screen - 2.0 * layout::STAGE_MARGIN }
}

/// What helps with what a notice says: words for a button, and what it does.
fn help(snapshot: &Snapshot, notice: NoticeId) -> Option<(String, Action)> {
    if let Some((_, path)) = snapshot.kept_picture.as_ref().filter(|(id, _)| *id == notice) {
        return Some((text!("show-in-folder"), Action::ShowInFolder(path.clone())));
    }
    let (_, device) = snapshot.device_notices.iter().find(|(id, _)| *id == notice)?;
    let words = match device {
        DeviceKind::Camera => text!("choose-camera"),
        DeviceKind::Microphone => text!("choose-microphone"),
        DeviceKind::Speaker => text!("choose-speaker"),
    };
    Some((words, Action::Devices))
}

/// One notice as it is shown.
struct Toast {
    text: String,
    dismiss: Action,
    /// What helps.
    help: Option<(String, Action)>,
}

impl Toast {
    /// How high it will be.
    fn height(&self, ui: &Ui, width: f32) -> f32 {
        let room = width - space::S4 - 2.0 * space::S2 - size::CONTROL;
        let job = TypeStyle::Body.layout(&self.text, Color32::PLACEHOLDER, room, true);
        let above = (size::CONTROL - TypeStyle::Body.line()) / 2.0;
        let text = above + ui.painter().layout_job(job).size().y;
        let button = self.help.as_ref().map_or(0.0, |_| size::CONTROL + space::S2);
        text.max(size::CONTROL) + button + 2.0 * space::S2
    }

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
                    if let Some((words, action)) = &self.help
                        && widgets::button(ui, Tone::Plain, None, words, 0.0).clicked()
                    {
                        actions.push(action.clone());
                    }
                });
            });
        });
    }
}
