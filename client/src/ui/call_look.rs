//! How the person wants to see a call: it outlasts the call, and is among the settings.

use super::self_view::{Corner, SelfViewLook};
use crate::settings::{self, PictureFit, Settings};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CallLook {
    /// The other's picture fills the window, cropped; otherwise it is whole.
    pub(super) fill: bool,
    pub(super) own: SelfViewLook,
}

impl Default for CallLook {
    fn default() -> Self {
        Self::remembered(&Settings::default())
    }
}

impl CallLook {
    /// As it was last time.
    pub(super) fn remembered(settings: &Settings) -> Self {
        let own = settings.self_view;
        let (right, bottom) = match own.corner {
            settings::Corner::UpperLeft => (false, false),
            settings::Corner::UpperRight => (true, false),
            settings::Corner::LowerLeft => (false, true),
            settings::Corner::LowerRight => (true, true),
        };
        Self {
            fill: settings.picture == PictureFit::Fill,
            own: SelfViewLook {
                corner: Corner { right, bottom },
                side: own.width.map(f32::from),
                mirrored: own.mirrored,
                hidden: own.hidden,
            },
        }
    }

    /// Puts it among the settings.
    pub(super) fn remember(self, settings: &mut Settings) {
        let Self { fill, own } = self;
        settings.picture = if fill { PictureFit::Fill } else { PictureFit::Fit };
        settings.self_view = settings::SelfView {
            corner: match (own.corner.right, own.corner.bottom) {
                (false, false) => settings::Corner::UpperLeft,
                (true, false) => settings::Corner::UpperRight,
                (false, true) => settings::Corner::LowerLeft,
                (true, true) => settings::Corner::LowerRight,
            },
            // A float becomes the nearest whole number that fits.
            width: own.side.map(|side| side.round() as u16),
            hidden: own.hidden,
            mirrored: own.mirrored,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_the_same_at_the_next_start() {
        for (right, bottom) in [(false, false), (true, false), (false, true), (true, true)] {
            let own = SelfViewLook {
                corner: Corner { right, bottom },
                side: Some(200.0),
                mirrored: false,
                hidden: true,
            };
            for look in [CallLook { fill: right, own }, CallLook::default()] {
                let mut settings = Settings::default();
                look.remember(&mut settings);
                assert_eq!(CallLook::remembered(&settings), look);
            }
        }
    }
}
