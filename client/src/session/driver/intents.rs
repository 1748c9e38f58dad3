//! What the person wants of a session: the one place where consent to a call comes from.

mod consent;

use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_shared::{CallId, ClientMessage, NameError, Username, canonical_name};

use super::people::peer_of;
use super::trust::{fresh_nonce, fresh_nonces};
use super::{Driver, Login};
use crate::call::event::{CallPhase, Input};
use crate::media::ringtone::RingKind;
use crate::media::voice_processing::VoiceSetting;
use crate::people::{Account, Change};
use crate::session::media_engine::MediaCommand;
use crate::session::options::Identity;
use crate::session::snapshot::{Intent, LogInAs, LoginPhase};
use crate::signaling::{ServerUrl, Signaling, SignalingConfig};
use crate::words::{Phrase, name_problem};

pub(super) use consent::Consent;

/// When an automatic log-in is tried again for the first time; the pause doubles each time.
const FIRST_RETRY: Duration = Duration::from_secs(2);
/// The longest pause.
const LAST_RETRY: Duration = Duration::from_secs(60);

/// An automatic log-in, until it works or the person does something else.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoginRetry {
    pub(super) at: Option<Instant>,
    after: Duration,
}

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
            Intent::LogIn { server, username } => {
                self.retry = None;
                self.host_no_longer_waits();
                self.log_in(server, &username);
            }
            Intent::HostServer { username } => {
                self.retry = None;
                self.host_server(username);
            }
            Intent::StopServer => self.stop_server(),
            Intent::LookNearby(look) => self.look_nearby(look),
            Intent::LogOut => {
                self.retry = None;
                self.host_no_longer_waits();
                self.log_out();
            }
            Intent::Call { username } => match self.whom(&username) {
                Ok(peer) => match self.cannot_call(&peer) {
                    Some(why) => self.notices.add(why),
                    None => self.place_call(peer, Consent::of_this_intent()),
                },
                Err(error) => self.notices.add(name_problem(error)),
            },
            Intent::JoinRoom(room) => {
                self.room.ask_for(room.clone(), Consent::of_this_intent(), Instant::now());
                self.send(ClientMessage::Join { room });
            }
            Intent::LeaveRoom => {
                if let Some(room) = self.room.leave() {
                    self.send(ClientMessage::LeaveRoom { room });
                }
            }
            Intent::AddContact { username, display_name } => {
                self.add_contact(&username, &display_name)
            }
            Intent::RenameContact { username, display_name } => {
                self.rename_contact(username, &display_name)
            }
            Intent::RemoveContact(username) => self.change_people(Change::Remove(username)),
            Intent::Block(username) => self.block(username),
            Intent::Unblock(username) => self.change_people(Change::Unblock(username)),
            Intent::SeeMissedCalls => self.change_people(Change::SeeMissed),
            Intent::EraseHistory => self.change_people(Change::EraseHistory),
            Intent::ErasePeople => self.change_people(Change::EraseAll),
            Intent::ForgetKey(username) => self.change_people(Change::ForgetKey(username)),
            Intent::ExportPeople(to) => self.export_people(to),
            Intent::ExportKey { to, passphrase } => self.export_key(to, passphrase),
            Intent::ImportKey { from, passphrase } => self.import_key(from, passphrase),
            Intent::SearchPeople(prefix) => {
                self.snapshot.search = prefix;
                self.ask_for_people();
            }
            Intent::OnlyContactsCall(only) => self.options.only_contacts_call = only,
            Intent::LimitVideo(change) => {
                self.options.max_bitrate = change.max_bitrate.unwrap_or(self.options.max_bitrate);
                self.media.command(MediaCommand::LimitVideo(change));
            }
            Intent::UseNetwork { ice_servers, relay_only } => {
                self.options.ice_servers = ice_servers;
                self.options.relay_only = relay_only;
            }
            Intent::Accept { from } => {
                let nonce = fresh_nonce();
                self.handle(Input::Accept { from, nonce, consent: Consent::of_this_intent() })
            }
            Intent::AllowKey(change) => self.allow_key(change),
            Intent::ConfirmCode => self.confirm_code(),
            Intent::CodesDiffer => self.codes_differ(),
            Intent::Decline => self.handle(Input::Decline),
            Intent::HangUp => self.handle(Input::HangUp),
            Intent::GiveUp => self.handle(Input::GiveUp),
            Intent::Dismiss => self.handle(Input::Dismiss),
            Intent::MuteMicrophone(muted) => {
                self.snapshot.microphone_muted = muted;
                self.snapshot.hint = None;
                self.media.command(MediaCommand::Mute(muted));
            }
            Intent::TurnCameraOff(off) => {
                self.snapshot.camera_off = off;
                self.media.command(MediaCommand::TurnCameraOff(off));
            }
            Intent::TakeSnapshot => {
                if let Some(peer) = peer_of(&self.snapshot.call) {
                    self.media.command(MediaCommand::KeepPicture(peer.to_string()));
                }
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
                self.snapshot.hint = None;
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
            Intent::TryDevice(trial) => {
                let trial = trial.filter(|_| self.is_between_calls());
                self.media.command(MediaCommand::TryDevice(trial));
            }
            Intent::DismissNotice(id) => self.notices.dismiss(id),
            Intent::ReceiveInto(folder) => self.options.downloads = folder,
            Intent::Converse(command) => self.converse(command),
            Intent::Share(intent) => self.share(intent, Consent::of_this_intent()),
        }
    }

    /// Who is meant by a name as it was typed. Whom we met in a room may be called as no name is,
    /// so they are known as they are.
    pub(super) fn whom(&self, typed: &str) -> Result<Username, NameError> {
        let mate = self.room.mate().map(|mate| &mate.username);
        let peer = peer_of(&self.snapshot.call);
        let as_it_is = Username::parse(typed).ok().filter(|name| {
            self.directory.knows(name)
                || self.people.knows(name)
                || [mate, peer].contains(&Some(name))
        });
        as_it_is.map_or_else(|| canonical_name(typed), Ok)
    }

    /// Calls somebody, by a consent to call them.
    pub(super) fn place_call(&mut self, peer: Username, consent: Consent) {
        let known = self.known(&peer);
        let (call, nonces) = (fresh_call_id(), fresh_nonces());
        self.handle(Input::Call { peer, call, nonces, known, consent });
    }

    pub(super) fn log_in(&mut self, server: String, username: &str) {
        self.log_out();
        self.snapshot.server.clone_from(&server);
        username.trim().clone_into(&mut self.snapshot.username);
        if self.keys.read_for(LogInAs { server: server.clone(), username: username.to_owned() }) {
            self.snapshot.login = LoginPhase::LoggingIn;
        } else {
            self.log_in_with_key(server, username.to_owned());
        }
    }

    /// The key that the log-in is to prove is known.
    pub(super) fn log_in_with_key(&mut self, server: String, username: String) {
        let username = match canonical_name(&username) {
            Ok(username) => username,
            Err(error) => {
                self.snapshot.login = LoginPhase::Failed(name_problem(error));
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
        let server = match ServerUrl::parse(&server) {
            Ok(url) => url.origin().to_owned(),
            Err(error) => {
                self.snapshot.login = LoginPhase::Failed(error.words());
                return;
            }
        };
        self.login_key = key.as_ref().map(|key| Arc::new(key.login_key(&server)));
        self.login_asked_at = Some(Instant::now());
        self.snapshot.login = LoginPhase::LoggingIn;
        let waits = self.people.open(Account { server, username: username.clone() });
        let config = SignalingConfig { url: self.snapshot.server.clone(), username, key };
        if waits {
            self.login_waits = Some(config);
        } else {
            self.connect(config);
        }
    }

    /// It is known who is blocked: connects.
    pub(super) fn connect(&mut self, config: SignalingConfig) {
        match Signaling::connect(config) {
            Ok((signaling, events)) => self.signaling = Some(Login { signaling, events }),
            Err(error) => self.snapshot.login = LoginPhase::Failed(error.words()),
        }
    }

    /// Logs in as the options say.
    pub(super) fn log_in_at_start(&mut self) {
        self.snapshot.key.place = self.keys.place();
        let named = !self.snapshot.server.is_empty() && !self.snapshot.username.is_empty();
        if self.options.log_in_at_start && named {
            self.retry = Some(LoginRetry { at: None, after: FIRST_RETRY });
            let (server, username) = (self.snapshot.server.clone(), self.snapshot.username.clone());
            self.log_in(server, &username);
        }
    }

    /// The server could not be reached at the start: it is tried again, as long as nobody asks for
    /// something else.
    pub(super) fn retry_later(&mut self) {
        if let Some(retry) = &mut self.retry {
            retry.at = Some(Instant::now() + retry.after);
            retry.after = (retry.after * 2).min(LAST_RETRY);
        }
    }

    /// Tries again what is due.
    pub(super) fn retry_login(&mut self) {
        let due = self.retry.is_some_and(|retry| retry.at.is_some_and(|at| at <= Instant::now()));
        if due && let LoginPhase::Failed(words) = &self.snapshot.login {
            let words = words.clone();
            let (server, username) = (self.snapshot.server.clone(), self.snapshot.username.clone());
            self.log_in(server, &username);
            if let Some(retry) = &mut self.retry {
                retry.at = None;
            }
            // Whoever reads why it failed, or types something else, is not disturbed by it.
            if self.snapshot.login == LoginPhase::LoggingIn {
                self.snapshot.login = LoginPhase::Failed(words);
            }
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
        self.login_waits = None;
        self.keys.forget_reading();
        self.directory.clear();
        self.people.close();
        self.notices.people(None);
        self.watched.clear();
        self.snapshot.contact_problem = None;
        self.snapshot.search.clear();
        self.people_asked_at = None;
        self.room.leave();
        self.snapshot.login = LoginPhase::LoggedOut;
    }

    /// The server won't have us any more. A call in which media flows needs no server and goes on;
    /// any other is over.
    pub(super) fn shut_out(&mut self, words: Phrase) {
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
