//! The RTP payloads with parameter sets that came with no picture, until a frame takes them along.
//! Bounded: the oldest give way. Pure.

use std::collections::VecDeque;

use bytes::Bytes;

/// The most payloads that are kept.
const MAX_PAYLOADS: usize = 64;
/// The most bytes that are kept.
const MAX_BYTES: usize = 32 << 10;

/// In the order in which they came.
#[derive(Debug, Default)]
pub(super) struct ParameterSetPayloads {
    payloads: VecDeque<Bytes>,
    bytes: usize,
}

impl ParameterSetPayloads {
    pub(super) fn push(&mut self, payload: Bytes) {
        self.bytes += payload.len();
        self.payloads.push_back(payload);
        while self.payloads.len() > MAX_PAYLOADS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.payloads.pop_front() else { return };
            self.bytes -= oldest.len();
        }
    }

    pub(super) fn take(&mut self) -> Vec<Bytes> {
        self.bytes = 0;
        std::mem::take(&mut self.payloads).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_give_way_by_number_and_by_bytes() {
        let mut kept = ParameterSetPayloads::default();
        for number in 0..100u8 {
            kept.push(Bytes::from(vec![number; 4]));
        }
        let payloads = kept.take();
        assert_eq!((payloads.len(), payloads[0][0]), (MAX_PAYLOADS, 36));
        for number in 0..4u8 {
            kept.push(Bytes::from(vec![number; MAX_BYTES / 2]));
        }
        assert_eq!(kept.take().iter().map(|payload| payload[0]).collect::<Vec<_>>(), [2, 3]);
        assert!(kept.take().is_empty());
    }
}
