//! What a network does to packets.

use std::time::Duration;

/// How much a link carries, in bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

impl Rate {
    /// From bits per second; a link carries at least one.
    #[must_use]
    pub const fn from_bps(bps: u64) -> Self {
        Self(if bps == 0 { 1 } else { bps })
    }

    /// From thousands of bits per second.
    #[must_use]
    pub const fn from_kbps(kbps: u64) -> Self {
        Self::from_bps(kbps * 1000)
    }

    /// In bits per second.
    #[must_use]
    pub const fn bps(self) -> u64 {
        self.0
    }

    /// How long so many bytes take.
    #[must_use]
    pub fn time_for(self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 * 8.0 / self.0 as f64)
    }
}

/// Which packets get lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Every packet arrives.
    None,
    /// Each with this probability, whatever happened to the others.
    Random(f64),
    /// Several in a row: the model of Gilbert and Elliott with a good state that loses nothing and
    /// a bad one that loses everything.
    Bursts {
        /// The share that is lost in all.
        mean: f64,
        /// How many are lost in a row, on average.
        length: f64,
    },
}

/// What one direction of a network does to packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// How much it carries; `None` for any amount.
    pub rate: Option<Rate>,
    /// A packet that would have to wait longer than this for its turn is dropped.
    pub queue: Duration,
    /// How long a packet is on its way, besides waiting for its turn.
    pub delay: Duration,
    /// By how much that varies, evenly, to either side.
    pub jitter: Duration,
    /// Whether packets stay in order even so: one that would overtake arrives with the one before
    /// it.
    pub in_order: bool,
    /// Which get lost.
    pub loss: Loss,
    /// While this is false, nothing gets in.
    pub open: bool,
}

impl Conditions {
    /// A network that passes everything on at once.
    pub const CLEAR: Self = Self {
        rate: None,
        queue: Duration::from_millis(300),
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        in_order: false,
        loss: Loss::None,
        open: true,
    };

    /// The same with a one-way delay.
    #[must_use]
    pub const fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same with a rate.
    #[must_use]
    pub const fn rate(self, rate: Rate) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// The same with another queue.
    #[must_use]
    pub const fn queue(self, queue: Duration) -> Self {
        Self { queue, ..self }
    }

    /// The same with jitter, by which packets overtake each other.
    #[must_use]
    pub const fn jitter(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// The same with loss.
    #[must_use]
    pub const fn loss(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// The same, but nothing gets through.
    #[must_use]
    pub const fn closed(self) -> Self {
        Self { open: false, ..self }
    }
}
