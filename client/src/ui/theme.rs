//! How everything looks: colours, sizes and spacing, for a dark and a light theme.
//!
//! One accent colour; red only for hanging up; amber for what went wrong. Widgets take their
//! colours from [`Palette::of`], never from literals. Scripts that the built-in fonts lack
//! (Chinese, Arabic, …) are looked up among the system's fonts.

use std::sync::{Arc, OnceLock};

use eframe::egui::epaint::text::{FallbackRequest, FontInsert, FontProvider};
use eframe::egui::style::{ScrollStyle, Selection, WidgetVisuals, Widgets};
use eframe::egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle,
    ThemePreference, Visuals, vec2,
};
use egui_system_font_provider::SystemFontProvider;

use crate::config::Theme;

/// The system's fonts. Listing them takes tens of milliseconds and a thread, so it is left until a
/// character needs it; most people never need it.
struct SystemFonts(OnceLock<SystemFontProvider>);

impl FontProvider for SystemFonts {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        self.0.get_or_init(SystemFontProvider::new).font_for(request)
    }
}

/// Round corners of cards and popups.
pub(super) const CARD_RADIUS: u8 = 14;
/// Round corners of buttons and fields.
pub(super) const WIDGET_RADIUS: u8 = 9;
/// How high buttons and fields are, in points.
pub(super) const WIDGET_HEIGHT: f32 = 36.0;
/// How fast things fade, in seconds.
pub(super) const FADE_SECONDS: f32 = 0.18;

/// The colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Palette {
    /// Behind everything.
    pub(super) base: Color32,
    /// Cards on it.
    pub(super) card: Color32,
    /// Buttons and fields on cards.
    pub(super) raised: Color32,
    pub(super) raised_hover: Color32,
    pub(super) line: Color32,
    pub(super) text: Color32,
    /// Text of less weight.
    pub(super) weak: Color32,
    pub(super) accent: Color32,
    pub(super) accent_hover: Color32,
    /// A breath of it, behind avatars and selections.
    pub(super) accent_soft: Color32,
    pub(super) on_accent: Color32,
    pub(super) hang_up: Color32,
    pub(super) hang_up_hover: Color32,
    pub(super) warning: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const DARK: Palette = Palette {
    base: rgb(0x0f1317),
    card: rgb(0x171c22),
    raised: rgb(0x232a32),
    raised_hover: rgb(0x2d3640),
    line: rgb(0x2a323b),
    text: rgb(0xe8edf2),
    weak: rgb(0x9aa7b4),
    accent: rgb(0x4fc9ae),
    accent_hover: rgb(0x6ad8c0),
    accent_soft: rgb(0x1c3b37),
    on_accent: rgb(0x05211b),
    hang_up: rgb(0xdc3f4a),
    hang_up_hover: rgb(0xea5560),
    warning: rgb(0xf0b35a),
};

const LIGHT: Palette = Palette {
    base: rgb(0xf2f4f7),
    card: rgb(0xffffff),
    raised: rgb(0xe9edf1),
    raised_hover: rgb(0xdde3e9),
    line: rgb(0xd9dfe5),
    text: rgb(0x1a2128),
    weak: rgb(0x566370),
    accent: rgb(0x0c7a66),
    accent_hover: rgb(0x0a6857),
    accent_soft: rgb(0xe0f4f0),
    on_accent: rgb(0xffffff),
    hang_up: rgb(0xc9303c),
    hang_up_hover: rgb(0xb32531),
    warning: rgb(0x8f5600),
};

impl Palette {
    /// The palette that goes with a style.
    pub(super) fn of(visuals: &Visuals) -> &'static Self {
        if visuals.dark_mode { &DARK } else { &LIGHT }
    }
}

/// Behind the video of a call, in both themes: a bright frame would dazzle.
pub(super) const STAGE: Color32 = rgb(0x0a0d10);
/// Under floating controls on the stage.
pub(super) const FLOATING: Color32 = Color32::from_rgba_premultiplied(0x12, 0x16, 0x1a, 0xe0);

/// Sets both themes and the fonts up; call it once.
pub(super) fn install(ctx: &Context) {
    use eframe::egui::Theme as EguiTheme;
    ctx.style_mut_of(EguiTheme::Dark, |style| dress(style, Visuals::dark(), &DARK));
    ctx.style_mut_of(EguiTheme::Light, |style| dress(style, Visuals::light(), &LIGHT));
    ctx.add_font_provider(Arc::new(SystemFonts(OnceLock::new())));
}

/// Picks one of them, or has the system pick.
pub(super) fn choose(ctx: &Context, theme: Theme) {
    ctx.set_theme(match theme {
        Theme::System => ThemePreference::System,
        Theme::Dark => ThemePreference::Dark,
        Theme::Light => ThemePreference::Light,
    });
}

fn dress(style: &mut Style, visuals: Visuals, palette: &Palette) {
    let text = |size: f32| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Small, text(12.5)),
        (TextStyle::Body, text(15.0)),
        (TextStyle::Button, text(15.0)),
        (TextStyle::Heading, text(25.0)),
        (TextStyle::Monospace, FontId::new(14.0, FontFamily::Monospace)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(10.0, 8.0);
    spacing.button_padding = vec2(14.0, 7.0);
    spacing.interact_size = vec2(40.0, WIDGET_HEIGHT);
    spacing.combo_width = 160.0;
    spacing.menu_margin = Margin::same(6);
    spacing.tooltip_width = 320.0;
    spacing.scroll = ScrollStyle::thin();
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.35;
    style.visuals = paint(visuals, palette);
}

fn paint(mut visuals: Visuals, palette: &Palette) -> Visuals {
    let radius = CornerRadius::same(WIDGET_RADIUS);
    let widget = |fill: Color32, stroke: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, stroke),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets = Widgets {
        noninteractive: widget(palette.card, palette.line, palette.text),
        inactive: widget(palette.raised, palette.line, palette.text),
        hovered: widget(palette.raised_hover, palette.accent, palette.text),
        // Also what has the keyboard: the outline is what says so.
        active: WidgetVisuals {
            bg_stroke: Stroke::new(2.0, palette.accent),
            ..widget(palette.raised_hover, palette.accent, palette.text)
        },
        open: widget(palette.raised_hover, palette.accent, palette.text),
    };
    visuals.selection =
        Selection { bg_fill: palette.accent_soft, stroke: Stroke::new(1.5, palette.accent) };
    // Blinking would repaint an idle window twice a second.
    visuals.text_cursor.blink = false;
    visuals.hyperlink_color = palette.accent;
    visuals.weak_text_color = Some(palette.weak);
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.warning;
    visuals.panel_fill = palette.base;
    visuals.window_fill = palette.card;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(WIDGET_RADIUS + 2);
    visuals.extreme_bg_color = palette.base;
    visuals.faint_bg_color = palette.raised;
    visuals.popup_shadow =
        Shadow { offset: [0, 6], blur: 24, spread: 0, color: Color32::from_black_alpha(70) };
    visuals.window_shadow = visuals.popup_shadow;
    visuals
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

    #[test]
    fn every_text_stands_out_from_what_it_is_written_on() {
        for palette in [DARK, LIGHT] {
            for (text, ground) in [
                (palette.text, palette.base),
                (palette.text, palette.card),
                (palette.text, palette.raised),
                (palette.text, palette.raised_hover),
                (palette.weak, palette.base),
                (palette.weak, palette.card),
                (palette.warning, palette.card),
                (palette.warning, palette.base),
                (palette.on_accent, palette.accent),
                (palette.on_accent, palette.accent_hover),
                (palette.accent, palette.accent_soft),
            ] {
                assert!(
                    contrast(text, ground) >= 4.5,
                    "{text:?} on {ground:?}: {}",
                    contrast(text, ground)
                );
            }
            // White on red is large and beside an icon: 3 is enough (WCAG 1.4.3, large text).
            assert!(contrast(Color32::WHITE, palette.hang_up) >= 4.0);
        }
        assert!(contrast(DARK.text, STAGE) >= 4.5);
    }
}
