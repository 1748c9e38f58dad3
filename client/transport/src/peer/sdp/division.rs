//! Which transport each section of a description has, where they have two, and what each of two
//! connections of the library is given of it.
//!
//! The library's connection has one transport. An offer without a BUNDLE group (RFC 9143) wants one
//! for each section (RFC 8829 §4.1.1), and so does an answer that takes our group apart (RFC 9143
//! §7.3.3). Then a second connection takes the kind of media that the first one can't have.
//!
//! In: descriptions of the other's, and those that our connections make. Out: for each connection
//! the whole description in which what is not its own is rejected, so that places and names are the
//! same for both; and one description for the other, with each section from the connection that
//! carries it. What always holds: a kind of media is carried by one connection; a section that is
//! carried stays with its connection; there are never more than two transports, and further
//! sections are left to the first connection, which keeps them without media. Pure.

use super::SdpError;
use super::exchange::{fingerprints, in_order};
use super::local::raw_sections;
use super::selection::{self, Role, Selection, Transport, Use, best};
use super::text::{Section, Text};
use crate::formats::MediaKind;
use crate::peer::place::{Both, Place};

/// A section as the two have it between them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Share {
    mid: Option<String>,
    /// Whose transport it has.
    transport: Place,
    /// Whose description says what becomes of it.
    written_by: Place,
    /// What it carries.
    used: Option<Use>,
}

/// Who has which section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Division {
    shares: Vec<Share>,
    /// The section of each whose attributes are those of the transport.
    tagged: Both<Option<usize>>,
    /// ICE's user fragment and password of the other's second transport.
    second: Option<(String, String)>,
}

/// A description of the other's, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Divided {
    pub(crate) division: Division,
    /// What each connection is given; `None` where the first is given all as it is.
    pub(crate) parts: Option<Both<String>>,
}

impl Division {
    /// Divides an offer of the other's. `before` is how things stand.
    ///
    /// # Errors
    /// When it can't be read, or what is carried would have to change its connection.
    pub(crate) fn of_offer(sdp: &str, before: &Self) -> Result<Divided, SdpError> {
        before.divide(Text::read(sdp)?, Role::Offer, false)
    }

    /// Divides the other's answer to an offer of ours; likewise.
    ///
    /// # Errors
    /// As [`Self::of_offer`].
    pub(crate) fn of_answer(sdp: &str, offer: &str, before: &Self) -> Result<Divided, SdpError> {
        let offered = Text::read(offer)?;
        let answer = in_order(offered.sections.iter(), Text::read(sdp)?);
        // Without a group in the answer, what is named has a transport each (RFC 9143 §7.3.3),
        // though webrtcbin gives them the same credentials. Who names nothing knows nothing of
        // groups.
        before.divide(answer, Role::Answer, offered.session.has("group"))
    }

    /// `is_apart`: what is named and in no group has a transport of its own.
    fn divide(&self, text: Text, role: Role, is_apart: bool) -> Result<Divided, SdpError> {
        let is_joined = |one: usize, other: usize| {
            let [first, second] =
                [one, other].map(|at| self.shares.get(at).filter(|share| share.used.is_some()));
            let was_apart = first.zip(second).is_some_and(|(a, b)| a.transport != b.transport);
            let is_named = |at: usize| text.sections[at].mid().is_some();
            !(was_apart || is_apart && is_named(one) && is_named(other))
        };
        let transports = selection::transports(&text, role, is_joined);
        let whole = |selection: Option<&Selection>| Divided {
            division: Self::of_one(&text, selection),
            parts: None,
        };
        let Some(first) = self.first_of(&transports)? else {
            // The first connection says why there is nothing.
            return Ok(whole(None));
        };
        let Some((second, its_uses)) = self.second_beside(first, &transports)? else {
            let selection = selection::select(&text, role, &self.uses(Place::First));
            return Ok(whole(selection.ok().as_ref()));
        };
        let is_of = |transport: &Transport, index: usize| {
            let mut sections = transport.sections.iter();
            sections.any(|(of, used)| *of == index && its_uses.contains(used))
        };
        let parts = Place::BOTH.map(|place| {
            let mut part = text.clone();
            for (index, section) in part.sections.iter_mut().enumerate() {
                let is_own = match place {
                    Place::First => !is_of(second, index) && !is_of(first, index),
                    Place::Second => is_of(second, index),
                };
                let of_second = second.sections.iter().any(|(of, _)| *of == index);
                if !is_own {
                    section.set_aside(of_second == (place == Place::Second));
                }
            }
            part
        });
        let [first_part, second_part] = &parts;
        let firsts = selection::select(first_part, role, &self.uses(Place::First))?;
        if !first.sections.iter().any(|(index, _)| firsts.uses[*index].is_some()) {
            // What is left to the first connection is of no use.
            return Err(SdpError::NoMedia);
        }
        let selected = selection::select(second_part, role, &self.uses(Place::Second));
        let verified =
            selected.and_then(|selection| fingerprints(second_part, &selection).map(|_| selection));
        let seconds = match verified {
            Ok(seconds) => seconds,
            // It costs that section, unless it costs a running call its media.
            Err(_) if !self.is_divided() => return Ok(whole(Some(&firsts))),
            Err(error) => return Err(error),
        };
        let shares = text.sections.iter().enumerate().map(|(index, section)| {
            let place = |is_second| if is_second { Place::Second } else { Place::First };
            let is_seconds = is_of(second, index);
            Share {
                mid: section.mid().map(ToOwned::to_owned),
                transport: place(second.sections.iter().any(|(of, _)| *of == index)),
                written_by: place(is_seconds),
                used: if is_seconds { &seconds } else { &firsts }.uses[index],
            }
        });
        let tagged = Both::of([Some(firsts.tagged), Some(seconds.tagged)]);
        let division =
            Self { shares: shares.collect(), tagged, second: Some(seconds.credentials.clone()) };
        Ok(Divided { division, parts: Some(Both::of(parts.map(|part| part.write()))) })
    }

    /// Which transport is the first connection's: the one that it has, or the one that carries the
    /// most.
    fn first_of<'a>(&self, transports: &'a [Transport]) -> Result<Option<&'a Transport>, SdpError> {
        let is_free = |one: &&Transport| {
            self.holds(one, Place::First, Use::is_media)
                || !self.holds(one, Place::Second, Use::is_media)
        };
        let merit = |one: &&Transport| {
            let mut sections = one.sections.iter();
            let goes_on = sections.any(|(at, _)| self.tagged[Place::First] == Some(*at));
            let is_held = self.holds(one, Place::First, Use::is_media);
            (is_held && goes_on, is_held, one.weight())
        };
        match best(transports.iter().filter(is_free), merit) {
            Some(first) if self.tagged[Place::Second] == Some(first.tagged) => {
                Err(SdpError::ExchangesTransports)
            }
            None if !transports.is_empty() => Err(SdpError::NoMedia),
            first => Ok(first),
        }
    }

    /// Which transport is the second connection's, if one is needed, and for what.
    fn second_beside<'a>(
        &self,
        first: &Transport,
        transports: &'a [Transport],
    ) -> Result<Option<(&'a Transport, Vec<Use>)>, SdpError> {
        let others = || transports.iter().filter(|one| !std::ptr::eq(*one, first));
        let is_held =
            |one: &Transport, wanted| self.holds(one, Place::Second, |used| used == wanted);
        let is_missing = |used: &Use| {
            used.is_media() && (!first.carries(*used) || others().any(|one| is_held(one, *used)))
        };
        let missing: Vec<Use> = Use::ALL.into_iter().filter(is_missing).collect();
        let of = |one: &Transport| -> Vec<Use> {
            missing.iter().copied().filter(|used| one.carries(*used)).collect()
        };
        let merit = |one: &&Transport| {
            let holds = self.holds(one, Place::Second, Use::is_media);
            (holds, of(one).contains(&Use::Audio), one.weight())
        };
        match best(others().filter(|one| !of(one).is_empty()), merit) {
            Some(second)
                if self.is_divided() && self.tagged[Place::First] == Some(second.tagged) =>
            {
                Err(SdpError::ExchangesTransports)
            }
            second => Ok(second.map(|second| (second, of(second)))),
        }
    }

    /// Whether a transport has sections in which a connection carries something.
    fn holds(&self, transport: &Transport, by: Place, wanted: impl Fn(Use) -> bool) -> bool {
        let mut sections = transport.sections.iter();
        sections.any(|(index, used)| wanted(*used) && self.carries(*index, *used, by))
    }

    fn of_one(text: &Text, selection: Option<&Selection>) -> Self {
        let share = |(index, section): (usize, &Section)| Share {
            mid: section.mid().map(ToOwned::to_owned),
            transport: Place::First,
            written_by: Place::First,
            used: selection.and_then(|selection| selection.uses[index]),
        };
        let tagged = Both::of([selection.map(|selection| selection.tagged), None]);
        let shares = text.sections.iter().enumerate().map(share).collect();
        Self { shares, tagged, second: None }
    }

    fn carries(&self, index: usize, wanted: Use, place: Place) -> bool {
        let share = self.shares.get(index);
        share.is_some_and(|share| share.used == Some(wanted) && share.written_by == place)
    }

    fn uses(&self, place: Place) -> Vec<Option<Use>> {
        let used = |share: &Share| share.used.filter(|_| share.written_by == place);
        self.shares.iter().map(used).collect()
    }

    /// The same without what the second connection carries.
    pub(crate) fn without_second(mut self) -> Self {
        for share in &mut self.shares {
            share.used = share.used.filter(|_| share.written_by == Place::First);
            (share.transport, share.written_by) = (Place::First, Place::First);
        }
        self.tagged[Place::Second] = None;
        self.second = None;
        self
    }

    /// Whether there are two transports.
    pub(crate) fn is_divided(&self) -> bool {
        self.shares.iter().any(|share| share.written_by == Place::Second)
    }

    /// Whether the other has other credentials on the second transport than before.
    pub(crate) fn restarts_second(&self, before: &Self) -> bool {
        self.second.is_some() && self.second != before.second
    }

    /// Who carries a kind of media, or would.
    pub(crate) fn carrier(&self, kind: MediaKind) -> Place {
        let used = Some(Use::of(kind));
        let share = self.shares.iter().find(|share| share.used == used);
        share.map_or(Place::First, |share| share.written_by)
    }

    /// Whom a candidate for a section concerns, by the section's name or else its place.
    pub(crate) fn of_candidate(&self, mid: Option<&str>, index: Option<u16>) -> Place {
        let share = match mid.filter(|mid| !mid.is_empty()) {
            Some(mid) => self.shares.iter().find(|share| share.mid.as_deref() == Some(mid)),
            None => index.and_then(|index| self.shares.get(usize::from(index))),
        };
        share.map_or(Place::First, |share| share.transport)
    }

    /// The section that a candidate of ours is for, as the second connection calls it: it may know
    /// itself by a section that it does not carry.
    pub(crate) fn section_of_second(
        &self,
        (mid, index): (Option<String>, Option<u16>),
    ) -> (Option<String>, Option<u16>) {
        let is_own = |share: &Share| share.written_by == Place::Second;
        let named = index.and_then(|index| self.shares.get(usize::from(index)));
        let own =
            self.shares.iter().position(is_own).and_then(|at| Some((at, self.shares.get(at)?)));
        match (named, own) {
            (Some(named), _) if is_own(named) => (mid, index),
            (_, Some((at, share))) => (share.mid.clone(), u16::try_from(at).ok()),
            _ => (mid, index),
        }
    }

    /// Joins what the two connections describe.
    pub(crate) fn join(&self, first: &str, second: &str) -> String {
        let ((session, ours), (other_session, others)) =
            (raw_sections(first), raw_sections(second));
        let is_group = |line: &&str| line.starts_with("a=group:");
        let mut groups = session.lines().chain(other_session.lines()).filter(is_group);
        let mut joined = String::with_capacity(first.len() + second.len());
        let mut add = |line: &str| {
            joined.push_str(line);
            joined.push_str("\r\n");
        };
        for line in session.lines().filter(|line| !is_group(line)) {
            if line.starts_with("a=") {
                groups.by_ref().for_each(&mut add);
            }
            add(line);
        }
        groups.for_each(&mut add);
        for (index, section) in ours.iter().enumerate() {
            let is_second =
                self.shares.get(index).is_some_and(|share| share.written_by == Place::Second);
            let other = others.get(index).filter(|_| is_second);
            joined.push_str(other.unwrap_or(section));
        }
        joined
    }
}

#[cfg(test)]
mod tests;
