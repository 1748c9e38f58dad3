//! A key that has changed: the two ways in which that happens, and what the person decides.
//!
//! What always holds: nothing goes on by Enter or Escape; whoever is called finds no way to accept
//! but the one that says what it allows.

use eframe::egui::accesskit::Live;
use eframe::egui::{Context, Id, Label, Rect, ScrollArea, Sense, Ui, UiBuilder, Vec2, pos2};
use visavis_shared::{PublicKey, Username};

use super::{Side, answers, answers_size, inner_card, small_line};
use crate::session::snapshot::{Intent, KeyChange};
use crate::ui::action::Actions;
use crate::ui::design::{Icon, Palette, TypeStyle, component, layout, size, space};
use crate::ui::widgets::{self, Tone};
use crate::words::text;

/// What is said, by who calls whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Calling,
    Called,
}

fn title(peer: &Username, now: Option<PublicKey>) -> String {
    match now {
        Some(_) => text!("key-changed-title", name = peer),
        None => text!("key-missing-title", name = peer),
    }
}

/// A call that was placed did not start.
pub(in crate::ui) fn dialog(
    ctx: &Context,
    change: &KeyChange,
    can_call: bool,
    actions: &mut Actions,
) {
    let KeyChange { peer, now } = change;
    let title = title(peer, *now);
    let modal = widgets::bare_dialog(ctx, Id::unique("key-changed"), &title, |ui| {
        let low = ui.ctx().content_rect().height() < layout::ROOMY_HEIGHT;
        let call = match now {
            Some(_) => text!("call-and-compare"),
            None => text!("call-all-the-same"),
        };
        let not = text!("do-not-call");
        let both = [(Tone::Accent, None, &*not), (Tone::Plain, None, &*call)];
        let gap = if low { space::S3 } else { space::S4 };
        let foot = answers_size(ui, ui.available_width(), both).y + gap;
        let rest = foot + 2.0 * space::S6 + if low { 2.0 * space::S1 } else { space::S10 };
        let room = (ui.ctx().content_rect().height() - rest).max(size::ROW);
        ScrollArea::vertical()
            .auto_shrink([false, true])
            .max_height(room)
            .min_scrolled_height(room)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::S1;
                if !low {
                    alert(ui);
                    ui.add_space(space::S2);
                }
                let words = ui.add(Label::new(TypeStyle::Title.text(&title)).wrap());
                widgets::announce(ui, &words, Live::Assertive);
                both_ways(ui, Way::Calling, peer, *now, low);
            });
        ui.add_space(gap - ui.spacing().item_spacing.y);
        answers(ui, both, Side::Left, true).filter(|answer| *answer == 0 || can_call)
    });
    let put_away = modal.should_close();
    match modal.inner {
        Some(1) => {
            actions.send(Intent::AllowKey(change.clone()));
            actions.send(Intent::Call { username: peer.to_string() });
        }
        Some(_) => actions.send(Intent::Dismiss),
        None if put_away => actions.send(Intent::Dismiss),
        None => {}
    }
}

/// Somebody calls under another key than before, or under none.
pub(in crate::ui) fn rings_changed(
    ui: &mut Ui,
    peer: &Username,
    now: Option<PublicKey>,
    opens: &str,
    actions: &mut Actions,
) {
    let all = ui.available_rect_before_wrap();
    let low = all.height() < layout::ROOMY_HEIGHT;
    let width = (all.width() - 2.0 * space::S6).min(size::DIALOG);
    let (allow, decline) = (text!("allow-and-accept"), text!("decline"));
    let both =
        [(Tone::Danger, Some(Icon::HangUp), &*decline), (Tone::Plain, Some(Icon::Camera), &*allow)];
    let foot = answers_size(ui, width, both).y + 2.0 * space::S3;
    let top = if low {
        space::S3
    } else {
        ((all.height() - component::KEY_CHANGED - foot) * component::OPTICAL_MIDDLE).max(space::S6)
    };
    let from = pos2(all.center().x - width / 2.0, all.top() + top);
    let place = Rect::from_min_max(from, pos2(from.x + width, all.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
        ScrollArea::vertical()
            .id_salt("key-changed")
            .auto_shrink([false, true])
            .max_height((place.height() - foot).max(size::ROW))
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::S1;
                if !low {
                    alert(ui);
                    ui.add_space(space::S2);
                }
                let calls = text!("person-is-calling", peer = peer);
                let calls = ui.add(Label::new(TypeStyle::Strong.text(calls)).wrap());
                widgets::announce(ui, &calls, Live::Assertive);
                let words = ui.add(Label::new(TypeStyle::Title.text(title(peer, now))).wrap());
                widgets::announce(ui, &words, Live::Assertive);
                both_ways(ui, Way::Called, peer, now, low);
                small_line(ui, opens);
            });
        ui.add_space(space::S3 - ui.spacing().item_spacing.y);
        match answers(ui, both, Side::Left, false) {
            Some(0) => actions.send(Intent::Decline),
            Some(_) => {
                actions.send(Intent::AllowKey(KeyChange { peer: peer.clone(), now }));
                actions.send(Intent::Accept { from: peer.clone() });
            }
            None => {}
        }
    });
}

/// What can have happened, and what to do.
fn both_ways(ui: &mut Ui, way: Way, peer: &Username, now: Option<PublicKey>, low: bool) {
    widgets::quiet_line(ui, &text!("key-nothing-sent"));
    ui.add_space(if low { space::S1 } else { space::S3 });
    let mut card = inner_card(ui);
    if low {
        card = card.inner_margin(space::S3);
    }
    card.show(ui, |ui| {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = space::S3;
        match now {
            Some(_) => one_way(
                ui,
                Icon::Laptop,
                &text!("key-way-computer", name = peer),
                &text!("key-way-computer-line"),
            ),
            None => one_way(
                ui,
                Icon::Globe,
                &text!("key-way-page", name = peer),
                &text!("key-way-page-line"),
            ),
        }
        one_way(ui, Icon::User, &text!("key-way-other"), &text!("key-way-other-line"));
    });
    ui.add_space(if low { space::S1 } else { space::S3 });
    let advice = match (way, now) {
        (Way::Calling, Some(_)) => text!("key-ask-calling", name = peer),
        (Way::Called, Some(_)) => text!("key-ask-called", name = peer),
        (_, None) => text!("key-ask-without", name = peer),
    };
    small_line(ui, &advice);
}

fn one_way(ui: &mut Ui, icon: Icon, what: &str, then: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S3;
        let (place, _) = ui.allocate_exact_size(Vec2::splat(size::ICON), Sense::hover());
        let p = Palette::of(ui.visuals());
        icon.paint(ui.painter(), place, p.text_2);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add(Label::new(TypeStyle::Strong.text(what)).wrap());
            small_line(ui, then);
        });
    });
}

/// The shield that stands over it.
fn alert(ui: &mut Ui) {
    let p = Palette::of(ui.visuals());
    let (place, _) = ui.allocate_exact_size(Vec2::splat(size::CONTROL_LG), Sense::hover());
    ui.painter().circle_filled(place.center(), size::CONTROL_LG / 2.0, p.warn_soft);
    let icon = Rect::from_center_size(place.center(), Vec2::splat(size::ICON_LG));
    Icon::ShieldAlert.paint(ui.painter(), icon, p.warn);
}
