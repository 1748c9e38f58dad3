//! Offers from one half of the people to the other half.
//!
//! One thread sends and looks for what has come without ever sleeping: with a core of its own its
//! clock is exact to some microseconds, and it waits for nobody but the server. In windows, each
//! pair has so many offers on their way; on schedule, an offer is sent when it is due, whether or
//! not the ones before it came, and its latency counts from then (no coordinated omission).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Error;
use crate::client::{Client, Connector};
use crate::server::Process;
use crate::wire;

/// How large an offer is.
const OFFER_BYTES: usize = 1024;
/// Before the measurements count: caches are filled, code is compiled.
const WARM_UP: Duration = Duration::from_secs(2);
/// As long as nothing comes, something is wrong.
const PATIENCE: Duration = Duration::from_secs(10);

struct Pair {
    sender: Client,
    receiver: Client,
    offer: Vec<u8>,
    /// When each that is on its way was due.
    due: VecDeque<Instant>,
}

impl Pair {
    /// Hears what the receiver got; `arrived` is told when each of them was due.
    fn receive(
        &mut self,
        buffer: &mut [u8],
        mut arrived: impl FnMut(Instant),
    ) -> Result<(), Error> {
        let Self { receiver, due, .. } = self;
        let mut wrong = None;
        receiver.receive(buffer, |text| match due.pop_front() {
            Some(due) if is_offer(text) => arrived(due),
            _ => wrong = Some(String::from_utf8_lossy(text).into_owned()),
        })?;
        wrong.map_or(Ok(()), |text| {
            Err(Error::Server(format!("not the offer that was sent: {text}")))
        })
    }

    /// Nobody should have told the sender anything.
    fn check_sender(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        let mut said = None;
        self.sender
            .receive(buffer, |text| said = Some(String::from_utf8_lossy(text).into_owned()))?;
        said.map_or(Ok(()), |text| {
            Err(Error::Server(format!("the server refused an offer: {text}")))
        })
    }
}

fn is_offer(text: &[u8]) -> bool {
    text.len() > OFFER_BYTES - 64
        && text.len() < OFFER_BYTES + 64
        && text.starts_with(br#"{"type":"offer""#)
}

/// Pairs of people, all logged in.
pub(crate) struct Pairs {
    pairs: Vec<Pair>,
    buffer: Vec<u8>,
}

impl Pairs {
    /// Logs them in.
    pub(crate) fn new(
        to_senders: &Connector,
        to_receivers: &Connector,
        count: usize,
    ) -> Result<Self, Error> {
        let pair = |n: usize| {
            let receiver = to_receivers.logged_in(&format!("receiver{n}"), 0)?;
            let sender = to_senders.logged_in(&format!("sender{n}"), 0)?;
            receiver.do_not_wait()?;
            sender.do_not_wait()?;
            let offer = to_senders.speech().offer(&format!("receiver{n}"), OFFER_BYTES);
            Ok(Pair {
                sender,
                receiver,
                offer: wire::frame(wire::TEXT, offer.as_bytes()),
                due: VecDeque::new(),
            })
        };
        let pairs = (0..count).map(pair).collect::<Result<_, Error>>()?;
        Ok(Self { pairs, buffer: vec![0; 256 * 1024] })
    }

    /// Relays as fast as it goes, with `window` offers on their way for each pair.
    pub(crate) fn in_windows(
        mut self,
        server: Process,
        window: usize,
        count: u64,
    ) -> Result<Value, Error> {
        self.relay(window, count / 5)?;
        let (began, time_before) = (Instant::now(), server.processor_time()?);
        self.relay(window, count)?;
        let (took, time) = (began.elapsed(), server.processor_time()?.saturating_sub(time_before));
        Ok(json!({
            "relays": count,
            "relays_per_second": count as f64 / took.as_secs_f64(),
            "cpu_s_per_100k": time.as_secs_f64() * 1e5 / count as f64,
        }))
    }

    fn relay(&mut self, window: usize, count: u64) -> Result<(), Error> {
        let (mut sent, mut arrived) = (0, 0);
        let mut last = Instant::now();
        let mut batch = Vec::new();
        while arrived < count {
            let before = arrived;
            for pair in &mut self.pairs {
                // Half a window at a time, so that neither side waits for the other.
                if pair.due.len() <= window / 2 && sent < count {
                    let room = ((window - pair.due.len()) as u64).min(count - sent);
                    batch.clear();
                    for _ in 0..room {
                        batch.extend_from_slice(&pair.offer);
                        pair.due.push_back(last);
                    }
                    pair.sender.send(&batch)?;
                    sent += room;
                }
                pair.receive(&mut self.buffer, |_| arrived += 1)?;
            }
            if arrived > before {
                last = Instant::now();
            } else if last.elapsed() > PATIENCE {
                return Err(Error::Server(format!(
                    "{} of {sent} offers did not arrive",
                    sent - arrived
                )));
            }
        }
        for pair in &mut self.pairs {
            pair.check_sender(&mut self.buffer)?;
        }
        Ok(())
    }

    /// Relays so many offers a second, pair after pair, and takes the time of each.
    pub(crate) fn on_schedule(
        mut self,
        server: Process,
        per_second: u32,
        time: Duration,
    ) -> Result<Value, Error> {
        let step = Duration::from_secs(1) / per_second;
        let began = Instant::now() + Duration::from_millis(10);
        let (counts_from, ends) = (began + WARM_UP, began + WARM_UP + time);
        let mut latencies: Vec<Duration> = Vec::with_capacity(1 << 20);
        let (mut due, mut sent, mut arrived) = (began, 0_u64, 0_u64);
        let (mut time_before, mut late) = (None, Duration::ZERO);
        loop {
            let now = Instant::now();
            if time_before.is_none() && now >= counts_from {
                time_before = Some(server.processor_time()?);
            }
            while due <= now && due < ends {
                let count = self.pairs.len() as u64;
                let pair = &mut self.pairs[usize::try_from(sent % count).unwrap_or(0)];
                pair.sender.send(&pair.offer)?;
                pair.due.push_back(due);
                late = late.max(now - due);
                due += step;
                sent += 1;
            }
            for pair in &mut self.pairs {
                pair.receive(&mut self.buffer, |due| {
                    arrived += 1;
                    if due >= counts_from {
                        latencies.push(due.elapsed());
                    }
                })?;
            }
            if due >= ends && arrived == sent {
                break;
            }
            if now > ends + PATIENCE {
                return Err(Error::Server(format!(
                    "{} of {sent} offers did not arrive",
                    sent - arrived
                )));
            }
        }
        let took = time_before
            .map(|before| server.processor_time().map(|after| after.saturating_sub(before)));
        for pair in &mut self.pairs {
            pair.check_sender(&mut self.buffer)?;
        }
        latencies.sort_unstable();
        let micros = |share: f64| {
            let at =
                ((latencies.len() as f64 * share) as usize).min(latencies.len().saturating_sub(1));
            latencies.get(at).map(|latency| latency.as_secs_f64() * 1e6)
        };
        Ok(json!({
            "relays": latencies.len(),
            "p50_us": micros(0.5),
            "p99_us": micros(0.99),
            "max_us": micros(1.0),
            "load_late_by_at_most_us": late.as_secs_f64() * 1e6,
            "cpu_s_per_100k": took.transpose()?.map(|took| took.as_secs_f64() * 1e5 / latencies.len() as f64),
        }))
    }
}
