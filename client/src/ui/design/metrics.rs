//! The sizes of the window in points: a grid of four, radii, controls, layout, elevation.

use eframe::egui::{Color32, Shadow};

use super::color::Palette;

/// Distances between things, on a grid of four points.
pub(crate) mod space {
    pub(crate) const S1: f32 = 4.0;
    pub(crate) const S2: f32 = 8.0;
    pub(crate) const S3: f32 = 12.0;
    pub(crate) const S4: f32 = 16.0;
    pub(crate) const S5: f32 = 20.0;
    pub(crate) const S6: f32 = 24.0;
    pub(crate) const S8: f32 = 32.0;
    pub(crate) const S10: f32 = 40.0;
}

/// Round corners.
pub(crate) mod radius {
    /// A checkbox, a key cap.
    pub(crate) const XS: u8 = 4;
    /// A button, a field, a list's row.
    pub(crate) const MD: u8 = 8;
    /// A card, a menu, a toast, the self-view.
    pub(crate) const LG: u8 = 12;
    /// A dialog.
    pub(crate) const XL: u8 = 16;
    /// What floats in a call: half as high as it is.
    pub(crate) const FULL: u8 = 255;
}

/// How large things are.
pub(crate) mod size {
    /// A small button.
    pub(crate) const CONTROL_SM: f32 = 32.0;
    /// A button.
    pub(crate) const CONTROL: f32 = 36.0;
    /// A large button, and a round one in a call.
    pub(crate) const CONTROL_LG: f32 = 44.0;
    /// What one types into, and a choice.
    pub(crate) const FIELD: f32 = 40.0;
    /// A row of a list.
    pub(crate) const ROW: f32 = 52.0;
    pub(crate) const ICON_SM: f32 = 16.0;
    /// In buttons.
    pub(crate) const ICON_BUTTON: f32 = 18.0;
    pub(crate) const ICON: f32 = 20.0;
    /// In the round buttons of a call.
    pub(crate) const ICON_CALL: f32 = 22.0;
    pub(crate) const ICON_LG: f32 = 24.0;
    pub(crate) const AVATAR_SM: f32 = 32.0;
    pub(crate) const AVATAR: f32 = 36.0;
    pub(crate) const AVATAR_LG: f32 = 72.0;
    pub(crate) const AVATAR_XL: f32 = 112.0;
    /// Lines round things.
    pub(crate) const HAIRLINE: f32 = 1.0;
    /// The focus ring, and how far outside it lies.
    pub(crate) const RING: f32 = 2.0;
    pub(crate) const RING_GAP: f32 = 2.0;
    /// A toast, at most.
    pub(crate) const TOAST: f32 = 360.0;
    /// A dialog, at most.
    pub(crate) const DIALOG: f32 = 440.0;
    /// The dialog in which one chooses what to share, at most.
    pub(crate) const SHARE_DIALOG: f32 = 760.0;
}

/// How the window is divided, and from which width or height on.
pub(crate) mod layout {
    /// The list of people.
    pub(crate) const SIDE_BAR: f32 = 304.0;
    /// The same in a narrower window.
    pub(crate) const SIDE_BAR_NARROW: f32 = 256.0;
    /// Text and files beside the picture.
    pub(crate) const TEXT_PANEL: f32 = 320.0;
    /// What a pane holds, at most.
    pub(crate) const CONTENT: f32 = 640.0;
    /// The same from `VERY_WIDE` on, in the middle of its pane.
    pub(crate) const CONTENT_WIDE: f32 = 720.0;
    pub(crate) const VERY_WIDE: f32 = 1200.0;
    /// From here on two columns stand side by side.
    pub(crate) const TWO_COLUMNS: f32 = 640.0;
    /// From here on the side bar and the margins are wide.
    pub(crate) const WIDE: f32 = 860.0;
    /// From here on there is room for logos and second lines.
    pub(crate) const ROOMY_HEIGHT: f32 = 480.0;
    /// Below this width of the stage, the self-view stands above the bar.
    pub(crate) const BAR_IN_THE_WAY: f32 = 1000.0;
    /// Below this width of the stage, *Close call* is only an icon.
    pub(crate) const CLOSE_IS_AN_ICON: f32 = 760.0;
    /// Below this width the bar's gaps shrink.
    pub(crate) const TINY: f32 = 400.0;
    /// How far the bar is from the window's lower edge.
    pub(crate) const BAR_GAP: f32 = 20.0;
    /// How far what floats is from the window's other edges.
    pub(crate) const STAGE_MARGIN: f32 = 16.0;
}

/// How high something floats, as the shadow under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elevation {
    /// The bar of a call, the self-view.
    Float,
    /// Menus and toasts.
    Menu,
    /// Dialogs.
    Dialog,
}

impl Elevation {
    /// The shadow in a theme.
    pub(crate) fn shadow(self, dark: bool) -> Shadow {
        let (offset, blur, percent) = match self {
            Self::Float => (4, 16, if dark { 32.0 } else { 16.0 }),
            Self::Menu => (8, 24, if dark { 44.0 } else { 18.0 }),
            Self::Dialog => (16, 48, if dark { 56.0 } else { 26.0 }),
        };
        let ink: Color32 = Palette::themed(dark).shadow;
        Shadow { offset: [0, offset], blur, spread: 0, color: ink.gamma_multiply(percent / 100.0) }
    }
}
