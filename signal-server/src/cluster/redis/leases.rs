//! Which names this node holds, until when, and what is still to be given back.
//!
//! Pure: takes time as an argument and talks to nobody. What always holds: a name is held by at
//! most one claim; a lease is overdue [`Times::margin`] before Redis lets it end, by this machine's
//! clock alone, counted from before it was last asked for; a claim that came to nothing, for
//! whatever reason, is given back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use visavis_shared::{PublicKey, RoomId, Username};

use crate::rules::sessions::TokenHash;

/// How long a lease lasts, and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// From each renewal.
    pub(super) lease: Duration,
}

impl Times {
    /// How long before the end of a lease its user is let go. It has to cover the time in which
    /// this program does not run although it should, and how much faster the clock of Redis may go
    /// than ours.
    pub(super) fn margin(self) -> Duration {
        self.lease / 6
    }

    /// How old a lease is when it is renewed: twice more there is time to try again.
    pub(super) fn renewal(self) -> Duration {
        self.lease / 3
    }

    /// How long Redis may take to answer.
    pub(super) fn patience(self) -> Duration {
        (self.lease / 6).min(Duration::from_secs(2))
    }

    /// How often leases that have to be renewed or let go are looked for.
    pub(super) fn tick(self) -> Duration {
        (self.lease / 60).clamp(Duration::from_millis(10), Duration::from_millis(500))
    }

    /// How often the link is checked.
    pub(super) fn beat(self) -> Duration {
        self.lease / 12
    }

    /// How often names whose leases ended are looked for.
    pub(super) fn sweep(self) -> Duration {
        self.lease / 15
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    /// Which claim of this node it was.
    pub(super) number: u64,
    /// What Redis counted when it was granted.
    pub(super) epoch: u64,
    pub(super) listed: bool,
    pub(super) key: Option<PublicKey>,
    pub(super) token: Option<TokenHash>,
    /// When it was last asked for with success.
    pub(super) asked_at: Instant,
    /// When it ends by the clock of Redis, in milliseconds since 1970.
    pub(super) ends_at: u64,
    pub(super) room: Option<RoomId>,
}

/// A claim that is not settled.
#[derive(Debug)]
struct PendingClaim {
    name: Username,
    /// Another node has taken over meanwhile.
    lost: bool,
}

/// A lease that is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Leftover {
    name: Username,
    /// After this it has ended by itself.
    until: Instant,
    /// Redis may not have seen the claim yet: what was told it then may be in vain.
    unsure: bool,
    told: bool,
}

/// Everything that this node holds or has to give back.
#[derive(Debug)]
pub(super) struct Leases {
    times: Times,
    held: HashMap<Username, Held>,
    pending: HashMap<u64, PendingClaim>,
    leftovers: HashMap<u64, Leftover>,
    leftovers_of: HashMap<Username, Vec<u64>>,
    last_number: u64,
}

impl Leases {
    pub(super) fn new(times: Times) -> Self {
        Self {
            times,
            held: HashMap::new(),
            pending: HashMap::new(),
            leftovers: HashMap::new(),
            leftovers_of: HashMap::new(),
            last_number: 0,
        }
    }

    pub(super) fn held(&self, name: &Username) -> Option<&Held> {
        self.held.get(name)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&Username, &Held)> {
        self.held.iter()
    }

    /// A claim begins: its number, and those of this node's earlier claims to the name that came to
    /// nothing.
    pub(super) fn begin(&mut self, name: &Username) -> (u64, Vec<u64>) {
        self.last_number += 1;
        self.pending.insert(self.last_number, PendingClaim { name: name.clone(), lost: false });
        (self.last_number, self.leftovers_of.get(name).cloned().unwrap_or_default())
    }

    /// Whether somebody is about to have a name on this node.
    pub(super) fn is_pending(&self, name: &Username) -> bool {
        self.pending.values().any(|claim| claim.name == *name)
    }

    pub(super) fn refused(&mut self, number: u64) {
        self.pending.remove(&number);
    }

    /// Nobody knows what became of a claim, or it is not wanted any more.
    pub(super) fn abandon(&mut self, name: &Username, number: u64, now: Instant) {
        if self.pending.remove(&number).is_some() {
            self.give_back(name, number, true, now);
        }
    }

    /// A claim was granted; `false` when the name is another's already.
    pub(super) fn granted(&mut self, name: &Username, held: Held, now: Instant) -> bool {
        let lost = self.pending.remove(&held.number).is_none_or(|claim| claim.lost);
        // Of two claims of this node the one with the later epoch has the name; Redis has forgotten
        // the other.
        let late = self.held.get(name).is_some_and(|other| other.epoch > held.epoch);
        let over =
            now.saturating_duration_since(held.asked_at) + self.times.margin() >= self.times.lease;
        if lost || late || over {
            self.give_back(name, held.number, false, now);
            return false;
        }
        self.held.insert(name.clone(), held);
        true
    }

    /// Whoever had a name is gone; `false` when this node does not hold it.
    pub(super) fn release(&mut self, name: &Username, now: Instant) -> bool {
        let Some(held) = self.held.remove(name) else { return false };
        self.give_back(name, held.number, false, now);
        true
    }

    /// A claim has lost its name to another node; `true` when somebody has to be let go.
    pub(super) fn lost(&mut self, name: &Username, number: u64) -> bool {
        if let Some(claim) = self.pending.get_mut(&number) {
            claim.lost = true;
            return false;
        }
        if self.held.get(name).is_some_and(|held| held.number == number) {
            self.held.remove(name);
            return true;
        }
        false
    }

    /// Somebody has a name on another node since this epoch; `true` when somebody here has to be
    /// let go.
    pub(super) fn superseded(&mut self, name: &Username, epoch: u64) -> bool {
        let superseded = self.held.get(name).is_some_and(|held| held.epoch < epoch);
        if superseded {
            self.held.remove(name);
        }
        superseded
    }

    /// What has to be renewed.
    pub(super) fn due(&self, now: Instant) -> Vec<Username> {
        let due =
            |held: &Held| now.saturating_duration_since(held.asked_at) >= self.times.renewal();
        self.held.iter().filter(|(_, held)| due(held)).map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn renewed(
        &mut self,
        name: &Username,
        number: u64,
        epoch: u64,
        asked_at: Instant,
        ends_at: u64,
    ) {
        if let Some(held) = self.held.get_mut(name).filter(|held| held.number == number) {
            held.asked_at = held.asked_at.max(asked_at);
            (held.epoch, held.ends_at) = (epoch, ends_at);
        }
    }

    /// Whose leases are about to end. They are not held any more, and are given back as soon as
    /// that can be.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Vec<Username> {
        let keep = self.times.lease.saturating_sub(self.times.margin());
        let overdue = |held: &Held| now.saturating_duration_since(held.asked_at) >= keep;
        let names: Vec<_> = self
            .held
            .iter()
            .filter(|(_, held)| overdue(held))
            .map(|(name, _)| name.clone())
            .collect();
        for name in &names {
            self.release(name, now);
        }
        names
    }

    pub(super) fn entered(&mut self, name: &Username, number: u64, room: RoomId) {
        if let Some(held) = self.held.get_mut(name).filter(|held| held.number == number) {
            held.room = Some(room);
        }
    }

    /// Somebody left a room: by which claim they were in it.
    pub(super) fn left(&mut self, name: &Username, room: &RoomId) -> Option<u64> {
        let held = self.held.get_mut(name)?;
        if held.room.as_ref() == Some(room) {
            held.room = None;
        }
        Some(held.number)
    }

    /// What Redis has yet to be told to take back.
    pub(super) fn unwanted(&mut self, now: Instant) -> Vec<(Username, u64)> {
        let ended: Vec<_> = self
            .leftovers
            .iter()
            .filter(|(_, left)| left.until <= now)
            .map(|(number, _)| *number)
            .collect();
        for number in ended {
            self.forget(number);
        }
        let untold = self.leftovers.iter().filter(|(_, left)| !left.told);
        untold.map(|(number, left)| (left.name.clone(), *number)).collect()
    }

    pub(super) fn given_back(&mut self, number: u64) {
        match self.leftovers.get_mut(&number) {
            Some(left) if left.unsure => left.told = true,
            _ => self.forget(number),
        }
    }

    fn give_back(&mut self, name: &Username, number: u64, unsure: bool, now: Instant) {
        // A command may reach Redis late, and the lease begins only then.
        let until = now + self.times.lease + self.times.patience();
        self.leftovers.insert(number, Leftover { name: name.clone(), until, unsure, told: false });
        self.leftovers_of.entry(name.clone()).or_default().push(number);
    }

    fn forget(&mut self, number: u64) {
        let Some(left) = self.leftovers.remove(&number) else { return };
        if let Some(numbers) = self.leftovers_of.get_mut(&left.name) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.leftovers_of.remove(&left.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times { lease: Duration::from_secs(30) };

    fn alice() -> Username {
        Username::parse("alice").unwrap()
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    fn granted(leases: &mut Leases, epoch: u64, now: Instant) -> u64 {
        let (number, _) = leases.begin(&alice());
        let held = Held {
            number,
            epoch,
            listed: true,
            key: None,
            token: None,
            asked_at: now,
            ends_at: 1,
            room: None,
        };
        assert!(leases.granted(&alice(), held, now));
        number
    }

    #[test]
    fn a_lease_is_renewed_in_time_and_its_user_let_go_before_it_ends() {
        let (start, mut leases) = (Instant::now(), Leases::new(TIMES));
        let number = granted(&mut leases, 1, start);
        assert_eq!(
            (leases.due(after(start, 9)), leases.due(after(start, 10))),
            (vec![], vec![alice()])
        );
        leases.renewed(&alice(), number, 1, after(start, 10), 2);
        leases.renewed(&alice(), number + 1, 9, after(start, 20), 3);
        assert_eq!(leases.take_overdue(after(start, 34)), []);
        assert_eq!(leases.take_overdue(after(start, 35)), [alice()], "five seconds before its end");
        assert_eq!(leases.take_overdue(after(start, 99)), []);
        assert_eq!(leases.unwanted(after(start, 35)), [(alice(), number)]);
    }

    #[test]
    fn what_is_given_back_is_told_until_it_has_ended_by_itself() {
        let (start, mut leases) = (Instant::now(), Leases::new(TIMES));
        let number = granted(&mut leases, 1, start);
        assert!(leases.release(&alice(), start) && !leases.release(&alice(), start));
        assert_eq!(leases.unwanted(after(start, 1)), [(alice(), number)]);
        let (next, leftovers) = leases.begin(&alice());
        assert_eq!(leftovers, [number], "the next claim of this node need not wait for it");
        leases.given_back(number);
        assert_eq!(leases.unwanted(after(start, 2)), []);
        leases.abandon(&alice(), next, after(start, 2));
        leases.abandon(&alice(), next, after(start, 2));
        assert_eq!(leases.unwanted(after(start, 3)), [(alice(), next)], "a claim with no answer");
        leases.given_back(next);
        assert_eq!(leases.unwanted(after(start, 3)), []);
        assert_eq!(leases.begin(&alice()).1, [next], "Redis may see it yet");
        assert_eq!(leases.unwanted(after(start, 60)), []);
        assert!(leases.leftovers.is_empty() && leases.leftovers_of.is_empty());
    }

    #[test]
    fn a_name_that_another_node_took_over_is_not_held_whenever_that_is_heard() {
        let (start, mut leases) = (Instant::now(), Leases::new(TIMES));
        let number = granted(&mut leases, 5, start);
        assert!(!leases.lost(&alice(), number + 1), "another claim");
        assert!(leases.lost(&alice(), number) && !leases.lost(&alice(), number));
        assert_eq!(leases.unwanted(start), [], "there is nothing to give back");

        granted(&mut leases, 6, start);
        assert!(!leases.superseded(&alice(), 6) && leases.superseded(&alice(), 7));

        let (number, _) = leases.begin(&alice());
        assert!(!leases.lost(&alice(), number), "nobody has been let in yet");
        let held = Held {
            number,
            epoch: 8,
            listed: true,
            key: None,
            token: None,
            asked_at: start,
            ends_at: 1,
            room: None,
        };
        assert!(!leases.granted(&alice(), held, start));
        assert_eq!(leases.held(&alice()), None);
    }

    #[test]
    fn an_answer_that_comes_too_late_grants_nothing() {
        let (start, mut leases) = (Instant::now(), Leases::new(TIMES));
        let (number, _) = leases.begin(&alice());
        let held = Held {
            number,
            epoch: 1,
            listed: true,
            key: None,
            token: None,
            asked_at: start,
            ends_at: 1,
            room: None,
        };
        assert!(!leases.granted(&alice(), held, after(start, 25)));
        assert_eq!(leases.unwanted(after(start, 25)), [(alice(), number)]);
    }

    #[test]
    fn of_two_claims_on_one_node_the_later_has_the_name() {
        let (start, mut leases) = (Instant::now(), Leases::new(TIMES));
        let (first, _) = leases.begin(&alice());
        let second = granted(&mut leases, 2, start);
        let held = Held {
            number: first,
            epoch: 1,
            listed: true,
            key: None,
            token: None,
            asked_at: start,
            ends_at: 1,
            room: None,
        };
        assert!(!leases.granted(&alice(), held, start));
        assert_eq!(leases.held(&alice()).map(|held| held.number), Some(second));
    }

    #[test]
    fn a_room_belongs_to_the_claim_by_which_it_was_entered() {
        let (start, mut leases) = (Instant::now(), Leases::new(TIMES));
        let [blue, red] = ["blue", "red"].map(|room| RoomId::parse(room).unwrap());
        let number = granted(&mut leases, 1, start);
        leases.entered(&alice(), number, blue.clone());
        leases.entered(&alice(), number, red.clone());
        assert_eq!(leases.left(&alice(), &blue), Some(number));
        assert_eq!(leases.held(&alice()).and_then(|held| held.room.clone()), Some(red.clone()));
        assert_eq!(leases.left(&alice(), &red), Some(number));
        assert_eq!(leases.held(&alice()).and_then(|held| held.room.clone()), None);
    }
}
