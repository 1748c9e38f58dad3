//! Rebuilds lost media packets: media and FEC packets go in as they arrive, what can be rebuilt
//! comes out. Bounded whatever arrives.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;

use super::galois::{add_scaled, coefficient, inverse};
use super::{Header, LENGTH, MediaPacket, add_packet};

/// The media packets that are remembered, as FEC packets may need them.
const REMEMBERED: usize = 512;
/// The groups that wait for more packets.
const GROUPS: usize = 32;

/// A group of which FEC packets have come.
#[derive(Debug)]
struct Group {
    header: Header,
    rtp_timestamp: u32,
    /// Blocks by index.
    fec: BTreeMap<u8, Bytes>,
}

/// What a FEC packet brings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FromFec {
    /// The packets that could be rebuilt.
    pub(crate) rebuilt: Vec<MediaPacket>,
    /// The sequence numbers of the group's packets that are missing, where no FEC packet still to
    /// come can rebuild them.
    pub(crate) beyond: Vec<u16>,
}

/// Takes media and FEC packets, gives back what can be rebuilt.
#[derive(Debug, Default)]
pub(crate) struct FecDecoder {
    media: HashMap<u16, MediaPacket>,
    order: VecDeque<u16>,
    groups: VecDeque<Group>,
}

impl FecDecoder {
    /// Takes a media packet as it came. Gives what can be rebuilt now.
    pub(crate) fn add_media(&mut self, packet: MediaPacket) -> Vec<MediaPacket> {
        let sequence = packet.sequence;
        if !self.remember(packet) {
            return Vec::new();
        }
        let belongs = |group: &Group| {
            sequence.wrapping_sub(group.header.first) < u16::from(group.header.media)
        };
        let group = self.groups.iter().position(belongs).and_then(|at| self.groups.remove(at));
        group.map_or_else(Vec::new, |group| self.rebuild(group))
    }

    /// Takes a FEC packet. Gives what can be rebuilt now, or what it shows to be lost for good.
    pub(crate) fn add_fec(&mut self, rtp_timestamp: u32, payload: &Bytes) -> FromFec {
        let Some((header, fec)) = Header::parse(payload) else { return FromFec::default() };
        let same = |group: &Group| {
            group.rtp_timestamp == rtp_timestamp
                && Header { index: header.index, ..group.header } == header
                && group.fec.values().all(|other| other.len() == fec.len())
        };
        let group = self.groups.iter().position(same).and_then(|at| self.groups.remove(at));
        let mut group = group.unwrap_or(Group { header, rtp_timestamp, fec: BTreeMap::new() });
        group.fec.insert(header.index, fec);
        let mut beyond = self.missing(&group);
        let to_come = usize::from(header.fec - 1 - header.index);
        if beyond.len() <= group.fec.len() + to_come {
            beyond.clear();
        }
        let beyond =
            beyond.into_iter().map(|column| header.first.wrapping_add(column.into())).collect();
        FromFec { rebuilt: self.rebuild(group), beyond }
    }

    fn known(&self, group: &Group, column: u8) -> Option<&MediaPacket> {
        let packet = self.media.get(&group.header.first.wrapping_add(u16::from(column)));
        packet.filter(|packet| packet.rtp_timestamp == group.rtp_timestamp)
    }

    /// By index in the group.
    fn missing(&self, group: &Group) -> Vec<u8> {
        (0..group.header.media).filter(|column| self.known(group, *column).is_none()).collect()
    }

    /// Remembers a packet; says no when it is known.
    fn remember(&mut self, packet: MediaPacket) -> bool {
        let sequence = packet.sequence;
        if let Some(known) = self.media.get_mut(&sequence) {
            // The same number a cycle later is another packet.
            if known.rtp_timestamp == packet.rtp_timestamp {
                return false;
            }
            *known = packet;
            return true;
        }
        self.media.insert(sequence, packet);
        self.order.push_back(sequence);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.media.remove(&oldest);
        }
        true
    }

    /// Rebuilds what is missing of a group, or else keeps it; the one that was longest of no use
    /// goes.
    fn rebuild(&mut self, group: Group) -> Vec<MediaPacket> {
        let Header { media, first, .. } = group.header;
        let missing = self.missing(&group);
        if missing.len() > group.fec.len() {
            if self.groups.len() >= GROUPS {
                self.groups.pop_front();
            }
            self.groups.push_back(group);
            return Vec::new();
        }
        let present = (0..media).filter_map(|column| Some((column, self.known(&group, column)?)));
        let blocks = solve(&group.fec, &missing, present);
        let mut rebuilt = Vec::new();
        for (column, block) in missing.into_iter().zip(blocks.into_iter().flatten()) {
            let Some(payload) = payload_of(&block) else { continue };
            rebuilt.push(MediaPacket {
                sequence: first.wrapping_add(u16::from(column)),
                rtp_timestamp: group.rtp_timestamp,
                marker: group.header.marker && column + 1 == media,
                payload,
            });
        }
        for packet in &rebuilt {
            self.remember(packet.clone());
        }
        rebuilt
    }
}

/// The payload in a block; `None` when its length can't be.
fn payload_of(block: &[u8]) -> Option<Bytes> {
    let (length, rest) = block.split_first_chunk::<LENGTH>()?;
    let payload = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    (!payload.is_empty()).then(|| Bytes::copy_from_slice(payload))
}

/// Solves for the missing blocks, by elimination; `None` when what came contradicts itself.
fn solve<'a>(
    fec: &BTreeMap<u8, Bytes>,
    missing: &[u8],
    present: impl Iterator<Item = (u8, &'a MediaPacket)>,
) -> Option<Vec<Vec<u8>>> {
    let unknown = missing.len();
    let mut sums: Vec<(u8, Vec<u8>)> =
        fec.iter().take(unknown).map(|(&row, block)| (row, block.to_vec())).collect();
    for (column, packet) in present {
        for (row, sum) in &mut sums {
            add_packet(sum, packet, coefficient(*row, column))?;
        }
    }
    // Each row: what it holds of each missing packet, then the FEC block less what is known of it.
    let mut rows: Vec<Vec<u8>> = sums
        .into_iter()
        .map(|(row, sum)| {
            missing.iter().map(|&column| coefficient(row, column)).chain(sum).collect()
        })
        .collect();
    for pivot in 0..unknown {
        let at = (pivot..rows.len())
            .find(|&at| rows.get(at).is_some_and(|row| row.get(pivot) != Some(&0)))?;
        rows.swap(pivot, at);
        let row = rows.get_mut(pivot)?;
        let mut scaled = vec![0; row.len()];
        add_scaled(&mut scaled, row, inverse(*row.get(pivot)?));
        row.clone_from(&scaled);
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = row.get(pivot).copied().unwrap_or(0);
            if at != pivot {
                add_scaled(row, &scaled, factor);
            }
        }
    }
    Some(rows.into_iter().map(|row| row.into_iter().skip(unknown).collect()).collect())
}
