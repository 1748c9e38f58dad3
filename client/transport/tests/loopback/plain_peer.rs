//! A peer that is the library and nothing else: whoever opens what they like.

use std::sync::Arc;

use async_trait::async_trait;
use rtc::peer_connection::configuration::setting_engine::SctpMaxMessageSize;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tokio::sync::mpsc;
use tokio::time::timeout;
use visavis_shared::{DescriptionKind, SessionDescription};
use visavis_transport::{PeerCommand, PeerEvent};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCConfigurationBuilder, RTCIceCandidateInit, RTCPeerConnectionIceEvent, RTCSessionDescription,
    SettingEngineBuilder,
};

use crate::support::{End, PATIENCE};

struct Handler {
    candidates: mpsc::Sender<RTCIceCandidateInit>,
    channels: mpsc::Sender<Arc<dyn DataChannel>>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Ok(candidate) = event.candidate.to_json() {
            let _ = self.candidates.send(candidate).await;
        }
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let _ = self.channels.send(channel).await;
    }
}

pub(crate) struct PlainPeer {
    pub(crate) pc: Arc<dyn PeerConnection>,
    candidates: mpsc::Receiver<RTCIceCandidateInit>,
    channels: mpsc::Receiver<Arc<dyn DataChannel>>,
}

impl PlainPeer {
    pub(crate) async fn open() -> Self {
        let (candidates_in, candidates) = mpsc::channel(16_384);
        let (channels_in, channels) = mpsc::channel(16_384);
        let mut engine = MediaEngine::default();
        engine.register_default_codecs().expect("codecs");
        let settings = SettingEngineBuilder::new()
            .with_sctp_max_message_size(SctpMaxMessageSize::Unbounded)
            .build();
        let pc = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_setting_engine(settings)
            .with_handler(Arc::new(Handler { candidates: candidates_in, channels: channels_in }))
            .with_udp_addrs(vec!["127.0.0.1:0".to_owned()])
            .build()
            .await
            .expect("a peer connection");
        pc.add_transceiver_from_kind(RtpCodecKind::Audio, None).await.expect("a transceiver");
        Self { pc: Arc::new(pc), candidates, channels }
    }

    pub(crate) async fn create(&self, label: &str) -> Arc<dyn DataChannel> {
        self.pc.create_data_channel(label, None).await.expect("a channel")
    }

    /// The next channel that the other opens.
    pub(crate) async fn accept(&mut self) -> Arc<dyn DataChannel> {
        timeout(PATIENCE, self.channels.recv()).await.expect("in time").expect("a channel")
    }

    /// Calls an app.
    pub(crate) async fn call(&mut self, app: &mut End, change: impl Fn(&str) -> String) {
        let offer = self.pc.create_offer(None).await.expect("an offer");
        self.pc.set_local_description(offer.clone()).await.expect("it is set");
        let sdp = offer.sdp.clone();
        app.command(PeerCommand::AcceptOffer(SessionDescription {
            kind: DescriptionKind::Offer,
            sdp,
        }));
        self.exchange(app, change).await;
    }

    /// Is called by an app.
    pub(crate) async fn be_called(&mut self, app: &mut End, change: impl Fn(&str) -> String) {
        app.command(PeerCommand::CreateOffer { ice_restart: false });
        self.exchange(app, change).await;
    }

    /// Passes descriptions and addresses on until the app is connected; theirs to this one changed.
    async fn exchange(&mut self, app: &mut End, change: impl Fn(&str) -> String) {
        let mut waiting = Vec::new();
        let mut is_described = false;
        loop {
            tokio::select! {
                event = app.event() => match event {
                    PeerEvent::Connected => return,
                    PeerEvent::LocalDescription(description) => {
                        self.take(app, &description, &change).await;
                        is_described = true;
                        for candidate in waiting.drain(..) {
                            self.pc.add_ice_candidate(candidate).await.expect("an address");
                        }
                    }
                    PeerEvent::LocalCandidate(candidate) => {
                        let candidate = RTCIceCandidateInit {
                            candidate: candidate.candidate,
                            sdp_mid: candidate.sdp_mid,
                            sdp_mline_index: candidate.sdp_mline_index,
                            username_fragment: candidate.username_fragment,
                            url: None,
                        };
                        if is_described {
                            self.pc.add_ice_candidate(candidate).await.expect("an address");
                        } else {
                            waiting.push(candidate);
                        }
                    }
                    PeerEvent::Failed(why) => panic!("{why}"),
                    _ => {}
                },
                Some(candidate) = self.candidates.recv() => {
                    app.command(PeerCommand::AddCandidate(visavis_shared::CandidateInit {
                        candidate: candidate.candidate,
                        sdp_mid: candidate.sdp_mid,
                        sdp_mline_index: candidate.sdp_mline_index,
                        username_fragment: candidate.username_fragment,
                    }));
                }
            }
        }
    }

    async fn take(&self, app: &End, theirs: &SessionDescription, change: &impl Fn(&str) -> String) {
        let sdp = change(&theirs.sdp);
        if theirs.kind == DescriptionKind::Answer {
            let answer = RTCSessionDescription::answer(sdp).expect("an answer");
            self.pc.set_remote_description(answer).await.expect("it is taken");
            return;
        }
        let offer = RTCSessionDescription::offer(sdp).expect("an offer");
        self.pc.set_remote_description(offer).await.expect("it is taken");
        let answer = self.pc.create_answer(None).await.expect("an answer");
        self.pc.set_local_description(answer.clone()).await.expect("it is set");
        let kind = DescriptionKind::Answer;
        app.command(PeerCommand::AcceptAnswer(SessionDescription { kind, sdp: answer.sdp }));
    }
}

/// The next event of a channel of the library's.
pub(crate) async fn poll(channel: &Arc<dyn DataChannel>) -> DataChannelEvent {
    timeout(PATIENCE, channel.poll()).await.expect("in time").expect("the channel lives")
}

/// The next message on a channel of the library's.
pub(crate) async fn hear(channel: &Arc<dyn DataChannel>) -> (bool, Vec<u8>) {
    loop {
        if let DataChannelEvent::OnMessage(message) = poll(channel).await {
            return (message.is_string, message.data.to_vec());
        }
    }
}
