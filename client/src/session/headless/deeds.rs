//! What the person who is not there does in a call besides talking: shows a screen, writes, sends
//! files and takes those that come. All of it was asked for on the command line.
//!
//! In: snapshots. Out: the next intent, and lines for a person. What always holds: each thing is
//! done once.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::conversation::{
    Availability, Command, Direction, LineId, Party, Transfer, TransferId, TransferState, View,
};
use crate::screen;
use crate::session::snapshot::{Intent, ShareIntent, ShareWith, Sharing, Snapshot};

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    /// The screen or the window to show: `screen`, `screen:NAME` or `window:TITLE`.
    pub share: Option<String>,
    /// What goes along with it.
    pub with: ShareWith,
    /// What to write.
    pub say: Vec<String>,
    /// The files and folders to send.
    pub send: Vec<PathBuf>,
    /// Whether to take what the other sends.
    pub receive: bool,
}

/// Does it.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    orders: Orders,
    choosing: bool,
    taken: BTreeSet<TransferId>,
    told: BTreeSet<TransferId>,
    read: Option<LineId>,
    shared: bool,
    reads: bool,
}

impl Deeds {
    pub(super) fn new(orders: Orders) -> Self {
        Self { orders, ..Self::default() }
    }

    /// What to do next in this call; `None` when nothing is due.
    pub(super) fn next(
        &mut self,
        snapshot: &Snapshot,
        say: &mut impl FnMut(&str),
    ) -> Option<Intent> {
        self.tell_of_sharing(snapshot, say);
        if let Some(intent) = self.share(snapshot, say) {
            return Some(intent);
        }
        let view = snapshot.conversation.as_ref()?;
        self.tell(view, say);
        self.converse(view, say).map(Intent::Converse)
    }

    fn share(&mut self, snapshot: &Snapshot, say: &mut impl FnMut(&str)) -> Option<Intent> {
        let wanted = self.orders.share.clone()?;
        if !self.choosing {
            self.choosing = true;
            return Some(Intent::Share(ShareIntent::Choose(true)));
        }
        let choices = snapshot.share_choices.as_ref().filter(|choices| choices.looked)?;
        self.orders.share = None;
        let sources: Vec<_> = choices.sources.iter().map(|one| one.source.clone()).collect();
        match screen::find(&sources, &wanted) {
            Some(source) => {
                let with = self.orders.with;
                Some(Intent::Share(ShareIntent::Start { source, with }))
            }
            None => {
                let why = choices.problem.as_ref().map(|words| words.plain());
                say(&why.unwrap_or_else(|| format!("there is no {wanted} to share here")));
                Some(Intent::Share(ShareIntent::Choose(false)))
            }
        }
    }

    fn tell_of_sharing(&mut self, snapshot: &Snapshot, say: &mut impl FnMut(&str)) {
        match &snapshot.sharing {
            Sharing::On(shared) if shared.live && !std::mem::replace(&mut self.shared, true) => {
                say("sharing");
            }
            Sharing::Ended { .. } if std::mem::replace(&mut self.shared, false) => {
                say("what was shared is gone");
            }
            _ => {}
        }
    }

    fn converse(&mut self, view: &View, say: &mut impl FnMut(&str)) -> Option<Command> {
        let files = view.availability == Availability::Ready;
        let text = files || view.availability == Availability::TextOnly;
        if view.availability == Availability::None {
            self.orders.say.clear();
            if !std::mem::take(&mut self.orders.send).is_empty() {
                say("the other side takes no files");
            }
        }
        // What the other writes is said at once.
        if text && !std::mem::replace(&mut self.reads, true) {
            return Some(Command::Reading(true));
        }
        if text && !self.orders.say.is_empty() {
            return Some(Command::Say(self.orders.say.remove(0)));
        }
        if files && !self.orders.send.is_empty() {
            return Some(Command::Offer(std::mem::take(&mut self.orders.send)));
        }
        let offered = |one: &&Transfer| {
            one.direction == Direction::Incoming && one.state == TransferState::Offered
        };
        let next = view.transfers.iter().filter(offered).find(|one| !self.taken.contains(&one.id));
        let id = next.filter(|_| self.orders.receive)?.id;
        self.taken.insert(id);
        Some(Command::Accept(id))
    }

    /// Says what the other wrote, and what became of files.
    fn tell(&mut self, view: &View, say: &mut impl FnMut(&str)) {
        let theirs = view.lines.iter().filter(|line| line.author == Party::Them);
        for line in theirs.filter(|line| self.read.is_none_or(|read| line.id > read)) {
            say(&format!("they write: {}", line.text));
        }
        self.read = view.lines.last().map(|line| line.id).or(self.read);
        for transfer in view.transfers.iter().filter(|one| one.state.is_over()) {
            if self.told.insert(transfer.id) {
                say(&became_of(transfer));
            }
        }
    }
}

fn became_of(transfer: &Transfer) -> String {
    let name = &transfer.name;
    match (&transfer.state, transfer.direction) {
        (TransferState::Done(_), Direction::Outgoing) => format!("{name} is with them"),
        (TransferState::Done(Some(path)), _) => format!("{name} is here: {}", path.display()),
        (TransferState::Done(None), _) => format!("{name} is here"),
        (TransferState::Refused(_), _) => format!("{name} was not wanted"),
        (TransferState::Cancelled(_), _) => format!("{name} was cancelled"),
        _ => format!("{name} could not be sent or received"),
    }
}
