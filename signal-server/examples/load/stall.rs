//! People who never read what they are sent, and others who send to them without end. Whoever is
//! thrown out comes back and goes on not reading.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Error;
use crate::client::{Client, Connector};
use crate::server::Process;
use crate::wire;

/// Large, so that the figure shows the server's queues rather than how fast we send.
const OFFER_BYTES: usize = 16 * 1024;
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

struct Stall {
    name: String,
    receiver: Option<Client>,
    sender: Client,
    offer: Vec<u8>,
    /// How much of `offer` is not said yet.
    rest: usize,
}

/// Sends for that long; how far the server's memory grew at most.
pub(crate) fn run(
    connector: &Connector,
    server: Process,
    receivers: usize,
    time: Duration,
) -> Result<Value, Error> {
    let mut stalls =
        (0..receivers).map(|n| Stall::new(connector, n)).collect::<Result<Vec<_>, _>>()?;
    thread::sleep(Duration::from_secs(1));
    let before = server.memory()?;
    let ends = Instant::now() + time;
    let (mut most, mut sent, mut closed) = (before, 0_u64, 0_u64);
    let mut buffer = vec![0; 64 * 1024];
    let mut look = Instant::now();
    while Instant::now() < ends {
        let mut said = 0;
        for stall in &mut stalls {
            said += stall.go_on(&mut buffer)?;
            sent += u64::from(stall.rest == 0);
            closed += u64::from(stall.come_back(connector)?);
        }
        if Instant::now() >= look {
            look = Instant::now() + LOOK;
            most = most.max(server.memory()?);
        }
        if said == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(json!({
        "receivers": receivers,
        "seconds": time.as_secs(),
        "offers_of_16_kib": sent,
        "thrown_out": closed,
        "bytes_before": before,
        "bytes_at_most": most,
        "growth_bytes": most - before,
    }))
}

impl Stall {
    fn new(connector: &Connector, n: usize) -> Result<Self, Error> {
        let name = format!("stuck{n}");
        let receiver = connector.logged_in(&name, 0)?;
        let sender = connector.logged_in(&format!("pusher{n}"), 0)?;
        receiver.do_not_wait()?;
        sender.do_not_wait()?;
        let offer =
            wire::frame(wire::TEXT, connector.speech().offer(&name, OFFER_BYTES).as_bytes());
        Ok(Self { name, receiver: Some(receiver), sender, offer, rest: 0 })
    }

    /// Says what there is room for, and hears what the server has to say about it.
    fn go_on(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.rest == 0 {
            self.rest = self.offer.len();
        }
        let said = self.sender.send_some(&self.offer[self.offer.len() - self.rest..])?;
        self.rest -= said;
        // That nobody is there, or not any more: both are as it should be.
        self.sender.receive(buffer, |_| {})?;
        Ok(said)
    }

    /// A receiver that was thrown out comes back; whether it was.
    fn come_back(&mut self, connector: &Connector) -> Result<bool, Error> {
        let was_there = self.receiver.as_ref().is_some_and(|receiver| !receiver.is_open());
        if was_there {
            self.receiver = None;
        }
        if self.receiver.is_none()
            && let Ok(receiver) = connector.logged_in(&self.name, 0)
        {
            receiver.do_not_wait()?;
            self.receiver = Some(receiver);
        }
        Ok(was_there)
    }
}
