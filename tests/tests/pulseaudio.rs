//! A call through real audio devices: a sound server of the test's own, with a microphone and a
//! speaker for each of the two. What is spoken into one's microphone is heard from the other's
//! speaker.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use visavis_tests::listen::Recording;
use visavis_tests::person::tone_of;
use visavis_tests::presence;
use visavis_tests::programs::{self, Program};
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;
use visavis_tests::sound_server::{Kind, SoundServer};

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
/// How long an examination may take: it plays, listens and calls for some 15 s.
const EXAMINATION: Duration = Duration::from_secs(90);
/// How long they talk.
const TALK: &str = "6s";

/// A sound server in which alice and bob have devices of their own, and a folder for what is kept.
struct House {
    sound: SoundServer,
    folder: TempDir,
}

impl House {
    async fn start() -> Self {
        let sound = SoundServer::start(Kind::PulseAudio, &["alice", "bob"]).await;
        // A third microphone stands so near alice's speaker that it takes up nothing else.
        sound
            .pactl(&[
                "load-module",
                "module-remap-source",
                "source_name=echo",
                "master=alice-ears.monitor",
                "source_properties=device.description=echo-microphone",
            ])
            .await;
        Self { sound, folder: TempDir::new().expect("a temporary folder") }
    }

    fn start_program(&self, name: &str, program: &Path, arguments: &[String]) -> Program {
        let mut command = self.sound.command(program);
        command.args(arguments);
        Program::spawn(name, command).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Records what comes out of somebody's speaker.
    fn record(&self, person: &str) -> Program {
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spoken_into_a_real_microphone_is_heard_from_the_others_real_speaker() {
    let server = TestServer::start().await;
    let house = House::start().await;
    let visavis = programs::visavis().expect("visavis is built");
    let _voices = [house.sound.speak("alice"), house.sound.speak("bob")];
    let recorders = [house.record("alice"), house.record("bob")];

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
            ("--data-dir", house.path(&format!("{person}-data")).display().to_string()),
            ("--report", house.path(&format!("{person}.json")).display().to_string()),
        ] {
            all.extend([option.to_owned(), value]);
        }
        house.start_program(person, &visavis, &all)
    };
    let bob = side("bob", &["answer"]);
    presence::logged_in(server.url(), "bob", SOON).await.expect("bob is online");
    let alice = side("alice", &["call", "bob", "--duration", TALK]);
    for program in [alice, bob] {
        let finished = program.finish(SOON).await.expect("it ends");
        assert!(finished.status.success(), "{finished:?}");
        assert_eq!(finished.stderr, "", "every device opened: {finished:?}");
    }
    for recorder in recorders {
        recorder.interrupt().await.expect("the recorder runs");
        recorder.finish(SOON).await.expect("the recorder ends");
    }

    for (listener, speaker) in [("alice", "bob"), ("bob", "alice")] {
        let expected = f64::from(tone_of(speaker));
        let recording = Recording::read(&house.path(&format!("{listener}-heard.wav")));
        let heard = loudest_second(&recording);
        let hz = recording.strongest_hz(heard);
        assert!(
            (hz - expected).abs() <= 2.0,
            "{listener} hears {hz} Hz, {speaker} speaks at {expected} Hz"
        );
        let level = Recording::level_dbfs(heard);
        assert!((-20.0..-8.0).contains(&level), "{listener} hears {speaker} at {level:.1} dBFS");
        let report = Report::read(&house.path(&format!("{listener}.json"))).expect("a report");
        let concealed = report.number("audio.received.concealed_ratio").expect("audio was played");
        assert!(concealed < 0.05, "{listener} had {concealed} of the audio concealed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_hears_the_speaker_in_the_microphone_and_how_much_of_it_is_cancelled() {
    let server = TestServer::start().await;
    let house = House::start().await;
    let visavis = programs::visavis().expect("visavis is built");
    let examine = async |microphone: &str| {
        let line = format!(
            "doctor --json --server {} --ice-server none --camera none --microphone {microphone} --speaker alice-speaker",
            server.url()
        );
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let doctor = house.start_program("doctor", &visavis, &words);
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
