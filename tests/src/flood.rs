//! The app in a call with a hostile peer, and what that costs it.
//!
//! In: a flood that `tests/peers/python/flood.py` describes, and how long. Out: how much memory the
//! app's process then has more than before, and how much more processor time it took than the call
//! itself. The server has the limits that it has without options; what it counts by address is
//! higher, as all tests share one.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, sleep};
use visavis_signal_server::{Config, Limits};

use crate::peers::{LIMIT, Peer, PeerError, State};
use crate::programs::{Program, ProgramError};
use crate::server::TestServer;

/// The names of both.
const APP: &str = "bob";
const PEER: &str = "mallory";
/// What the call takes at its beginning, such as buffers and the encoder's sizes, is there by then.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
/// Pictures that the peer must see after the flood to show that the call goes on.
const PICTURES: u64 = 20;

/// What a hostile peer can do to a running call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flood {
    /// Packets of SRTP and SRTCP without a key, of a new SSRC each.
    ForgedPackets,
    /// Streams of SRTP, with the key.
    Streams,
    /// Data channels.
    Channels,
    /// Offers of ever new media sections.
    Offers,
}

impl Flood {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::ForgedPackets, Self::Streams, Self::Channels, Self::Offers];

    /// Its name in `flood.py`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ForgedPackets => "forged-packets",
            Self::Streams => "streams",
            Self::Channels => "channels",
            Self::Offers => "offers",
        }
    }
}

/// What a flood cost the app.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Resident memory after the flood, beyond what there was before; in bytes.
    pub growth: u64,
    /// Cores in use by the call alone.
    pub cores_before: f64,
    /// Cores in use during the flood.
    pub cores_during: f64,
}

impl Cost {
    /// Cores in use because of the flood.
    #[must_use]
    pub fn cores(&self) -> f64 {
        self.cores_during - self.cores_before
    }
}

/// Why a flood could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum FloodError {
    /// The peer.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The app.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The system tells nothing about the app.
    #[error("what the app uses could not be read: {0}")]
    Usage(#[from] std::io::Error),
    /// What the system tells is of another shape.
    #[error("no figure in {0:?}")]
    Shape(String),
}

/// A call of this app with a peer; then the flood, for so long; and then more of the call.
///
/// # Errors
/// When any of the three does not come about: above all when the call does not survive.
pub async fn measure(app: &Path, flood: Flood, span: Duration) -> Result<Cost, FloodError> {
    let mut config = Config::for_tests();
    config.limits.messages = Limits::default().messages;
    let server = TestServer::with(config).await;
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(app);
    command.args(["answer", "--username", APP, "--server", server.url(), "--timeout", "60s"]);
    command.args(["--camera", "pattern", "--video-size", "320x180", "--microphone", "tone"]);
    command.args(["--speaker", "none", "--ice-server", "none", "--data-dir"]).arg(folder.path());
    let mut app = Program::spawn("the app", command)?;
    app.prints(LIMIT, |output| output.contains("waiting for a call").then_some(())).await?;

    let mut peer = Peer::aiortc(server.url(), PEER).await?;
    let kinds = ["audio", "video", "data"];
    let sections = kinds.map(|kind| serde_json::json!({ "kind": kind }));
    peer.call(APP, &serde_json::json!({ "sections": sections })).await?;
    sees_on(&mut peer).await?;
    peer.until("an open data channel", |state| state.data_open).await?;
    sleep(SETTLED_AFTER).await;

    let start = Usage::of(&app)?;
    sleep(span).await;
    let before = Usage::of(&app)?;
    peer.flood(flood.name(), span).await?;
    let after = Usage::of(&app)?;
    sees_on(&mut peer).await?;
    Ok(Cost {
        growth: after.resident.saturating_sub(before.resident),
        cores_before: before.cores_since(&start),
        cores_during: after.cores_since(&before),
    })
}

/// Waits until the peer has seen more pictures than it has now.
async fn sees_on(peer: &mut Peer) -> Result<State, PeerError> {
    let before = peer.state().await?.frames;
    peer.until("seeing on", |state| state.frames >= before + PICTURES).await
}

/// What a process used until now.
struct Usage {
    at: Instant,
    processor: Duration,
    resident: u64,
}

impl Usage {
    /// By proc(5): `stat` for processor time in hundredths of a second, `status` for memory.
    fn of(program: &Program) -> Result<Self, FloodError> {
        let id = program.id().ok_or_else(|| FloodError::Shape("the app has ended".into()))?;
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}"));
        let (stat, status) = (read("stat")?, read("status")?);
        // After the name, which may hold anything, the fields are 3 and on; time is in 14 and 15.
        let ticks: Option<u64> = stat.rsplit_once(')').and_then(|(_, fields)| {
            let fields = fields.split_whitespace().skip(11).take(2);
            fields.map(|field| field.parse::<u64>().ok()).sum()
        });
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|size| size.split_whitespace().next()?.parse::<u64>().ok());
        Ok(Self {
            at: Instant::now(),
            processor: Duration::from_millis(ticks.ok_or(FloodError::Shape(stat))? * 10),
            resident: resident.ok_or(FloodError::Shape(status))? * 1024,
        })
    }

    fn cores_since(&self, earlier: &Self) -> f64 {
        let wall = self.at.duration_since(earlier.at);
        (self.processor - earlier.processor).as_secs_f64() / wall.as_secs_f64()
    }
}
