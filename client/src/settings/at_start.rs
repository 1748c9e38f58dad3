//! What holds for one run: the command line over what was remembered. Pure.

use visavis_shared::IceServer;

use crate::cli::{DEFAULT_STUN, Invocation};
use crate::media::voice_processing::VoiceSetting;

use super::values::{NetworkSettings, Settings, VideoLimits};

impl NetworkSettings {
    /// What a session uses by these settings: the built-in server and the person's own.
    #[must_use]
    pub fn all_ice_servers(&self) -> Vec<IceServer> {
        let built_in =
            IceServer { urls: vec![DEFAULT_STUN.to_owned()], username: None, credential: None };
        let built_in = self.default_stun.then_some(built_in);
        built_in.into_iter().chain(self.usable_ice_servers().cloned()).collect()
    }
}

impl NetworkSettings {
    /// What the command line names for one run, beside what was remembered.
    #[must_use]
    pub fn of_this_run(named: &Invocation) -> Self {
        let own = named.ice_servers.iter().filter(|server| server.urls != [DEFAULT_STUN]);
        let ice_servers = own.cloned().collect();
        Self { ice_servers, relay_only: named.relay_only, ..Self::nothing() }
    }
}

impl Settings {
    /// The settings of this run: what the command line names holds over what was remembered, and
    /// is not remembered.
    #[must_use]
    pub fn for_run(&self, named: &Invocation) -> Self {
        let mut run = self.clone();
        if named.server.is_some() || named.username.is_some() {
            run.server = named.server.clone().or(run.server);
            run.username = named.username.as_ref().map(ToString::to_string).or(run.username);
        }
        if named.username.is_some() {
            // Who names themselves wants to be logged in, not asked.
            run.logged_out = false;
        }
        run.camera = named.devices.camera.clone().unwrap_or(run.camera);
        run.microphone = named.devices.microphone.clone().unwrap_or(run.microphone);
        run.speaker = named.devices.speaker.clone().unwrap_or(run.speaker);
        let voice = named.sound.voice();
        run.voice = VoiceSetting {
            echo_cancellation: voice.echo_cancellation.or(run.voice.echo_cancellation),
            noise_suppression: voice.noise_suppression.or(run.voice.noise_suppression),
            automatic_gain: voice.automatic_gain.or(run.voice.automatic_gain),
        };
        run.volume = named.sound.volume.unwrap_or(run.volume);
        let (video, limits) = (&named.video, run.video);
        run.video = VideoLimits::of(
            video.size.unwrap_or_else(|| limits.size()),
            video.fps.unwrap_or(limits.fps),
            video.max_bitrate.unwrap_or_else(|| limits.max_bitrate()),
        );
        let built_in = |server: &IceServer| server.urls == [DEFAULT_STUN];
        let from_line = named
            .ice_servers
            .iter()
            .filter(|server| self.network.default_stun || !built_in(server));
        run.network.ice_servers =
            from_line.chain(self.network.usable_ice_servers()).cloned().collect();
        run.network.relay_only |= named.relay_only;
        run
    }
}
