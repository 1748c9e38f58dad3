//! What a call measured, in the form that `--report` writes.
//!
//! Units are in the names. What was not measured is left out, never written as 0.

use serde::Serialize;

/// The whole report.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// How it ended, in one word: `completed`, `declined`, `busy`, `no-answer`, `unknown-user`,
    /// `failed`, `lost`, …
    pub outcome: String,
    /// The other person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The call's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// How long things took.
    pub setup: Setup,
    /// Video both ways.
    pub video: Video,
    /// Audio both ways.
    pub audio: Audio,
    /// Audio against video.
    pub sync: Sync,
    /// The network path between the two.
    pub network: Network,
    /// How it was protected.
    pub security: Security,
    /// What it cost this computer.
    pub process: Process,
}

/// A distribution.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile, where there are enough values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// How many values.
    pub n: u64,
}

macro_rules! measurements {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$kind>,
            )*
        }
    )*};
}

measurements! {
    /// How long things took.
    Setup {
        /// From asking to log in to being logged in.
        login_ms: f64,
        /// From the callee's accepting to media being able to flow; on the caller's side from the
        /// answer's arrival.
        accept_to_connected_ms: f64,
        /// From placing the call (or its arrival here) to the first decoded frame.
        call_to_first_video_ms: f64,
        /// From placing the call (or its arrival here) to the first audio played.
        call_to_first_audio_ms: f64,
    }

    /// Video both ways.
    Video {
        /// What we sent.
        sent: VideoSent,
        /// What we received.
        received: VideoReceived,
    }

    /// Our video.
    VideoSent {
        /// Encoded frames.
        frames: u64,
        /// IDR frames among them.
        key_frames: u64,
        /// Encoded bytes.
        bytes: u64,
        /// Of the last frame.
        width: u32,
        /// Of the last frame.
        height: u32,
        /// Over the whole call.
        fps: f64,
        /// Median time to encode a frame.
        encode_ms_p50: f64,
        /// 99th percentile.
        encode_ms_p99: f64,
        /// The rate the encoder aimed at last.
        target_bps: u64,
        /// Why the other could not see us at the end, if so: `no-common-format`, `refused` or
        /// `unwanted`.
        problem: String,
    }

    /// Their video.
    VideoReceived {
        /// Decoded frames.
        frames_decoded: u64,
        /// Given up: incomplete, undecodable or out of date.
        frames_dropped: u64,
        /// Of the last frame.
        width: u32,
        /// Of the last frame.
        height: u32,
        /// Freezes as W3C webrtc-stats defines them.
        freeze_count: u64,
        /// How long they were in all.
        freeze_total_ms: f64,
        /// Median time to decode a frame.
        decode_ms_p50: f64,
        /// Mean wait in the frame buffer.
        jitter_buffer_ms: f64,
        /// From the camera to being ready to show, read from the test pattern.
        glass_to_glass_ms: Quantiles,
        /// Why it could not be shown at the end, if so: `no-common-format`, `refused`,
        /// `interlaced`, `bit-depth`, `chroma-format`, `too-large`, `too-many-references`,
        /// `unknown-profile` or `no-key-frame`.
        problem: String,
    }

    /// Audio both ways.
    Audio {
        /// What we sent.
        sent: AudioSent,
        /// What we received.
        received: AudioReceived,
    }

    /// Our audio.
    AudioSent {
        /// RTP packets.
        packets: u64,
        /// Their payload.
        bytes: u64,
    }

    /// Their audio.
    AudioReceived {
        /// RTP packets that came.
        packets: u64,
        /// That never came.
        lost: u64,
        /// Share of the played audio that was concealed, 0 to 1.
        concealed_ratio: f64,
        /// Packets rebuilt from in-band FEC.
        fec_recovered: u64,
        /// Mean wait in the jitter buffer.
        jitter_buffer_ms: f64,
        /// Loudness of the last seconds, against full scale.
        level_dbfs: f64,
        /// The strongest frequency of the last seconds.
        tone_hz: f64,
        /// From microphone to speaker, read from the test tone.
        mouth_to_ear_ms: Quantiles,
    }

    /// Audio against video.
    Sync {
        /// How much earlier audio is played than its video is shown.
        audio_ahead_of_video_ms_p50: f64,
    }

    /// The network path between the two.
    Network {
        /// Round trip.
        rtt_ms: f64,
        /// Share of our packets that did not arrive, 0 to 1.
        loss_out: f64,
        /// Share of theirs, 0 to 1.
        loss_in: f64,
        /// The estimated capacity of the network path.
        estimated_bps: u64,
        /// Kind of our end: host, srflx, prflx, relay.
        local_candidate: String,
        /// Kind of their end.
        remote_candidate: String,
        /// udp or tcp.
        protocol: String,
        /// How often ICE was restarted.
        ice_restarts: u32,
        /// NACK messages we sent.
        nacks_sent: u64,
        /// NACK messages they sent.
        nacks_received: u64,
        /// Key-frame requests we sent.
        plis_sent: u64,
        /// Key-frame requests they sent.
        plis_received: u64,
        /// Packets sent again.
        retransmitted: u64,
    }

    /// How it was protected.
    Security {
        /// `new`, `verified`, `changed` or `none`: whether we know their key.
        peer_identity: String,
        /// The short code both can compare.
        safety_code: String,
        /// DTLS version and cipher.
        dtls: String,
        /// SRTP profile.
        srtp: String,
    }

    /// What it cost this computer.
    Process {
        /// Processor time of the whole process.
        cpu_s: f64,
        /// Running time of the whole process.
        wall_s: f64,
        /// The most memory it held.
        max_rss_bytes: u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_left_out() {
        let mut report = Report { outcome: "completed".into(), ..Report::default() };
        report.network.rtt_ms = Some(1.5);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["network"], serde_json::json!({ "rtt_ms": 1.5 }));
        assert_eq!(json["video"], serde_json::json!({}));
        assert!(json.get("peer").is_none());
    }
}
