//! The screens round a call: being called, calling, connecting, and how it ended.

use std::time::Duration;

use eframe::egui::accesskit::Live;
use eframe::egui::{Sense, TextWrapMode, Ui, Vec2, vec2};
use visavis_shared::Username;

use super::action::Actions;
use super::icons::{self, Icon};
use super::theme::{Palette, WIDGET_HEIGHT};
use super::widgets::{self, Tone};
use super::{keyboard, words};
use crate::call::event::EndReason;
use crate::session::snapshot::{Intent, Snapshot};

const WIDTH: f32 = 420.0;
const AVATAR_RADIUS: f32 = 52.0;
const BUTTON_WIDTH: f32 = 132.0;

/// Somebody calls: who, Accept, Decline.
pub(super) fn ringing(
    ui: &mut Ui,
    peer: &Username,
    waited: Duration,
    snapshot: &Snapshot,
    actions: &mut Actions,
) {
    column(ui, |ui| {
        big_avatar(ui, peer.as_str(), Some(waited));
        title(ui, &format!("{peer} is calling"), Live::Assertive);
        widgets::quiet_line(ui, accepting_opens(snapshot));
        ui.add_space(18.0);
        pair(ui, |ui| {
            if widgets::button(ui, Tone::HangUp, Some(Icon::HangUp), "Decline", BUTTON_WIDTH)
                .clicked()
            {
                actions.send(Intent::Decline);
            }
            if widgets::button(ui, Tone::Accent, Some(Icon::Call), "Accept", BUTTON_WIDTH).clicked()
            {
                actions.send(Intent::Accept { from: peer.clone() });
            }
        });
        ui.add_space(6.0);
        let (accept, decline) = (
            ui.ctx().format_shortcut(&keyboard::ACCEPT),
            ui.ctx().format_shortcut(&keyboard::HANG_UP),
        );
        widgets::caption(ui, &format!("{accept} accepts, {decline} declines"));
    });
}

/// What accepting turns on, so that nobody is surprised.
fn accepting_opens(snapshot: &Snapshot) -> &'static str {
    match (snapshot.camera_off, snapshot.microphone_muted) {
        (false, false) => "Accepting turns your camera and microphone on.",
        (true, false) => "Accepting turns your microphone on. Your camera stays off.",
        (false, true) => "Accepting turns your camera on. Your microphone stays muted.",
        (true, true) => "Your camera stays off and your microphone muted.",
    }
}

/// We call somebody, or the call was taken and media is about to flow.
pub(super) fn waiting(
    ui: &mut Ui,
    peer: &str,
    heading: &str,
    progress: &str,
    waited: Duration,
    actions: &mut Actions,
) {
    column(ui, |ui| {
        big_avatar(ui, peer, Some(waited));
        title(ui, heading, Live::Polite);
        widgets::quiet_line(ui, progress);
        widgets::caption(ui, &words::clock(waited));
        ui.add_space(14.0);
        if widgets::button(ui, Tone::HangUp, Some(Icon::HangUp), "Cancel", BUTTON_WIDTH).clicked() {
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
        title(ui, &ending.what, Live::Assertive);
        if let Some(advice) = &ending.advice {
            widgets::quiet_line(ui, advice);
        }
        if let Some(talked) = talked {
            widgets::quiet_line(ui, &format!("You talked for {}.", words::spoken(talked)));
        }
        ui.add_space(18.0);
        pair(ui, |ui| {
            if widgets::button(ui, Tone::Quiet, None, "Back", BUTTON_WIDTH).clicked() {
                actions.send(Intent::Dismiss);
            }
            ui.add_enabled_ui(can_call, |ui| {
                if widgets::button(ui, Tone::Accent, Some(Icon::Call), "Call again", BUTTON_WIDTH)
                    .clicked()
                {
                    actions.send(Intent::Call { username: peer.to_owned() });
                }
            });
        });
    });
}

fn column(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    widgets::centered_column(ui, WIDTH, 340.0, content);
}

fn big_avatar(ui: &mut Ui, name: &str, waited: Option<Duration>) {
    // Room for the ripple.
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(AVATAR_RADIUS * 2.8), Sense::hover());
    let palette = Palette::of(ui.visuals());
    if let Some(waited) = waited {
        // One step a second: it shows that something is going on and costs one repaint a second.
        let step = (waited.as_secs() % 3) as f32;
        for ring in 0..2u8 {
            let phase = (step / 3.0 + f32::from(ring) / 2.0 + 0.15) % 1.0;
            icons::ripple(ui.painter(), rect.center(), AVATAR_RADIUS, phase, palette.accent);
        }
    }
    widgets::paint_avatar(ui.painter(), palette, rect.center(), AVATAR_RADIUS, name);
}

fn title(ui: &mut Ui, text: &str, live: Live) {
    ui.style_mut().wrap_mode = Some(TextWrapMode::Wrap);
    let response = ui.heading(text);
    widgets::announce(ui, &response, live);
}

/// Two buttons side by side, in the middle.
fn pair(ui: &mut Ui, buttons: impl FnOnce(&mut Ui)) {
    let gap = 12.0;
    let width = 2.0 * BUTTON_WIDTH + gap;
    ui.allocate_ui(vec2(width, WIDGET_HEIGHT), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            buttons(ui);
        });
    });
}
