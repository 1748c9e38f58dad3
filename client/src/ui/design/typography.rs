//! The typeface and the nine styles that text comes in.
//!
//! Inter is one variable file that stands three times among the fonts, once for each weight.
//! Scripts that it lacks (Chinese, Arabic, …) are looked up among the system's fonts, emoji come
//! with egui.

use std::sync::{Arc, OnceLock};

use eframe::egui::epaint::text::{
    FallbackRequest, FontInsert, FontProvider, TextFormat, VariationCoords,
};
use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Color32, Context, FontData, FontDefinitions, FontFamily, FontId, FontTweak, RichText, vec2,
};
use eframe::egui::{Painter, Pos2, Rect};
use egui_system_font_provider::SystemFontProvider;

/// Latin, Greek and Cyrillic, with the axis `wght`.
const INTER: &[u8] = include_bytes!("../../../../assets/fonts/Inter.ttf");

/// The weights that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Regular,
    Medium,
    Semibold,
}

impl Weight {
    const ALL: [Self; 3] = [Self::Regular, Self::Medium, Self::Semibold];

    /// The value on the axis `wght`.
    const fn wght(self) -> f32 {
        match self {
            Self::Regular => 400.0,
            Self::Medium => 500.0,
            Self::Semibold => 600.0,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Regular => "Inter 400",
            Self::Medium => "Inter 500",
            Self::Semibold => "Inter 600",
        }
    }

    fn family(self) -> FontFamily {
        match self {
            Self::Regular => FontFamily::Proportional,
            Self::Medium | Self::Semibold => FontFamily::Name(self.name().into()),
        }
    }
}

/// How a text looks: its size, its line, its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeStyle {
    /// Names and moments.
    Display,
    /// Pages and dialogs.
    Title,
    /// Sections.
    Heading,
    /// Text.
    Body,
    /// Names and buttons.
    Strong,
    /// Second lines.
    Small,
    /// Labels.
    SmallStrong,
    /// Times and hints; nothing is smaller.
    Caption,
    CaptionStrong,
}

impl TypeStyle {
    const fn weight(self) -> Weight {
        match self {
            Self::Display | Self::Title | Self::Heading => Weight::Semibold,
            Self::Strong | Self::SmallStrong | Self::CaptionStrong => Weight::Medium,
            Self::Body | Self::Small | Self::Caption => Weight::Regular,
        }
    }

    /// The size in points.
    pub(crate) const fn size(self) -> f32 {
        match self {
            Self::Display => 28.0,
            Self::Title => 20.0,
            Self::Heading => 16.0,
            Self::Body | Self::Strong => 14.0,
            Self::Small | Self::SmallStrong => 13.0,
            Self::Caption | Self::CaptionStrong => 12.0,
        }
    }

    /// The height of a line in points.
    pub(crate) const fn line(self) -> f32 {
        match self {
            Self::Display => 36.0,
            Self::Title => 28.0,
            Self::Heading => 24.0,
            Self::Body | Self::Strong | Self::Small | Self::SmallStrong => 20.0,
            Self::Caption | Self::CaptionStrong => 16.0,
        }
    }

    const fn letter_spacing(self) -> f32 {
        match self {
            Self::Display => -0.3,
            Self::Title => -0.2,
            Self::Heading => -0.1,
            _ => 0.0,
        }
    }

    /// The font, for what takes no more than one.
    pub(crate) fn font(self) -> FontId {
        FontId::new(self.size(), self.weight().family())
    }

    /// A text in this style, in the colour of its surroundings.
    pub(crate) fn text(self, text: impl Into<String>) -> RichText {
        RichText::new(text)
            .font(self.font())
            .line_height(Some(self.line()))
            .extra_letter_spacing(self.letter_spacing())
    }

    /// A text in this style, laid out in at most `width` points: on one line that ends in `…` where
    /// it is cut, or wrapped.
    pub(crate) fn layout(self, text: &str, color: Color32, width: f32, wrap: bool) -> LayoutJob {
        let format = TextFormat {
            font_id: self.font(),
            color,
            line_height: Some(self.line()),
            extra_letter_spacing: self.letter_spacing(),
            ..TextFormat::default()
        };
        let mut job = LayoutJob::single_section(text.to_owned(), format);
        job.wrap.max_width = width.max(0.0);
        if !wrap {
            job.wrap.max_rows = 1;
            job.wrap.break_anywhere = true;
        }
        job
    }
}

/// Paints digits each as wide as `0`, so that a clock does not jump as it runs. Returns how much
/// room they took, from `left_center` on.
pub(crate) fn paint_clock(
    painter: &Painter,
    left_center: Pos2,
    text: &str,
    style: TypeStyle,
    color: Color32,
) -> Rect {
    let glyph = |text: &str| painter.layout_no_wrap(text.to_owned(), style.font(), color);
    let digit = glyph("0").size().x;
    let mut at = left_center.x;
    for character in text.chars() {
        let galley = glyph(character.encode_utf8(&mut [0; 4]));
        let cell = if character.is_ascii_digit() { digit } else { galley.size().x };
        let place =
            Pos2::new(at + (cell - galley.size().x) / 2.0, left_center.y - galley.size().y / 2.0);
        painter.galley(place, galley, color);
        at += cell;
    }
    Rect::from_min_size(
        left_center - vec2(0.0, style.line() / 2.0),
        vec2(at - left_center.x, style.line()),
    )
}

/// How wide [`paint_clock`] paints a text.
pub(crate) fn clock_width(painter: &Painter, text: &str, style: TypeStyle) -> f32 {
    let width = |text: &str| {
        painter.layout_no_wrap(text.to_owned(), style.font(), Color32::PLACEHOLDER).size().x
    };
    let digit = width("0");
    text.chars()
        .map(|c| if c.is_ascii_digit() { digit } else { width(c.encode_utf8(&mut [0; 4])) })
        .sum()
}

/// The system's fonts. Listing them takes tens of milliseconds and a thread, so it is left until a
/// character needs it; most people never need it.
struct SystemFonts(OnceLock<SystemFontProvider>);

impl FontProvider for SystemFonts {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        self.0.get_or_init(SystemFontProvider::new).font_for(request)
    }
}

/// Sets the fonts up; call it once.
pub(crate) fn install(ctx: &Context) {
    ctx.set_fonts(definitions());
    ctx.add_font_provider(Arc::new(SystemFonts(OnceLock::new())));
}

fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let rest = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for weight in Weight::ALL {
        let tweak = FontTweak {
            coords: VariationCoords::new([(b"wght", weight.wght())]),
            ..FontTweak::default()
        };
        let data = FontData::from_static(INTER).tweak(tweak);
        fonts.font_data.insert(weight.name().to_owned(), Arc::new(data));
        let family = std::iter::once(weight.name().to_owned()).chain(rest.iter().cloned());
        fonts.families.insert(weight.family(), family.collect());
    }
    fonts
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Pos2, RawInput};

    use super::*;

    const STYLES: [TypeStyle; 9] = [
        TypeStyle::Display,
        TypeStyle::Title,
        TypeStyle::Heading,
        TypeStyle::Body,
        TypeStyle::Strong,
        TypeStyle::Small,
        TypeStyle::SmallStrong,
        TypeStyle::Caption,
        TypeStyle::CaptionStrong,
    ];

    /// Runs something in a pass with the fonts set up.
    fn with_fonts<T>(look: impl Fn(&Painter) -> T) -> T {
        let ctx = Context::default();
        install(&ctx);
        let mut seen = None;
        // The fonts are there from the second pass on.
        for _ in 0..2 {
            let mut pass = ctx.run_ui(RawInput::default(), |ui| seen = Some(look(ui.painter())));
            pass.textures_delta.clear();
        }
        seen.expect("a pass")
    }

    #[test]
    fn each_weight_is_wider_than_the_one_before() {
        let widths = with_fonts(|painter| {
            Weight::ALL.map(|weight| {
                let font = FontId::new(14.0, weight.family());
                painter.layout_no_wrap("Visavis".to_owned(), font, Color32::WHITE).size().x
            })
        });
        assert!(widths[0] < widths[1] && widths[1] < widths[2], "{widths:?}");
    }

    #[test]
    fn latin_greek_and_cyrillic_letters_are_in_the_typeface() {
        let ctx = Context::default();
        let mut alone = definitions();
        alone.families.insert(FontFamily::Proportional, vec![Weight::Medium.name().to_owned()]);
        ctx.set_fonts(alone);
        let mut missing = String::new();
        for _ in 0..2 {
            let mut pass = ctx.run_ui(RawInput::default(), |ui| {
                let font = FontId::proportional(14.0);
                missing = ui.fonts_mut(|fonts| {
                    let letters = "aZéßĀőΕλένη’Ольгаї–…€→·".chars();
                    letters.filter(|letter| !fonts.has_glyph(&font, *letter)).collect()
                });
            });
            pass.textures_delta.clear();
        }
        assert_eq!(missing, "");
    }

    #[test]
    fn every_style_fits_its_line() {
        for style in STYLES {
            assert!(style.line() >= style.size() * 1.25, "{style:?}");
            assert!(style.line() % 4.0 == 0.0, "{style:?}");
            assert!(style.size() >= 12.0, "{style:?}");
        }
    }

    #[test]
    fn a_clock_is_as_wide_whatever_it_shows() {
        let (one, eight, painted) = with_fonts(|painter| {
            let style = TypeStyle::Body;
            let painted = paint_clock(painter, Pos2::ZERO, "11:11", style, Color32::WHITE);
            (
                clock_width(painter, "11:11", style),
                clock_width(painter, "08:48", style),
                painted.width(),
            )
        });
        assert!((one - eight).abs() < 1e-3 && (one - painted).abs() < 1e-3);
    }
}
