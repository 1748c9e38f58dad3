//! What lies between the other's descriptions and the library's, for the time of a connection.
//!
//! In: what the other describes, and what the library does. Out: what the library is given
//! ([`RemoteDescription`]), and what the other is ([`LocalDescription`]). What always holds: the
//! other's sections keep their places and names, whatever the library knows of them (RFC 3264 §8);
//! the library has one section of each kind, whose name does not change, wherever among the
//! other's that kind is carried; an offer that comes to nothing changes nothing. Pure.

use visavis_shared::DescriptionKind;

use super::SdpError;
use super::candidate;
use super::direction::Direction;
use super::fingerprint::{Fingerprints, hexadecimal};
use super::for_library::{self, Transport};
use super::local::{self, Slot};
use super::selection::{self, Role, Selection, Use};
use super::text::{Section, Text};
use crate::data::Opener;
use crate::formats::MediaKind;

/// The largest number that is taken for a name.
const MAX_NAME: i64 = 1 << 16;

/// A description of the other's, as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteDescription {
    /// What the library is given.
    pub(crate) for_library: String,
    /// The candidates that can be tried, as in the attribute of that name; their number is bounded
    /// by nothing but the text.
    pub(crate) candidates: Vec<String>,
    /// Which certificates the other may have.
    pub(crate) fingerprints: Fingerprints,
    /// The kinds of media that it describes in no format that we know.
    pub(crate) without_format: Vec<MediaKind>,
}

/// A description of ours, as the other is given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalDescription {
    pub(crate) sdp: String,
    /// The section that candidates belong to: its name, where it has one, and its place.
    pub(crate) candidates_section: (Option<String>, u16),
}

/// Who begins the DTLS handshake (RFC 4145 §4, RFC 8842 §5.2): seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setup {
    Active,
    Passive,
}

impl Setup {
    fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
        }
    }

    fn of_the_other(self) -> &'static str {
        match self {
            Self::Active => "passive",
            Self::Passive => "active",
        }
    }
}

/// All sections that the two have between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Layout {
    slots: Vec<Slot>,
    /// The name that the library has for each of [`Use::ALL`].
    names: [Option<String>; Use::ALL.len()],
    is_grouped: bool,
}

/// An offer of the other's that is being answered.
#[derive(Debug)]
struct Offer {
    text: Text,
    selection: Selection,
    setup: Setup,
    layout: Layout,
}

/// An answer of the other's that the library has not taken yet.
#[derive(Debug)]
struct Answer {
    text: Text,
    setup: Setup,
    layout: Layout,
    provisional: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// What stands for fingerprints that the library does not know.
    placeholder: String,
    layout: Layout,
    /// The sections of our offer, while it is not answered.
    offered: Option<Layout>,
    offer: Option<Offer>,
    /// Their answer, until the library has taken it.
    answered: Option<Answer>,
    setup: Option<Setup>,
    /// Which of [`Use::ALL`] the other wants to receive.
    wanted: [bool; Use::ALL.len()],
    /// Whether the other sends sound or picture.
    sends: bool,
    /// Whose offer brought the data channels that are agreed on.
    data: Option<Opener>,
    /// The sections that have another transport, by place and name.
    elsewhere: Vec<(usize, Option<String>)>,
}

impl Exchange {
    /// Begins without any section. `placeholder` is the SHA-256 that stands for other fingerprints.
    pub(crate) fn new(placeholder: &[u8]) -> Self {
        Self {
            placeholder: hexadecimal(placeholder),
            layout: Layout::default(),
            offered: None,
            offer: None,
            answered: None,
            setup: None,
            wanted: [false; Use::ALL.len()],
            sends: true,
            data: None,
            elsewhere: Vec::new(),
        }
    }

    /// Reads an offer of the other's.
    ///
    /// # Errors
    /// When it can't be used.
    pub(crate) fn read_offer(&mut self, sdp: &str) -> Result<RemoteDescription, SdpError> {
        let text = Text::read(sdp)?;
        let before: Vec<Option<Use>> = self.layout.slots.iter().map(|slot| slot.used).collect();
        let selection = selection::select(&text, Role::Offer, &before)?;
        let fingerprints = fingerprints(&text, &selection)?;
        let layout = self.layout.after(&text, &selection);
        let stated = text.inherited(&text.sections[selection.tagged], "setup");
        let setup = match stated.map(str::to_ascii_lowercase).as_deref() {
            Some("passive") => Setup::Active,
            // Who states nothing begins (RFC 4145 §4).
            Some("active") | None => Setup::Passive,
            Some(_) => self.setup.unwrap_or(Setup::Active),
        };
        let read = self.remote(&text, &selection, fingerprints, setup, &layout);
        self.answered = None;
        self.offer = Some(Offer { text, selection, setup, layout });
        Ok(read)
    }

    /// Reads an answer of the other's to our last offer.
    ///
    /// # Errors
    /// When it can't be used.
    pub(crate) fn read_answer(
        &mut self,
        sdp: &str,
        provisional: bool,
    ) -> Result<RemoteDescription, SdpError> {
        let offered = self.offered.as_ref().unwrap_or(&self.layout);
        let slots = offered.slots.iter().map(|slot| &slot.section);
        let text = in_order(slots, Text::read(sdp)?);
        let before: Vec<Option<Use>> = offered.slots.iter().map(|slot| slot.used).collect();
        let mut selection = selection::select(&text, Role::Answer, &before)?;
        for (used, slot) in selection.uses.iter_mut().zip(&offered.slots) {
            *used = used.filter(|used| slot.used == Some(*used));
        }
        if selection.uses.iter().all(Option::is_none) {
            return Err(SdpError::NothingAccepted);
        }
        let fingerprints = fingerprints(&text, &selection)?;
        let stated = text.inherited(&text.sections[selection.tagged], "setup");
        let setup = match stated {
            Some(passive) if passive.eq_ignore_ascii_case("passive") => Setup::Active,
            _ => Setup::Passive,
        };
        let mut layout = offered.clone();
        let selected = selection.uses.iter().zip(&selection.kept);
        for (slot, (used, kept)) in layout.slots.iter_mut().zip(selected) {
            (slot.used, slot.kept) = (*used, *kept);
        }
        layout.is_grouped &= selection.group.is_some();
        let read = self.remote(&text, &selection, fingerprints, setup, &layout);
        self.answered = Some(Answer { text, setup, layout, provisional });
        Ok(read)
    }

    fn remote(
        &mut self,
        text: &Text,
        selection: &Selection,
        fingerprints: Fingerprints,
        setup: Setup,
        layout: &Layout,
    ) -> RemoteDescription {
        let known = fingerprints.only_sha_256().map(hexadecimal);
        let transport = Transport {
            fingerprint: known.as_deref().unwrap_or(&self.placeholder),
            setup: setup.of_the_other(),
        };
        let name = |used| layout.name(used).unwrap_or_default();
        let shares_transport = |section: &&Section| {
            let credentials = selection::credentials(text, section);
            credentials.is_none_or(|own| own == selection.credentials)
        };
        let elsewhere = text.sections.iter().enumerate().filter(|(_, one)| !shares_transport(one));
        let named = |(at, section): (usize, &Section)| (at, section.mid().map(ToOwned::to_owned));
        self.elsewhere = elsewhere.map(named).collect();
        let sections = text.sections.iter().filter(shares_transport);
        let candidates = sections.flat_map(|section| section.attributes.all("candidate"));
        let mut tried: Vec<String> = candidates.filter_map(candidate::usable).collect();
        let mut seen = std::collections::HashSet::new();
        tried.retain(|candidate| seen.insert(candidate.clone()));
        RemoteDescription {
            for_library: for_library::write(text, selection, &transport, name),
            candidates: tried,
            fingerprints,
            without_format: selection.without_format.clone(),
        }
    }

    /// A description that the library made, as the other is given it.
    pub(crate) fn write(&self, kind: DescriptionKind, sdp: &str) -> LocalDescription {
        let Ok(library) = Text::read(sdp) else {
            return LocalDescription { sdp: sdp.to_owned(), candidates_section: (None, 0) };
        };
        match (&self.offer, kind) {
            (Some(offer), DescriptionKind::Answer | DescriptionKind::Pranswer) => {
                let name = |used| offer.layout.name(used);
                let Offer { text, selection, setup, .. } = offer;
                let sdp = local::answer(text, selection, &library, setup.name(), name);
                let is_used = |at: usize| selection.uses[at].is_some();
                let index = local::candidates_section(text, selection, is_used).unwrap_or(0);
                LocalDescription { sdp, candidates_section: place(&text.sections, index) }
            }
            _ if self.layout.slots.is_empty() => {
                let candidates_section = place(&library.sections, 0);
                LocalDescription { sdp: sdp.to_owned(), candidates_section }
            }
            _ => {
                let Layout { slots, is_grouped, .. } = &self.layout;
                let name = |used| self.layout.name(used);
                let sdp = local::later_offer(slots, *is_grouped, sdp, &library, name);
                let used = self.layout.slots.iter().position(|slot| slot.used.is_some());
                let sections: Vec<Section> =
                    self.layout.slots.iter().map(|slot| slot.section.clone()).collect();
                let candidates_section = place(&sections, used.unwrap_or(0));
                LocalDescription { sdp, candidates_section }
            }
        }
    }

    /// Notes that the other is given a description of ours that the library made.
    pub(crate) fn sent(&mut self, kind: DescriptionKind, sdp: &str) {
        match kind {
            DescriptionKind::Offer if self.layout.slots.is_empty() => {
                self.offered = Text::read(sdp).ok().map(Layout::of_our_offer);
            }
            DescriptionKind::Offer => self.offered = Some(self.layout.clone()),
            DescriptionKind::Answer => {
                if let Some(Offer { text, layout, setup, .. }) = self.offer.take() {
                    self.settle(layout, setup, &text, Opener::Them);
                }
            }
            DescriptionKind::Pranswer | DescriptionKind::Rollback => {}
        }
    }

    /// Notes that the library has taken what the other described last.
    pub(crate) fn remote_taken(&mut self) {
        let Some(Answer { text, setup, layout, provisional }) = self.answered.take() else {
            return;
        };
        if provisional {
            // What it rejects may still be accepted by the last one.
            self.note_directions(&layout, &text);
            self.setup.get_or_insert(setup);
        } else {
            self.settle(layout, setup, &text, Opener::Us);
        }
    }

    fn settle(&mut self, layout: Layout, setup: Setup, theirs: &Text, by: Opener) {
        self.note_directions(&layout, theirs);
        let is_agreed = layout.slots.iter().any(|slot| slot.used == Some(Use::Data));
        self.data = is_agreed.then_some(self.data.unwrap_or(by));
        self.layout = layout;
        self.setup.get_or_insert(setup);
        self.offered = None;
    }

    /// Notes which way media goes by a description of the other's.
    fn note_directions(&mut self, layout: &Layout, theirs: &Text) {
        let sections = || layout.slots.iter().zip(&theirs.sections);
        self.wanted = Use::ALL.map(|used| {
            sections().any(|(slot, section)| {
                slot.used == Some(used) && Direction::of(theirs, section).receives
            })
        });
        self.sends = sections().any(|(slot, section)| {
            slot.used.and_then(Use::kind).is_some() && Direction::of(theirs, section).sends
        });
    }

    /// Whether the other sends sound or picture, or has not said yet.
    pub(crate) fn expects_media(&self) -> bool {
        self.sends
    }

    /// Whether a candidate for a section, by its name or its place, is one of the transport that is
    /// used.
    pub(crate) fn takes_candidate(&self, mid: Option<&str>, index: Option<u16>) -> bool {
        let is_it = |(at, name): &(usize, Option<String>)| match mid.filter(|mid| !mid.is_empty()) {
            Some(mid) => name.as_deref() == Some(mid),
            None => index.is_some_and(|index| usize::from(index) == *at),
        };
        !self.elsewhere.iter().any(is_it)
    }

    /// Whether the two have no sections between them yet.
    pub(crate) fn is_new(&self) -> bool {
        self.layout.slots.is_empty()
    }

    /// Whose offer brought the data channels that are agreed on; `None` while none are.
    pub(crate) fn data_offered_by(&self) -> Option<Opener> {
        self.data
    }

    /// Whether the other wants to receive a kind.
    pub(crate) fn wants(&self, kind: MediaKind) -> bool {
        self.wanted[Use::of(kind) as usize]
    }
}

impl Layout {
    /// The sections of the first offer that the library makes.
    fn of_our_offer(text: Text) -> Self {
        let mut layout = Self { is_grouped: text.session.has("group"), ..Self::default() };
        for section in text.sections {
            let used = match section.media.as_str() {
                "audio" => Use::Audio,
                "video" => Use::Video,
                _ => Use::Data,
            };
            layout.names[used as usize] = section.mid().map(ToOwned::to_owned);
            layout.slots.push(Slot { section, used: Some(used), kept: false });
        }
        layout
    }

    /// The sections after the other has offered these. What the library has had no section of yet
    /// gets the name that the other gives it, if that can be.
    fn after(&self, text: &Text, selection: &Selection) -> Self {
        let mut names = self.names.clone();
        for (section, used) in text.sections.iter().zip(&selection.uses) {
            let Some(used) = *used else { continue };
            if names[used as usize].is_some() {
                continue;
            }
            // The library counts on from the largest number among the names.
            let is_free = |mid: &str| {
                let is_countable = mid.parse().map_or(true, |number: i64| number < MAX_NAME);
                is_countable && !names.iter().flatten().any(|name| name == mid)
            };
            let named = section.mid().filter(|mid| is_free(mid)).map(ToOwned::to_owned);
            names[used as usize] =
                Some(named.unwrap_or_else(|| format!("unnamed-{}", section.media)));
        }
        let sections = text.sections.iter().zip(selection.uses.iter().zip(&selection.kept));
        let slots = sections.map(|(section, (used, kept))| Slot {
            section: section.clone(),
            used: *used,
            kept: *kept,
        });
        Self { slots: slots.collect(), names, is_grouped: selection.group.is_some() }
    }

    fn name(&self, used: Use) -> Option<&str> {
        self.names[used as usize].as_deref()
    }
}

/// An answer with its sections in the places of those that were offered: by their names, or where
/// it has none by their order. One that is missing is rejected.
pub(super) fn in_order<'a>(offered: impl Iterator<Item = &'a Section>, mut text: Text) -> Text {
    let has_names = text.sections.iter().any(|section| section.mid().is_some());
    let given = std::mem::take(&mut text.sections);
    text.sections = offered
        .enumerate()
        .map(|(index, slot)| {
            let named = |section: &&Section| section.mid().is_some() && section.mid() == slot.mid();
            let by_place = || given.get(index).filter(|section| section.mid().is_none());
            let found = if has_names { given.iter().find(named) } else { None };
            found.or_else(by_place).cloned().unwrap_or_else(|| slot.rejected())
        })
        .collect();
    text
}

/// The certificates that the transport's section names.
pub(super) fn fingerprints(text: &Text, selection: &Selection) -> Result<Fingerprints, SdpError> {
    let section = &text.sections[selection.tagged];
    let of =
        |attributes| Fingerprints::read(super::text::Attributes::all(attributes, "fingerprint"));
    let found = if section.attributes.has("fingerprint") {
        of(&section.attributes)
    } else {
        of(&text.session)
    };
    let is_encrypted = |section: &Section| section.protocol.to_ascii_uppercase().contains("TLS");
    found.map_err(|error| match error {
        SdpError::NoFingerprint if !is_encrypted(section) => SdpError::NotEncrypted,
        error => error,
    })
}

fn place(sections: &[Section], index: usize) -> (Option<String>, u16) {
    let mid = sections.get(index).and_then(Section::mid).map(ToOwned::to_owned);
    (mid, u16::try_from(index).unwrap_or_default())
}
