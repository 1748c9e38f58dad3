//! Tests of the machine of transfers: two of them, with disks in memory, over a channel that can be
//! cut at any moment.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::protocol::ids::FileHash;
use crate::view::Party;

/// So many bytes are read at once.
const READ: usize = 5;

fn hash(bytes: &[u8]) -> FileHash {
    FileHash(*blake3::hash(bytes).as_bytes())
}

/// What comes, on a disk in memory.
#[derive(Default)]
struct Sink {
    files: Vec<Vec<u8>>,
    open: Vec<u8>,
    count: u32,
}

struct Source {
    files: Vec<Vec<u8>>,
    generation: u32,
    at: usize,
    offset: usize,
    begun: bool,
}

#[derive(Default)]
struct Disk {
    sources: HashMap<TransferId, Source>,
    sinks: HashMap<TransferId, Sink>,
    placed: HashMap<TransferId, Vec<Vec<u8>>>,
    reports: VecDeque<DiskReport>,
}

impl Disk {
    fn obey(&mut self, command: DiskCommand) {
        match command {
            DiskCommand::Prepare { id, path, .. } => {
                let files = files_of(&path);
                let size = files.iter().map(|file| file.len() as u64).sum();
                let count = (files.len() != 1).then_some(files.len() as u32);
                self.sources
                    .insert(id, Source { files, generation: 0, at: 0, offset: 0, begun: false });
                let (name, executable, thumbnail) = ("x".to_owned(), false, None);
                let prepared = Prepared { name, size, files: count, executable, thumbnail };
                self.reports.push_back(DiskReport::Prepared(id, prepared));
            }
            DiskCommand::Seek { id, generation, file, offset } => {
                let Some(source) = self.sources.get_mut(&id) else { return };
                (source.generation, source.at) = (generation, file as usize);
                (source.offset, source.begun) = (offset as usize, false);
                let before = source.files.iter().take(source.at).map(Vec::len).sum::<usize>();
                let done = before as u64 + offset;
                self.reports.push_back(DiskReport::Sought { id, generation, done });
            }
            DiskCommand::Read { id, generation } => {
                let source = self.sources.get_mut(&id);
                let Some(source) = source.filter(|one| one.generation == generation) else {
                    return;
                };
                let piece = source.read();
                self.reports.push_back(DiskReport::Piece { id, generation, piece });
            }
            DiskCommand::Remember(_) | DiskCommand::Suspend(_) | DiskCommand::Keep(_) => {}
            DiskCommand::Release(id) => {
                self.sources.remove(&id);
            }
            DiskCommand::Open { id, files, .. } => {
                let sink = self.sinks.entry(id).or_default();
                sink.count = files.unwrap_or(1);
                let (file, offset) = (sink.files.len() as u32, sink.open.len() as u64);
                self.reports.push_back(DiskReport::Opened { id, file, offset, done: sink.done() });
            }
            DiskCommand::Begin { id, file, .. } => {
                if let Some(sink) = self.sinks.get(&id) {
                    assert_eq!(file as usize, sink.files.len());
                }
            }
            DiskCommand::Write { id, bytes } => {
                let Some(sink) = self.sinks.get_mut(&id) else { return };
                sink.open.extend_from_slice(&bytes);
                let done = sink.done();
                self.reports.push_back(DiskReport::Written { id, done });
            }
            DiskCommand::EndFile { id, hash: expected } => {
                let Some(sink) = self.sinks.get_mut(&id) else { return };
                assert_eq!(hash(&sink.open), expected);
                let whole = std::mem::take(&mut sink.open);
                sink.files.push(whole);
            }
            DiskCommand::Place(id) => {
                let Some(sink) = self.sinks.remove(&id) else { return };
                assert_eq!(sink.files.len() as u32, sink.count);
                self.placed.insert(id, sink.files);
                self.reports.push_back(DiskReport::Placed(id, "there".into()));
            }
            DiskCommand::Discard(id) => {
                self.sinks.remove(&id);
            }
        }
    }
}

impl Sink {
    fn done(&self) -> u64 {
        self.files.iter().chain([&self.open]).map(|file| file.len() as u64).sum()
    }
}

impl Source {
    fn read(&mut self) -> Piece {
        let Some(bytes) = self.files.get(self.at) else { return Piece::Last };
        let file = self.at as u32;
        if !self.begun {
            self.begun = true;
            return Piece::Begin { file, path: format!("f{file}"), size: bytes.len() as u64 };
        }
        if self.offset < bytes.len() {
            let end = (self.offset + READ).min(bytes.len());
            let data = Bytes::copy_from_slice(&bytes[self.offset..end]);
            let offset = std::mem::replace(&mut self.offset, end) as u64;
            return Piece::Data { file, offset, bytes: data };
        }
        (self.at, self.offset, self.begun) = (self.at + 1, 0, false);
        Piece::End { file, hash: hash(bytes) }
    }
}

/// What lies at a path such as `3-10-0`: files of so many bytes.
fn files_of(path: &std::path::Path) -> Vec<Vec<u8>> {
    let name = path.to_str().expect("a text");
    let sizes = name.split('-').filter(|size| !size.is_empty());
    let sizes = sizes.map(|size| size.parse::<usize>().expect("a number"));
    sizes.map(|size| (0..size).map(|at| (at * 7 + size) as u8).collect()).collect()
}

struct Side {
    machine: Transfers,
    disk: Disk,
    /// On the way to this side.
    inbox: VecDeque<DataMessage>,
    accepted: HashSet<TransferId>,
}

struct World {
    sides: [Side; 2],
    now: Instant,
    open: bool,
    ids: Vec<(TransferId, usize, PathBuf)>,
}

impl World {
    fn new() -> Self {
        let side = |session| Side {
            machine: Transfers::new(SessionId(session)),
            disk: Disk::default(),
            inbox: VecDeque::new(),
            accepted: HashSet::new(),
        };
        let sides = [side(1), side(2)];
        Self { sides, now: Instant::now(), open: false, ids: Vec::new() }
    }

    fn input(&mut self, side: usize, input: TransferInput<'_>) {
        self.sides[side].machine.handle(input, self.now);
        self.check();
    }

    fn offer(&mut self, side: usize, path: &str) -> TransferId {
        let id = TransferId(self.ids.len() as u128 + 1);
        self.ids.push((id, side, path.into()));
        self.input(side, TransferInput::Offer(id, path.into()));
        id
    }

    fn accept(&mut self, side: usize, id: TransferId) {
        let offered = self.state(side, id) == Some(TransferState::Offered);
        if offered && self.ids.iter().any(|(one, from, _)| *one == id && *from != side) {
            self.sides[side].accepted.insert(id);
        }
        self.input(side, TransferInput::Accept(id));
    }

    /// One message of this side goes; whether there was one.
    fn send(&mut self, side: usize, budget: Option<usize>) -> bool {
        let message = self.sides[side].machine.poll_message(budget, self.now);
        let sent = message.is_some();
        if self.open {
            self.sides[1 - side].inbox.extend(message);
        }
        self.check();
        sent
    }

    fn receive(&mut self, side: usize) -> bool {
        match self.sides[side].inbox.pop_front() {
            Some(DataMessage::Text(text)) => self.input(side, TransferInput::Message(&text)),
            Some(DataMessage::Binary(bytes)) => self.input(side, TransferInput::Bytes(bytes)),
            None => return false,
        }
        true
    }

    /// The disk does one thing or reports one.
    fn disk(&mut self, side: usize, report: bool) -> bool {
        let own = &mut self.sides[side];
        if report {
            let Some(report) = own.disk.reports.pop_front() else { return false };
            self.input(side, TransferInput::Disk(report));
            return true;
        }
        let Some(command) = own.machine.poll_disk() else { return false };
        // No byte is written or read before whoever receives has accepted.
        match &command {
            DiskCommand::Open { id, .. }
            | DiskCommand::Begin { id, .. }
            | DiskCommand::Write { id, .. }
            | DiskCommand::EndFile { id, .. }
            | DiskCommand::Place(id) => assert!(own.accepted.contains(id)),
            DiskCommand::Read { id, .. } | DiskCommand::Seek { id, .. } => {
                assert!(self.sides[1 - side].accepted.contains(id));
            }
            _ => {}
        }
        self.sides[side].disk.obey(command);
        true
    }

    fn cut(&mut self) {
        self.open = false;
        for side in 0..2 {
            self.sides[side].inbox.clear();
            self.input(side, TransferInput::Interrupted);
        }
    }

    fn connect(&mut self) {
        self.cut();
        self.open = true;
        for side in 0..2 {
            self.input(side, TransferInput::Opened);
        }
    }

    /// Until nothing more happens.
    fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 100_000, "it never comes to rest");
            self.now += Duration::from_millis(50);
            let mut moved = false;
            for side in 0..2 {
                moved |= self.disk(side, false) | self.disk(side, true) | self.receive(side);
                moved |= self.send(side, Some(1000));
            }
            if !moved {
                return;
            }
        }
    }

    fn state(&self, side: usize, id: TransferId) -> Option<TransferState> {
        let shown = self.sides[side].machine.shown(self.now);
        shown.into_iter().find(|one| one.id == id).map(|one| one.state)
    }

    /// What holds at every moment.
    fn check(&self) {
        for side in &self.sides {
            for one in side.machine.shown(self.now) {
                assert!(one.done <= one.size, "{one:?}");
                if matches!(one.state, TransferState::Done(_)) {
                    assert_eq!(one.done, one.size);
                }
            }
            assert!(side.machine.waiting.len() <= CONGESTION);
            assert!(side.machine.disk.len() <= DISK_CONGESTION + 8 * side.machine.outgoing.len());
        }
    }

    /// What both say of a transfer fits.
    fn agree(&self, id: TransferId, from: usize, path: &std::path::Path) {
        let (sender, receiver) = (self.state(from, id), self.state(1 - from, id));
        let placed = self.sides[1 - from].disk.placed.get(&id);
        let us = |state| Some(TransferState::Cancelled(state));
        if sender == Some(TransferState::Done(None)) {
            assert!(matches!(receiver, Some(TransferState::Done(Some(_)))), "{receiver:?}");
            assert_eq!(placed, Some(&files_of(path)));
        } else if sender == us(Party::Us) {
            let fits = matches!(
                receiver,
                None | Some(TransferState::Cancelled(_) | TransferState::Done(_))
                    | Some(TransferState::Refused(Party::Us))
            );
            assert!(fits, "{receiver:?}");
        } else {
            let pairs = [
                (us(Party::Them), us(Party::Us)),
                (
                    Some(TransferState::Refused(Party::Them)),
                    Some(TransferState::Refused(Party::Us)),
                ),
            ];
            assert!(pairs.contains(&(sender.clone(), receiver.clone())), "{sender:?} {receiver:?}");
            assert_eq!(placed, None);
        }
        assert!(!self.sides[1 - from].disk.sinks.contains_key(&id), "a part is left");
        assert!(!self.sides[from].disk.sources.contains_key(&id), "a file is open");
    }
}

#[test]
fn a_cut_in_a_folder_costs_nothing_that_was_written() {
    let mut world = World::new();
    world.connect();
    let id = world.offer(0, "12-0-30");
    world.settle();
    assert_eq!(world.state(1, id), Some(TransferState::Offered));
    world.accept(1, id);
    let mut written = 0;
    while written < 20 {
        world.now += Duration::from_millis(50);
        for side in 0..2 {
            world.disk(side, false);
            world.disk(side, true);
            world.receive(side);
            world.send(side, Some(3));
        }
        written = world.sides[1].machine.shown(world.now)[0].done;
    }
    world.cut();
    assert_eq!(world.state(0, id), Some(TransferState::Interrupted));
    assert_eq!(world.state(1, id), Some(TransferState::Interrupted));
    world.connect();
    world.settle();
    world.agree(id, 0, std::path::Path::new("12-0-30"));
}

#[test]
fn eight_run_and_the_rest_wait_for_their_turn() {
    let mut world = World::new();
    world.connect();
    let ids: Vec<TransferId> = (0..20).map(|_| world.offer(0, "100")).collect();
    world.settle();
    for id in &ids {
        world.accept(1, *id);
    }
    for _ in 0..200 {
        for side in 0..2 {
            world.disk(side, false);
            world.disk(side, true);
            world.receive(side);
            world.send(side, None);
        }
    }
    let started = world.sides[0].machine.outgoing.iter().filter(|one| one.is_running()).count();
    assert_eq!(started, MAX_RUNNING);
    world.settle();
    assert!(ids.iter().all(|id| world.state(0, *id) == Some(TransferState::Done(None))));
}

#[test]
fn at_most_thirty_two_offers_wait_for_the_other() {
    let mut world = World::new();
    world.connect();
    let ids: Vec<TransferId> = (0..257).map(|_| world.offer(0, "1")).collect();
    assert_eq!(world.sides[0].machine.take_problem(), Some(Problem::TooManyTransfers(256)));
    world.settle();
    assert_eq!(world.sides[1].machine.shown(world.now).len(), MAX_PENDING);
    for id in &ids {
        world.input(1, TransferInput::Refuse(*id));
        world.settle();
    }
    let refused = world.sides[0].machine.shown(world.now);
    assert!(refused.iter().all(|one| one.state == TransferState::Refused(Party::Them)));
}

#[test]
fn when_nothing_comes_for_five_seconds_it_is_interrupted_until_something_does() {
    let mut world = World::new();
    world.connect();
    let id = world.offer(0, "5000");
    world.settle();
    world.accept(1, id);
    for _ in 0..50 {
        for side in 0..2 {
            world.disk(side, false);
            world.disk(side, true);
            world.receive(side);
            world.send(side, Some(3));
        }
    }
    assert_eq!(world.state(1, id), Some(TransferState::Running));
    world.now += SILENCE;
    assert_eq!(world.state(1, id), Some(TransferState::Interrupted));
    world.settle();
    world.agree(id, 0, std::path::Path::new("5000"));
}

#[derive(Debug, Clone)]
enum Step {
    Offer(usize, usize),
    Accept(usize, usize),
    Refuse(usize, usize),
    Cancel(usize, usize),
    Pause(usize, usize, bool),
    Send(usize, Option<usize>),
    Receive(usize),
    Disk(usize, bool),
    Wait(u64),
    Cut,
    Connect,
}

fn step() -> impl Strategy<Value = Step> {
    let side = 0..2_usize;
    let which = 0..6_usize;
    prop_oneof![
        3 => (side.clone(), 0..5_usize).prop_map(|(side, path)| Step::Offer(side, path)),
        6 => (side.clone(), which.clone()).prop_map(|(side, one)| Step::Accept(side, one)),
        1 => (side.clone(), which.clone()).prop_map(|(side, one)| Step::Refuse(side, one)),
        1 => (side.clone(), which.clone()).prop_map(|(side, one)| Step::Cancel(side, one)),
        2 => (side.clone(), which, any::<bool>()).prop_map(|(s, w, p)| Step::Pause(s, w, p)),
        30 => (side.clone(), prop::option::of(1..8_usize)).prop_map(|(s, b)| Step::Send(s, b)),
        30 => side.clone().prop_map(Step::Receive),
        30 => (side, any::<bool>()).prop_map(|(side, report)| Step::Disk(side, report)),
        2 => (1..300_u64).prop_map(Step::Wait),
        1 => Just(Step::Cut),
        3 => Just(Step::Connect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn however_it_goes_both_agree_and_what_arrives_is_what_was_sent(
        steps in prop::collection::vec(step(), 0..500),
    ) {
        let mut world = World::new();
        let paths = ["0", "23", "4-0-9", "", "40-1"];
        for step in steps {
            let id = |one: usize| TransferId(one as u128 + 1);
            match step {
                Step::Offer(side, path) if world.ids.len() < 6 => {
                    world.offer(side, paths[path]);
                }
                Step::Offer(..) => {}
                Step::Accept(side, one) => world.accept(side, id(one)),
                Step::Refuse(side, one) => world.input(side, TransferInput::Refuse(id(one))),
                Step::Cancel(side, one) => world.input(side, TransferInput::Cancel(id(one))),
                Step::Pause(side, one, true) => world.input(side, TransferInput::Pause(id(one))),
                Step::Pause(side, one, false) => world.input(side, TransferInput::Resume(id(one))),
                Step::Send(side, budget) => {
                    world.send(side, budget);
                }
                Step::Receive(side) => {
                    world.receive(side);
                }
                Step::Disk(side, report) => {
                    world.disk(side, report);
                }
                Step::Wait(ms) => world.now += Duration::from_millis(ms),
                Step::Cut => world.cut(),
                Step::Connect if !world.open => world.connect(),
                Step::Connect => {}
            }
        }
        world.connect();
        for (id, from, _) in world.ids.clone() {
            for side in 0..2 {
                world.input(side, TransferInput::Resume(id));
            }
            world.settle();
            world.accept(1 - from, id);
        }
        world.settle();
        for (id, from, path) in &world.ids {
            world.agree(*id, *from, path);
        }
    }
}
