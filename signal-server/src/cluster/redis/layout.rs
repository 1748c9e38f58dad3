//! Which key and which channel of Redis is for what.
//!
//! Everything about a name (its lease, its place in the directory, its presence channel) is in one
//! of [`PARTITIONS`] parts, and the keys of a part share a hash tag: one script changes them all in
//! one step, also in a Redis Cluster, where the parts are on several machines.

use std::fmt;

use visavis_shared::{RoomId, Username};

/// How many parts there are. All nodes of a server have to agree on it, so it is no option; a Redis
/// Cluster of more machines than this has no use for the rest.
pub(super) const PARTITIONS: u32 = 16;

/// One node, for as long as its program runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct NodeId(String);

impl NodeId {
    pub(super) fn random() -> Self {
        Self(format!("{:016x}", rand::random::<u64>()))
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        (text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One part of all names, or of all rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Partition(u32);

impl Partition {
    /// That of a name or a room.
    pub(super) fn of(text: &str) -> Self {
        // FNV-1a, which is the same in every version of this program.
        let hash = text
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self(hash % PARTITIONS)
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }

    pub(super) fn index(self) -> u32 {
        self.0
    }
}

/// How many names one command is for. Redis does nothing else meanwhile, for well under a
/// millisecond.
pub(super) const MAX_BATCH: usize = 128;

/// Items by the part that their name is in, in batches.
pub(super) fn batches<T>(
    items: Vec<T>,
    name: impl Fn(&T) -> &Username,
) -> Vec<(Partition, Vec<T>)> {
    let mut items: Vec<_> =
        items.into_iter().map(|item| (Partition::of(name(&item).as_str()), item)).collect();
    items.sort_by_key(|(partition, _)| *partition);
    let mut batches: Vec<(Partition, Vec<T>)> = Vec::new();
    for (partition, item) in items {
        match batches.last_mut() {
            Some((last, batch)) if *last == partition && batch.len() < MAX_BATCH => {
                batch.push(item)
            }
            _ => batches.push((partition, vec![item])),
        }
    }
    batches
}

#[derive(Debug, Clone)]
pub(super) struct Layout {
    prefix: String,
}

impl Layout {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    fn part(&self, partition: Partition, what: &str) -> String {
        format!("{}{{{:02}}}:{what}", self.prefix, partition.0)
    }

    /// Who has a name.
    pub(super) fn lease(&self, name: &Username) -> String {
        self.part(Partition::of(name.as_str()), &format!("lease:{name}"))
    }

    /// The last epoch of a part.
    pub(super) fn epoch(&self, partition: Partition) -> String {
        self.part(partition, "epoch")
    }

    /// The listed names of a part, in order.
    pub(super) fn listed(&self, partition: Partition) -> String {
        self.part(partition, "listed")
    }

    /// When the leases of the listed names end.
    pub(super) fn ends(&self, partition: Partition) -> String {
        self.part(partition, "ends")
    }

    /// What the names of the channels begin with on which the names of a part come and go.
    pub(super) fn presences(&self, partition: Partition) -> String {
        self.part(partition, "presence:")
    }

    /// The channel on which somebody comes and goes.
    pub(super) fn presence(&self, name: &Username) -> String {
        format!("{}{name}", self.presences(Partition::of(name.as_str())))
    }

    /// Whose coming and going a channel is for.
    pub(super) fn whose_presence(&self, channel: &str) -> Option<Username> {
        let (partition, name) = channel.strip_prefix(&self.prefix)?.split_once(":presence:")?;
        partition.starts_with('{').then(|| Username::parse(name).ok()).flatten()
    }

    /// Who is in a room.
    pub(super) fn room(&self, room: &RoomId) -> String {
        self.part(Partition::of(room.as_str()), &format!("room:{room}"))
    }

    /// Who called a name while nobody was online under it.
    pub(super) fn missed(&self, name: &Username) -> String {
        format!("{}{name}", self.all_missed(Partition::of(name.as_str())))
    }

    /// What the keys of the missed calls of a part begin with.
    pub(super) fn all_missed(&self, partition: Partition) -> String {
        self.part(partition, "missed:")
    }

    /// The names of a part that have missed calls, by the time of the first.
    pub(super) fn missed_since(&self, partition: Partition) -> String {
        self.part(partition, "missed-since")
    }

    /// Who owns which name, and which skeleton is whose.
    pub(super) fn owned(&self) -> [String; 2] {
        ["owned", "skeletons"].map(|what| format!("{}{{names}}:{what}", self.prefix))
    }

    /// What the names of the nodes' channels begin and end with.
    pub(super) fn nodes(&self) -> (String, &'static str) {
        (format!("{}node:{{", self.prefix), "}")
    }

    pub(super) fn node(&self, node: &NodeId) -> String {
        let (before, after) = self.nodes();
        format!("{before}{node}{after}")
    }

    /// Shows that a node lives. In the same part of a cluster as its channel.
    pub(super) fn alive(&self, node: &NodeId) -> String {
        format!("{}alive:{{{node}}}", self.prefix)
    }

    pub(super) fn lobby(&self) -> String {
        format!("{}lobby", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_about_a_name_is_in_one_part() {
        let layout = Layout::new("v:");
        let name = Username::parse("alice").unwrap();
        let partition = Partition::of("alice");
        assert_eq!(partition, Partition(7), "another would not find what earlier versions wrote");
        assert_eq!(layout.lease(&name), "v:{07}:lease:alice");
        assert_eq!(layout.presence(&name), "v:{07}:presence:alice");
        assert_eq!(
            (layout.listed(partition), layout.ends(partition)),
            ("v:{07}:listed".into(), "v:{07}:ends".into())
        );
        assert_eq!(layout.missed(&name), "v:{07}:missed:alice");
        assert_eq!(layout.missed_since(partition), "v:{07}:missed-since");
        assert_eq!(layout.owned(), ["v:{names}:owned", "v:{names}:skeletons"]);
    }

    #[test]
    fn a_presence_channel_says_whose_it_is() {
        let layout = Layout::new("v:");
        for text in ["alice", "a:presence:b", "ünïcode"] {
            let name = Username::parse(text).unwrap();
            assert_eq!(layout.whose_presence(&layout.presence(&name)), Some(name));
        }
        assert_eq!(layout.whose_presence("v:lobby"), None);
        assert_eq!(layout.whose_presence("w:{01}:presence:alice"), None);
    }

    #[test]
    fn names_spread_over_all_parts() {
        let mut sizes = [0; PARTITIONS as usize];
        for n in 0..16_000 {
            sizes[Partition::of(&format!("user{n}")).index() as usize] += 1;
        }
        assert!(sizes.iter().all(|size| (700..1300).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_node_is_known_by_sixteen_digits() {
        let node = NodeId::random();
        assert_eq!(NodeId::parse(node.as_str()), Some(node));
        assert_eq!((NodeId::parse("-"), NodeId::parse("zzzzzzzzzzzzzzzz")), (None, None));
    }
}
