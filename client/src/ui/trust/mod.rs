//! What a person sees of who is at the other end: a shield beside the name, what it means, the
//! safety code, and what there is to decide when a key has changed.
//!
//! In: a snapshot. Out: marks, cards and dialogs; the person's answers as intents. What always
//! holds: whatever nobody vouches for is said in words, and not by a shield alone; where nothing
//! says who is there, that is [`Mark::NotVerified`].

mod changed;
mod panel;
mod person;

use eframe::egui::{
    Align, Color32, CornerRadius, Frame, Label, Layout, Margin, Rect, Sense, Ui, Vec2, pos2, vec2,
};
use visavis_shared::Username;

use super::design::{Icon, Palette, TypeStyle, radius, size, space};
use super::widgets::{self, Tone};
use super::{clock, words};
use crate::session::snapshot::{CallEnd, PinnedKey, Snapshot, Standing, UnixTime};
use crate::words::text;

pub(super) use changed::{dialog, rings_changed};
pub(super) use panel::SafetyPanel;
pub(super) use person::KeyCard;

/// What the shield of a call says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The key under which a safety code was compared aloud.
    Verified,
    /// The key of earlier calls.
    Known,
    /// The first call under this key.
    New,
    /// The same, as far as anybody can tell: keys of earlier calls are missing.
    PerhapsNew,
    /// Nothing says who is there.
    NotVerified,
    /// The person has said so.
    CodesDiffer,
    /// Another key than in earlier calls, or none.
    KeyChanged,
}

impl Mark {
    /// What the call with this peer is marked with.
    pub(super) fn of(snapshot: &Snapshot, peer: &str) -> Self {
        let Some(trust) = snapshot.trust else { return Self::NotVerified };
        match trust.standing {
            Standing::Changed { .. } => Self::KeyChanged,
            _ if snapshot.codes_differ => Self::CodesDiffer,
            _ if trust.is_not_verified() => Self::NotVerified,
            Standing::Unsigned => Self::NotVerified,
            Standing::Same { confirmed: true, .. } => Self::Verified,
            _ if compared(snapshot, peer).is_some() => Self::Verified,
            Standing::Same { .. } => Self::Known,
            Standing::New(_) if snapshot.keys_in_doubt => Self::PerhapsNew,
            Standing::New(_) => Self::New,
        }
    }

    pub(super) fn icon(self) -> Icon {
        match self {
            Self::Verified | Self::Known => Icon::ShieldCheck,
            Self::New | Self::PerhapsNew => Icon::Shield,
            Self::NotVerified => Icon::ShieldOff,
            Self::CodesDiffer | Self::KeyChanged => Icon::ShieldAlert,
        }
    }

    pub(super) fn word(self) -> String {
        match self {
            Self::Verified => text!("trust-verified"),
            Self::Known => text!("trust-known"),
            Self::New => text!("trust-new"),
            Self::PerhapsNew => text!("trust-perhaps-new"),
            Self::NotVerified => text!("trust-not-verified"),
            Self::CodesDiffer => text!("trust-codes-differ"),
            Self::KeyChanged => text!("trust-key-changed"),
        }
    }

    /// Whether its word is in plain sight all the time.
    pub(super) fn stands_out(self) -> bool {
        match self {
            Self::Verified | Self::Known | Self::New => false,
            Self::PerhapsNew | Self::NotVerified | Self::CodesDiffer | Self::KeyChanged => true,
        }
    }

    /// The colour of its shield: over a picture, or where `usual` is that of the text beside it.
    pub(super) fn ink(self, palette: &Palette, usual: Color32) -> Color32 {
        match self {
            Self::Verified => palette.accent,
            Self::Known | Self::New => usual,
            Self::PerhapsNew | Self::NotVerified | Self::CodesDiffer | Self::KeyChanged => {
                palette.warn
            }
        }
    }
}

/// When the key of this call was compared aloud.
fn compared(snapshot: &Snapshot, peer: &str) -> Option<UnixTime> {
    let key = snapshot.trust?.standing.key()?;
    let pinned = pinned(snapshot, peer).filter(|pinned| pinned.key == key)?;
    pinned.confirmed
}

/// The key that is remembered for a name.
fn pinned(snapshot: &Snapshot, peer: &str) -> Option<PinnedKey> {
    snapshot.keys.get(&Username::parse(peer).ok()?).copied()
}

/// The day of a moment, as it stands in a sentence.
fn day_of(at: UnixTime) -> String {
    words::date(at.system(), clock::today())
}

/// Says under who calls what their key comes to.
pub(super) fn ringing_tag(ui: &mut Ui, snapshot: &Snapshot, peer: &Username) {
    let mark = Mark::of(snapshot, peer.as_str());
    let talked = |call: &&crate::session::snapshot::RecentCall| {
        call.with == *peer && matches!(call.end, CallEnd::Completed | CallEnd::Lost)
    };
    let line = match mark {
        Mark::Verified => match compared(snapshot, peer.as_str()) {
            Some(at) => text!("rings-verified", day = day_of(at)),
            None => mark.word(),
        },
        Mark::Known => text!("rings-known"),
        Mark::New if snapshot.recent_calls.iter().any(|call| talked(&call)) => {
            text!("rings-new-key")
        }
        Mark::New => text!("rings-new"),
        Mark::PerhapsNew => text!("rings-perhaps-new"),
        Mark::NotVerified => text!("rings-not-verified"),
        Mark::CodesDiffer | Mark::KeyChanged => mark.word(),
    };
    tag(ui, mark, &line);
}

/// Says so where somebody is called, or a call is about to stand, for whom nothing vouches.
pub(super) fn waiting_tag(ui: &mut Ui, snapshot: &Snapshot, peer: &str) {
    let mark = Mark::of(snapshot, peer);
    if snapshot.trust.is_some() && mark.stands_out() {
        tag(ui, mark, &mark.word());
    }
}

fn tag(ui: &mut Ui, mark: Mark, line: &str) {
    let p = Palette::of(ui.visuals());
    let (ground, ink) = match mark {
        Mark::Verified => (p.accent_soft, p.accent),
        Mark::Known | Mark::New => (p.raised, p.text_2),
        _ => (p.warn_soft, p.warn),
    };
    let pad = vec2(space::S3, space::S1 + size::RING);
    let room = ui.available_width() - 2.0 * pad.x - size::ICON_SM - space::S2;
    let words = TypeStyle::CaptionStrong.layout(line, ink, room, true);
    let words = ui.painter().layout_job(words);
    let extent = words.size() + vec2(size::ICON_SM + space::S2, 0.0) + 2.0 * pad;
    let (place, _) = ui.allocate_exact_size(extent, Sense::hover());
    let corners = CornerRadius::same((place.height() / 2.0).min(space::S4) as u8);
    ui.painter().rect_filled(place, corners, ground);
    let icon = Rect::from_center_size(
        pos2(place.left() + pad.x + size::ICON_SM / 2.0, place.center().y),
        Vec2::splat(size::ICON_SM),
    );
    mark.icon().paint(ui.painter(), icon, ink);
    let at = pos2(icon.right() + space::S2, place.center().y - words.size().y / 2.0);
    let line = ui.put(Rect::from_min_size(at, words.size()), Label::new(words));
    widgets::announce(ui, &line, eframe::egui::accesskit::Live::Assertive);
}

/// A shield with its word, as a heading.
fn heading(ui: &mut Ui, icon: Icon, ink: Color32, words: &str) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S2;
        let (place, _) = ui.allocate_exact_size(Vec2::splat(size::ICON), Sense::hover());
        icon.paint(ui.painter(), place, ink);
        ui.add(Label::new(TypeStyle::Heading.text(words)).wrap());
    });
}

/// A smaller line in the quieter colour.
fn small_line(ui: &mut Ui, text: &str) {
    let ink = Palette::of(ui.visuals()).text_2;
    ui.add(Label::new(TypeStyle::Small.text(text).color(ink)).wrap());
}

/// A card within a dialog.
fn inner_card(ui: &Ui) -> Frame {
    Frame::new()
        .fill(Palette::of(ui.visuals()).raised)
        .corner_radius(CornerRadius::same(radius::LG))
        .inner_margin(Margin::same(space::S4 as i8))
}

/// Where the first of two answers stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// One of two answers.
type Answer<'a> = (Tone, Option<Icon>, &'a str);

/// How wide each of two answers is that share a width, and how high they are together: beside each
/// other, or one over the other where that is too narrow.
fn answers_size(ui: &Ui, width: f32, both: [Answer<'_>; 2]) -> Vec2 {
    let half = (width - space::S2) / 2.0;
    let fits = |(_, icon, words): Answer<'_>| widgets::button_width(ui, icon, words, 0.0) <= half;
    if both.into_iter().all(fits) {
        vec2(half, size::CONTROL)
    } else {
        vec2(width, 2.0 * size::CONTROL + space::S2)
    }
}

/// Two answers that share the width. The first comes first for the keyboard, and has it where
/// nothing else does if `takes_keyboard`. Returns which was pressed.
fn answers(
    ui: &mut Ui,
    [first, second]: [Answer<'_>; 2],
    side: Side,
    takes_keyboard: bool,
) -> Option<usize> {
    let width = ui.available_width();
    let each = answers_size(ui, width, [first, second]).x;
    let beside = each < width;
    let show = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(space::S2);
        let one = widgets::button(ui, first.0, first.1, first.2, each);
        if takes_keyboard && ui.memory(|memory| memory.focused().is_none()) {
            one.request_focus();
        }
        let two = widgets::button(ui, second.0, second.1, second.2, each);
        if one.clicked() {
            Some(0)
        } else if two.clicked() {
            Some(1)
        } else {
            None
        }
    };
    if !beside {
        return ui.vertical(show).inner;
    }
    let layout = match side {
        Side::Left => Layout::left_to_right(Align::Center),
        Side::Right => Layout::right_to_left(Align::Center),
    };
    ui.allocate_ui_with_layout(vec2(width, size::CONTROL), layout, show).inner
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use visavis_shared::PublicKey;

    use super::*;
    use crate::session::snapshot::{CallTrust, CodeState};

    const KEY: PublicKey = PublicKey([1; 32]);
    const OTHER: PublicKey = PublicKey([2; 32]);

    fn with(standing: Standing, code: CodeState) -> Snapshot {
        Snapshot { trust: Some(CallTrust { standing, code, page: false }), ..Snapshot::default() }
    }

    #[test]
    fn each_standing_has_its_mark_and_whatever_nobody_vouches_for_stands_out() {
        let same = |confirmed| Standing::Same { key: KEY, confirmed };
        let changed = Standing::Changed { before: KEY, now: Some(OTHER) };
        let none = CodeState::None;
        for (snapshot, mark, stands_out) in [
            (Snapshot::default(), Mark::NotVerified, true),
            (with(Standing::Unsigned, none), Mark::NotVerified, true),
            (with(same(true), none), Mark::Verified, false),
            (with(same(false), none), Mark::Known, false),
            (with(Standing::New(KEY), none), Mark::New, false),
            (with(same(true), CodeState::Withheld), Mark::NotVerified, true),
            (with(changed, none), Mark::KeyChanged, true),
        ] {
            assert_eq!(Mark::of(&snapshot, "bob"), mark);
            assert_eq!(mark.stands_out(), stands_out, "{mark:?}");
        }
        let page = CallTrust { standing: same(true), code: none, page: true };
        let page = Snapshot { trust: Some(page), ..Snapshot::default() };
        assert_eq!(Mark::of(&page, "bob"), Mark::NotVerified, "as honest as its server");
        let differ = Snapshot { codes_differ: true, ..with(same(true), none) };
        assert_eq!(Mark::of(&differ, "bob"), Mark::CodesDiffer);
        let doubt = |standing| Snapshot { keys_in_doubt: true, ..with(standing, none) };
        assert_eq!(Mark::of(&doubt(Standing::New(KEY)), "bob"), Mark::PerhapsNew);
        assert_eq!(Mark::of(&doubt(same(false)), "bob"), Mark::Known, "that key is remembered");
        assert!(Mark::PerhapsNew.stands_out() && Mark::CodesDiffer.stands_out());
    }

    #[test]
    fn a_key_that_was_compared_in_this_call_is_verified_at_once_and_another_is_not() {
        let bob = Username::parse("bob").expect("a name");
        for (key, mark) in [(KEY, Mark::Verified), (OTHER, Mark::New)] {
            let confirmed = Some(UnixTime(1));
            let pinned = PinnedKey { confirmed, ..PinnedKey::new(key, UnixTime(0)) };
            let keys = Arc::new([(bob.clone(), pinned)].into());
            let snapshot = Snapshot { keys, ..with(Standing::New(KEY), CodeState::None) };
            assert_eq!(Mark::of(&snapshot, "bob"), mark);
        }
    }
}
