//! A running stream of a native device, in whichever of the device's forms it opens.
//!
//! In go the device's kind and name and, for each rate that is tried, the two ends of what moves
//! samples between the device's callback and us; out come the stream and our end. The callback's
//! end takes or gives samples of any type ([`CallbackEnd`]).

use std::sync::mpsc::{Receiver, sync_channel};

use cpal::traits::StreamTrait;
use cpal::{FromSample, SampleFormat, SizedSample, StreamConfig};

use crate::device::audio_device::{AudioDeviceError, AudioKind};
use crate::device::audio_host::{find, format_of, lost, refused};
use crate::media::resample::ResampleFailure;

/// What a device's callback works with.
pub(super) trait CallbackEnd: Send + 'static {
    /// Opens the device for samples of this type.
    fn build<T>(
        self,
        device: &cpal::Device,
        config: StreamConfig,
        on_error: impl FnMut(cpal::Error) + Send + 'static,
    ) -> Result<cpal::Stream, cpal::Error>
    where
        T: SizedSample + FromSample<f32>,
        f32: FromSample<T>;
}

/// A device that is open. Dropping this closes it.
pub(super) struct NativeStream {
    kind: AudioKind,
    _stream: cpal::Stream,
    errors: Receiver<cpal::Error>,
}

impl NativeStream {
    /// Opens the default device, or the one of this name. `ends` makes our end and the callback's
    /// for a device of this rate.
    pub(super) fn open<Ours, Callbacks: CallbackEnd>(
        host: &cpal::Host,
        kind: AudioKind,
        name: Option<&str>,
        mut ends: impl FnMut(u32) -> Result<(Ours, Callbacks), ResampleFailure>,
    ) -> Result<(Self, Ours), AudioDeviceError> {
        let device = find(host, kind, name)?;
        let format = format_of(kind, &device)?;
        let mut refusal = AudioDeviceError::None(kind);
        for config in format.configs {
            let (ours, callbacks) =
                ends(config.sample_rate).map_err(|source| AudioDeviceError::Rate(kind, source))?;
            let (errors_in, errors) = sync_channel(8);
            let on_error = move |error| {
                let _ = errors_in.try_send(error);
            };
            let built = build(&device, config, format.sample_format, callbacks, on_error)
                .and_then(|stream| stream.play().map(|()| stream));
            match built {
                Ok(stream) => return Ok((Self { kind, _stream: stream, errors }, ours)),
                Err(error) => refusal = refused(kind, &device, &error),
            }
        }
        Err(refusal)
    }

    /// Words for a person when an error of the device means that it is gone.
    pub(super) fn failure(&self) -> Option<String> {
        let error = self.errors.try_recv().ok()?;
        let words = lost(self.kind, &error);
        if words.is_none() {
            tracing::debug!(%error, kind = %self.kind, "an audio device goes on after an error");
        }
        words
    }
}

fn build(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    end: impl CallbackEnd,
    on_error: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<cpal::Stream, cpal::Error> {
    match format {
        SampleFormat::F32 => end.build::<f32>(device, config, on_error),
        SampleFormat::I32 => end.build::<i32>(device, config, on_error),
        SampleFormat::I24 => end.build::<cpal::I24>(device, config, on_error),
        SampleFormat::I16 => end.build::<i16>(device, config, on_error),
        SampleFormat::U16 => end.build::<u16>(device, config, on_error),
        SampleFormat::U8 => end.build::<u8>(device, config, on_error),
        _ => Err(cpal::Error::new(cpal::ErrorKind::UnsupportedConfig)),
    }
}
