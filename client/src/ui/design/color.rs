//! The colours of the window: a dark and a light theme, and the stage of a call, which is dark in
//! both.
//!
//! Widgets take their colours from [`Palette::of`] or from [`stage`], never from literals. What
//! always holds, by a test that knows which stand on which: text has the contrast that WCAG 2.1
//! asks for (4.5:1), shapes with a meaning 3:1; another test measures what the screens paint.

use eframe::egui::{Color32, Visuals};

/// A QR code is dark on light in both themes: many readers know it no other way.
pub(crate) mod qr {
    use eframe::egui::Color32;

    pub(crate) const LIGHT: Color32 = Color32::WHITE;
    pub(crate) const DARK: Color32 = Color32::BLACK;
}

/// The colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Palette {
    /// The window and its main pane.
    pub(crate) bg: Color32,
    /// Side bars.
    pub(crate) panel: Color32,
    /// Cards, menus and dialogs.
    pub(crate) card: Color32,
    /// Plain buttons and choices.
    pub(crate) raised: Color32,
    /// The same under the pointer.
    pub(crate) raised_hover: Color32,
    /// The same while pressed.
    pub(crate) raised_press: Color32,
    /// Where one types.
    pub(crate) field_fill: Color32,
    /// Hairlines between things.
    pub(crate) line: Color32,
    /// Outlines of fields, switches and keys.
    pub(crate) edge: Color32,
    /// Text.
    pub(crate) text: Color32,
    /// Second lines.
    pub(crate) text_2: Color32,
    /// Hints and times; never on `raised_press`.
    pub(crate) text_3: Color32,
    /// The main action, online, verified, focus.
    pub(crate) accent: Color32,
    pub(crate) accent_hover: Color32,
    pub(crate) accent_press: Color32,
    /// A selected row, one's own messages.
    pub(crate) accent_soft: Color32,
    /// On the accent, its hover and its press.
    pub(crate) on_accent: Color32,
    /// Closing, declining and cancelling a call; nothing else.
    pub(crate) danger: Color32,
    pub(crate) danger_hover: Color32,
    pub(crate) danger_press: Color32,
    pub(crate) on_danger: Color32,
    /// What went wrong, was missed, or changed.
    pub(crate) warn: Color32,
    /// Under warnings.
    pub(crate) warn_soft: Color32,
    /// Behind dialogs.
    pub(crate) scrim: Color32,
    pub(crate) tip: Color32,
    pub(crate) tip_text: Color32,
    /// The grounds of avatars and the ink on each. They mean nothing.
    pub(crate) avatars: [(Color32, Color32); 6],
    /// The ink of shadows; its opacity belongs to the elevation.
    pub(crate) shadow: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// A colour with an opacity in percent, premultiplied as egui wants it.
const fn translucent(hex: u32, percent: u32) -> Color32 {
    const fn channel(value: u32, percent: u32) -> u8 {
        ((value & 0xff) * percent / 100) as u8
    }
    Color32::from_rgba_premultiplied(
        channel(hex >> 16, percent),
        channel(hex >> 8, percent),
        channel(hex, percent),
        channel(0xff, percent),
    )
}

const DARK: Palette = Palette {
    bg: rgb(0x0f1215),
    panel: rgb(0x14181c),
    card: rgb(0x181d21),
    raised: rgb(0x21272d),
    raised_hover: rgb(0x2a3138),
    raised_press: rgb(0x343c44),
    field_fill: rgb(0x0f1215),
    line: rgb(0x262c32),
    edge: rgb(0x697682),
    text: rgb(0xe9eef1),
    text_2: rgb(0xa9b4bd),
    text_3: rgb(0x96a2ac),
    accent: rgb(0x4fc9ae),
    accent_hover: rgb(0x6ad8c0),
    accent_press: rgb(0x3fb399),
    accent_soft: rgb(0x15332d),
    on_accent: rgb(0x05211b),
    danger: rgb(0xcc3440),
    danger_hover: rgb(0xd33f4a),
    danger_press: rgb(0xb02a35),
    on_danger: rgb(0xffffff),
    warn: rgb(0xf0b35a),
    warn_soft: rgb(0x33281a),
    scrim: translucent(0x06080a, 64),
    tip: rgb(0x2f373f),
    tip_text: rgb(0xeef2f4),
    avatars: [
        (rgb(0x173a33), rgb(0x74d6bd)),
        (rgb(0x1b3248), rgb(0x93c0ea)),
        (rgb(0x302b4d), rgb(0xb9aef2)),
        (rgb(0x442b39), rgb(0xeaa8c4)),
        (rgb(0x3e3323), rgb(0xdfbc86)),
        (rgb(0x2d3823), rgb(0xb6cf90)),
    ],
    shadow: rgb(0x000000),
};

const LIGHT: Palette = Palette {
    bg: rgb(0xf4f6f7),
    panel: rgb(0xffffff),
    card: rgb(0xffffff),
    raised: rgb(0xebeef1),
    raised_hover: rgb(0xe1e6ea),
    raised_press: rgb(0xd5dce1),
    field_fill: rgb(0xffffff),
    line: rgb(0xe0e5e8),
    edge: rgb(0x7e8a94),
    text: rgb(0x161c21),
    text_2: rgb(0x465059),
    text_3: rgb(0x57636d),
    accent: rgb(0x0a7260),
    accent_hover: rgb(0x096655),
    accent_press: rgb(0x075547),
    accent_soft: rgb(0xdcf2ec),
    on_accent: rgb(0xffffff),
    danger: rgb(0xcc3440),
    danger_hover: rgb(0xd33f4a),
    danger_press: rgb(0xb02a35),
    on_danger: rgb(0xffffff),
    warn: rgb(0x865000),
    warn_soft: rgb(0xfbefd9),
    scrim: translucent(0x161c21, 44),
    tip: rgb(0x1f262c),
    tip_text: rgb(0xeef2f4),
    avatars: [
        (rgb(0xd3efe8), rgb(0x0b5f50)),
        (rgb(0xd9e8f7), rgb(0x1f5380)),
        (rgb(0xe6e2fa), rgb(0x4d4092)),
        (rgb(0xf8e0ea), rgb(0x8a2f58)),
        (rgb(0xf5e8d2), rgb(0x74501a)),
        (rgb(0xe5f0d7), rgb(0x476019)),
    ],
    shadow: rgb(0x141e26),
};

impl Palette {
    /// The palette that goes with a style.
    pub(crate) fn of(visuals: &Visuals) -> &'static Self {
        if visuals.dark_mode { &DARK } else { &LIGHT }
    }

    /// The palette of one theme.
    pub(crate) const fn themed(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }

    /// The ground of somebody's avatar and the ink on it, always the same for one name.
    pub(crate) fn avatar(&self, name: &str) -> (Color32, Color32) {
        // FNV-1a: the same on every machine, and each letter counts.
        let hash = name
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        // The upper bits are the well mixed ones.
        self.avatars[(hash >> 16) as usize % self.avatars.len()]
    }
}

/// What stands behind and over the video of a call, the same in both themes: a bright ground would
/// dazzle.
pub(crate) mod stage {
    use super::{Color32, rgb, translucent};

    /// Behind the video.
    pub(crate) const GROUND: Color32 = rgb(0x090b0d);
    /// Under controls and words that float over the video.
    pub(crate) const FLOAT: Color32 = translucent(0x101417, 86);
    /// The hairline round them.
    pub(crate) const FLOAT_LINE: Color32 = translucent(0xffffff, 10);
    /// The line between two groups of them.
    pub(crate) const DIVIDER: Color32 = translucent(0xffffff, 14);
    /// Round buttons on it.
    pub(crate) const GLASS: Color32 = translucent(0xffffff, 10);
    pub(crate) const GLASS_HOVER: Color32 = translucent(0xffffff, 18);
    pub(crate) const GLASS_PRESS: Color32 = translucent(0xffffff, 26);
    /// A round button that is switched: muted, camera off, a card open.
    pub(crate) const SWITCHED: Color32 = rgb(0xeef2f4);
    pub(crate) const SWITCHED_HOVER: Color32 = rgb(0xffffff);
    pub(crate) const ON_SWITCHED: Color32 = rgb(0x0f1215);
    pub(crate) const TEXT: Color32 = rgb(0xeef2f4);
    pub(crate) const TEXT_2: Color32 = rgb(0xb8c2ca);
    pub(crate) const WARN: Color32 = rgb(0xf0b35a);
    /// The hairline round one's own video.
    pub(crate) const PICTURE_EDGE: Color32 = translucent(0xffffff, 16);
    /// Under one's own video while there is none.
    pub(crate) const SELF_VIEW: Color32 = rgb(0x20262b);
    /// Over a video that stands still, so that it does not look as if it moved.
    pub(crate) const DIMMED: Color32 = translucent(0x050709, 60);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.1).
    fn luminance(color: Color32) -> f32 {
        let linear = |c: u8| {
            let c = f32::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// A translucent colour over an opaque one.
    fn over(top: Color32, ground: Color32) -> Color32 {
        let rest = u32::from(255 - top.a());
        let mix = |top: u8, ground: u8| (u32::from(top) + u32::from(ground) * rest / 255) as u8;
        Color32::from_rgb(
            mix(top.r(), ground.r()),
            mix(top.g(), ground.g()),
            mix(top.b(), ground.b()),
        )
    }

    /// Text, and whatever else carries a meaning by its shape, such as an icon (WCAG 2.1, 1.4.3
    /// and 1.4.11).
    const TEXT: f32 = 4.5;
    const SHAPE: f32 = 3.0;

    /// Which colours of a palette stand on which: inks, grounds, and the least contrast.
    type Pairs = Vec<(&'static [&'static str], &'static [&'static str], f32)>;

    fn pairs() -> Pairs {
        let plain: &[&str] = &["bg", "panel", "card", "raised", "raised_hover"];
        vec![
            (&["text", "text_2"], plain, TEXT),
            (
                &["text", "text_2"],
                &["raised_press", "field_fill", "accent_soft", "warn_soft"],
                TEXT,
            ),
            (&["text_3", "accent", "warn"], plain, TEXT),
            (&["text_3"], &["field_fill"], TEXT),
            (&["accent", "warn", "text_3"], &["accent_soft"], TEXT),
            (&["warn"], &["warn_soft", "field_fill"], TEXT),
            (&["on_accent"], &["accent", "accent_hover", "accent_press"], TEXT),
            (&["on_danger"], &["danger", "danger_hover", "danger_press"], TEXT),
            (&["tip_text"], &["tip"], TEXT),
            // Fields, switches, keys; rings round what has the keyboard; rings of presence.
            (&["edge"], &["bg", "panel", "card", "field_fill"], SHAPE),
            (&["accent", "text_3"], &["bg", "panel", "card", "field_fill", "accent_soft"], SHAPE),
            // Buttons and switches that are filled, and bars of a meter beside the empty ones.
            (&["accent", "accent_hover", "accent_press"], &["bg", "panel", "card"], SHAPE),
            (&["danger", "danger_hover"], &["bg", "panel", "card"], SHAPE),
            (&["accent", "warn"], &["raised", "raised_hover"], SHAPE),
        ]
    }

    /// What no text and no shape with a meaning is made of, nor stands on.
    const DECORATION: &[&str] = &["line", "scrim", "shadow"];

    /// A colour by its name. Whoever adds one has to say what it stands on.
    fn all(p: &Palette) -> Vec<(&'static str, Color32)> {
        let Palette {
            bg,
            panel,
            card,
            raised,
            raised_hover,
            raised_press,
            field_fill,
            line,
            edge,
            text,
            text_2,
            text_3,
            accent,
            accent_hover,
            accent_press,
            accent_soft,
            on_accent,
            danger,
            danger_hover,
            danger_press,
            on_danger,
            warn,
            warn_soft,
            scrim,
            tip,
            tip_text,
            avatars: _,
            shadow,
        } = *p;
        vec![
            ("bg", bg),
            ("panel", panel),
            ("card", card),
            ("raised", raised),
            ("raised_hover", raised_hover),
            ("raised_press", raised_press),
            ("field_fill", field_fill),
            ("line", line),
            ("edge", edge),
            ("text", text),
            ("text_2", text_2),
            ("text_3", text_3),
            ("accent", accent),
            ("accent_hover", accent_hover),
            ("accent_press", accent_press),
            ("accent_soft", accent_soft),
            ("on_accent", on_accent),
            ("danger", danger),
            ("danger_hover", danger_hover),
            ("danger_press", danger_press),
            ("on_danger", on_danger),
            ("warn", warn),
            ("warn_soft", warn_soft),
            ("scrim", scrim),
            ("tip", tip),
            ("tip_text", tip_text),
            ("shadow", shadow),
        ]
    }

    /// The pairs whose contrast is too low, in words.
    fn too_low(of: &str, pairs: &[(&str, Color32, &str, Color32, f32)]) -> Vec<String> {
        let faint =
            pairs.iter().filter(|(_, ink, _, ground, least)| contrast(*ink, *ground) < *least);
        faint
            .map(|(ink, a, ground, b, least)| {
                format!("{of}: {ink} on {ground} has {:.2} of {least}", contrast(*a, *b))
            })
            .collect()
    }

    #[test]
    fn whatever_is_read_stands_out_from_what_it_stands_on_in_both_themes() {
        let mut wrong = Vec::new();
        for (theme, p) in [("dark", &DARK), ("light", &LIGHT)] {
            let all = all(p);
            let named = |name: &'static str| {
                let found = all.iter().find(|(of, _)| *of == name).expect(name);
                assert_eq!(found.1.a(), 255, "{name} covers what is under it");
                *found
            };
            let mut used = Vec::new();
            for (inks, grounds, least) in pairs() {
                for ink in inks {
                    for ground in grounds {
                        let ((ink, a), (ground, b)) = (named(ink), named(ground));
                        used.push((ink, a, ground, b, least));
                    }
                }
            }
            for (ground, ink) in p.avatars {
                used.push(("initials", ink, "an avatar", ground, TEXT));
            }
            wrong.extend(too_low(theme, &used));
            for (name, _) in &all {
                let known = DECORATION.contains(name)
                    || used.iter().any(|(ink, _, ground, ..)| ink == name || ground == name);
                assert!(known, "{name} stands on nothing");
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn whatever_is_read_over_a_video_stands_out_whether_that_is_white_or_black() {
        let mut wrong = Vec::new();
        for video in [Color32::WHITE, Color32::BLACK] {
            let float = over(stage::FLOAT, video);
            let lit = [stage::GLASS, stage::GLASS_HOVER, stage::GLASS_PRESS];
            let mut used = vec![
                ("TEXT", stage::TEXT, "GROUND", stage::GROUND, TEXT),
                ("TEXT_2", stage::TEXT_2, "GROUND", stage::GROUND, TEXT),
                ("WARN", stage::WARN, "GROUND", stage::GROUND, TEXT),
                ("TEXT", stage::TEXT, "FLOAT", float, TEXT),
                ("TEXT_2", stage::TEXT_2, "FLOAT", float, TEXT),
                ("WARN", stage::WARN, "FLOAT", float, TEXT),
                ("TEXT", stage::TEXT, "SELF_VIEW", stage::SELF_VIEW, TEXT),
                ("TEXT_2", stage::TEXT_2, "SELF_VIEW", stage::SELF_VIEW, TEXT),
                ("ON_SWITCHED", stage::ON_SWITCHED, "SWITCHED", stage::SWITCHED, TEXT),
                ("ON_SWITCHED", stage::ON_SWITCHED, "its hover", stage::SWITCHED_HOVER, TEXT),
                ("SWITCHED", stage::SWITCHED, "FLOAT", float, SHAPE),
                // The ring round what has the keyboard, and the microphone of push-to-talk.
                ("accent", DARK.accent, "FLOAT", float, SHAPE),
                ("accent", DARK.accent, "GROUND", stage::GROUND, SHAPE),
                ("on_danger", DARK.on_danger, "danger", DARK.danger, TEXT),
            ];
            for glass in lit {
                used.push(("TEXT", stage::TEXT, "glass", over(glass, float), TEXT));
            }
            wrong.extend(too_low("over a video", &used));
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn contrast_is_what_others_measure() {
        // Values of the Web Content Accessibility Guidelines' own examples.
        let rounded = |a, b| (contrast(rgb(a), rgb(b)) * 100.0).round() / 100.0;
        assert_eq!(rounded(0x000000, 0xffffff), 21.0);
        assert_eq!(rounded(0x777777, 0xffffff), 4.48);
        assert_eq!(rounded(0x767676, 0xffffff), 4.54);
        assert_eq!(over(translucent(0xffffff, 50), Color32::BLACK), Color32::from_gray(127));
    }

    #[test]
    fn a_name_has_the_same_tint_in_both_themes_and_names_differ() {
        let index =
            |p: &Palette, name: &str| p.avatars.iter().position(|tint| *tint == p.avatar(name));
        let names = ["alice", "bob", "carol", "dave", "erin", "mallory", "Ольга", "李雷", ""];
        assert!(names.iter().all(|name| index(&DARK, name) == index(&LIGHT, name)));
        let mut tints: Vec<_> = names.iter().map(|name| index(&DARK, name)).collect();
        tints.sort_unstable();
        tints.dedup();
        assert!(tints.len() >= 4, "{tints:?}");
    }
}
