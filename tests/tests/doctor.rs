//! `visavis doctor` as a person or a script runs it.

use std::time::Duration;

use serde_json::Value;
use visavis_tests::programs::{self, Finished, Program};
use visavis_tests::server::TestServer;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(60);

async fn doctor(server: &str, arguments: &[&str]) -> Finished {
    let visavis = programs::visavis().expect("visavis is built");
    let usual = [
        "doctor",
        "--server",
        server,
        "--camera",
        "pattern",
        "--microphone",
        "tone",
        "--ice-server",
        "none",
    ];
    let program =
        Program::start("doctor", &visavis, usual.iter().chain(arguments)).expect("it starts");
    program.finish(LIMIT).await.expect("it ends")
}

fn verdict<'a>(checkup: &'a Value, part: &str) -> &'a str {
    let findings = checkup["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["part"] == part);
    finding.unwrap_or_else(|| panic!("{part} was not examined: {checkup:#}"))["verdict"]
        .as_str()
        .expect("a verdict")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_calls_itself_and_reports_what_works_and_how_long_it_takes() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let speaker = format!("file:{}", folder.path().join("chime.wav").display());
    let finished =
        doctor(server.url(), &["--speaker", &speaker, "--video-size", "640x360", "--json"]).await;
    let checkup: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    for part in ["camera", "microphone", "speaker", "echo canceller", "encoder", "signaling server"]
    {
        assert_eq!(verdict(&checkup, part), "works", "{part}: {checkup:#}");
    }
    // On a machine that is busy it reports that.
    assert!(matches!(verdict(&checkup, "call to oneself"), "works" | "weak"), "{checkup:#}");
    for delay in ["glass_to_glass_ms", "mouth_to_ear_ms"] {
        let ms = checkup[delay].as_f64().unwrap_or_else(|| panic!("no {delay}: {checkup:#}"));
        assert!(ms > 0.0 && ms < 2000.0, "{delay}: {ms}");
    }
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    let chime = visavis_tests::listen::Recording::read(&folder.path().join("chime.wav"));
    assert!(
        visavis_tests::listen::Recording::level_dbfs(&chime.samples) > -50.0,
        "the chime is heard"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_rest_is_examined_all_the_same() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a free port");
    let finished = doctor(&format!("ws://{closed}"), &["--speaker", "none"]).await;
    assert_eq!(finished.status.code(), Some(3), "{finished:?}");
    for line in [
        "ok    camera",
        "ok    microphone",
        "–     speaker",
        "FAILS signaling server",
        "–     call to oneself",
    ] {
        assert!(finished.stdout.contains(line), "{line}: {finished:?}");
    }
    assert!(finished.stdout.trim_end().ends_with("Not working: signaling server."), "{finished:?}");
}
