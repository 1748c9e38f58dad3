//! Data channels with a browser's page and with aiortc, which open and take them by the usual API:
//! what either writes is read by the other, whoever calls.

#![cfg(target_os = "linux")]

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use visavis_media::units::Bitrate;
use visavis_shared::{DescriptionKind, SessionDescription};
use visavis_tests::browser::{Browsers, Page};
use visavis_tests::peers::spawn_aiortc;
use visavis_tests::programs::Program;
use visavis_transport::{
    ChannelEvent, Consent, DataEnds, DataMessage, DataPorts, MediaEnds, MediaPorts, Peer,
    PeerCommand, PeerConfig, PeerEvent,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// What a peer of others' says of itself.
#[derive(Debug, Default, Deserialize)]
struct State {
    sdp: String,
    open: Vec<String>,
    heard: Vec<(String, String)>,
}

/// A peer that others wrote.
enum Theirs {
    Chromium { page: Page, _browsers: Browsers },
    Aiortc(Program),
}

impl Theirs {
    async fn chromium() -> Self {
        let browsers = Browsers::start().await.expect("chromedriver runs");
        let page = browsers.open_at("/data.html").await.expect("the page opens");
        Self::Chromium { page, _browsers: browsers }
    }

    fn aiortc() -> Self {
        Self::Aiortc(spawn_aiortc("peers/python/aiortc_data.py").expect("aiortc runs"))
    }

    async fn obey(&mut self, command: Value) {
        match self {
            Self::Chromium { page, .. } => {
                let script = "return window.obey(arguments[0])";
                page.evaluate::<Value>(script, vec![command]).await.expect("it obeys");
            }
            Self::Aiortc(program) => program.tell(&command.to_string()).await.expect("it listens"),
        }
    }

    async fn state(&mut self) -> State {
        match self {
            Self::Chromium { page, .. } => {
                page.evaluate("return window.state()", Vec::new()).await.expect("a state")
            }
            Self::Aiortc(program) => {
                let printed = program.stdout();
                let last = printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
                let last = last.rsplit('\n').next().unwrap_or_default();
                if last.is_empty() {
                    return State::default();
                }
                serde_json::from_str(last).expect("a state")
            }
        }
    }

    async fn until(&mut self, what: &str, holds: impl Fn(&State) -> bool) -> State {
        for _ in 0..600 {
            let state = self.state().await;
            if holds(&state) {
                return state;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("not {what}: {:?}", self.state().await);
    }
}

struct Ours {
    peer: Peer,
    events: mpsc::Receiver<PeerEvent>,
    data: DataEnds,
    _media: MediaEnds,
}

impl Ours {
    fn open() -> Self {
        let (data_ports, data) = DataPorts::pair();
        let (ports, media) = MediaPorts::pair(8);
        let (events_in, events) = mpsc::channel(256);
        let config = PeerConfig {
            ice_servers: Vec::new(),
            relay_only: false,
            relay_roots: Vec::new(),
            bind: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            max_bitrate: Bitrate::from_kbps(2500),
            send_video: true,
            send_audio: true,
            network: None,
        };
        let ports = ports.with_data(data_ports);
        let peer = Peer::open(&Consent::of_the_person(), config, ports, events_in);
        Self { peer, events, data, _media: media }
    }

    async fn event(&mut self) -> PeerEvent {
        let event = timeout(PATIENCE, self.events.recv()).await.expect("something in time");
        event.expect("the peer lives")
    }

    /// Our description, with the one address that we have in it.
    async fn description(&mut self) -> String {
        let (mut sdp, mut address) = (None, None);
        while sdp.is_none() || address.is_none() {
            match self.event().await {
                PeerEvent::LocalDescription(description) => sdp = Some(description.sdp),
                PeerEvent::LocalCandidate(candidate) => address = Some(candidate.candidate),
                event => panic!("{event:?}"),
            }
        }
        let (sdp, address) = (sdp.unwrap_or_default(), address.unwrap_or_default());
        // At the end of the first section.
        let first = sdp.find("\nm=").map_or(0, |at| at + 1);
        let end = sdp[first..].find("\nm=").map_or(sdp.len(), |at| first + at + 1);
        let (before, after) = sdp.split_at(end);
        format!("{before}a={address}\r\na=end-of-candidates\r\n{after}")
    }

    fn take(&self, kind: DescriptionKind, sdp: String) {
        let description = SessionDescription { kind, sdp };
        let command = match kind {
            DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
            _ => PeerCommand::AcceptAnswer(description),
        };
        self.peer.command(command).expect("it is taken");
    }

    async fn on_text(&mut self) -> ChannelEvent {
        let event = timeout(PATIENCE, self.data.text.incoming.recv()).await;
        event.expect("something in time").expect("the peer lives")
    }
}

/// They call and open the channels, or are called and take them; then text goes both ways.
async fn text_goes_both_ways(mut theirs: Theirs, they_call: bool) {
    let mut ours = Ours::open();
    if they_call {
        theirs.obey(json!({ "do": "offer", "labels": ["visavis-text", "visavis-files"] })).await;
        let offer = theirs.until("an offer", |state| !state.sdp.is_empty()).await.sdp;
        ours.take(DescriptionKind::Offer, offer);
        let answer = ours.description().await;
        theirs.obey(json!({ "do": "accept", "sdp": answer })).await;
    } else {
        ours.peer.command(PeerCommand::CreateOffer { ice_restart: false }).expect("it is taken");
        let offer = ours.description().await;
        theirs.obey(json!({ "do": "answer", "sdp": offer })).await;
        let answer = theirs.until("an answer", |state| !state.sdp.is_empty()).await.sdp;
        ours.take(DescriptionKind::Answer, answer);
    }
    assert_eq!(ours.on_text().await, ChannelEvent::Open);
    theirs.until("open", |state| state.open == ["visavis-files", "visavis-text"]).await;
    let question = DataMessage::Text("¿Qué tal? 🙂".to_owned());
    ours.data.text.outgoing.send(question).await.expect("it is taken");
    let heard = [("visavis-text".to_owned(), "¿Qué tal? 🙂".to_owned())];
    theirs.until("heard", |state| state.heard == heard).await;
    let answer = "Gut, und dir?";
    theirs.obey(json!({ "do": "say", "label": "visavis-text", "text": answer })).await;
    let answer = DataMessage::Text(answer.to_owned());
    assert_eq!(ours.on_text().await, ChannelEvent::Message(answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_calls_opens_the_channels_and_writes_and_reads() {
    text_goes_both_ways(Theirs::chromium().await, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_called_takes_the_channels_and_writes_and_reads() {
    text_goes_both_ways(Theirs::chromium().await, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aiortc_that_calls_opens_the_channels_and_writes_and_reads() {
    text_goes_both_ways(Theirs::aiortc(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aiortc_that_is_called_takes_the_channels_and_writes_and_reads() {
    text_goes_both_ways(Theirs::aiortc(), false).await;
}
