//! What the person wants of a session: the one place where consent to a call comes from.

mod consent;

use std::time::Instant;

use visavis_shared::{CallId, ClientMessage, NameError, Username, canonical_name};

use super::{Driver, Login};
use crate::call::event::{CallPhase, Input};
use crate::media::ringtone::RingKind;
use crate::media::voice_processing::VoiceSetting;
use crate::session::media_engine::MediaCommand;
use crate::session::options::Identity;
use crate::session::snapshot::{Intent, LoginPhase};
use crate::signaling::{Signaling, SignalingConfig};

pub(super) use consent::Consent;

impl Driver {
    pub(super) fn on_intent(&mut self, intent: Intent) {
        if matches!(
            intent,
            Intent::Call { .. } | Intent::Accept { .. } | Intent::Decline | Intent::HangUp
        ) {
            // Whoever turns to a call no longer waits for the one in the room.
            self.room.withdraw();
        }
        match intent {
            Intent::LogIn { server, username } => self.log_in(server, &username),
            Intent::LogOut => self.log_out(),
            Intent::Call { username } => match self.whom(&username) {
                Ok(peer) => self.place_call(peer, Consent::of_this_intent()),
                Err(error) => {
                    self.notices.add(format!("\"{}\" can't be a name: {error}.", username.trim()))
                }
            },
            Intent::JoinRoom(room) => {
                self.room.ask_for(room.clone(), Consent::of_this_intent(), Instant::now());
                self.send(ClientMessage::Join { room });
            }
            Intent::Accept { from } => {
                self.handle(Input::Accept { from, consent: Consent::of_this_intent() })
            }
            Intent::Decline => self.handle(Input::Decline),
            Intent::HangUp => self.handle(Input::HangUp),
            Intent::GiveUp => self.handle(Input::GiveUp),
            Intent::Dismiss => self.handle(Input::Dismiss),
            Intent::MuteMicrophone(muted) => {
                self.snapshot.microphone_muted = muted;
                self.media.command(MediaCommand::Mute(muted));
            }
            Intent::TurnCameraOff(off) => {
                self.snapshot.camera_off = off;
                self.media.command(MediaCommand::TurnCameraOff(off));
            }
            Intent::Preview(on) => {
                self.snapshot.preview = on;
                self.media.command(MediaCommand::Preview(on));
            }
            Intent::ChooseCamera(choice) => {
                self.snapshot.camera = choice.clone();
                self.media.command(MediaCommand::ChooseCamera(choice));
            }
            Intent::ChooseMicrophone(choice) => {
                self.snapshot.microphone = choice.clone();
                self.snapshot.voice = self.options.voice.settings(choice.hears_a_room());
                self.media.command(MediaCommand::ChooseMicrophone(choice));
            }
            Intent::ChooseSpeaker(choice) => {
                self.snapshot.speaker = choice.clone();
                self.media.command(MediaCommand::ChooseSpeaker(choice));
            }
            Intent::ProcessVoice(settings) => {
                self.options.voice =
                    VoiceSetting::behind(settings, self.snapshot.microphone.hears_a_room());
                self.snapshot.voice = settings;
                self.media.command(MediaCommand::ProcessVoice(self.options.voice));
            }
            Intent::SetVolume(volume) => {
                self.snapshot.volume = volume;
                self.media.command(MediaCommand::SetVolume(volume));
            }
            Intent::BeQuiet(quiet) => self.be_quiet(quiet),
            Intent::SetRing(ring) => {
                self.snapshot.ring = ring.clone();
                self.media.command(MediaCommand::SetRing(ring));
            }
            Intent::RefreshDevices => self.media.command(MediaCommand::ListDevices),
            Intent::DismissNotice(id) => self.notices.dismiss(id),
        }
    }

    /// Who is meant by a name as it was typed. Whom we met in a room may be called as no name is,
    /// so they are known as they are.
    fn whom(&self, typed: &str) -> Result<Username, NameError> {
        let mate = self.room.mate().map(|mate| &mate.username);
        let as_it_is = Username::parse(typed)
            .ok()
            .filter(|name| self.directory.knows(name) || mate.is_some_and(|mate| mate == name));
        as_it_is.map_or_else(|| canonical_name(typed), Ok)
    }

    /// Calls somebody, by a consent to call them.
    pub(super) fn place_call(&mut self, peer: Username, consent: Consent) {
        self.handle(Input::Call { peer, call: fresh_call_id(), consent });
    }

    fn log_in(&mut self, server: String, username: &str) {
        self.log_out();
        self.snapshot.server.clone_from(&server);
        username.trim().clone_into(&mut self.snapshot.username);
        let username = match canonical_name(username) {
            Ok(username) => username,
            Err(error) => {
                self.snapshot.login = LoginPhase::Failed(format!("That can't be a name: {error}."));
                return;
            }
        };
        let key = match &self.options.identity {
            Identity::Guest => None,
            Identity::Device(key) => Some(key.clone()),
            Identity::Unusable(words) => {
                self.snapshot.login = LoginPhase::Failed(words.clone());
                return;
            }
        };
        self.login_asked_at = Some(Instant::now());
        match Signaling::connect(SignalingConfig { url: server, username, key }) {
            Ok((signaling, events)) => {
                self.signaling = Some(Login { signaling, events });
                self.snapshot.login = LoginPhase::LoggingIn;
            }
            Err(error) => self.snapshot.login = LoginPhase::Failed(error.to_string()),
        }
    }

    fn be_quiet(&mut self, quiet: bool) {
        self.snapshot.quiet = quiet;
        if matches!(self.snapshot.call, CallPhase::Ringing { .. }) {
            let ring = (!quiet).then_some(RingKind::Ring);
            self.media.command(MediaCommand::Ring(ring));
        }
    }

    pub(super) fn log_out(&mut self) {
        self.handle(Input::HangUp);
        self.handle(Input::Dismiss);
        if let Some(login) = self.signaling.take() {
            tokio::spawn(async move { login.signaling.close().await });
        }
        self.directory.clear();
        self.people_asked_at = None;
        self.room.leave();
        self.snapshot.login = LoginPhase::LoggedOut;
    }

    /// The server won't have us any more. A call in which media flows needs no server and goes on;
    /// any other is over.
    pub(super) fn shut_out(&mut self, words: String) {
        if matches!(self.snapshot.call, CallPhase::InCall { .. } | CallPhase::Reconnecting { .. }) {
            self.handle(Input::SignalingDown);
            self.signaling = None;
            self.room.leave();
        } else {
            self.log_out();
        }
        self.snapshot.login = LoginPhase::Failed(words);
    }
}

/// 128 random bits: two calls never share an id by chance.
fn fresh_call_id() -> CallId {
    let id = format!("{:032x}", rand::random::<u128>());
    CallId::parse(&id).unwrap_or_else(|_| unreachable!("hex digits are within every limit"))
}
