//! One argument's value at a time: text in, a value of its type or a line that says what to write
//! out. The line comes after the argument and its value.

use std::convert::Infallible;
use std::time::Duration;

use visavis_shared::{IceScheme, IceServer, IceUrl, RoomId, Username, canonical_name};

use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::units::{Bitrate, VideoSize};

const DEFAULT_TONE_HZ: f32 = 440.0;

pub(super) fn name(text: &str) -> Result<Username, String> {
    canonical_name(text).map_err(|error| format!("that can't be a name: {error}"))
}

pub(super) fn room(text: &str) -> Result<RoomId, String> {
    RoomId::parse(text).map_err(|error| format!("that can't be a room: {error}"))
}

pub(super) fn camera(text: &str) -> Result<CameraChoice, Infallible> {
    Ok(match (text, text.strip_prefix("file:")) {
        ("default", _) => CameraChoice::Default,
        ("pattern", _) => CameraChoice::Pattern,
        ("none", _) => CameraChoice::None,
        (_, Some(path)) => CameraChoice::File(path.into()),
        _ => CameraChoice::Named(text.to_owned()),
    })
}

pub(super) fn microphone(text: &str) -> Result<MicrophoneChoice, String> {
    Ok(match (text, text.strip_prefix("file:"), text.strip_prefix("tone:")) {
        ("default", ..) => MicrophoneChoice::Default,
        ("tone", ..) => MicrophoneChoice::Tone(DEFAULT_TONE_HZ),
        ("none", ..) => MicrophoneChoice::None,
        (_, Some(path), _) => MicrophoneChoice::File(path.into()),
        (_, _, Some(hz)) => match hz.parse() {
            Ok(hz) if (50.0..=8000.0).contains(&hz) => MicrophoneChoice::Tone(hz),
            _ => return Err("use a frequency from 50 to 8000".to_owned()),
        },
        _ => MicrophoneChoice::Named(text.to_owned()),
    })
}

pub(super) fn speaker(text: &str) -> Result<SpeakerChoice, Infallible> {
    Ok(match (text, text.strip_prefix("file:")) {
        ("default", _) => SpeakerChoice::Default,
        ("none", _) => SpeakerChoice::None,
        (_, Some(path)) => SpeakerChoice::File(path.into()),
        _ => SpeakerChoice::Named(text.to_owned()),
    })
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("use on or off".to_owned()),
    }
}

pub(super) fn size(text: &str) -> Result<VideoSize, String> {
    let wrong = || "use a size such as 1280x720, with sides from 2 to 4096".to_owned();
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    match (width.parse(), height.parse()) {
        (Ok(width), Ok(height)) => VideoSize::new(width, height).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

pub(super) fn bitrate(text: &str) -> Result<Bitrate, String> {
    let wrong =
        || "use a rate such as 800k, 2500k or 4M (bits per second, from 50k to 50M)".to_owned();
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000.0),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1_000_000.0),
            None => (text, 1.0),
        },
    };
    let bps = digits.parse::<f64>().map_err(|_| wrong())? * factor;
    if !(50_000.0..=50_000_000.0).contains(&bps) {
        return Err(wrong());
    }
    Ok(Bitrate::from_bps(bps as u64))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "use a time such as 500ms, 10s, 2m or 1h".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    } * digits.parse::<f64>().map_err(|_| wrong())?;
    if !(0.0..=86_400.0 * 7.0).contains(&seconds) {
        return Err(wrong());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// `turn:USER:PASSWORD@HOST:PORT` is split into the URL and the credential that RFC 7065 keeps out
/// of it.
pub(super) fn ice_server(text: &str) -> Result<IceServer, &'static str> {
    let wrong = || "--ice-server: use stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT";
    let (scheme, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (account, place) = match rest.rsplit_once('@') {
        Some((account, place)) => (Some(account), place),
        None => (None, rest),
    };
    let url: IceUrl = format!("{scheme}:{place}").parse().map_err(|_| wrong())?;
    let (username, credential) = match account {
        None if url.scheme() == IceScheme::Stun => (None, None),
        Some(account) if url.is_turn() => {
            let (user, password) =
                account.split_once(':').filter(|(user, _)| !user.is_empty()).ok_or_else(wrong)?;
            (Some(user.to_owned()), Some(password.to_owned()))
        }
        _ => return Err(wrong()),
    };
    Ok(IceServer { urls: vec![format!("{scheme}:{place}")], username, credential })
}
