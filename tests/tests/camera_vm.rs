//! The app with a real camera driver, in a small virtual machine (`cargo xtask test --camera-vm`).

#![cfg(feature = "camera-vm")]

use std::time::Duration;

use visavis_tests::camera_vm::{Kernel, Machine, Outcome};
use visavis_tests::listen::Recording;
use visavis_tests::picture::{Picture, colour_distance};
use visavis_tests::programs;
use visavis_tests::report::Report;

/// How long a machine may take on a slow computer that has other things to do: its clock waits for
/// it.
const LIMIT: Duration = Duration::from_secs(330);

/// The bars that the camera shows, from left to right: 75% of full colour.
const BARS: [[u8; 3]; 8] = [
    [191, 191, 191],
    [191, 191, 0],
    [0, 191, 191],
    [0, 191, 0],
    [191, 0, 191],
    [191, 0, 0],
    [0, 0, 191],
    [0, 0, 0],
];

/// How far a bar may be off after conversions, a codec and back.
const TOLERANCE: u8 = 20;

async fn machine() -> Machine {
    let kernel = Kernel::unpacked().await.expect("there is a kernel");
    Machine::new(&kernel).await.expect("the machine can be prepared")
}

fn assert_shows_the_bars(picture: &Picture) {
    for (index, expected) in BARS.iter().enumerate() {
        let (left, right) = (index as f64 / 8.0, (index + 1) as f64 / 8.0);
        let seen = picture.mean(left + 0.03..right - 0.03, 0.1..0.9);
        assert!(
            colour_distance(seen, *expected) <= TOLERANCE,
            "bar {index} is {seen:?}, should be {expected:?}"
        );
    }
}

#[tokio::test]
async fn the_machine_has_a_camera_that_shows_colour_bars() {
    let script = "v4l2-ctl -d /dev/video0 -c osd_text_mode=2 &&\n\
                  v4l2-ctl -d /dev/video0 --set-fmt-video=width=640,height=360,pixelformat=RGB3 \
                  --stream-mmap --stream-count=3 --stream-to=frames.rgb";
    let outcome = machine().await.run(script, LIMIT).await.expect("the machine runs");
    assert_eq!(outcome.exit_code, 0, "{}", outcome.console);
    let frames = std::fs::read(outcome.file("frames.rgb")).expect("frames were taken");
    assert_eq!(frames.len(), 3 * 640 * 360 * 3, "{}", outcome.console);
    let rgba: Vec<u8> =
        frames[..640 * 360 * 3].chunks(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    assert_shows_the_bars(&Picture::from_rgba(640, 360, &rgba).expect("it is one frame"));
}

/// A call inside the machine: alice has the camera, bob only looks and listens, takes a snapshot
/// and records the sound.
const CALL: &str = r#"
v4l2-ctl -d /dev/video0 -c osd_text_mode=2
visavis devices --json > devices.json 2> devices.txt || exit 10

visavis-signal-server --listen 127.0.0.1:9090 --stun-listen off --data-dir /tmp/server > server.txt 2>&1 &
sleep 1
options="--server ws://127.0.0.1:9090 --video-size 640x360 --fps 15 --timeout 40s"
visavis answer $options --username bob --data-dir /tmp/bob --camera none --microphone none \
  --speaker file:heard.wav --duration 14s --report bob.json --snapshot seen.png > bob.txt 2>&1 &
bob=$!
sleep 2
visavis call bob $options --username alice --data-dir /tmp/alice --camera default --microphone tone \
  --speaker none --duration 14s --report alice.json > alice.txt 2>&1 &
alice=$!

sleep 8
if [ -n "$UNPLUG" ]; then v4l2-ctl -d /dev/video0 -c disconnect=1 > unplug.txt 2>&1; fi
wait $alice; echo $? > alice.exit
wait $bob; echo $? > bob.exit
"#;

async fn call(unplug: bool) -> Outcome {
    let machine = machine().await;
    for program in [programs::visavis(), programs::signal_server()] {
        machine.add_program(&program.expect("it is built")).await.expect("it can be taken along");
    }
    let script = format!("UNPLUG={}\n{CALL}", if unplug { "yes" } else { "" });
    let outcome = machine.run(&script, LIMIT).await.expect("the machine runs");
    let log = log_of(&outcome);
    assert_eq!(outcome.exit_code, 0, "{log}");
    for name in ["alice", "bob"] {
        assert_eq!(text(&outcome, &format!("{name}.exit")).trim(), "0", "{name}: {log}");
    }
    outcome
}

fn text(outcome: &Outcome, name: &str) -> String {
    std::fs::read_to_string(outcome.file(name)).unwrap_or_default()
}

/// All that was logged in the machine, for whoever looks for a fault.
fn log_of(outcome: &Outcome) -> String {
    let files = [
        "devices.txt",
        "server.txt",
        "alice.txt",
        "alice.json",
        "bob.txt",
        "bob.json",
        "unplug.txt",
    ];
    let files = files.map(|name| format!("--- {name}\n{}", text(outcome, name)));
    format!("{}\n--- console\n{}", files.join("\n"), outcome.console)
}

fn report(outcome: &Outcome, name: &str) -> Report {
    Report::read(&outcome.file(&format!("{name}.json"))).expect("there is a report")
}

#[tokio::test]
async fn what_a_real_camera_takes_is_seen_by_the_other() {
    let outcome = call(false).await;
    let devices: serde_json::Value =
        serde_json::from_str(&text(&outcome, "devices.json")).expect("it is JSON");
    let camera = devices["cameras"][0]["name"].as_str().unwrap_or_default();
    assert!(camera.to_lowercase().contains("vivid"), "{devices}");

    let bob = report(&outcome, "bob");
    let decoded = bob.number("video.received.frames_decoded").unwrap_or(0.0);
    assert!(decoded >= 180.0, "{decoded} of some 210 frames: {}", log_of(&outcome));
    println!("{decoded} frames");
    let snapshot = std::fs::read(outcome.file("seen.png")).expect("there is a snapshot");
    assert_shows_the_bars(&Picture::from_png(&snapshot).expect("the snapshot is a PNG"));
}

#[tokio::test]
async fn a_camera_that_is_pulled_out_leaves_the_call_going_and_causes_a_notice() {
    let outcome = call(true).await;
    let said_by_alice = text(&outcome, "alice.txt");
    assert!(said_by_alice.contains("was unplugged"), "{}", log_of(&outcome));
    let (alice, bob) = (report(&outcome, "alice"), report(&outcome, "bob"));
    assert_eq!(
        (alice.word("outcome"), bob.word("outcome")),
        (Some("completed"), Some("completed"))
    );
    // Pictures stopped when the camera went: 14 s of them would be 210.
    let frames = bob.number("video.received.frames_decoded").unwrap_or(0.0);
    assert!((60.0..150.0).contains(&frames), "{frames} frames: {}", log_of(&outcome));
    println!("{frames} frames");
    // The audio went on to the end, without a gap.
    let packets = bob.number("audio.received.packets").unwrap_or(0.0);
    assert!(packets >= 13.0 * 50.0, "{packets} packets of audio: {}", log_of(&outcome));
    let recording = Recording::read(&outcome.file("heard.wav"));
    let end = recording.last(2.0);
    let (hz, level) = (recording.strongest_hz(end), Recording::level_dbfs(end));
    assert!(
        (hz - 440.0).abs() <= 2.0 && level > -40.0,
        "{hz} Hz at {level:.0} dBFS: {}",
        log_of(&outcome)
    );
}
