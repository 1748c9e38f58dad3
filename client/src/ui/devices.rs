//! Choosing camera, microphone and speaker, with the microphone's level.

use std::path::Path;

use eframe::egui::{Id, Popup, Slider, Ui};

use super::action::Actions;
use super::design::{Icon, Palette, component, space};
use super::widgets;
use crate::device::{CameraChoice, DeviceInfo, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::session::snapshot::{Intent, Snapshot};
use crate::words::{self, text};

/// One line of a list: what it is called, what it chooses.
type Entry<C> = (String, C);

/// The lines for one kind of device: the system's choice, each device, and the rest; a choice that
/// is not among them comes last, as `missing`.
fn entries<C: PartialEq + Clone + Default>(
    devices: &[DeviceInfo],
    named: impl Fn(String) -> C,
    rest: impl IntoIterator<Item = (String, C)>,
    current: &C,
    missing: String,
) -> Vec<Entry<C>> {
    let system = match devices.iter().find(|device| device.default) {
        Some(device) => text!("system-default-device", device = &device.name),
        None => text!("system-default"),
    };
    let mut all = vec![(system, C::default())];
    all.extend(devices.iter().map(|device| (device.name.clone(), named(device.name.clone()))));
    all.extend(rest);
    if !all.iter().any(|(_, choice)| choice == current) {
        all.push((missing, current.clone()));
    }
    all
}

fn file_text(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    text!("sound-or-video-file", name = name.into_owned())
}

fn missing_text(name: &str) -> String {
    text!("device-not-connected", device = name)
}

/// The list of cameras.
pub(super) fn cameras(snapshot: &Snapshot) -> Vec<Entry<CameraChoice>> {
    let rest =
        [(text!("test-picture"), CameraChoice::Pattern), (text!("no-camera"), CameraChoice::None)];
    let missing = match &snapshot.camera {
        CameraChoice::Named(name) => missing_text(name),
        CameraChoice::File(path) => file_text(path),
        CameraChoice::Default | CameraChoice::Pattern | CameraChoice::None => String::new(),
    };
    entries(&snapshot.devices.cameras, CameraChoice::Named, rest, &snapshot.camera, missing)
}

/// The list of microphones.
pub(super) fn microphones(snapshot: &Snapshot) -> Vec<Entry<MicrophoneChoice>> {
    let current = &snapshot.microphone;
    let tone = match current {
        MicrophoneChoice::Tone(hertz) => *hertz,
        _ => 440.0,
    };
    let rest = [
        (text!("test-tone"), MicrophoneChoice::Tone(tone)),
        (text!("no-microphone"), MicrophoneChoice::None),
    ];
    let missing = match current {
        MicrophoneChoice::Named(name) => missing_text(name),
        MicrophoneChoice::File(path) => file_text(path),
        // A tone at a frequency that equals nothing, not even itself.
        MicrophoneChoice::Tone(_) => text!("test-tone"),
        MicrophoneChoice::Default | MicrophoneChoice::None => String::new(),
    };
    entries(&snapshot.devices.microphones, MicrophoneChoice::Named, rest, current, missing)
}

/// The list of speakers.
pub(super) fn speakers(snapshot: &Snapshot) -> Vec<Entry<SpeakerChoice>> {
    let rest = [(text!("no-sound"), SpeakerChoice::None)];
    let missing = match &snapshot.speaker {
        SpeakerChoice::Named(name) => missing_text(name),
        SpeakerChoice::File(path) => file_text(path),
        SpeakerChoice::Default | SpeakerChoice::None => String::new(),
    };
    entries(&snapshot.devices.speakers, SpeakerChoice::Named, rest, &snapshot.speaker, missing)
}

/// Where a call can ring: through the speaker of calls, or through one of its own.
pub(super) fn ring_speakers(
    snapshot: &Snapshot,
    current: Option<&SpeakerChoice>,
) -> Vec<Entry<Option<SpeakerChoice>>> {
    let missing = match current {
        Some(SpeakerChoice::Named(name)) => missing_text(name),
        Some(SpeakerChoice::File(path)) => file_text(path),
        Some(SpeakerChoice::None) => text!("no-sound"),
        Some(SpeakerChoice::Default) | None => String::new(),
    };
    let devices = &snapshot.devices.speakers;
    let chosen = current.cloned().unwrap_or_default();
    let own = entries(devices, SpeakerChoice::Named, [], &chosen, missing);
    let own = own.into_iter().map(|(text, choice)| (text, Some(choice)));
    std::iter::once((text!("ring-speaker-of-calls"), None)).chain(own).collect()
}

/// Has the lists filled anew as soon as one of a page is opened.
pub(super) fn refresh_opened(ui: &Ui, actions: &mut Actions) {
    let (ctx, id) = (ui.ctx(), Id::unique("device-list-is-open"));
    let is_open = Popup::is_any_open(ctx);
    let was_open = ctx.data_mut(|data| data.get_temp::<bool>(id)).unwrap_or(false);
    if is_open != was_open {
        ctx.data_mut(|data| data.insert_temp(id, is_open));
    }
    if is_open && !was_open {
        actions.send(Intent::RefreshDevices);
    }
}

/// Shows everything, one under the other, as wide as there is room.
pub(super) fn show(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
    choices(ui, snapshot, actions);
    voice(ui, snapshot, actions);
}

/// Shows the three lists with the microphone's level and the other's volume.
pub(super) fn choices(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = space::S1;
    if let Some(choice) =
        widgets::chooser(ui, &text!("camera"), &cameras(snapshot), &snapshot.camera)
    {
        actions.send(Intent::ChooseCamera(choice));
    }
    ui.add_space(space::S1);
    if let Some(choice) =
        widgets::chooser(ui, &text!("microphone"), &microphones(snapshot), &snapshot.microphone)
    {
        actions.send(Intent::ChooseMicrophone(choice));
    }
    let level = if snapshot.microphone_muted { 0.0 } else { snapshot.microphone_level };
    let width = ui.available_width();
    widgets::level_meter(ui, level, width);
    ui.add_space(space::S1);
    if let Some(choice) =
        widgets::chooser(ui, &text!("speaker"), &speakers(snapshot), &snapshot.speaker)
    {
        actions.send(Intent::ChooseSpeaker(choice));
    }
    refresh_opened(ui, actions);
    volume(ui, snapshot, actions);
    if widgets::ghost_button(ui, Icon::Refresh, &text!("look-for-devices")).clicked() {
        actions.send(Intent::RefreshDevices);
    }
}

/// What is done to the voice, each part with its switch.
pub(super) fn voice(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut settings = snapshot.voice;
    widgets::switch(ui, &mut settings.echo_cancellation, &text!("cancel-echo"))
        .on_hover_text(text!("cancel-echo-hint"));
    widgets::switch(ui, &mut settings.noise_suppression, &text!("reduce-noise"));
    widgets::switch(ui, &mut settings.automatic_gain, &text!("automatic-volume"));
    if settings != snapshot.voice {
        actions.send(Intent::ProcessVoice(settings));
    }
}

/// How loud the other is.
fn volume(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Actions) {
    let mut percent = snapshot.volume.percent();
    let caption = widgets::caption(ui, &text!("their-volume"));
    ui.visuals_mut().selection.bg_fill = Palette::of(ui.visuals()).accent;
    ui.spacing_mut().slider_width =
        (ui.available_width() - component::SLIDER_VALUE).max(2.0 * space::S10);
    let slider = Slider::new(&mut percent, 0..=Volume::MAX.percent())
        .integer()
        .custom_formatter(|percent, _| text!("percent", value = words::number(percent, 0)))
        .custom_parser(|typed| typed.trim().trim_end_matches('%').trim_end().parse().ok());
    let slider = ui.add(slider);
    widgets::focus::keep_in_view(&slider);
    let changed = slider.labelled_by(caption.id).changed();
    if changed && percent != snapshot.volume.percent() {
        actions.send(Intent::SetVolume(Volume::from_percent(percent)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceList;

    fn device(name: &str, default: bool) -> DeviceInfo {
        DeviceInfo { name: name.to_owned(), default, formats: Vec::new() }
    }

    #[test]
    fn the_list_holds_the_default_each_device_and_the_rest() {
        let snapshot = Snapshot {
            devices: DeviceList {
                cameras: vec![device("A", false), device("B", true)],
                ..DeviceList::default()
            },
            ..Snapshot::default()
        };
        let texts: Vec<String> = cameras(&snapshot).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["System default: B", "A", "B", "Test picture", "No camera"]);
    }

    #[test]
    fn a_choice_that_is_not_there_is_still_shown() {
        let mut snapshot =
            Snapshot { speaker: SpeakerChoice::Named("Old".to_owned()), ..Snapshot::default() };
        assert_eq!(
            speakers(&snapshot).last().map(|(text, _)| text.as_str()),
            Some("Old (not connected)")
        );
        snapshot.speaker = SpeakerChoice::File("/tmp/out.wav".into());
        assert_eq!(speakers(&snapshot).last().map(|(text, _)| text.as_str()), Some("File out.wav"));
    }
}
