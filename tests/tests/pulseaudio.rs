//! A call through real audio devices: a sound server of the test's own, with a microphone and a
//! speaker for each of the two. What is spoken into one's microphone is heard from the other's
//! speaker.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::process::Command;
use visavis_tests::listen::Recording;
use visavis_tests::person::tone_of;
use visavis_tests::presence;
use visavis_tests::programs::{self, Program};
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
/// How long an examination may take: it plays, listens and calls for some 15 s.
const EXAMINATION: Duration = Duration::from_secs(90);
/// How long they talk.
const TALK: &str = "6s";

/// A sound server in which alice and bob have devices of their own.
struct SoundServer {
    folder: TempDir,
    _program: Program,
}

impl SoundServer {
    async fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("pulse")).expect("a folder for the socket");
        let mut script = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={}\n",
            socket(&folder).display()
        );
        for person in ["alice", "bob"] {
            script += &format!(
                "load-module module-null-sink sink_name={person}-ears rate=48000 \
                 sink_properties=device.description={person}-speaker\n\
                 load-module module-null-sink sink_name={person}-mouth rate=48000\n\
                 load-module module-remap-source source_name={person}-voice master={person}-mouth.monitor \
                 source_properties=device.description={person}-microphone\n"
            );
        }
        // A third microphone stands so near alice's speaker that it hears nothing else.
        script += "load-module module-remap-source source_name=echo master=alice-ears.monitor \
                   source_properties=device.description=echo-microphone\n";
        let script_path = folder.path().join("devices.pa");
        std::fs::write(&script_path, script).expect("the server's script");
        let mut command = in_reach(&folder, Path::new("pulseaudio"));
        command
            .args([
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
                "--disable-shm=yes",
                "-F",
            ])
            .arg(&script_path);
        let program = Program::spawn("pulseaudio", command)
            .expect("pulseaudio starts: apt-get install pulseaudio");
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket(&folder)).is_err() {
            assert!(begun.elapsed() < SOON, "pulseaudio does not listen: {}", program.stderr());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { folder, _program: program }
    }

    fn start_program(&self, name: &str, program: &Path, arguments: &[String]) -> Program {
        let mut command = in_reach(&self.folder, program);
        command.args(arguments);
        Program::spawn(name, command).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Speaks into somebody's microphone for as long as the call can take.
    fn speak(&self, person: &str) -> Program {
        let path = self.path(&format!("{person}-says.wav"));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(&path, spec).expect("a WAV file");
        for sample in 0..48_000 * 60 {
            let phase = sample as f32 * tone_of(person) / 48_000.0;
            let amplitude = 0.3 * f32::from(i16::MAX);
            wav.write_sample((amplitude * (phase * std::f32::consts::TAU).sin()) as i16)
                .expect("a sample");
        }
        wav.finalize().expect("a whole WAV file");
        let arguments = [format!("--device={person}-mouth"), path.display().to_string()];
        self.start_program("paplay", "paplay".as_ref(), &arguments)
    }

    /// Records what comes out of somebody's speaker.
    fn listen(&self, person: &str) -> Program {
        let arguments = [
            format!("--device={person}-ears.monitor"),
            "--file-format=wav".into(),
            "--channels=1".into(),
            "--rate=48000".into(),
            "--latency-msec=10".into(),
            self.path(&format!("{person}-heard.wav")).display().to_string(),
        ];
        self.start_program("parecord", "parecord".as_ref(), &arguments)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("pulse").join("native")
}

/// A command that finds this sound server and no other.
fn in_reach(folder: &TempDir, program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("PULSE_RUNTIME_PATH", folder.path())
        .env("PULSE_SERVER", format!("unix:{}", socket(folder).display()));
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spoken_into_a_real_microphone_is_heard_from_the_others_real_speaker() {
    let server = TestServer::start().await;
    let sound = SoundServer::start().await;
    let visavis = programs::visavis().expect("visavis is built");
    let _voices = [sound.speak("alice"), sound.speak("bob")];
    let ears = [sound.listen("alice"), sound.listen("bob")];

    let side = |person: &str, arguments: &[&str]| {
        let mut all: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        for (option, value) in [
            ("--username", person.to_owned()),
            ("--server", server.url().to_owned()),
            ("--ice-server", "none".to_owned()),
            ("--camera", "pattern".to_owned()),
            ("--video-size", "640x360".to_owned()),
            ("--microphone", format!("{person}-microphone")),
            ("--speaker", format!("{person}-speaker")),
            ("--data-dir", sound.path(&format!("{person}-data")).display().to_string()),
            ("--report", sound.path(&format!("{person}.json")).display().to_string()),
        ] {
            all.extend([option.to_owned(), value]);
        }
        sound.start_program(person, &visavis, &all)
    };
    let bob = side("bob", &["answer"]);
    presence::logged_in(server.url(), "bob", SOON).await.expect("bob is online");
    let alice = side("alice", &["call", "bob", "--duration", TALK]);
    for program in [alice, bob] {
        let finished = program.finish(SOON).await.expect("it ends");
        assert!(finished.status.success(), "{finished:?}");
        assert_eq!(finished.stderr, "", "every device opened: {finished:?}");
    }
    for recorder in ears {
        recorder.interrupt().await.expect("the recorder runs");
        recorder.finish(SOON).await.expect("the recorder ends");
    }

    for (listener, speaker) in [("alice", "bob"), ("bob", "alice")] {
        let expected = f64::from(tone_of(speaker));
        let recording = Recording::read(&sound.path(&format!("{listener}-heard.wav")));
        let heard = loudest_second(&recording);
        let hz = recording.strongest_hz(heard);
        assert!(
            (hz - expected).abs() <= 2.0,
            "{listener} hears {hz} Hz, {speaker} speaks at {expected} Hz"
        );
        let level = Recording::level_dbfs(heard);
        assert!((-20.0..-8.0).contains(&level), "{listener} hears {speaker} at {level:.1} dBFS");
        let report = Report::read(&sound.path(&format!("{listener}.json"))).expect("a report");
        let concealed = report.number("audio.received.concealed_ratio").expect("sound was played");
        assert!(concealed < 0.05, "{listener} had {concealed} of the sound made up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_hears_the_speaker_in_the_microphone_and_how_much_of_it_is_cancelled() {
    let server = TestServer::start().await;
    let sound = SoundServer::start().await;
    let visavis = programs::visavis().expect("visavis is built");
    let examine = async |microphone: &str| {
        let line = format!(
            "doctor --json --server {} --ice-server none --camera none --microphone {microphone} --speaker alice-speaker",
            server.url()
        );
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let doctor = sound.start_program("doctor", &visavis, &words);
        let finished = doctor.finish(EXAMINATION).await.expect("it ends");
        let checkup: serde_json::Value = serde_json::from_str(&finished.stdout).expect("JSON");
        let findings = checkup["findings"].as_array().expect("findings");
        let echo = findings
            .iter()
            .find(|finding| finding["part"] == "echo canceller")
            .expect("it was examined");
        println!("{echo}");
        (
            echo["verdict"].as_str().expect("a verdict").to_owned(),
            echo["words"].as_str().expect("words").to_owned(),
        )
    };
    let (verdict, words) = examine("echo-microphone").await;
    assert_eq!(verdict, "works", "{words}");
    assert!(words.contains("of that is removed"), "{words}");
    let (verdict, words) = examine("alice-microphone").await;
    assert_eq!(verdict, "works", "{words}");
    assert!(words.contains("there is no echo"), "{words}");
}

/// The recording begins before the call and ends after it: the second in which most was heard.
fn loudest_second(recording: &Recording) -> &[f32] {
    let second = recording.rate as usize;
    let seconds = recording.samples.chunks_exact(second);
    let power = |samples: &&[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
    seconds.max_by(|one, other| power(one).total_cmp(&power(other))).expect("a second was recorded")
}
