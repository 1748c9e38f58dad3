//! The computer's audio on real sound servers, by tones: PulseAudio, and PipeWire in its place.
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_media::drop_oldest_queue::{DropOldestQueue, Taken};
use visavis_media::frame::AudioFrame;
use visavis_media::tone_detector::measure_tone;
use visavis_screen::SystemSound;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(20);
const RATE: u32 = 48_000;

/// A sound server of a test's own.
struct Server {
    folder: tempfile::TempDir,
    programs: Vec<Child>,
}

impl Server {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("pulse")).expect("a folder for the socket");
        Self { folder, programs: Vec::new() }
    }

    fn pulseaudio() -> Self {
        let mut server = Self::new();
        server.run_pulseaudio();
        server
    }

    fn run_pulseaudio(&mut self) {
        let script = self.folder.path().join("test.pa");
        let text = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={}\n\
             load-module module-null-sink sink_name=one rate=48000\n\
             load-module module-null-sink sink_name=two rate=44100\n\
             set-default-sink one\n",
            self.socket().display()
        );
        std::fs::write(&script, text).expect("its script");
        let options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-F"];
        let mut command = self.command("pulseaudio");
        command.args(["--disable-shm=yes"]).args(options).arg(script);
        self.start(command);
        self.wait_for(&self.socket());
    }

    fn pipewire() -> Self {
        let mut server = Self::new();
        let bus = server.folder.path().join("bus");
        let mut command = server.command("dbus-daemon");
        command
            .args(["--session", "--nofork", "--nopidfile"])
            .arg(format!("--address=unix:path={}", bus.display()));
        server.start(command);
        server.wait_for(&bus);
        server.start(server.command("pipewire"));
        server.wait_for(&server.folder.path().join("pipewire-0"));
        server.start(server.command("wireplumber"));
        server.start(server.command("pipewire-pulse"));
        server.wait_for(&server.socket());
        for sink in ["one", "two"] {
            server.pactl(&[
                "load-module",
                "module-null-sink",
                &format!("sink_name={sink}"),
                "rate=48000",
            ]);
        }
        server.pactl(&["set-default-sink", "one"]);
        server
    }

    fn command(&self, program: &str) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(program);
        command
            .env("XDG_RUNTIME_DIR", folder)
            .env("PULSE_RUNTIME_PATH", folder.join("pulse"))
            .env("PULSE_SERVER", format!("unix:{}", self.socket().display()))
            .env("PIPEWIRE_RUNTIME_DIR", folder)
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/bus", folder.display()))
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder)
            .env("XDG_STATE_HOME", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn start(&mut self, mut command: Command) {
        let name = command.get_program().to_owned();
        self.programs.push(command.spawn().unwrap_or_else(|error| panic!("{name:?}: {error}")));
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("pulse/native")
    }

    fn wait_for(&self, socket: &Path) {
        let began = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            assert!(began.elapsed() < SOON, "nothing listens at {}", socket.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn pactl(&self, arguments: &[&str]) {
        let began = Instant::now();
        while !self.command("pactl").args(arguments).status().expect("pactl").success() {
            assert!(began.elapsed() < SOON, "pactl {arguments:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A program that plays a tone until it is dropped, at an amplitude of 0.2.
    fn player(&self, hz: f64, sink: &str, pid: u32) -> Player {
        let file = self.folder.path().join(format!("{hz}-{pid}.raw"));
        let samples = (0..RATE * 60).flat_map(|i| {
            let turns = f64::from(i) * hz / f64::from(RATE);
            let sample = (turns * std::f64::consts::TAU).sin() * 0.2;
            // Left and right.
            [(sample as f32).to_le_bytes(), (sample as f32).to_le_bytes()].concat()
        });
        std::fs::write(&file, samples.collect::<Vec<u8>>()).expect("a tone");
        let mut command = self.command("pacat");
        command
            .args(["--playback", "--raw", "--format=float32le", "--rate=48000", "--channels=2"])
            .args(["--latency-msec=50", &format!("--device={sink}")])
            .arg(format!("--property=application.process.id={pid}"))
            .arg(file);
        Player(command.spawn().expect("pacat"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for program in self.programs.iter_mut().rev() {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

struct Player(Child);

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How loud each of these tones is in a second of sound (by the Goertzel algorithm).
fn amplitudes(samples: &[f32], tones: &[f64]) -> Vec<f64> {
    tones
        .iter()
        .map(|hz| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, sample) in samples.iter().enumerate() {
                let angle = i as f64 * hz / f64::from(RATE) * std::f64::consts::TAU;
                re += f64::from(*sample) * angle.cos();
                im += f64::from(*sample) * angle.sin();
            }
            (re * re + im * im).sqrt() * 2.0 / samples.len() as f64
        })
        .collect()
}

fn hear(frames: &DropOldestQueue<AudioFrame>, time: Duration) -> Vec<f32> {
    let until = Instant::now() + time;
    let mut heard = Vec::new();
    while Instant::now() < until {
        let left = until.saturating_duration_since(Instant::now());
        if let Taken::Value(frame) = frames.wait(left) {
            heard.extend(frame.samples);
        }
    }
    heard
}

/// Listens until one second of sound is like this.
fn until(frames: &DropOldestQueue<AudioFrame>, tones: &[f64], is_so: impl Fn(&[f64]) -> bool) {
    let began = Instant::now();
    let mut last = Vec::new();
    while began.elapsed() < SOON {
        let heard = hear(frames, Duration::from_secs(1));
        last = amplitudes(&heard, tones);
        if heard.len() > 40_000 && is_so(&last) {
            return;
        }
    }
    panic!("the tones {tones:?} are heard at {last:?}");
}

fn listen(server: &Server) -> (SystemSound, Arc<DropOldestQueue<AudioFrame>>) {
    let frames = DropOldestQueue::new(20);
    let sound = SystemSound::start_at(server.socket(), Arc::clone(&frames)).expect("a thread");
    (sound, frames)
}

fn heard(amplitude: f64) -> bool {
    (amplitude - 0.2).abs() < 0.03
}

fn silent(amplitude: f64) -> bool {
    amplitude < 0.005
}

fn others_are_heard_and_we_are_not(server: &Server) {
    const TONES: [f64; 3] = [440.0, 1000.0, 1500.0];
    assert!(SystemSound::available_at(server.socket()));
    // One plays before, one after; one of them on another device. The third is ourselves.
    let first = server.player(TONES[0], "one", 999_999);
    let (sound, frames) = listen(server);
    let _own = server.player(TONES[2], "one", std::process::id());
    until(&frames, &TONES, |of| heard(of[0]) && silent(of[1]) && silent(of[2]));
    let _second = server.player(TONES[1], "two", 999_998);
    until(&frames, &TONES, |of| heard(of[0]) && heard(of[1]) && silent(of[2]));
    drop(first);
    until(&frames, &TONES, |of| silent(of[0]) && heard(of[1]) && silent(of[2]));
    // Without gaps, and as fast as it is played.
    hear(&frames, Duration::from_millis(300));
    let clean = hear(&frames, Duration::from_secs(2));
    assert!((88_000..=104_000).contains(&clean.len()), "{} samples in 2 s", clean.len());
    let pieces: Vec<_> = clean.chunks_exact(4800).filter_map(measure_tone).collect();
    let right = pieces.iter().filter(|tone| (tone.amplitude / 0.2 - 1.0).abs() < 0.1).count();
    assert!(right * 10 >= pieces.len() * 9 && right > 10, "{pieces:?}");
    let began = Instant::now();
    drop(sound);
    assert!(began.elapsed() < Duration::from_millis(500), "it took {:?}", began.elapsed());
}

#[test]
fn what_others_play_is_heard_on_pulseaudio_and_we_are_not() {
    others_are_heard_and_we_are_not(&Server::pulseaudio());
}

#[test]
fn what_others_play_is_heard_on_pipewire_and_we_are_not() {
    others_are_heard_and_we_are_not(&Server::pipewire());
}

#[test]
fn a_program_is_heard_wherever_it_is_moved() {
    let server = Server::pulseaudio();
    let _player = server.player(440.0, "one", 999_999);
    let (_sound, frames) = listen(&server);
    until(&frames, &[440.0], |of| heard(of[0]));
    server.pactl(&["move-sink-input", "0", "two"]);
    hear(&frames, Duration::from_millis(500));
    until(&frames, &[440.0], |of| heard(of[0]));
}

#[test]
fn a_sound_server_that_restarts_is_found_again() {
    let mut server = Server::pulseaudio();
    let (_sound, frames) = listen(&server);
    assert_eq!(hear(&frames, Duration::from_millis(500)).len(), 0, "nothing plays");
    for program in &mut server.programs {
        program.kill().expect("it runs");
        program.wait().expect("it ends");
    }
    server.programs.clear();
    assert!(!SystemSound::available_at(server.socket()));
    server.run_pulseaudio();
    let _player = server.player(440.0, "one", 999_999);
    until(&frames, &[440.0], |of| heard(of[0]));
}

#[test]
fn a_sound_server_that_hangs_holds_nobody_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("native");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let began = Instant::now();
    assert!(!SystemSound::available_at(socket.clone()));
    assert!(began.elapsed() < Duration::from_secs(3), "it took {:?}", began.elapsed());
    let sound = SystemSound::start_at(socket, DropOldestQueue::new(1)).expect("a thread");
    std::thread::sleep(Duration::from_millis(200));
    let began = Instant::now();
    drop(sound);
    assert!(began.elapsed() < Duration::from_millis(500), "it took {:?}", began.elapsed());
    assert!(!SystemSound::available_at(folder.path().join("none")));
}
