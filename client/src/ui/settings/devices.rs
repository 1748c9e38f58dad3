//! Camera, microphone and speaker: which, how they are, and what is done to the voice.

use eframe::egui::accesskit::Role;
use eframe::egui::{Align2, Rect, Response, Sense, Ui, Vec2, WidgetInfo, vec2};

use super::trial::{self, Tried};
use super::{Page, rows};
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::session::snapshot::{Intent, Snapshot, Trial};
use crate::settings::Settings;
use crate::ui::action::Actions;
use crate::ui::design::component::{CAMERA_ASPECT, CHECK_COLUMNS, SMALL_PICTURE};
use crate::ui::design::{Icon, Palette, TypeStyle, radius, size, space};
use crate::ui::devices;
use crate::ui::video_view::letterbox;
use crate::ui::widgets::{self, Tone};
use crate::words::text;

/// What the page remembers from pass to pass.
#[derive(Default)]
pub(super) struct DevicesPage {
    entered: bool,
    /// The preview was begun here, so it ends with the page.
    previews: bool,
    tried: Tried,
}

impl DevicesPage {
    /// Ends what ends with the page, where it is not seen.
    pub(super) fn leave(&mut self, actions: &mut Actions) {
        self.entered = false;
        self.tried.leave(actions);
        if std::mem::take(&mut self.previews) {
            actions.send(Intent::Preview(false));
        }
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
            if page.is_between_calls() && !page.snapshot.preview {
                self.preview(true, actions);
            }
        }
        rows::group(ui, |ui| {
            rows::row(ui, |ui| self.camera(ui, page, actions));
            let mirrored = kept.self_view.mirrored;
            if let Some(on) = rows::switch(ui, mirrored, &text!("mirror-own-picture"), "") {
                kept.self_view.mirrored = on;
            }
        });
        rows::group(ui, |ui| {
            rows::row(ui, |ui| self.microphone(ui, page, actions));
            voice(ui, page.snapshot, actions);
        });
        rows::group(ui, |ui| {
            rows::row(ui, |ui| self.speaker(ui, page, actions));
            let (title, percent) = (text!("their-volume"), page.snapshot.volume.percent());
            if let Some(percent) = rows::percent(ui, &title, percent, Volume::MAX.percent()) {
                actions.send(Intent::SetVolume(Volume::from_percent(percent)));
            }
        });
        devices::refresh_opened(ui, actions);
        if widgets::ghost_button(ui, Icon::Refresh, &text!("look-for-devices")).clicked() {
            actions.send(Intent::RefreshDevices);
        }
    }

    fn preview(&mut self, on: bool, actions: &mut Actions) {
        self.previews = on;
        actions.send(Intent::Preview(on));
    }

    fn camera(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let snapshot = page.snapshot;
        let choose = |ui: &mut Ui, actions: &mut Actions| {
            let caption = widgets::caption(ui, &text!("camera"));
            ui.add_space(space::S1);
            let (cameras, width) = (devices::cameras(snapshot), ui.available_width());
            if let Some(choice) = widgets::choice(ui, &caption, &cameras, &snapshot.camera, width) {
                actions.send(Intent::ChooseCamera(choice));
            }
        };
        let mut turn = |ui: &mut Ui, actions: &mut Actions| {
            // In a call one sees oneself by what is sent.
            if !page.is_between_calls() {
                return;
            }
            let (icon, label) = if snapshot.preview {
                (Icon::EyeOff, text!("stop-preview"))
            } else {
                (Icon::Eye, text!("show-preview"))
            };
            if widgets::button(ui, Tone::Plain, Some(icon), &label, 0.0).clicked() {
                self.preview(!snapshot.preview, actions);
            }
        };
        let width = ui.available_width();
        ui.add_space(space::S1);
        if width < CHECK_COLUMNS {
            own_picture(ui, page, width.min(SMALL_PICTURE));
            ui.add_space(space::S2);
            choose(ui, actions);
            ui.add_space(space::S2);
            turn(ui, actions);
        } else {
            ui.horizontal_top(|ui| {
                own_picture(ui, page, SMALL_PICTURE);
                ui.add_space(space::S2);
                ui.vertical(|ui| {
                    choose(ui, actions);
                    ui.add_space(space::S4);
                    turn(ui, actions);
                });
            });
        }
        ui.add_space(space::S1);
    }

    fn microphone(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let snapshot = page.snapshot;
        let (current, label) = (&snapshot.microphone, text!("trial-record"));
        let record = (Trial::Microphone, Icon::Record, label.as_str());
        let caption = widgets::caption(ui, &text!("microphone"));
        ui.add_space(space::S1);
        let chosen = self.beside(ui, page, record, actions, |ui, width| {
            let microphones = devices::microphones(snapshot);
            widgets::choice(ui, &caption, &microphones, current, width)
        });
        if let Some(choice) = chosen {
            actions.send(Intent::ChooseMicrophone(choice));
        }
        ui.add_space(space::S3);
        let silent = snapshot.microphone_muted && !page.is_between_calls();
        let level = if silent || *current == MicrophoneChoice::None {
            0.0
        } else {
            snapshot.microphone_level
        };
        let width = ui.available_width();
        widgets::level_meter(ui, level, width);
        ui.add_space(space::S1);
        trial::line(ui, page, Trial::Microphone);
    }

    fn speaker(&mut self, ui: &mut Ui, page: &Page<'_>, actions: &mut Actions) {
        let snapshot = page.snapshot;
        let label = text!("trial-tone");
        let play = (Trial::Speaker, Icon::Speaker, label.as_str());
        let caption: Response = widgets::caption(ui, &text!("speaker"));
        ui.add_space(space::S1);
        let chosen: Option<SpeakerChoice> = self.beside(ui, page, play, actions, |ui, width| {
            let speakers = devices::speakers(snapshot);
            widgets::choice(ui, &caption, &speakers, &snapshot.speaker, width)
        });
        if let Some(choice) = chosen {
            actions.send(Intent::ChooseSpeaker(choice));
        }
        ui.add_space(space::S1);
        trial::line(ui, page, Trial::Speaker);
    }

    /// A list, and the button that tries out what is chosen in it: beside it, or below where it is
    /// narrow.
    fn beside<R>(
        &mut self,
        ui: &mut Ui,
        page: &Page<'_>,
        button: (Trial, Icon, &str),
        actions: &mut Actions,
        list: impl FnOnce(&mut Ui, f32) -> R,
    ) -> R {
        let whole = ui.available_width();
        let wide = trial::width(ui, button.1, button.2);
        let rest = whole - wide - space::S2;
        if rest < SMALL_PICTURE {
            let chosen = list(ui, whole);
            ui.add_space(space::S2);
            self.tried.button(ui, page, button, whole, actions);
            return chosen;
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S2;
            let chosen = list(ui, rest);
            self.tried.button(ui, page, button, wide, actions);
            chosen
        })
        .inner
    }
}

/// What is done to the voice, each part with its switch.
fn voice(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
    let mut voice = snapshot.voice;
    let parts = [
        (&mut voice.echo_cancellation, text!("cancel-echo"), text!("cancel-echo-hint")),
        (&mut voice.noise_suppression, text!("reduce-noise"), String::new()),
        (&mut voice.automatic_gain, text!("automatic-volume"), text!("automatic-volume-hint")),
    ];
    for (part, title, second) in parts {
        if let Some(on) = rows::switch(ui, *part, &title, &second) {
            *part = on;
        }
    }
    if voice != snapshot.voice {
        actions.send(Intent::ProcessVoice(voice));
    }
}

/// One's own picture, or why there is none.
fn own_picture(ui: &mut Ui, page: &Page<'_>, width: f32) {
    let Page { settings, snapshot, own, .. } = page;
    let p = Palette::of(ui.visuals());
    let (rect, response) =
        ui.allocate_exact_size(vec2(width, width / CAMERA_ASPECT), Sense::hover());
    ui.painter().rect_filled(rect, radius::MD, p.bg);
    let shape = letterbox(own.aspect().unwrap_or(CAMERA_ASPECT), rect);
    let mirrored = settings.self_view.mirrored;
    let looks = snapshot.preview || !page.is_between_calls();
    let shown =
        looks && snapshot.camera_live && own.paint(ui.painter(), shape, radius::MD, mirrored);
    let off = !page.is_between_calls() && snapshot.camera_off;
    let label = match (shown, looks) {
        (true, _) if mirrored => text!("own-picture"),
        (true, _) => text!("own-picture-plain"),
        (false, true) if snapshot.camera == CameraChoice::None => text!("no-camera"),
        (false, true) if !off => text!("waiting-for-camera"),
        (false, _) => text!("camera-is-off"),
    };
    if !shown {
        let above = rect.center() - vec2(0.0, space::S3);
        let icon = Rect::from_center_size(above, Vec2::splat(size::ICON_LG));
        Icon::CameraOff.paint(ui.painter(), icon, p.text_2);
        let words = TypeStyle::Small.layout(&label, p.text_2, rect.width() - space::S4, false);
        let galley = ui.painter().layout_job(words);
        let below = rect.center() + vec2(0.0, space::S5);
        let place = Align2::CENTER_CENTER.anchor_size(below, galley.size());
        ui.painter().galley(place.min, galley, p.text_2);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
}
