//! Sets egui's two styles up by the tokens, and picks one of them.

use eframe::egui::style::{HandleShape, ScrollStyle, Selection, WidgetVisuals, Widgets};
use eframe::egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Stroke, Style, TextStyle,
    Theme as EguiTheme, ThemePreference, Visuals, vec2,
};

use super::metrics::{Elevation, radius, size, space};
use super::{Palette, TypeStyle, motion, typography};
use crate::config::Theme;

/// Sets both themes and the fonts up; call it once.
pub(crate) fn install(ctx: &Context) {
    typography::install(ctx);
    // A button acts when it is released, however long it was held.
    ctx.options_mut(|options| options.input_options.max_click_duration = f64::INFINITY);
    ctx.style_mut_of(EguiTheme::Dark, |style| dress(style, Visuals::dark(), true));
    ctx.style_mut_of(EguiTheme::Light, |style| dress(style, Visuals::light(), false));
}

/// Picks one of them, or has the system pick.
pub(crate) fn choose(ctx: &Context, theme: Theme) {
    ctx.set_theme(match theme {
        Theme::System => ThemePreference::System,
        Theme::Dark => ThemePreference::Dark,
        Theme::Light => ThemePreference::Light,
    });
}

fn dress(style: &mut Style, visuals: Visuals, dark: bool) {
    style.text_styles = [
        (TextStyle::Small, TypeStyle::Caption.font()),
        (TextStyle::Body, TypeStyle::Body.font()),
        (TextStyle::Button, TypeStyle::Strong.font()),
        (TextStyle::Heading, TypeStyle::Title.font()),
        (TextStyle::Monospace, FontId::new(TypeStyle::Body.size(), FontFamily::Monospace)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S2, space::S2);
    spacing.button_padding = vec2(space::S4, space::S2);
    spacing.interact_size = vec2(size::CONTROL, size::CONTROL);
    spacing.icon_width = size::ICON_BUTTON;
    spacing.icon_spacing = space::S2;
    spacing.slider_rail_height = space::S1;
    spacing.menu_margin = Margin::same(space::S2 as i8);
    spacing.tooltip_width = size::TOAST;
    spacing.scroll = ScrollStyle::thin();
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = motion::TOOLTIP.as_secs_f32();
    style.animation_time = motion::QUICK.as_secs_f32();
    style.visuals = paint(visuals, dark);
}

fn paint(mut visuals: Visuals, dark: bool) -> Visuals {
    let p = Palette::themed(dark);
    let corners = CornerRadius::same(radius::MD);
    let widget = |fill: Color32, outline: Stroke, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: outline,
        corner_radius: corners,
        fg_stroke: Stroke::new(size::HAIRLINE, text),
        expansion: 0.0,
    };
    let hairline = |color: Color32| Stroke::new(size::HAIRLINE, color);
    visuals.widgets = Widgets {
        noninteractive: widget(p.card, hairline(p.line), p.text),
        inactive: widget(p.raised, Stroke::NONE, p.text),
        hovered: widget(p.raised_hover, Stroke::NONE, p.text),
        // Also what has the keyboard: the outline is what says so.
        active: widget(p.raised_press, Stroke::new(size::RING, p.accent), p.text),
        open: widget(p.raised_hover, Stroke::new(size::RING, p.accent), p.text),
    };
    visuals.selection =
        Selection { bg_fill: p.accent_soft, stroke: Stroke::new(size::RING, p.accent) };
    // Blinking would repaint an idle window twice a second.
    visuals.text_cursor.blink = false;
    visuals.text_cursor.stroke = Stroke::new(size::RING, p.accent);
    visuals.handle_shape = HandleShape::Circle;
    visuals.slider_trailing_fill = true;
    visuals.hyperlink_color = p.accent;
    visuals.weak_text_color = Some(p.text_2);
    visuals.warn_fg_color = p.warn;
    visuals.error_fg_color = p.warn;
    visuals.panel_fill = p.bg;
    visuals.window_fill = p.card;
    visuals.window_stroke = hairline(p.line);
    visuals.window_corner_radius = CornerRadius::same(radius::XL);
    visuals.menu_corner_radius = CornerRadius::same(radius::LG);
    visuals.extreme_bg_color = p.field_fill;
    visuals.faint_bg_color = p.raised;
    visuals.popup_shadow = Elevation::Menu.shadow(dark);
    visuals.window_shadow = Elevation::Dialog.shadow(dark);
    visuals
}
