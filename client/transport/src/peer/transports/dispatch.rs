//! What goes to which of a call's connections, and what the owner hears of both, as a state
//! machine: no library, no task, no clock.
//!
//! In: the owner's commands, and what each connection reports ([`Input`]). Out: what each is to do,
//! and the owner's events ([`Output`]). While there is one connection, everything passes as it is.
//!
//! What always holds:
//! - The owner gets one description for what it asks for, with the sections of both connections,
//!   and the candidates of either after the description that they belong to (RFC 8838 §8.2).
//! - An offer is answered by both connections or refused, so that neither takes what the other end
//!   does not hear of; only one for whose sake the second connection is opened is answered without
//!   it if need be. What is refused leaves media as it is.
//! - The first connection's state is the call's. That of the second degrades the path, which makes
//!   the owner restart ICE for both; when it is lost the call goes on without what it carries. Only
//!   a wrong certificate ends the call wherever it is shown.
//! - A kind of media moves to another connection when both sides have agreed to it, and to one.
//!
//! [`request`] is what is under way, [`health`] joins the states.

mod health;
mod request;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};

use crate::formats::MediaKind;
use crate::path::budget::Budget;
use crate::peer::place::{Both, Place};
use crate::peer::remote_candidates::MAX_CANDIDATES;
use crate::peer::sdp::{Divided, Division, ice_credentials};
use crate::{PeerCommand, PeerEvent};
use health::Health;
use request::{Request, Said, Subject};

/// The most candidates of either end that wait for a description.
const MAX_WAITING_CANDIDATES: usize = 2 * MAX_CANDIDATES;
/// So many offers of the other's are taken at once. The owner takes no more than one a second.
const MAX_OFFERS: u32 = 12;
/// And then one in this time.
const OFFERS_ONE_IN: Duration = Duration::from_millis(500);

/// So often a second connection is opened at once: it asks all servers anew.
const MAX_OPENINGS: u32 = 4;
/// And then one time in this.
const OPENINGS_ONE_IN: Duration = Duration::from_secs(60);

/// What happened.
#[derive(Debug)]
pub(super) enum Input {
    /// The owner wants something, at this moment.
    Command(PeerCommand, Instant),
    /// A connection reports.
    Event(Place, PeerEvent),
    /// A connection is done with the oldest command of those that have to do with descriptions.
    Settled(Place),
    /// The second connection could not be opened.
    NotOpened,
}

/// What to do.
#[derive(Debug)]
pub(super) enum Output {
    /// Open the second connection; with ICE's user fragment and password where the other has them
    /// already.
    Open { credentials: Option<(String, String)> },
    /// Give a connection a command.
    To(Place, PeerCommand),
    /// Have a connection carry a kind of media that the other one carried.
    HandOver { kind: MediaKind, to: Place },
    /// Close the second connection.
    CloseSecond,
    /// Give the owner an event.
    Emit(PeerEvent),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Dispatch {
    division: Division,
    has_second: bool,
    /// The second connection can't change its credentials.
    second_is_fixed: bool,
    /// Our offer that the other has and has not answered, as the first connection made it.
    offered: Option<String>,
    requests: VecDeque<Request>,
    /// The other has described itself.
    is_described: bool,
    /// Candidates of the other's that came before.
    waiting: Vec<CandidateInit>,
    offers: Budget,
    openings: Budget,
    health: Health,
    outputs: VecDeque<Output>,
}

impl Dispatch {
    pub(super) fn new() -> Self {
        Self {
            division: Division::default(),
            has_second: false,
            second_is_fixed: false,
            offered: None,
            requests: VecDeque::new(),
            is_described: false,
            waiting: Vec::new(),
            offers: Budget::new(MAX_OFFERS, OFFERS_ONE_IN),
            openings: Budget::new(MAX_OPENINGS, OPENINGS_ONE_IN),
            health: Health::default(),
            outputs: VecDeque::new(),
        }
    }

    /// What to do next; ask after every input until there is nothing.
    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn handle(&mut self, input: Input) {
        match input {
            Input::Command(command, now) => self.command(command, now),
            Input::Event(place, event) => self.event(place, event),
            Input::Settled(place) => self.settled(place),
            Input::NotOpened => {
                self.has_second = false;
                for request in &mut self.requests {
                    request.asked[Place::Second] = false;
                }
                self.conclude_all();
            }
        }
    }

    fn act(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn emit(&mut self, event: PeerEvent) {
        self.act(Output::Emit(event));
    }

    fn to(&mut self, place: Place, command: PeerCommand) {
        self.act(Output::To(place, command));
    }

    fn command(&mut self, command: PeerCommand, now: Instant) {
        match command {
            PeerCommand::CreateOffer { ice_restart } => self.create_offer(ice_restart),
            PeerCommand::AcceptOffer(_) if !self.offers.take(now) => {
                tracing::debug!("an offer is ignored: there were too many in a short time");
                self.emit(PeerEvent::OfferRefused);
            }
            PeerCommand::AcceptOffer(offer) => self.accept_offer(offer, now),
            PeerCommand::AcceptAnswer(answer) => self.accept_answer(answer, now),
            PeerCommand::AddCandidate(candidate) if !self.is_described => {
                if self.waiting.len() < MAX_WAITING_CANDIDATES {
                    self.waiting.push(candidate);
                }
            }
            PeerCommand::AddCandidate(candidate) => self.add_candidate(candidate),
            PeerCommand::RequestKeyFrame => {
                let place = self.division.carrier(MediaKind::Video);
                self.to(place, PeerCommand::RequestKeyFrame);
            }
        }
    }

    fn create_offer(&mut self, ice_restart: bool) {
        self.ask(Subject::Offer, Both::of([true, self.has_second]), None, false);
        self.to(Place::First, PeerCommand::CreateOffer { ice_restart });
        if self.has_second {
            let ice_restart = ice_restart && !self.second_is_fixed;
            self.to(Place::Second, PeerCommand::CreateOffer { ice_restart });
        }
    }

    fn accept_offer(&mut self, offer: SessionDescription, now: Instant) {
        let divided = Division::of_offer(&offer.sdp, self.latest());
        match divided {
            Ok(divided) if !self.may_open(&divided, now) => {
                tracing::debug!("an offer is ignored: it divides media once more");
                self.emit(PeerEvent::OfferRefused);
            }
            Ok(divided) => self.give(Subject::Answer, divided, offer, None),
            Err(why) if self.has_second => {
                tracing::warn!("The other's description is refused: {why}");
                self.emit(PeerEvent::OfferRefused);
            }
            // The first connection says why.
            Err(_) => self.give_whole(Subject::Answer, offer),
        }
    }

    fn accept_answer(&mut self, answer: SessionDescription, now: Instant) {
        let is_final = answer.kind == DescriptionKind::Answer;
        let Some(offered) = self.offered.clone().filter(|_| is_final || self.has_second) else {
            // It answers nothing, or another answer will say more.
            return self.give_whole(Subject::TheirAnswer, answer);
        };
        match Division::of_answer(&answer.sdp, &offered, self.latest()) {
            Ok(divided) if self.may_open(&divided, now) => {
                let credentials = ice_credentials(&offered)
                    .map(|(user, password)| (user.to_owned(), password.to_owned()));
                if is_final {
                    self.offered = None;
                }
                self.give(Subject::TheirAnswer, divided, answer, credentials);
            }
            Ok(_) | Err(_) => self.give_whole(Subject::TheirAnswer, answer),
        }
    }

    /// Whether a second connection may be opened, if that is needed; if so, it counts.
    fn may_open(&mut self, divided: &Divided, now: Instant) -> bool {
        divided.parts.is_none() || self.has_second || self.openings.take(now)
    }

    /// Gives the first connection a description alone and as it is; nothing else changes with it.
    fn give_whole(&mut self, subject: Subject, theirs: SessionDescription) {
        self.ask(subject, Both::of([true, false]), None, false);
        self.to(Place::First, subject.of_theirs(theirs));
        self.described();
    }

    /// Gives both connections what is theirs of a description. Where the second is opened to take
    /// an answer, `credentials` are those of the offer that is answered.
    fn give(
        &mut self,
        subject: Subject,
        Divided { division, parts }: Divided,
        theirs: SessionDescription,
        credentials: Option<(String, String)>,
    ) {
        let Some(parts) = parts else {
            self.ask(subject, Both::of([true, false]), Some(division), false);
            self.to(Place::First, subject.of_theirs(theirs));
            return self.described();
        };
        let opens = !self.has_second;
        if opens {
            self.has_second = true;
            self.second_is_fixed = credentials.is_some();
            let silent = credentials.is_some();
            self.act(Output::Open { credentials });
            if silent {
                self.ask(Subject::Silent, Both::of([false, true]), None, true);
                self.to(Place::Second, PeerCommand::CreateOffer { ice_restart: false });
            }
        }
        self.ask(subject, Both::of([true, true]), Some(division), opens);
        for place in Place::BOTH {
            let part = SessionDescription { kind: theirs.kind, sdp: parts[place].clone() };
            self.to(place, subject.of_theirs(part));
        }
        self.described();
    }

    fn ask(
        &mut self,
        subject: Subject,
        asked: Both<bool>,
        division: Option<Division>,
        opens: bool,
    ) {
        self.requests.push_back(Request::new(subject, asked, division, opens));
    }

    /// How sections are divided once everything that is under way has come to something.
    fn latest(&self) -> &Division {
        let mut under_way = self.requests.iter().rev();
        under_way.find_map(|request| request.division.as_ref()).unwrap_or(&self.division)
    }

    fn described(&mut self) {
        self.is_described = true;
        for candidate in std::mem::take(&mut self.waiting) {
            self.add_candidate(candidate);
        }
    }

    fn add_candidate(&mut self, candidate: CandidateInit) {
        let (mid, index) = (candidate.sdp_mid.as_deref(), candidate.sdp_mline_index);
        let place = self.latest().of_candidate(mid, index);
        if place == Place::First || self.has_second {
            self.to(place, PeerCommand::AddCandidate(candidate));
        }
    }

    /// The oldest request that a connection is asked and has not settled, and whether it is the
    /// oldest of all.
    fn current(&mut self, place: Place) -> Option<(&mut Request, bool)> {
        let is_current = |request: &Request| request.asked[place] && !request.settled[place];
        let at = self.requests.iter().position(is_current)?;
        self.requests.get_mut(at).map(|request| (request, at == 0))
    }

    fn event(&mut self, place: Place, event: PeerEvent) {
        match event {
            PeerEvent::LocalDescription(description) => {
                self.said(place, Said::Description(description));
            }
            PeerEvent::NoOffer | PeerEvent::OfferRefused => self.said(place, Said::Refusal),
            PeerEvent::LocalCandidate(candidate) => self.local_candidate(place, candidate),
            event => {
                let event = self.health.note(place, event);
                event.into_iter().for_each(|event| self.emit(event));
            }
        }
    }

    fn said(&mut self, place: Place, said: Said) {
        let Some((request, is_oldest)) = self.current(place) else { return };
        request.said[place] = Some(said.clone());
        let subject = request.subject;
        if !is_oldest || request.asked[place.other()] || subject == Subject::Silent {
            return;
        }
        // There is nothing to wait for.
        request.passed = true;
        match said {
            Said::Description(description) => self.describe(subject, description, None),
            Said::Refusal => self.emit(subject.refusal()),
        }
    }

    fn local_candidate(&mut self, place: Place, mut candidate: CandidateInit) {
        if place == Place::Second {
            let section = (candidate.sdp_mid.take(), candidate.sdp_mline_index);
            let section = self.latest().section_of_second(section);
            (candidate.sdp_mid, candidate.sdp_mline_index) = section;
        }
        let waits = |request: &&mut Request| {
            let is_said = matches!(request.said[place], Some(Said::Description(_)));
            is_said && !request.passed && request.subject != Subject::Silent
        };
        match self.requests.iter_mut().rfind(waits) {
            Some(request) if request.held.len() < MAX_WAITING_CANDIDATES => {
                request.held.push(candidate);
            }
            Some(_) => {}
            None => self.emit(PeerEvent::LocalCandidate(candidate)),
        }
    }

    fn settled(&mut self, place: Place) {
        let Some((request, _)) = self.current(place) else { return };
        request.settled[place] = true;
        self.conclude_all();
    }

    /// Concludes the oldest requests, as far as those whom they concern are done with them.
    fn conclude_all(&mut self) {
        while let Some(request) = self.requests.pop_front_if(|request| request.is_done()) {
            self.conclude(request);
        }
    }

    fn conclude(&mut self, request: Request) {
        let Request { subject, asked, mut said, passed, division, opens, held, .. } = request;
        // By now it is known what has come of everything before.
        let division = division.unwrap_or_else(|| self.division.clone());
        let is_for_both = asked[Place::Second] && division.is_divided();
        let [first, second] = Place::BOTH.map(|place| said[place].take());
        let division = match (subject, first, second) {
            (Subject::Silent, ..) => None,
            (Subject::TheirAnswer, ..) => Some(division),
            (_, Some(Said::Description(ours)), Some(Said::Description(other))) if is_for_both => {
                self.describe(subject, ours, Some((&division, other)));
                Some(division)
            }
            // It concerns the first alone, or the second that was opened for it can't be had.
            (_, Some(Said::Description(ours)), _) if opens || !is_for_both => {
                if !passed {
                    self.describe(subject, ours, None);
                }
                Some(if opens { division.without_second() } else { division })
            }
            (_, first, _) => {
                // Who has failed has said so.
                if first.is_some() && !passed {
                    self.emit(subject.refusal());
                }
                None
            }
        };
        if let Some(division) = division.filter(|_| subject != Subject::Offer) {
            self.offered = self.offered.take().filter(|_| subject == Subject::TheirAnswer);
            self.adopt(division);
        }
        self.close_second_if_unneeded();
        held.into_iter().for_each(|candidate| self.emit(PeerEvent::LocalCandidate(candidate)));
    }

    /// Gives the owner a description of ours.
    fn describe(
        &mut self,
        subject: Subject,
        mut ours: SessionDescription,
        other: Option<(&Division, SessionDescription)>,
    ) {
        if subject == Subject::Offer {
            self.offered = Some(ours.sdp.clone());
        }
        if let Some((division, other)) = other {
            ours.sdp = division.join(&ours.sdp, &other.sdp);
        }
        self.emit(PeerEvent::LocalDescription(ours));
    }

    /// Sections are divided like this from now on.
    fn adopt(&mut self, division: Division) {
        let before = std::mem::replace(&mut self.division, division);
        for kind in [MediaKind::Audio, MediaKind::Video] {
            let to = self.division.carrier(kind);
            if to != before.carrier(kind) {
                self.act(Output::HandOver { kind, to });
            }
        }
    }

    /// Closes the second connection, if it carries nothing and nothing under way is for it.
    fn close_second_if_unneeded(&mut self) {
        let mut under_way = self.requests.iter();
        let is_needed =
            self.division.is_divided() || under_way.any(|request| request.asked[Place::Second]);
        if is_needed || !self.has_second {
            return;
        }
        self.has_second = false;
        self.second_is_fixed = false;
        self.act(Output::CloseSecond);
        let events = self.health.forget_second();
        events.into_iter().for_each(|event| self.emit(event));
    }
}

#[cfg(test)]
mod tests;
