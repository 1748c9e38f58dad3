//! What the operator can watch: metrics for Prometheus.
//!
//! Labels come from fixed sets: nothing that a client says ever becomes one.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use visavis_shared::{ClientMessage, ServerMessage};

/// Upper ends of the ranges in which the lengths of connections are counted, in seconds.
const DURATIONS: [f64; 10] =
    [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0];

/// More types than the protocol has. A type that found no place is counted all the same, only
/// slower.
const PLACES: usize = 16;

/// Counters or gauges by the value of one label.
type ByLabel<M> = Family<[(&'static str, &'static str); 1], M>;

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    connections: ByLabel<Gauge>,
    refused: ByLabel<Counter>,
    durations: Histogram,
    logins: ByLabel<Counter>,
    users: Gauge,
    received_messages: Tally,
    relayed_messages: Tally,
    errors: ByLabel<Counter>,
    overflows: Counter,
    rate_limited: ByLabel<Counter>,
    missed_calls: ByLabel<Counter>,
    bytes_in: Counter,
    bytes_out: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("visavis")),
            connections: Family::default(),
            refused: Family::default(),
            durations: Histogram::new(DURATIONS),
            logins: Family::default(),
            users: Gauge::default(),
            received_messages: Tally::default(),
            relayed_messages: Tally::default(),
            errors: Family::default(),
            overflows: Counter::default(),
            rate_limited: Family::default(),
            missed_calls: Family::default(),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
        };
        let started = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        started.set(since.map_or(0.0, |since| since.as_secs_f64()));
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        let mut registry = metrics.registry();
        registry.register("server", "The program", version);
        registry.register_with_unit("start_time", "When it was started", Unit::Seconds, started);
        registry.register("connections", "Connections that are open", metrics.connections.clone());
        let help = "Connections that were not let in";
        registry.register("connections_refused", help, metrics.refused.clone());
        let (help, durations) =
            ("How long connections were open, once they ended", metrics.durations.clone());
        registry.register_with_unit("connection_duration", help, Unit::Seconds, durations);
        registry.register("logins", "Answers to logins", metrics.logins.clone());
        registry.register("users_online", "Connections that are logged in", metrics.users.clone());
        let received = metrics.received_messages.family();
        registry.register("messages_received", "Messages that clients sent", received);
        let relayed = metrics.relayed_messages.family();
        registry.register("messages_relayed", "Messages of one client passed to another", relayed);
        registry.register("errors", "Errors that clients were told", metrics.errors.clone());
        let help = "Connections that were closed because the client did not read";
        registry.register("outbox_overflows", help, metrics.overflows.clone());
        registry.register("rate_limited", "What was too often", metrics.rate_limited.clone());
        let help = "Calls to owned names under which nobody was online";
        registry.register("missed_calls", help, metrics.missed_calls.clone());
        let help = "What came in over all connections, after decryption";
        registry.register_with_unit("received", help, Unit::Bytes, metrics.bytes_in.clone());
        let help = "What went out over all connections, before encryption";
        registry.register_with_unit("sent", help, Unit::Bytes, metrics.bytes_out.clone());
        drop(registry);
        metrics
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection is open until the returned value is dropped: `plain` or `tls` (TCP),
    /// `websocket`, or `socketio` for a socket of Socket.IO, however it is carried.
    pub(crate) fn opened(&self, kind: &'static str) -> Open {
        let open = self.connections.get_or_create_owned(&[("kind", kind)]);
        open.inc();
        Open(open)
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// A WebSocket ended after so long.
    pub(crate) fn lasted(&self, duration: Duration) {
        self.durations.observe(duration.as_secs_f64());
    }

    /// How many are logged in.
    pub(crate) fn users_online(&self) -> u32 {
        u32::try_from(self.users.get()).unwrap_or_default()
    }

    pub(crate) fn online(&self) -> Open {
        self.users.inc();
        Open(self.users.clone())
    }

    /// A client sent a message that could be read.
    pub(crate) fn message_received(&self, message: &ClientMessage) {
        self.received_messages.count(message.type_name());
    }

    /// A message is sent to a client.
    pub(crate) fn message_sent(&self, message: &ServerMessage) {
        match message {
            ServerMessage::LoggedIn { .. } => self.login("ok"),
            ServerMessage::LoginRefused { reason, .. } => self.login(reason.as_str()),
            ServerMessage::Call { signal, .. } => self.relayed_messages.count(signal.type_name()),
            ServerMessage::Message { .. } => self.relayed_messages.count("message"),
            ServerMessage::Broadcast { .. } => self.relayed_messages.count("broadcast"),
            ServerMessage::Error { code, .. } => {
                self.errors.get_or_create(&[("code", code.as_str())]).inc();
            }
            ServerMessage::Hello { .. }
            | ServerMessage::MissedCalls { .. }
            | ServerMessage::Users { .. }
            | ServerMessage::Presence { .. }
            | ServerMessage::Joined { .. }
            | ServerMessage::UserJoined { .. }
            | ServerMessage::UserLeft { .. }
            | ServerMessage::GuestLeft { .. }
            | ServerMessage::IceServers { .. } => {}
        }
    }

    fn login(&self, result: &'static str) {
        self.logins.get_or_create(&[("result", result)]).inc();
    }

    pub(crate) fn overflowed(&self) {
        self.overflows.inc();
    }

    /// Somebody did something too often: `logins`, `messages`, or a `flood` that ended a
    /// connection.
    pub(crate) fn rate_limited(&self, what: &'static str) {
        self.rate_limited.get_or_create(&[("what", what)]).inc();
    }

    /// Calls that reached nobody were `kept`, or counted with one `again` that was just before, or
    /// `dropped` because there were too many; or `told` to whoever was called. What could not be
    /// read or written `failed`.
    pub(crate) fn missed_calls(&self, what: &'static str, count: usize) {
        self.missed_calls.get_or_create(&[("what", what)]).inc_by(count as u64);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes_in.inc_by(bytes as u64);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.bytes_out.inc_by(bytes as u64);
    }

    /// All metrics as text (OpenMetrics).
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry());
        text
    }
}

/// Counters by the type of a message, found without a lock or a hash: every message is counted
/// twice.
#[derive(Debug, Default)]
struct Tally {
    family: ByLabel<Counter>,
    /// Those of the family that were needed, in the order in which they were.
    known: [OnceLock<(&'static str, Counter)>; PLACES],
}

impl Tally {
    /// The counters, for whoever reads them.
    fn family(&self) -> ByLabel<Counter> {
        self.family.clone()
    }

    fn count(&self, r#type: &'static str) {
        let counter = || self.family.get_or_create_owned(&[("type", r#type)]);
        for place in &self.known {
            let (known, count) = place.get_or_init(|| (r#type, counter()));
            if *known == r#type {
                count.inc();
                return;
            }
        }
        counter().inc();
    }
}

/// Something that counts as long as it is there.
#[derive(Debug)]
pub(crate) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use visavis_shared::{ErrorCode, LoginRefusal};

    use super::*;

    #[test]
    fn metrics_count_what_happened() {
        let metrics = Metrics::new();
        let websocket = metrics.opened("websocket");
        let _tls = metrics.opened("tls");
        let _online = metrics.online();
        metrics.refused("full");
        metrics.lasted(Duration::from_secs(61));
        metrics.message_received(&ClientMessage::Users { prefix: "a name".into() });
        metrics.message_sent(&ServerMessage::LoginRefused {
            reason: LoginRefusal::Taken,
            message: "a name".into(),
        });
        let error = ErrorCode::RateLimited;
        metrics.message_sent(&ServerMessage::Error {
            code: error,
            message: "a name".into(),
            in_reply_to: None,
            call: None,
        });
        metrics.rate_limited("messages");
        metrics.overflowed();
        metrics.missed_calls("told", 3);
        metrics.received(10);
        metrics.sent(20);
        drop(websocket);
        let text = metrics.text();
        for line in [
            r#"visavis_connections{kind="websocket"} 0"#,
            r#"visavis_connections{kind="tls"} 1"#,
            r#"visavis_users_online 1"#,
            r#"visavis_connections_refused_total{reason="full"} 1"#,
            r#"visavis_connection_duration_seconds_bucket{le="60.0"} 0"#,
            r#"visavis_connection_duration_seconds_bucket{le="300.0"} 1"#,
            r#"visavis_messages_received_total{type="users"} 1"#,
            r#"visavis_logins_total{result="taken"} 1"#,
            r#"visavis_errors_total{code="rate-limited"} 1"#,
            r#"visavis_rate_limited_total{what="messages"} 1"#,
            "visavis_outbox_overflows_total 1",
            r#"visavis_missed_calls_total{what="told"} 3"#,
            "visavis_received_bytes_total 10",
            "visavis_sent_bytes_total 20",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line} in:\n{text}");
        }
        assert!(!text.contains("a name"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn each_type_is_counted_by_itself_also_beyond_the_places() {
        let names: Vec<&'static str> =
            (0..PLACES + 3).map(|n| &*format!("type {n}").leak()).collect();
        let tally = Tally::default();
        for _ in 0..2 {
            for name in &names {
                tally.count(name);
            }
        }
        for r#type in names {
            assert_eq!(tally.family.get_or_create(&[("type", r#type)]).get(), 2, "{type}");
        }
    }
}
