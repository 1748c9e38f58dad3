//! Microphones and speakers as the system knows them: listed, found by name, and opened in the form
//! that suits us best.
//!
//! PulseAudio (also what PipeWire speaks) is used where it runs, else ALSA, Core Audio or WASAPI,
//! through `cpal`. A device lives on a named thread of its own that its handle owns; opening and
//! closing are bounded in time, because a sound server may not answer.

use std::sync::mpsc::sync_channel;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{
    BufferSize, ErrorKind, SampleFormat, StreamConfig, SupportedBufferSize,
    SupportedStreamConfigRange,
};

use visavis_shared::ForeignText;

use crate::device::DeviceInfo;
use crate::device::audio_connections::current_host;
use crate::device::audio_device::{AudioDeviceError, AudioKind};
use crate::device::device_thread::OPEN_TIMEOUT;
use crate::media::frame::SAMPLE_RATE;
use crate::media::resample::RATES;

/// The microphones there are. Those that only repeat what a speaker plays are left out.
#[must_use]
pub fn list_microphones() -> Vec<DeviceInfo> {
    list(AudioKind::Microphone)
}

/// The speakers there are.
#[must_use]
pub fn list_speakers() -> Vec<DeviceInfo> {
    list(AudioKind::Speaker)
}

fn list(kind: AudioKind) -> Vec<DeviceInfo> {
    // On a thread of its own, since a sound server that hangs would hold up whoever asks.
    let (sender, answer) = sync_channel(1);
    let thread = std::thread::Builder::new().name("audio-devices".into()).spawn(move || {
        quiet_alsa();
        let _ = sender.send(list_now(kind));
    });
    if thread.is_err() {
        return Vec::new();
    }
    answer.recv_timeout(OPEN_TIMEOUT).unwrap_or_default()
}

/// The system's own name of the device that it would pick. May take as long as a sound server does.
pub(super) fn default_id(kind: AudioKind) -> Option<String> {
    quiet_alsa();
    Some(default_device(&current_host(), kind)?.id().ok()?.id().to_owned())
}

/// The names of the devices there are. May take as long as a sound server does.
pub(super) fn names(kind: AudioKind) -> Vec<String> {
    quiet_alsa();
    list_now(kind).into_iter().map(|device| device.name).collect()
}

fn list_now(kind: AudioKind) -> Vec<DeviceInfo> {
    let host = current_host();
    let default = default_device(&host, kind).and_then(|device| device.id().ok());
    let mut devices: Vec<DeviceInfo> = Vec::new();
    for device in devices_of(&host, kind) {
        let Ok(description) = device.description() else { continue };
        let id = device.id().ok();
        if id.as_ref().is_some_and(|id| host.id().name() == "ALSA" && !is_alsa_device(id.id())) {
            continue;
        }
        if id.as_ref().is_some_and(|id| id.id().ends_with(".monitor")) && id != default {
            continue;
        }
        let name = shown(description.name());
        let default = id.is_some() && id == default;
        if let Some(known) = devices.iter_mut().find(|known| known.name == name) {
            known.default |= default;
            continue;
        }
        // One that has no format does not open: it is busy, or only a name without hardware.
        let Ok(config) = default_config(kind, &device) else { continue };
        let formats = vec![in_words(config.sample_rate(), config.channels())];
        devices.push(DeviceInfo { name, default, formats });
    }
    devices
}

fn default_config(
    kind: AudioKind,
    device: &cpal::Device,
) -> Result<cpal::SupportedStreamConfig, cpal::Error> {
    match kind {
        AudioKind::Microphone => device.default_input_config(),
        AudioKind::Speaker => device.default_output_config(),
    }
}

/// Whether a person would know an ALSA name: the default, and each card through its converting
/// layer. The rest are the same cards again, and plug-ins such as `jack` that start to talk when
/// they are only looked at.
fn is_alsa_device(id: &str) -> bool {
    ["default", "pipewire", "pulse"].contains(&id)
        || id.starts_with("sysdefault:")
        || id.starts_with("plughw:")
}

fn in_words(rate: u32, channels: u16) -> String {
    match channels {
        1 => format!("{rate} Hz mono"),
        2 => format!("{rate} Hz stereo"),
        more => format!("{rate} Hz {more} channels"),
    }
}

fn default_device(host: &cpal::Host, kind: AudioKind) -> Option<cpal::Device> {
    match kind {
        AudioKind::Microphone => host.default_input_device(),
        AudioKind::Speaker => host.default_output_device(),
    }
}

fn devices_of(host: &cpal::Host, kind: AudioKind) -> Vec<cpal::Device> {
    let Ok(devices) = host.devices() else { return Vec::new() };
    devices
        .filter(|device| match kind {
            AudioKind::Microphone => device.supports_input(),
            AudioKind::Speaker => device.supports_output(),
        })
        .collect()
}

/// A device's name as people see it and choose by it: whoever made or paired it wrote it.
fn shown(name: &str) -> String {
    ForeignText::new(name).into()
}

/// Finds the default device, or the one of this name: its human name, or the system's own for it.
pub(super) fn find(
    host: &cpal::Host,
    kind: AudioKind,
    name: Option<&str>,
) -> Result<cpal::Device, AudioDeviceError> {
    let Some(name) = name else {
        return default_device(host, kind).ok_or(AudioDeviceError::None(kind));
    };
    let devices = devices_of(host, kind);
    let human =
        |device: &cpal::Device| device.description().map(|d| shown(d.name())).unwrap_or_default();
    let found = devices
        .iter()
        .find(|device| human(device) == name || device.id().is_ok_and(|id| id.id() == name))
        .or_else(|| devices.iter().find(|device| human(device).eq_ignore_ascii_case(name)));
    found.cloned().ok_or_else(|| AudioDeviceError::Unknown {
        kind,
        name: name.into(),
        names: names(kind),
    })
}

/// How a device is going to be opened.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Format {
    pub(super) sample_format: SampleFormat,
    /// To be tried in this order; they differ in the size of the buffer.
    pub(super) configs: Vec<StreamConfig>,
}

pub(super) fn format_of(
    kind: AudioKind,
    device: &cpal::Device,
) -> Result<Format, AudioDeviceError> {
    let ranges: Vec<SupportedStreamConfigRange> = match kind {
        AudioKind::Microphone => device.supported_input_configs().map(Iterator::collect),
        AudioKind::Speaker => device.supported_output_configs().map(Iterator::collect),
    }
    .unwrap_or_default();
    if let Some(format) = choose_format(&ranges) {
        return Ok(format);
    }
    let default = default_config(kind, device).map_err(|error| refused(kind, device, &error))?;
    Ok(Format {
        sample_format: default.sample_format(),
        configs: configs(default.channels(), default.sample_rate(), *default.buffer_size()),
    })
}

/// Prefers 48 kHz, then the sample format nearest to ours, then the fewest channels, which leaves
/// mixing to the system.
fn choose_format(ranges: &[SupportedStreamConfigRange]) -> Option<Format> {
    let usable = ranges.iter().filter(|range| range.channels() > 0).filter_map(|range| {
        let format_rank = match range.sample_format() {
            SampleFormat::F32 => 0,
            SampleFormat::I32 => 1,
            SampleFormat::I24 => 2,
            SampleFormat::I16 => 3,
            SampleFormat::U16 => 4,
            SampleFormat::U8 => 5,
            _ => return None,
        };
        let rate = SAMPLE_RATE.clamp(range.min_sample_rate(), range.max_sample_rate());
        RATES.contains(&rate).then_some((
            rate.abs_diff(SAMPLE_RATE),
            format_rank,
            range.channels(),
            rate,
            range,
        ))
    });
    let (_, _, channels, rate, range) =
        usable.min_by_key(|&(off, format, channels, ..)| (off, format, channels))?;
    Some(Format {
        sample_format: range.sample_format(),
        configs: configs(channels, rate, *range.buffer_size()),
    })
}

/// 10 ms at a time, or else 20 ms, or else what the device likes. (The system's own choice comes
/// last: with PulseAudio it is two seconds.)
fn configs(channels: u16, sample_rate: u32, supported: SupportedBufferSize) -> Vec<StreamConfig> {
    let (min, max) = match supported {
        SupportedBufferSize::Range { min, max } => (min.max(1), max.max(min).max(1)),
        SupportedBufferSize::Unknown => (1, u32::MAX),
    };
    let sizes =
        [sample_rate / 100, sample_rate / 50].map(|size| BufferSize::Fixed(size.clamp(min, max)));
    let mut configs: Vec<StreamConfig> = sizes
        .into_iter()
        .chain([BufferSize::Default])
        .map(|buffer_size| StreamConfig { channels, sample_rate, buffer_size })
        .collect();
    configs.dedup();
    configs
}

/// Puts why a device could not be opened into words.
pub(super) fn refused(
    kind: AudioKind,
    device: &cpal::Device,
    error: &cpal::Error,
) -> AudioDeviceError {
    let name = device
        .description()
        .map_or_else(|_| "default".into(), |description| shown(description.name()));
    match error.kind() {
        // What there is by default without any sound card.
        ErrorKind::DeviceNotAvailable if device.id().is_ok_and(|id| id.id() == "default") => {
            AudioDeviceError::None(kind)
        }
        ErrorKind::DeviceBusy => AudioDeviceError::Busy(kind, name),
        ErrorKind::PermissionDenied => AudioDeviceError::Forbidden(kind, name),
        _ => AudioDeviceError::Failed(kind, name, one_line(error)),
    }
}

/// What is left of an open device after an error: `None` when it goes on, else words for a person.
pub(super) fn lost(kind: AudioKind, error: &cpal::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => None,
        ErrorKind::DeviceNotAvailable => {
            Some(format!("The {kind} was disconnected. Choose another one."))
        }
        _ => Some(format!("The {kind} stopped working ({}). Choose another one.", one_line(error))),
    }
}

fn one_line(error: &cpal::Error) -> String {
    ForeignText::from(error.to_string()).trim_end_matches('.').to_owned()
}

/// Keeps alsa-lib from writing to the terminal about each device that it can't open: what matters
/// comes back as an error. It counts for this thread only.
pub(super) fn quiet_alsa() {
    #[cfg(target_os = "linux")]
    let _ = alsa::Output::local_error_handler();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(channels: u16, rates: (u32, u32), format: SampleFormat) -> SupportedStreamConfigRange {
        let buffer = SupportedBufferSize::Range { min: 64, max: 4096 };
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, buffer, format)
    }

    fn chosen(ranges: &[SupportedStreamConfigRange]) -> Option<(u16, u32, SampleFormat)> {
        let format = choose_format(ranges)?;
        let config = format.configs.first()?;
        Some((config.channels, config.sample_rate, format.sample_format))
    }

    #[test]
    fn our_own_form_is_preferred_and_the_nearest_is_taken_otherwise() {
        use SampleFormat::{DsdU8, F32, I16, I32};
        let check = |ranges: &[_], expected| assert_eq!(chosen(ranges), expected);
        check(
            &[range(2, (8_000, 192_000), I16), range(1, (1, 384_000), F32)],
            Some((1, 48_000, F32)),
        );
        check(
            &[range(2, (44_100, 44_100), F32), range(2, (48_000, 48_000), I16)],
            Some((2, 48_000, I16)),
        );
        check(
            &[range(8, (48_000, 48_000), I32), range(2, (48_000, 48_000), I32)],
            Some((2, 48_000, I32)),
        );
        check(
            &[range(1, (16_000, 16_000), I16), range(1, (44_100, 44_100), I16)],
            Some((1, 44_100, I16)),
        );
        check(&[range(1, (48_000, 48_000), DsdU8), range(0, (48_000, 48_000), F32)], None);
        check(&[range(1, (384_000, 768_000), F32)], None);
        check(&[], None);
    }

    #[test]
    fn buffers_are_small_and_within_what_the_device_can() {
        let sizes = |supported| {
            configs(1, 48_000, supported).iter().map(|c| c.buffer_size).collect::<Vec<_>>()
        };
        use BufferSize::{Default, Fixed};
        assert_eq!(sizes(SupportedBufferSize::Unknown), [Fixed(480), Fixed(960), Default]);
        assert_eq!(
            sizes(SupportedBufferSize::Range { min: 1024, max: 4096 }),
            [Fixed(1024), Default]
        );
        assert_eq!(sizes(SupportedBufferSize::Range { min: 0, max: 256 }), [Fixed(256), Default]);
    }
}
