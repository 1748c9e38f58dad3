//! Fonts of the system for names in scripts that the built-in fonts lack (Chinese, Arabic, …).
//!
//! Listing the system's fonts takes tens of milliseconds and a thread, so it is left until a
//! character needs it; most people never need it.

use std::sync::{Arc, OnceLock};

use eframe::egui::Context;
use eframe::egui::epaint::text::{FallbackRequest, FontInsert, FontProvider};
use egui_system_font_provider::SystemFontProvider;

/// The system's fonts, listed when first requested.
struct OnDemand(OnceLock<SystemFontProvider>);

impl FontProvider for OnDemand {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        self.0.get_or_init(SystemFontProvider::new).font_for(request)
    }
}

/// Has missing characters looked up among the system's fonts.
pub(super) fn install(ctx: &Context) {
    ctx.add_font_provider(Arc::new(OnDemand(OnceLock::new())));
}
