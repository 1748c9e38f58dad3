//! What an offer points to gets no packet before the person accepts, and no device opens: seen in
//! every packet of this machine, and at the files that stand for devices.
#![cfg(target_os = "linux")]

use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use visavis_client::call::event::CallPhase;
use visavis_client::device::{CameraChoice, MicrophoneChoice};
use visavis_client::session::snapshot::Intent;
use visavis_shared::Username;
use visavis_tests::capture::{Capture, address_of_ones_own};
use visavis_tests::hostile::HostileServer;
use visavis_tests::person::{Person, SOON};
use visavis_tests::voice;

/// How long it rings, with everything that could tempt an app there from the beginning. It is how
/// long the proof lasts, and nothing depends on it.
const RINGS: Duration = Duration::from_secs(3);
/// `O_NONBLOCK`: opening a pipe to write fails while nobody reads.
const NO_WAIT: i32 = 0o4000;

/// Everything that an offer and a server can point to.
struct Lures {
    host: IpAddr,
    tcp: IpAddr,
    reflexive: IpAddr,
    related: IpAddr,
    trickled: IpAddr,
    connection: IpAddr,
    stun: IpAddr,
    turn: IpAddr,
    turn_tcp: IpAddr,
    /// Names, of which nothing may be looked up.
    names: [String; 3],
}

impl Lures {
    fn lay() -> Self {
        let at = address_of_ones_own;
        let name = |_| format!("visavis-{:016x}", rand::random::<u64>());
        Self {
            host: at(),
            tcp: at(),
            reflexive: at(),
            related: at(),
            trickled: at(),
            connection: at(),
            stun: at(),
            turn: at(),
            turn_tcp: at(),
            names: [(); 3].map(name),
        }
    }

    fn addresses(&self) -> [IpAddr; 9] {
        [
            self.host,
            self.tcp,
            self.reflexive,
            self.related,
            self.trickled,
            self.connection,
            self.stun,
            self.turn,
            self.turn_tcp,
        ]
    }

    fn ice_servers(&self) -> Value {
        let Self { stun, turn, turn_tcp, names: [name, ..], .. } = self;
        json!([
            { "urls": [format!("stun:{stun}:3478"), format!("stun:{name}.example:3478")] },
            {
                "urls": [format!("turn:{turn}:3478?transport=udp"), format!("turn:{turn_tcp}:3478?transport=tcp")],
                "username": "u", "credential": "p"
            }
        ])
    }

    fn offer(&self) -> Value {
        let Self { host, tcp, reflexive, related, connection, names: [_, local, far], .. } = self;
        let section = |kind: &str, id: u8, payload: &str| {
            format!(
                "m={kind} 9 UDP/TLS/RTP/SAVPF {payload}\r\nc=IN IP4 {connection}\r\na=rtcp:9 IN IP4 {connection}\r\n\
                 a=mid:{id}\r\na=sendrecv\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n\
                 a=setup:actpass\r\na=fingerprint:sha-256 {}\r\n",
                ["AB"; 32].join(":"),
            )
        };
        let sdp = format!(
            "v=0\r\no=- 4611 2 IN IP4 {connection}\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n{}\
             a=rtpmap:111 opus/48000/2\r\n\
             a=candidate:1 1 udp 2130706431 {host} 40001 typ host\r\n\
             a=candidate:2 1 tcp 1518280447 {tcp} 40002 typ host tcptype passive\r\n\
             a=candidate:3 1 udp 1694498815 {reflexive} 40003 typ srflx raddr {related} rport 40004\r\n\
             a=candidate:4 1 udp 2130706430 {local}.local 40005 typ host\r\n\
             a=candidate:5 1 udp 2130706429 {far}.example 40006 typ host\r\n{}\
             a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=42e01f\r\n",
            section("audio", 0, "111"),
            section("video", 1, "96"),
        );
        json!({ "type": "offer", "sdp": sdp })
    }

    fn trickled(&self) -> Value {
        json!({
            "candidate": format!("candidate:6 1 udp 2130706428 {} 40007 typ host", self.trickled),
            "sdpMid": "0", "sdpMLineIndex": 0
        })
    }
}

fn pipe_at(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo is there");
    assert!(made.success(), "a pipe");
}

/// Whether somebody has opened the pipe to read it.
fn is_opened(pipe: &Path) -> bool {
    std::fs::OpenOptions::new().write(true).custom_flags(NO_WAIT).open(pipe).is_ok()
}

/// Whether this program, which is the app's too, has the file open.
fn is_held(file: &Path) -> bool {
    let held = std::fs::read_dir("/proc/self/fd").expect("what is open").flatten();
    held.into_iter().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|path| path == file))
}

/// Waits until it is so.
async fn comes_to_pass(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_accept_no_packet_leaves_for_what_an_offer_names_and_no_device_opens() {
    let (server, lures) = (HostileServer::start().await, Lures::lay());
    let devices = tempfile::tempdir().expect("a temporary folder");
    let folder = devices.path().canonicalize().expect("its path");
    let (camera, microphone) = (folder.join("camera.y4m"), folder.join("microphone.wav"));
    pipe_at(&camera);
    voice::record(&microphone, Duration::from_secs(10)).expect("a recording");
    let mut bob = Person::with("bob", |options| {
        options.camera = CameraChoice::File(camera.clone());
        options.microphone = MicrophoneChoice::File(microphone.clone());
    });
    let capture = Capture::start(&lures.addresses(), &lures.names);
    let (ice_servers, url) = (lures.ice_servers(), server.url());
    let (mut victim, ()) = tokio::join!(server.let_in(&ice_servers), bob.log_in(&url));
    victim
        .send(&json!({ "type": "offer", "username": "mallory", "call": "c1", "offer": lures.offer() }))
        .await;
    victim
        .send(&json!({ "type": "candidate", "username": "mallory", "call": "c1", "candidate": lures.trickled() }))
        .await;
    assert_eq!(victim.receives("ringing").await["call"], "c1");
    bob.until("rings", |s| matches!(s.call, CallPhase::Ringing { .. })).await;
    // Once more while it rings, and somebody else meanwhile.
    victim
        .send(&json!({ "type": "candidate", "username": "mallory", "call": "c1", "candidate": lures.trickled() }))
        .await;
    tokio::time::sleep(RINGS).await;
    victim.settle().await;
    capture.catch_up().await;
    assert_eq!(capture.packets(), Vec::<String>::new(), "nothing leaves before accept");
    assert!(!is_opened(&camera), "the camera is closed");
    assert!(!is_held(&microphone), "the microphone is closed");
    assert_eq!(victim.disclosed(), Vec::<&Value>::new());
    assert!(!bob.sees().camera_live);

    // The same capture and the same files notice what the person wants.
    let mallory = Username::parse("mallory").expect("a name");
    bob.send(Intent::Accept { from: mallory }).await;
    let [asked, ..] = &lures.names;
    for place in [lures.host, lures.trickled, lures.stun, lures.turn, lures.turn_tcp] {
        capture.waits_for(&format!("to {place},")).await;
    }
    capture.waits_for(asked).await;
    comes_to_pass("the camera is opened", || is_opened(&camera)).await;
    comes_to_pass("the microphone is opened", || is_held(&microphone)).await;
    bob.session.finish().await;
}
