//! The last sequence and picture parameter sets of a stream, by their ids (H.264 §7.3.2), for key
//! frames that lack them.
//!
//! In: the other's description, and frames as the frame buffer releases them. Out: access units in
//! Annex B form. What always holds: a key frame that brings no sets gets those that its slices
//! name, or is an error;
//! a set that came with no picture goes before the next one; what a stream brings itself counts
//! more than what is kept. Bounded by number and size. Time and order are the frame buffer's.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, Bytes, BytesMut};
use visavis_media::bit_reader::BitReader;
use visavis_media::frame_buffer::Frame;
use visavis_media::nal_flags::Begins;

use super::depacketizer::{DepacketizeError, NAL_PPS, NAL_SPS, START_CODE, depacketize, inspect};
use crate::sending::packetizer::{NAL_TYPE_MASK, nal_units};

/// A longer set is not kept.
pub(crate) const MAX_SET_BYTES: usize = 2048;
/// The most picture parameter sets that are kept; of sequence parameter sets there are 32 ids.
const MAX_PPS: usize = 64;
/// In so many bytes behind the header a slice and a set name what they refer to.
const HEAD: usize = 24;
/// The highest ids (§7.4.2.1.1, §7.4.2.2).
const MAX_SPS_ID: u32 = 31;
const MAX_PPS_ID: u32 = 255;

/// The parameter sets of one stream.
#[derive(Debug, Default)]
pub(crate) struct ParameterSets {
    sps: BTreeMap<u32, Bytes>,
    pps: BTreeMap<u32, Pps>,
    /// How many were kept so far, which tells the oldest.
    count: u64,
    /// What was last described.
    described: Vec<Bytes>,
}

#[derive(Debug)]
struct Pps {
    nal: Bytes,
    sps: u32,
    kept_at: u64,
}

/// A parameter set by its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Id {
    Sps(u32),
    /// Its own and that of its sequence parameter set.
    Pps(u32, u32),
}

impl ParameterSets {
    /// Takes those of the other's description, unless it says the same as before: what came since
    /// counts more.
    pub(crate) fn describe(&mut self, sets: Vec<Bytes>) {
        if sets == self.described {
            return;
        }
        for set in &sets {
            self.keep(set);
        }
        self.described = sets;
    }

    /// Whether there is one of each kind.
    pub(crate) fn has_both(&self) -> bool {
        !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// Puts a frame together, with the parameter sets that it needs and has not.
    ///
    /// # Errors
    /// When a payload is malformed, or a key frame without sets needs one that never came.
    pub(crate) fn access_unit(&mut self, frame: &Frame) -> Result<Bytes, DepacketizeError> {
        let unit = depacketize(frame.payloads.iter().map(AsRef::as_ref))?;
        // Most frames have nothing to do with parameter sets, and are not looked into.
        if !frame.key && !frame.parameter_sets && frame.parameter_sets_before.is_empty() {
            return Ok(unit);
        }
        let came_before = self.came_before(&frame.parameter_sets_before);
        let mut own = BTreeSet::new();
        let mut used = BTreeSet::new();
        for nal in nal_units(&unit) {
            own.extend(self.keep(&nal));
            used.extend(pps_of_slice(&nal));
        }
        let lacking = if frame.key { self.lacking(&own, &used)? } else { came_before };
        if lacking.is_empty() {
            return Ok(unit);
        }
        let mut whole = BytesMut::with_capacity(unit.len() + lacking.len() * 64);
        for nal in &lacking {
            whole.put_slice(&START_CODE);
            whole.put_slice(nal);
        }
        whole.put_slice(&unit);
        Ok(whole.freeze())
    }

    /// Keeps the sets of payloads that came with no picture. One that is malformed costs itself.
    fn came_before(&mut self, payloads: &[Bytes]) -> Vec<Bytes> {
        let (mut sets, mut together) = (Vec::new(), Vec::new());
        for payload in payloads {
            let flags = inspect(payload);
            if flags.begins != Begins::Rest {
                together.clear();
            }
            together.push(payload.as_ref());
            if flags.unfinished {
                continue;
            }
            let Ok(unit) = depacketize(together.drain(..)) else { continue };
            sets.extend(nal_units(&unit).filter(|nal| self.keep(nal).is_some()));
        }
        sets
    }

    /// Keeps a parameter set; `None` for anything else, or one that makes no sense.
    fn keep(&mut self, nal: &Bytes) -> Option<Id> {
        let id = Id::of(nal).filter(|_| nal.len() <= MAX_SET_BYTES)?;
        self.count += 1;
        match id {
            // A copy: what it is a slice of may be a whole frame.
            Id::Sps(id) => drop(self.sps.insert(id, Bytes::copy_from_slice(nal))),
            Id::Pps(id, sps) => {
                let nal = Bytes::copy_from_slice(nal);
                self.pps.insert(id, Pps { nal, sps, kept_at: self.count });
                if self.pps.len() > MAX_PPS
                    && let Some((&oldest, _)) = self.pps.iter().min_by_key(|(_, pps)| pps.kept_at)
                {
                    self.pps.remove(&oldest);
                }
            }
        }
        Some(id)
    }

    /// What a key frame needs beyond its own sets: the sequence parameter set of its slices, and
    /// all picture parameter sets of that, as frames behind it may name others than it does.
    fn lacking(
        &self,
        own: &BTreeSet<Id>,
        used: &BTreeSet<u32>,
    ) -> Result<Vec<Bytes>, DepacketizeError> {
        let active: BTreeSet<u32> =
            used.iter().filter_map(|id| Some(self.pps.get(id)?.sps)).collect();
        let known = used.iter().all(|id| self.pps.contains_key(id))
            && active.iter().all(|id| self.sps.contains_key(id));
        // What a key frame brings itself is the decoder's to judge.
        if own.is_empty() && !known {
            return Err(DepacketizeError::MissingParameterSet);
        }
        let mut lacking: Vec<Bytes> = active
            .iter()
            .filter(|id| !own.contains(&Id::Sps(**id)))
            .filter_map(|id| self.sps.get(id).cloned())
            .collect();
        let of_active = self.pps.iter().filter(|(id, pps)| {
            active.contains(&pps.sps) && !own.contains(&Id::Pps(**id, pps.sps))
        });
        lacking.extend(of_active.map(|(_, pps)| pps.nal.clone()));
        Ok(lacking)
    }
}

impl Id {
    fn of(nal: &[u8]) -> Option<Self> {
        let (header, body) = nal.split_first()?;
        let mut bits = BitReader::of_nal_body(body, HEAD);
        match header & NAL_TYPE_MASK {
            NAL_SPS => {
                bits.bits(24)?;
                bits.unsigned().filter(|id| *id <= MAX_SPS_ID).map(Self::Sps)
            }
            NAL_PPS => {
                let id = bits.unsigned().filter(|id| *id <= MAX_PPS_ID)?;
                let sps = bits.unsigned().filter(|sps| *sps <= MAX_SPS_ID)?;
                Some(Self::Pps(id, sps))
            }
            _ => None,
        }
    }
}

/// Whether a NAL unit is a parameter set that makes sense.
pub(crate) fn is_parameter_set(nal: &[u8]) -> bool {
    nal.len() <= MAX_SET_BYTES && Id::of(nal).is_some()
}

/// The picture parameter set that a slice names (§7.3.3).
fn pps_of_slice(nal: &[u8]) -> Option<u32> {
    let (header, body) = nal.split_first()?;
    if !matches!(header & NAL_TYPE_MASK, 1 | 5) {
        return None;
    }
    let mut bits = BitReader::of_nal_body(body, HEAD);
    bits.unsigned()?;
    bits.unsigned()?;
    bits.unsigned().filter(|id| *id <= MAX_PPS_ID)
}

#[cfg(test)]
mod tests;
