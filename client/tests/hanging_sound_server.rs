//! A sound server that accepts and never answers: it holds nothing else up, is said, and is used
//! when another one takes its place.
//!
//! This is one test in a file of its own because the sound server is found through environment
//! variables, which belong to the process.
#![cfg(target_os = "linux")]

#[path = "common/pulseaudio_server.rs"]
mod pulseaudio_server;

use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pulseaudio_server::{PulseAudio, place, socket_in};
use tokio::time::timeout;
use visavis_client::device::CameraChoice;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::{Intent, Snapshot};

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(40);
/// A microphone that does not open is given up after 2 s at least: what does not wait for it is
/// faster.
const UNIMPEDED: Duration = Duration::from_millis(1_900);

async fn until(session: &SessionHandle, what: &str, fits: impl FnMut(&Arc<Snapshot>) -> bool) {
    let mut snapshots = session.link.snapshots.clone();
    let waited =
        timeout(SOON, snapshots.wait_for(fits)).await.is_ok_and(|snapshot| snapshot.is_ok());
    assert!(waited, "not {what}: {:?}", session.link.snapshots.borrow().notices);
}

async fn send_intent(session: &SessionHandle, intent: Intent) {
    session.link.intents.send(intent).await.expect("a session");
}

#[test]
fn a_sound_server_that_never_answers_holds_nothing_up_and_the_next_one_is_used() {
    let place = place();
    let listener = UnixListener::bind(socket_in(place.path())).expect("a socket");
    // Connections are accepted and kept, until the test's own comes.
    let accepting = std::thread::Builder::new().name("hanging".into()).spawn(move || {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = listener.accept() {
            if is_last_word(&connection) {
                break;
            }
            connections.push(connection);
        }
        connections.len()
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let session = driver::start(SessionOptions {
            window: true,
            camera: CameraChoice::Pattern,
            bind: vec!["127.0.0.1:0".parse().expect("an address")],
            ..SessionOptions::default()
        });
        let begun = Instant::now();
        send_intent(&session, Intent::Preview(true)).await;
        until(&session, "seen", |s| s.camera_live).await;
        assert!(
            begun.elapsed() < UNIMPEDED,
            "the camera waited for the microphone: {:?}",
            begun.elapsed()
        );
        until(&session, "told that there is no microphone", |s| {
            s.notices.iter().any(|notice| notice.text.plain().to_lowercase().contains("microphone"))
        })
        .await;
        // While it is tried again and again, everything else goes on.
        for off in [true, false, true, false] {
            let begun = Instant::now();
            let camera = if off { CameraChoice::None } else { CameraChoice::Pattern };
            send_intent(&session, Intent::ChooseCamera(camera)).await;
            until(&session, "taken away or chosen", |s| s.camera_live != off).await;
            assert!(
                begun.elapsed() < UNIMPEDED,
                "the camera waited for the microphone: {:?}",
                begun.elapsed()
            );
        }

        let socket = socket_in(place.path());
        let mut last = UnixStream::connect(&socket).expect("it accepts");
        std::io::Write::write_all(&mut last, b"end").expect("it can be told");
        let accepted = accepting.expect("a thread").join().expect("it ends");
        assert!(accepted > 0, "nobody asked the sound server");
        std::fs::remove_file(&socket).expect("its socket");
        let server = PulseAudio::start(
            place,
            "load-module module-null-sink sink_name=speaker rate=48000\n\
             load-module module-remap-source source_name=microphone master=speaker.monitor\n\
             set-default-sink speaker\nset-default-source microphone\n",
        );
        until(&session, "rid of the notice", |s| s.notices.is_empty()).await;
        session.finish().await;
        drop(server);
    });
}

/// Whether this is the test's own connection, which ends the server.
fn is_last_word(connection: &UnixStream) -> bool {
    use std::io::Read as _;
    let mut words = [0; 3];
    let _ = connection.set_read_timeout(Some(Duration::from_millis(200)));
    let read = (&mut &*connection).read_exact(&mut words);
    read.is_ok() && words == *b"end"
}
