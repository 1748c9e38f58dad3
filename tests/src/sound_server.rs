//! A sound server of a test's own, with a microphone and a speaker for each person: PulseAudio, or
//! PipeWire as PulseAudio's successor.
//!
//! In: whose devices there are. Out: commands that find this server and no other, voices that are
//! spoken into the microphones, and ears at the speakers. What the tests rely on of a sound server:
//! - a null sink runs while something records its monitor, which the ears do from the beginning;
//!   else it stalls for a second or two whenever nothing plays;
//! - a remapped source of a null sink's monitor is a microphone that hears what is played into that
//!   sink;
//! - the server listens when its script is done, so that who gets through finds all devices;
//! - when another sink becomes the default one, PulseAudio moves what plays into the default so far
//!   along with it, also what was opened for that sink by name: a test changes the default only
//!   where that is what it is about.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::listen::share_of_tone;
use crate::person::tone_of;
use crate::programs::Program;

const RATE: u32 = 48_000;
/// What the ears remember: 2 s.
const REMEMBERED: usize = 2 * RATE as usize;
/// Sound is judged in pieces of 100 ms.
const PIECE: usize = RATE as usize / 10;
/// The quietest piece that counts, as a mean square: −50 dBFS.
const QUIETEST: f32 = 1e-5;
/// How long a server may take to listen.
const START_WITHIN: Duration = Duration::from_secs(20);
/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Which sound server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PulseAudio.
    PulseAudio,
    /// PipeWire, with its server of PulseAudio's protocol.
    PipeWire,
}

/// A sound server with devices for some people.
pub struct SoundServer {
    kind: Kind,
    people: Vec<String>,
    /// Whose speaker is the default in the beginning.
    default: String,
    folder: TempDir,
    /// In the order in which they were started.
    programs: Vec<Program>,
}

impl SoundServer {
    /// Starts one in which each of these people has a speaker `NAME-speaker` and a microphone
    /// `NAME-microphone`. The speaker of the last of them is the default.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn start(kind: Kind, people: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("pulse")).expect("a folder for the socket");
        let people: Vec<String> = people.iter().map(|&person| person.to_owned()).collect();
        let default = people.last().cloned().expect("somebody");
        let mut server = Self { kind, people, default, folder, programs: Vec::new() };
        server.run().await;
        server
    }

    /// Kills it, as a crash would, and starts it again.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn restart(&mut self) {
        self.kill().await;
        self.run().await;
    }

    /// Kills it.
    ///
    /// # Panics
    /// When the system refuses.
    pub async fn kill(&mut self) {
        while let Some(program) = self.programs.pop() {
            program.kill().await.expect("it can be killed");
        }
        // PipeWire does not take over a socket that is there.
        let _ = std::fs::remove_file(self.socket());
    }

    /// Holds it up, as if it hung: it accepts and does not answer.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn freeze(&self) {
        for program in &self.programs {
            program.freeze().await.expect("it runs");
        }
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn thaw(&self) {
        for program in &self.programs {
            program.thaw().await.expect("it runs");
        }
    }

    async fn run(&mut self) {
        match self.kind {
            Kind::PulseAudio => self.run_pulseaudio().await,
            Kind::PipeWire => self.run_pipewire().await,
        }
    }

    async fn run_pulseaudio(&mut self) {
        let mut script = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={}\n",
            self.socket().display()
        );
        for module in self.modules() {
            script += &format!("load-module {}\n", module.join(" "));
        }
        script += &format!("set-default-sink {}-ears\n", self.default);
        let path = self.folder.path().join("devices.pa");
        std::fs::write(&path, script).expect("the server's script");
        let mut command = self.command("pulseaudio".as_ref());
        command
            .args([
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
                "--disable-shm=yes",
                "-F",
            ])
            .arg(path);
        self.add("pulseaudio", command);
        self.wait_for(&self.socket()).await;
    }

    async fn run_pipewire(&mut self) {
        let bus = self.folder.path().join("bus");
        let mut command = self.command("dbus-daemon".as_ref());
        command
            .args(["--session", "--nofork", "--nopidfile"])
            .arg(format!("--address=unix:path={}", bus.display()));
        self.add("dbus-daemon", command);
        self.wait_for(&bus).await;
        self.add("pipewire", self.command("pipewire".as_ref()));
        self.wait_for(&self.folder.path().join("pipewire-0")).await;
        // It decides which devices are joined.
        self.add("wireplumber", self.command("wireplumber".as_ref()));
        self.add("pipewire-pulse", self.command("pipewire-pulse".as_ref()));
        self.wait_for(&self.socket()).await;
        for module in self.modules() {
            let arguments: Vec<&str> =
                std::iter::once("load-module").chain(module.iter().map(String::as_str)).collect();
            self.pactl(&arguments).await;
        }
        self.make_default(&self.default).await;
    }

    /// The modules that make the devices.
    fn modules(&self) -> Vec<Vec<String>> {
        let of = |person: &String| {
            [
                format!(
                    "module-null-sink sink_name={person}-ears rate=48000 sink_properties=device.description={person}-speaker"
                ),
                format!("module-null-sink sink_name={person}-mouth rate=48000"),
                format!(
                    "module-remap-source source_name={person}-voice master={person}-mouth.monitor \
                     source_properties=device.description={person}-microphone"
                ),
            ]
        };
        let words = |line: String| line.split_whitespace().map(str::to_owned).collect();
        self.people.iter().flat_map(of).map(words).collect()
    }

    fn add(&mut self, name: &str, command: Command) {
        let program = Program::spawn(name, command)
            .unwrap_or_else(|error| panic!("{error}: `cargo xtask test` installs what is needed"));
        self.programs.push(program);
    }

    async fn wait_for(&self, socket: &Path) {
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            let said: Vec<_> = self.programs.iter().map(Program::stderr).collect();
            assert!(
                begun.elapsed() < START_WITHIN,
                "nobody listens at {}: {said:?}",
                socket.display()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("pulse").join("native")
    }

    /// A command that finds this sound server and no other.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        self.put_in_reach(&mut command);
        command
    }

    /// Lets a command find this sound server and no other.
    pub fn put_in_reach(&self, command: &mut Command) {
        let folder = self.folder.path();
        command
            .env("XDG_RUNTIME_DIR", folder)
            .env("PULSE_RUNTIME_PATH", folder.join("pulse"))
            .env("PULSE_SERVER", format!("unix:{}", self.socket().display()))
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", folder.join("bus").display()));
        if self.kind == Kind::PipeWire {
            // What it remembers from one time to the next is none of a test's business.
            command
                .env("XDG_STATE_HOME", folder.join("state"))
                .env("XDG_CONFIG_HOME", folder.join("config"));
        }
    }

    /// Runs `pactl`.
    ///
    /// # Panics
    /// When it fails.
    pub async fn pactl(&self, arguments: &[&str]) -> String {
        let output = self.command("pactl".as_ref()).args(arguments).output().await.expect("pactl");
        assert!(output.status.success(), "pactl {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What plays and what listens now, for whoever looks for a fault.
    pub async fn streams(&self) -> String {
        let mut streams = String::new();
        for what in ["sinks", "sources", "sink-inputs", "source-outputs"] {
            streams += &format!("{what}:\n{}", self.pactl(&["list", "short", what]).await);
        }
        streams
    }

    /// Makes somebody's speaker the system's default.
    pub async fn make_default(&self, person: &str) {
        self.pactl(&["set-default-sink", &format!("{person}-ears")]).await;
    }

    /// Speaks into somebody's microphone, in a tone of their own, until the value is dropped.
    #[must_use]
    pub fn speak(&self, person: &str) -> Voice {
        let mut command = self.command("pacat".as_ref());
        command.args([
            "--playback",
            "--raw",
            "--rate=48000",
            "--channels=1",
            "--format=s16le",
            "--latency-msec=50",
        ]);
        command.arg(format!("--device={person}-mouth"));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut player = command.spawn().expect("pacat");
        let mut pipe = player.stdin.take().expect("a pipe");
        // Whole periods in each second, so that one joins the next.
        let turns_per_sample = f64::from(tone_of(person)) / f64::from(RATE);
        let sample = |n: u32| {
            ((f64::from(n) * turns_per_sample * std::f64::consts::TAU).sin() * 8_000.0) as i16
        };
        let second: Vec<u8> = (0..RATE).flat_map(|n| sample(n).to_le_bytes()).collect();
        let task = tokio::spawn(async move { while pipe.write_all(&second).await.is_ok() {} });
        Voice { _player: player, task }
    }

    /// Listens to somebody's speaker from now on.
    #[must_use]
    pub fn listen(&self, person: &str) -> Ears {
        let mut command = self.command("parec".as_ref());
        command.args([
            "--raw",
            "--rate=48000",
            "--channels=1",
            "--format=s16le",
            "--latency-msec=20",
        ]);
        command.arg(format!("--device={person}-ears.monitor"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut recorder = command.spawn().expect("parec");
        let mut pipe = recorder.stdout.take().expect("a pipe");
        let heard = Arc::new(Mutex::new(VecDeque::with_capacity(REMEMBERED)));
        let shared = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            let mut piece = [0; 960];
            while pipe.read_exact(&mut piece).await.is_ok() {
                let (samples, _) = piece.as_chunks::<2>();
                let mut heard = shared.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend(
                    samples.iter().map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_768.0),
                );
                let surplus = heard.len().saturating_sub(REMEMBERED);
                heard.drain(..surplus);
            }
        });
        Ears { whose: person.to_owned(), heard, _recorder: recorder, task }
    }
}

/// Somebody who speaks.
pub struct Voice {
    _player: Child,
    task: JoinHandle<()>,
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What there can be to hear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sound {
    /// This person's voice, on and on: nine tenths of the last second are their tone.
    VoiceOf(&'static str),
    /// The ring tone: a stroke of it within the last second.
    Ring,
    /// The ringback: a stroke of it within the last second.
    Ringback,
    /// Neither of the two within the last second.
    NoRing,
    /// Nobody's voice within the last second.
    NoVoice,
}

/// Somebody who listens to a speaker.
pub struct Ears {
    whose: String,
    heard: Arc<Mutex<VecDeque<f32>>>,
    _recorder: Child,
    task: JoinHandle<()>,
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Ears {
    /// Whether that is to be heard now.
    #[must_use]
    pub fn hear(&self, sound: Sound) -> bool {
        let heard: Vec<f32> =
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let last = &heard[heard.len().saturating_sub(10 * PIECE)..];
        let pieces: Vec<&[f32]> = last.chunks_exact(PIECE).collect();
        let is_tone = |piece: &&[f32], hz: f64| {
            let power = piece.iter().map(|sample| sample * sample).sum::<f32>() / PIECE as f32;
            power > QUIETEST && share_of_tone(piece, hz / f64::from(RATE)) > 0.5
        };
        let count = |hz: f64| pieces.iter().filter(|piece| is_tone(piece, hz)).count();
        // The first stroke of each, by its fundamental.
        let (ring, ringback) = (count(523.25), count(392.0));
        match sound {
            Sound::VoiceOf(person) => count(tone_of(person).into()) >= 9,
            Sound::Ring => ring > 0,
            Sound::Ringback => ringback > 0,
            Sound::NoRing => pieces.len() == 10 && ring + ringback == 0,
            Sound::NoVoice => {
                let voices = count(tone_of("alice").into()) + count(tone_of("bob").into());
                pieces.len() == 10 && voices == 0
            }
        }
    }

    /// Waits until that is to be heard.
    ///
    /// # Errors
    /// When it is not by then: what was heard instead, in words.
    pub async fn wait_for(&self, sound: Sound, limit: Duration) -> Result<(), String> {
        let begun = Instant::now();
        while !self.hear(sound) {
            if begun.elapsed() >= limit {
                let others = [
                    Sound::VoiceOf("alice"),
                    Sound::VoiceOf("bob"),
                    Sound::Ring,
                    Sound::Ringback,
                    Sound::NoRing,
                    Sound::NoVoice,
                ];
                let instead: Vec<_> =
                    others.into_iter().filter(|other| self.hear(*other)).collect();
                let whose = &self.whose;
                return Err(format!(
                    "{sound:?} is not heard from {whose}'s speaker within {limit:?}, but {instead:?}"
                ));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}
