//! What another setting means for the session. Pure.
//!
//! In: the settings before and after, what the command line adds to them for this run, whether
//! nothing may ring by them, and whether there is a call. Out: intents, so that each change holds
//! at once; what holds for the start of a call is left for the next one while there is a call.

use crate::session::options::Ring;
use crate::session::snapshot::{Intent, VideoLimitChange};
use crate::settings::{Callers, NetworkSettings, Settings};

/// What the session has to be told now.
pub(in crate::ui) fn intents(
    (before, after): (&Settings, &Settings),
    of_this_run: &NetworkSettings,
    (was_quiet, is_quiet): (bool, bool),
    in_call: bool,
) -> Vec<Intent> {
    let mut intents = Vec::new();
    if was_quiet != is_quiet {
        intents.push(Intent::BeQuiet(is_quiet));
    }
    if ring(before) != ring(after) {
        intents.push(Intent::SetRing(ring(after)));
    }
    if before.calls.from != after.calls.from {
        intents.push(Intent::OnlyContactsCall(after.calls.from == Callers::Contacts));
    }
    if before.video != after.video {
        // What the command line names for this run stays, unless the same is changed.
        let (before, after) = (&before.video, &after.video);
        intents.push(Intent::LimitVideo(VideoLimitChange {
            size: (before.size() != after.size()).then(|| after.size()),
            fps: (before.fps != after.fps).then_some(after.fps),
            max_bitrate: (before.max_kbps != after.max_kbps).then(|| after.max_bitrate()),
        }));
    }
    if before.downloads != after.downloads {
        intents.push(Intent::ReceiveInto(after.downloads.clone()));
    }
    if before.network != after.network {
        let mut ice_servers = after.network.all_ice_servers();
        ice_servers.extend(of_this_run.all_ice_servers());
        let relay_only = after.network.relay_only || of_this_run.relay_only;
        intents.push(Intent::UseNetwork { ice_servers, relay_only });
    }
    if !in_call {
        intents.extend(starts(before, after));
    }
    intents
}

/// How calls ring.
fn ring(settings: &Settings) -> Ring {
    let ring = &settings.ring;
    Ring { volume: ring.volume, speaker: ring.speaker.clone(), tone: ring.ring_tone() }
}

/// How the next call begins, as far as that differs.
pub(in crate::ui) fn starts(before: &Settings, after: &Settings) -> Vec<Intent> {
    let (before, after) = (&before.calls, &after.calls);
    let camera =
        (before.camera_on != after.camera_on).then_some(Intent::TurnCameraOff(!after.camera_on));
    let microphone = (before.microphone_on != after.microphone_on)
        .then_some(Intent::MuteMicrophone(!after.microphone_on));
    camera.into_iter().chain(microphone).collect()
}

#[cfg(test)]
mod tests {
    use visavis_shared::IceServer;

    use super::*;
    use crate::device::SpeakerChoice;
    use crate::media::audio_output::Volume;
    use crate::media::ringtone::RingTone;
    use crate::media::units::{Bitrate, VideoSize};

    const LOUD: (bool, bool) = (false, false);

    fn intents(
        settings: (&Settings, &Settings),
        quiet: (bool, bool),
        in_call: bool,
    ) -> Vec<Intent> {
        super::intents(settings, &NetworkSettings::nothing(), quiet, in_call)
    }

    fn after(change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = Settings::default();
        change(&mut settings);
        settings
    }

    #[test]
    fn what_is_no_business_of_the_session_is_not_told_it() {
        let settings = after(|settings| settings.appearance.scale_percent = 150);
        assert_eq!(intents((&Settings::default(), &settings), LOUD, false), []);
    }

    #[test]
    fn each_change_is_told_once_and_with_all_that_goes_with_it() {
        let before = Settings::default();
        let told = |settings: &Settings| intents((&before, settings), LOUD, true);
        let ring = Ring {
            volume: Volume::from_percent(40),
            speaker: Some(SpeakerChoice::Named("Desk".to_owned())),
            tone: RingTone::Drops,
        };
        let settings = after(|settings| {
            (settings.ring.volume, settings.ring.speaker) = (ring.volume, ring.speaker.clone());
            settings.ring.tone = "drops".to_owned();
        });
        assert_eq!(told(&settings), [Intent::SetRing(ring)]);
        let settings = after(|settings| settings.video.max_kbps = 4_000);
        let max_bitrate = Some(Bitrate::from_kbps(4_000));
        let only = VideoLimitChange { max_bitrate, ..VideoLimitChange::default() };
        assert_eq!(told(&settings), [Intent::LimitVideo(only)], "the others may be of this run");
        let settings = after(|settings| (settings.video.width, settings.video.height) = (640, 360));
        let only =
            VideoLimitChange { size: VideoSize::new(640, 360), ..VideoLimitChange::default() };
        assert_eq!(told(&settings), [Intent::LimitVideo(only)]);
        let settings = after(|settings| settings.downloads = Some("/tmp/received".into()));
        assert_eq!(told(&settings), [Intent::ReceiveInto(Some("/tmp/received".into()))]);
        let settings = after(|settings| {
            (settings.network.default_stun, settings.network.relay_only) = (false, true);
        });
        let expected = Intent::UseNetwork { ice_servers: Vec::new(), relay_only: true };
        assert_eq!(told(&settings), [expected]);
        assert_eq!(
            intents((&before, &before), (false, true), true),
            [Intent::BeQuiet(true)],
            "the time of the day counts, too"
        );
    }

    #[test]
    fn what_the_command_line_names_for_this_run_stays_whatever_is_changed() {
        let server =
            |url: &str| IceServer { urls: vec![url.to_owned()], username: None, credential: None };
        let of_this_run = NetworkSettings {
            ice_servers: vec![server("stun:run.example")],
            relay_only: true,
            ..NetworkSettings::nothing()
        };
        let settings = after(|settings| {
            settings.network.ice_servers = vec![server("stun:own.example")];
            settings.network.default_stun = false;
        });
        let told = super::intents((&Settings::default(), &settings), &of_this_run, LOUD, false);
        let ice_servers = vec![server("stun:own.example"), server("stun:run.example")];
        assert_eq!(told, [Intent::UseNetwork { ice_servers, relay_only: true }]);
    }

    #[test]
    fn how_calls_begin_is_left_for_the_next_one_during_a_call() {
        let before = Settings::default();
        let settings = after(|settings| {
            (settings.calls.camera_on, settings.calls.microphone_on) = (false, false);
        });
        let both = [Intent::TurnCameraOff(true), Intent::MuteMicrophone(true)];
        assert_eq!(intents((&before, &settings), LOUD, false), both);
        assert_eq!(intents((&before, &settings), LOUD, true), []);
        assert_eq!(starts(&before, &settings), both);
    }
}
