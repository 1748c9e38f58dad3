//! The screens round a call: being called, calling, connecting, and how it ended.

use std::time::Duration;

use eframe::egui::accesskit::Live;
use eframe::egui::{Label, Sense, Ui, Vec2, vec2};
use visavis_shared::Username;

use super::action::Actions;
use super::design::component::{MOMENT, MOMENT_BUTTON, RIPPLE, ROOM_FOR_AVATAR};
use super::design::{Icon, Palette, TypeStyle, layout, ripple, size, space};
use super::trust::Mark;
use super::widgets::{self, Tone};
use super::{keyboard, trust, words};
use crate::call::event::EndReason;
use crate::session::snapshot::{Intent, Snapshot};
use crate::words::text;

/// Somebody calls: who, Decline, and Accept with the camera or without.
pub(super) fn ringing(
    ui: &mut Ui,
    peer: &Username,
    waited: Duration,
    snapshot: &Snapshot,
    actions: &mut Actions,
) {
    if Mark::of(snapshot, peer.as_str()) == Mark::KeyChanged {
        let now = snapshot.trust.and_then(|trust| trust.standing.key());
        return trust::rings_changed(ui, peer, now, &accepting_opens(snapshot), actions);
    }
    // Wide enough for the ways to answer.
    widgets::centered_column(ui, layout::CONTENT, MOMENT, |ui| {
        if ui.available_height() >= ROOM_FOR_AVATAR {
            big_avatar(ui, peer.as_str(), Some(waited));
        }
        title(ui, &text!("person-is-calling", peer = peer), Live::Assertive);
        trust::ringing_tag(ui, snapshot, peer);
        ui.add_space(space::S1);
        widgets::quiet_line(ui, &accepting_opens(snapshot));
        ui.add_space(space::S4);
        let without = (!snapshot.camera_off).then(|| text!("accept-without-video"));
        let answers = [
            Some((Tone::Danger, Icon::HangUp, text!("decline"))),
            without.map(|without| (Tone::Plain, Icon::Phone, without)),
            Some((Tone::Accent, Icon::Camera, text!("accept"))),
        ];
        answer_buttons(ui, answers.into_iter().flatten().collect(), |icon| match icon {
            Icon::HangUp => actions.send(Intent::Decline),
            Icon::Phone => {
                actions.send(Intent::TurnCameraOff(true));
                actions.send(Intent::Accept { from: peer.clone() });
            }
            _ => actions.send(Intent::Accept { from: peer.clone() }),
        });
        ui.add_space(space::S2);
        let (accept, decline) = (
            keyboard::named(ui.ctx(), &keyboard::ACCEPT),
            keyboard::named(ui.ctx(), &keyboard::HANG_UP),
        );
        widgets::hint(ui, &text!("accept-decline-keys", accept = accept, decline = decline));
    });
}

/// What accepting turns on, so that nobody is surprised.
fn accepting_opens(snapshot: &Snapshot) -> String {
    match (snapshot.camera_off, snapshot.microphone_muted) {
        (false, false) => text!("accepting-opens-both"),
        (true, false) => text!("accepting-opens-microphone"),
        (false, true) => text!("accepting-opens-camera"),
        (true, true) => text!("accepting-opens-nothing"),
    }
}

/// We call somebody, or the call was taken and media is about to flow.
pub(super) fn waiting(
    ui: &mut Ui,
    (peer, snapshot): (&str, &Snapshot),
    heading: &str,
    progress: &str,
    waited: Duration,
    actions: &mut Actions,
) {
    column(ui, |ui| {
        big_avatar(ui, peer, Some(waited));
        title(ui, heading, Live::Polite);
        trust::waiting_tag(ui, snapshot, peer);
        let progress = widgets::quiet_line(ui, progress);
        widgets::announce(ui, &progress, Live::Polite);
        widgets::hint(ui, &words::clock(waited));
        ui.add_space(space::S4);
        if widgets::button(ui, Tone::Danger, Some(Icon::HangUp), &text!("cancel"), MOMENT_BUTTON)
            .clicked()
        {
            actions.send(Intent::HangUp);
        }
    });
}

pub(super) fn ended(
    ui: &mut Ui,
    peer: &str,
    reason: &EndReason,
    talked: Option<Duration>,
    can_call: bool,
    actions: &mut Actions,
) {
    let ending = words::ending(peer, reason, talked);
    column(ui, |ui| {
        big_avatar(ui, peer, None);
        title(ui, &ending.what.text(), Live::Assertive);
        if let Some(advice) = &ending.advice {
            widgets::quiet_line(ui, &advice.text());
        }
        if let Some(talked) = talked {
            widgets::quiet_line(ui, &text!("talked-for", time = words::spoken(talked)));
        }
        ui.add_space(space::S5);
        pair(ui, |ui| {
            if widgets::button(ui, Tone::Plain, None, &text!("back"), MOMENT_BUTTON).clicked() {
                actions.send(Intent::Dismiss);
            }
            ui.add_enabled_ui(can_call, |ui| {
                if widgets::button(
                    ui,
                    Tone::Accent,
                    Some(Icon::Camera),
                    &text!("call-again"),
                    MOMENT_BUTTON,
                )
                .clicked()
                {
                    actions.send(Intent::Call { username: peer.to_owned() });
                }
            });
        });
    });
}

fn column(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    widgets::centered_column(ui, size::DIALOG, MOMENT, content);
}

fn big_avatar(ui: &mut Ui, name: &str, waited: Option<Duration>) {
    // Room for the ripple.
    let low = ui.available_height() < layout::ROOMY_HEIGHT - 2.0 * space::S10;
    let diameter = if low { size::AVATAR_LG } else { size::AVATAR_XL };
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(diameter * RIPPLE), Sense::hover());
    let palette = Palette::of(ui.visuals());
    if let Some(waited) = waited {
        // One step a second: it shows that something is going on and costs one repaint a second.
        let step = (waited.as_secs() % 3) as f32;
        for ring in 0..2u8 {
            let phase = (step / 3.0 + f32::from(ring) / 2.0 + 0.15) % 1.0;
            ripple(ui.painter(), rect.center(), diameter / 2.0, phase, palette.accent);
        }
    }
    widgets::paint_avatar(ui.painter(), palette, rect.center(), diameter, name);
}

fn title(ui: &mut Ui, text: &str, live: Live) {
    let response = ui.add(Label::new(TypeStyle::Display.text(text)).wrap());
    widgets::announce(ui, &response, live);
}

/// The ways to answer, beside each other in the middle, or one under the other where that is too
/// wide. Says which was pressed.
fn answer_buttons(ui: &mut Ui, answers: Vec<(Tone, Icon, String)>, mut pressed: impl FnMut(Icon)) {
    let gap = space::S3;
    let widths = |ui: &Ui, least: f32| -> Vec<f32> {
        let one = |(_, icon, words): &(Tone, Icon, String)| {
            widgets::button_width(ui, Some(*icon), words, least)
        };
        answers.iter().map(one).collect()
    };
    let whole =
        |widths: &[f32]| widths.iter().sum::<f32>() + gap * widths.len().saturating_sub(1) as f32;
    let fits = |width: f32| width <= ui.available_width();
    let least = if fits(whole(&widths(ui, MOMENT_BUTTON))) { MOMENT_BUTTON } else { 0.0 };
    let each = widths(ui, least);
    let whole = whole(&each);
    // One under the other they are as wide as the widest.
    let least = if fits(whole) { least } else { each.iter().copied().fold(0.0, f32::max) };
    let mut show = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(gap);
        for (tone, icon, words) in &answers {
            if widgets::button(ui, *tone, Some(*icon), words, least).clicked() {
                pressed(*icon);
            }
        }
    };
    if fits(whole) {
        ui.allocate_ui(vec2(whole, size::CONTROL), |ui| ui.horizontal(&mut show));
    } else {
        show(ui);
    }
}

/// Two buttons side by side, in the middle.
fn pair(ui: &mut Ui, buttons: impl FnOnce(&mut Ui)) {
    let gap = space::S3;
    let width = 2.0 * MOMENT_BUTTON + gap;
    ui.allocate_ui(vec2(width, size::CONTROL), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            buttons(ui);
        });
    });
}
