//! What a direction of the emulator carried, a tenth of a second at a time.

use std::time::Duration;

/// How long a row is.
pub(crate) const ROW: Duration = Duration::from_millis(100);

/// A tenth of a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TraceRow {
    /// When it began, after the beginning of the timeline.
    pub at: Duration,
    /// Bytes that were sent into the link.
    pub sent_bytes: u64,
    /// Bytes that came out of it.
    pub arrived_bytes: u64,
    /// Packets that were sent into it.
    pub sent: u64,
    /// Packets that were lost, or dropped before a long queue.
    pub lost: u64,
    /// The longest that a packet had to wait for its turn.
    pub queueing: Duration,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    rows: Vec<TraceRow>,
    /// When each packet went in, and how long it then had to wait for its turn.
    waits: Vec<(Duration, Duration)>,
}

impl Trace {
    /// The rows, in order; one for each tenth of a second up to the last in which something
    /// happened.
    #[must_use]
    pub fn rows(&self) -> &[TraceRow] {
        &self.rows
    }

    /// The wait that this share of the packets did not exceed, in a span of time.
    #[must_use]
    pub fn wait_quantile(&self, share: f64, from: Duration, to: Duration) -> Option<Duration> {
        let mut waits: Vec<_> = self
            .waits
            .iter()
            .filter(|(at, _)| (from..to).contains(at))
            .map(|(_, wait)| *wait)
            .collect();
        waits.sort_unstable();
        let index = (waits.len() as f64 * share) as usize;
        waits.get(index.min(waits.len().checked_sub(1)?)).copied()
    }

    /// What arrived of what was sent, in bits per second, in a span of time.
    #[must_use]
    pub fn arriving_bps(&self, from: Duration, to: Duration) -> f64 {
        let rows = self.rows.iter().filter(|row| (from..to).contains(&row.at));
        let span = to.saturating_sub(from).as_secs_f64();
        rows.map(|row| row.arrived_bytes).sum::<u64>() as f64 * 8.0 / span
    }

    pub(crate) fn row(&mut self, at: Duration) -> &mut TraceRow {
        let index = (at.as_millis() / ROW.as_millis()) as usize;
        while self.rows.len() <= index {
            let at = ROW * u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            self.rows.push(TraceRow { at, ..TraceRow::default() });
        }
        // There are that many now.
        &mut self.rows[index]
    }

    pub(crate) fn waited(&mut self, at: Duration, wait: Duration) {
        self.waits.push((at, wait));
        let row = self.row(at);
        row.queueing = row.queueing.max(wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_is_counted_within_the_span_and_divided_by_it() {
        let mut trace = Trace::default();
        for tenth in 0..30 {
            trace.row(ROW * tenth).arrived_bytes = if tenth < 10 { 1 } else { 1000 };
        }
        let seconds = Duration::from_secs;
        assert!((trace.arriving_bps(seconds(1), seconds(3)) - 80_000.0).abs() < 1e-6);
        // Where nothing is noted nothing arrived.
        assert!((trace.arriving_bps(seconds(2), seconds(4)) - 40_000.0).abs() < 1e-6);
    }
}
