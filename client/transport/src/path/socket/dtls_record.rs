//! The records of a DTLS datagram (RFC 6347 §4.1), as far as an observer can distinguish them.
//!
//! Bytes go in, records come out; nothing is decrypted, and a datagram that is not a whole number
//! of records has none.

use std::hash::{DefaultHasher, Hash, Hasher};

const HEADER: usize = 13;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    kind: u8,
    epoch: u16,
    sequence: u64,
    body: &'a [u8],
}

/// What is the same in a record and in its repetition: in epoch 0 its content, as a sender that
/// repeats it gives it another sequence number; later, when it is encrypted, the sequence number
/// too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RecordKey(u64);

impl Record<'_> {
    /// Whether it is part of a handshake by its content type (RFC 5246 §6.2.1): a handshake
    /// message, or the change of keys in its middle.
    pub(crate) fn is_handshake(&self) -> bool {
        matches!(self.kind, 20 | 22)
    }

    /// Whether it is what the client begins with (RFC 5246 §7.4.1.2).
    pub(crate) fn is_client_hello(&self) -> bool {
        self.kind == 22 && self.epoch == 0 && self.body.first() == Some(&1)
    }

    /// See [`RecordKey`].
    pub(crate) fn key(&self) -> RecordKey {
        let mut hasher = DefaultHasher::new();
        (self.kind, self.epoch, self.body).hash(&mut hasher);
        if self.epoch > 0 {
            self.sequence.hash(&mut hasher);
        }
        RecordKey(hasher.finish())
    }
}

/// The records of a datagram in order; `None` when it is malformed or empty.
pub(crate) fn records(datagram: &[u8]) -> Option<Vec<Record<'_>>> {
    let mut records = Vec::new();
    let mut rest = datagram;
    while !rest.is_empty() {
        let (header, after) = rest.split_first_chunk::<HEADER>()?;
        let [kind, _, _, e0, e1, s0, s1, s2, s3, s4, s5, l0, l1] = *header;
        let body = after.get(..usize::from(u16::from_be_bytes([l0, l1])))?;
        let sequence = u64::from_be_bytes([0, 0, s0, s1, s2, s3, s4, s5]);
        records.push(Record { kind, epoch: u16::from_be_bytes([e0, e1]), sequence, body });
        rest = after.get(body.len()..)?;
    }
    (!records.is_empty()).then_some(records)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A record as it is on the wire.
    pub(crate) fn record(kind: u8, epoch: u16, sequence: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 0xfe, 0xfd];
        record.extend(epoch.to_be_bytes());
        record.extend([0, 0, 0, 0, 0, sequence]);
        record.extend(u16::try_from(body.len()).expect("short").to_be_bytes());
        record.extend(body);
        record
    }

    fn key_of(datagram: &[u8]) -> RecordKey {
        records(datagram).expect("records")[0].key()
    }

    #[test]
    fn a_datagram_is_taken_apart_into_its_records() {
        let datagram =
            [record(22, 0, 3, b"hello"), record(20, 0, 4, &[1]), record(23, 1, 0, &[])].concat();
        let found = records(&datagram).expect("records");
        let kinds: Vec<_> = found
            .iter()
            .map(|record| (record.is_handshake(), record.epoch, record.sequence))
            .collect();
        assert_eq!(kinds, [(true, 0, 3), (true, 0, 4), (false, 1, 0)]);
        assert_eq!(records(&datagram[..datagram.len() - 1]), None);
        assert_eq!(records(&[]), None);
    }

    #[test]
    fn a_repetition_is_known_by_its_content_and_once_encrypted_by_its_number() {
        assert_eq!(key_of(&record(22, 0, 3, b"hello")), key_of(&record(22, 0, 9, b"hello")));
        assert_ne!(key_of(&record(22, 0, 3, b"hello")), key_of(&record(22, 0, 3, b"help!")));
        assert_ne!(key_of(&record(22, 1, 3, b"sealed")), key_of(&record(22, 1, 4, b"sealed")));
        assert_eq!(key_of(&record(22, 1, 3, b"sealed")), key_of(&record(22, 1, 3, b"sealed")));
    }

    proptest! {
        #[test]
        fn no_datagram_is_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for record in records(&bytes).into_iter().flatten() {
                let _ = (record.key(), record.is_handshake());
            }
        }
    }
}
