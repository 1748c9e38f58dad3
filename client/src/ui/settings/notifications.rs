//! What tells of a call, where, how loud, and when nothing does.

use eframe::egui::{Ui, vec2};

use super::trial::{self, Tried};
use super::{Page, rows};
use crate::media::audio_output::Volume;
use crate::media::ringtone::RingTone;
use crate::session::snapshot::{Intent, Trial};
use crate::settings::{QuietHours, Settings, TimeOfDay};
use crate::ui::action::Actions;
use crate::ui::design::component::TIME_FIELD;
use crate::ui::design::{Icon, size, space};
use crate::ui::devices;
use crate::ui::widgets;
use crate::words::{phrase, text};

/// Characters of a time.
const TIME_CHARS: usize = 8;

/// What the page remembers from pass to pass.
#[derive(Default)]
pub(super) struct NotificationsPage {
    entered: bool,
    tried: Tried,
    /// Another tone was chosen just now, and is to be heard.
    hears: bool,
    /// The hours as they are typed, where somebody does.
    from: Option<String>,
    until: Option<String>,
}

impl NotificationsPage {
    /// Ends what ends with the page, where it is not seen.
    pub(super) fn leave(&mut self, actions: &mut Actions) {
        self.entered = false;
        self.tried.leave(actions);
    }

    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        page: &Page<'_>,
        kept: &mut Settings,
        actions: &mut Actions,
    ) {
        if !std::mem::replace(&mut self.entered, true) {
            actions.send(Intent::RefreshDevices);
        }
        rows::group(ui, |ui| {
            let quiet = kept.notifications.do_not_disturb;
            let second = text!("do-not-disturb-hint");
            if let Some(on) = rows::switch(ui, quiet, &text!("do-not-disturb"), &second) {
                kept.notifications.do_not_disturb = on;
            }
            self.quiet_hours(ui, &mut kept.notifications.quiet_hours);
        });
        rows::group(ui, |ui| self.ring(ui, page, kept, actions));
        devices::refresh_opened(ui, actions);
        rows::group(ui, |ui| {
            let shown = kept.notifications.desktop;
            if let Some(on) = rows::switch(ui, shown, &text!("show-notifications"), "") {
                kept.notifications.desktop = on;
            }
            if page.tray {
                let stays = kept.tray.close_to_tray;
                let second = text!("settings-tray-hint");
                if let Some(on) = rows::switch(ui, stays, &text!("settings-tray"), &second) {
                    kept.tray.close_to_tray = on;
                }
            }
        });
    }

    fn quiet_hours(&mut self, ui: &mut Ui, hours: &mut QuietHours) {
        let second = text!("quiet-hours-hint");
        if let Some(on) = rows::switch(ui, hours.on, &text!("quiet-hours"), &second) {
            hours.on = on;
        }
        if hours.on {
            time(ui, &text!("quiet-from"), &mut self.from, &mut hours.from);
            time(ui, &text!("quiet-until"), &mut self.until, &mut hours.until);
        }
    }

    fn ring(&mut self, ui: &mut Ui, page: &Page<'_>, kept: &mut Settings, actions: &mut Actions) {
        let ring = &mut kept.ring;
        if let Some(on) = rows::switch(ui, ring.on, &text!("ring-aloud"), "") {
            ring.on = on;
        }
        let most = Volume::FULL.percent();
        if let Some(percent) = rows::percent(ui, &text!("ring-volume"), ring.volume.percent(), most)
        {
            ring.volume = Volume::from_percent(percent);
        }
        let speakers = devices::ring_speakers(page.snapshot, ring.speaker.as_ref());
        let title = text!("ring-speaker");
        if let Some(speaker) = rows::choice(ui, &title, "", &speakers, &ring.speaker) {
            ring.speaker = speaker;
        }
        let tones = tones();
        let current = ring.ring_tone();
        if let Some(tone) = rows::choice(ui, &text!("ring-tone"), "", &tones, &current) {
            tone.name().clone_into(&mut ring.tone);
            // The session learns of it with the end of this pass.
            self.hears = page.is_between_calls();
            ui.ctx().request_repaint();
        } else if std::mem::take(&mut self.hears) {
            self.tried.try_out(Trial::Ring, actions);
        }
        let label = text!("trial-ring");
        let wide = trial::width(ui, Icon::Play, &label);
        rows::worded(ui, &text!("ring-how"), "", wide, |ui, _| {
            let button = (Trial::Ring, Icon::Play, label.as_str());
            self.tried.button(ui, page, button, wide, actions);
        });
        if trial::speaks(page, Trial::Ring) {
            rows::row(ui, |ui| trial::line(ui, page, Trial::Ring));
        }
    }
}

/// The tones that there are.
fn tones() -> [(String, RingTone); 4] {
    RingTone::ALL.map(|tone| {
        let name = match tone {
            RingTone::Bells => text!("ring-bells"),
            RingTone::Marimba => text!("ring-marimba"),
            RingTone::Telephone => text!("ring-telephone"),
            RingTone::Drops => text!("ring-drops"),
        };
        (name, tone)
    })
}

/// A time of the day that is typed, and holds as soon as it is one.
fn time(ui: &mut Ui, title: &str, typed: &mut Option<String>, time: &mut TimeOfDay) {
    let mut text = typed.clone().unwrap_or_else(|| time.to_string());
    let field = rows::worded_high(ui, title, "", vec2(TIME_FIELD, size::FIELD), |ui, named| {
        widgets::text_field(ui, named, "", &mut text, TIME_CHARS, TIME_FIELD)
    });
    let read = text.parse::<TimeOfDay>();
    if field.changed() {
        if let Ok(read) = read {
            *time = read;
        }
        *typed = Some(text);
    } else if !field.has_focus() && read.is_ok() {
        *typed = None;
    }
    if read.is_err() {
        ui.horizontal(|ui| {
            ui.add_space(space::S4);
            rows::problem(ui, Some(&phrase!("time-wrong")));
        });
        ui.add_space(space::S2);
    }
}
