//! The window: paints a [`Snapshot`](crate::session::snapshot::Snapshot), emits
//! [`Intent`](crate::session::snapshot::Intent)s.
//!
//! In: a [`SessionLink`] and [`WindowOptions`]. Out: intents, and the settings that a person
//! changes here. What always holds: it touches no device, no socket and not the call machine; it
//! repaints only for a new snapshot, a new video frame, input, or a clock on the screen whose next
//! second is due; nothing it shows comes as a code.
//!
//! [`App`] holds the state and picks the screen; each screen is a module that paints and collects
//! actions; `wake` turns the session's changes into repaints; `words` holds all texts of endings,
//! `design` every colour, size and duration, `widgets` what the screens are made of.

mod action;
mod app;
mod call_chips;
mod call_look;
mod call_menu;
mod call_screen;
mod clock;
mod closing;
mod controls;
mod conversation;
mod design;
mod devices;
#[cfg(target_os = "linux")]
mod display;
mod error;
mod frame_report;
mod hosting;
mod invite;
mod keyboard;
mod login;
mod looks;
mod mini;
mod notices;
#[cfg(target_os = "linux")]
mod on_screen;
mod outside;
mod people;
mod push_to_talk;
mod qr_code;
mod ready;
mod rooms;
mod self_view;
mod settings;
mod share;
mod statistics;
mod thumbnails;
mod trust;
mod video_view;
mod waiting;
mod wake;
mod widgets;
mod words;
mod zoom;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use eframe::egui::ViewportBuilder;

pub use app::App;
pub use clock::stand_still;
pub use error::UiError;
use frame_report::FrameReport;
pub use outside::{Chosen, Outside, Question, System};
pub use settings::Folders;

use crate::config::Settings;
use crate::desktop::WindowLink;
use crate::media::stage_thread::StageThread;
use crate::session::snapshot::SessionLink;
use crate::settings::NetworkSettings;
use crate::words::Phrase;

/// What the app is called, in every language.
const NAME: &str = "Visavis";
/// The window's icon: 128 by 128, from `assets/visavis.svg`.
const ICON: &[u8] = include_bytes!("../../../assets/visavis-128.png");

/// How the window is to be.
#[derive(Debug, Clone)]
pub struct WindowOptions {
    /// What was remembered.
    pub settings: Settings,
    /// What the command line adds to the network's settings for this run.
    pub network_of_this_run: NetworkSettings,
    /// Where changes are kept; `None` keeps nothing.
    pub settings_path: Option<PathBuf>,
    /// Where the program keeps what it keeps, to be shown.
    pub folders: Folders,
    /// Lines for the person from before the window opened, such as that settings were damaged.
    pub notices: Vec<Phrase>,
    /// When the program began; the time to a usable window counts from here.
    pub started_at: Instant,
    /// Where to write how long that took, as `{"window_ready_ms":123.4}`.
    pub ready_report: Option<PathBuf>,
    /// Where to write what each pass costs, a line of JSON for each.
    pub frame_report: Option<PathBuf>,
    /// What joins it to the desktop round it.
    pub desktop: WindowLink,
    /// Where the window opens, in points from the upper left of the screen; `None` leaves it to the
    /// system.
    pub position: Option<[f32; 2]>,
    /// How large it opens, in points; `None` takes the usual size.
    pub size: Option<[f32; 2]>,
    /// The system's dialogs for files, and its browser.
    pub outside: Arc<dyn Outside>,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            network_of_this_run: NetworkSettings::nothing(),
            settings_path: None,
            folders: Folders::default(),
            notices: Vec::new(),
            started_at: Instant::now(),
            ready_report: None,
            frame_report: None,
            desktop: WindowLink::default(),
            position: None,
            size: None,
            outside: Arc::new(System),
        }
    }
}

/// Turns away from a display server that does not answer: call it before anything else, since it
/// may start the program again.
pub fn settle_display() {
    #[cfg(target_os = "linux")]
    display::forget_dead_wayland();
}

/// Opens the window and shows it until it is closed or the session ends. Blocks; call it on the
/// main thread.
///
/// # Errors
/// [`UiError`] when the system gives no window.
pub fn run(link: SessionLink, options: WindowOptions) -> Result<(), UiError> {
    let mut viewport = ViewportBuilder::default()
        .with_app_id("visavis")
        .with_title(NAME)
        .with_inner_size(options.size.unwrap_or(design::component::FIRST_WINDOW))
        .with_min_inner_size(design::component::LEAST_WINDOW);
    if let Some(position) = options.position {
        viewport = viewport.with_position(position);
    }
    // One that can't be read no person would miss.
    if let Ok(icon) = eframe::icon_data::from_png_bytes(ICON) {
        viewport = viewport.with_icon(icon);
    }
    let mut native =
        eframe::NativeOptions { viewport, renderer: eframe::Renderer::Glow, ..Default::default() };
    #[cfg(target_os = "linux")]
    {
        use winit::platform::wayland::EventLoopBuilderExtWayland as _;
        use winit::platform::x11::EventLoopBuilderExtX11 as _;

        let backend = display::choose().map_err(|error| UiError::because(error.to_string()))?;
        native.event_loop_builder = Some(Box::new(move |builder| {
            match backend {
                display::Backend::Wayland => builder.with_wayland(),
                display::Backend::X11 => builder.with_x11(),
            };
        }));
    }
    eframe::run_native(
        NAME,
        native,
        Box::new(move |creation| {
            let waking = wake::start(&creation.egui_ctx, &link)?;
            let report = FrameReport::new(options.frame_report.clone());
            let mut app = App::new(&creation.egui_ctx, link, options);
            #[cfg(target_os = "linux")]
            if let Some(mut screen) = on_screen::OnScreen::watch(&creation.egui_ctx, creation) {
                app.ask_whether_seen(move |wanted| screen.is_seen(wanted));
            }
            Ok(Box::new(Shell { app, report, _waking: waking }))
        }),
    )
    .map_err(|error| UiError::of(&error))
}

/// [`App`] as eframe wants it, with what wakes it.
struct Shell {
    app: App,
    report: FrameReport,
    /// It lasts as long as the window.
    _waking: StageThread<()>,
}

impl eframe::App for Shell {
    fn logic(&mut self, ctx: &eframe::egui::Context, _frame: &mut eframe::Frame) {
        self.report.begins();
        self.app.logic(ctx);
    }

    fn ui(&mut self, ui: &mut eframe::egui::Ui, frame: &mut eframe::Frame) {
        self.app.show(ui);
        self.report.ends(frame.info().cpu_usage);
    }

    fn clear_color(&self, _visuals: &eframe::egui::Visuals) -> [f32; 4] {
        design::stage::GROUND.to_normalized_gamma_f32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_a_square_with_transparent_corners() {
        let icon = eframe::icon_data::from_png_bytes(ICON).expect("an icon");
        assert_eq!((icon.width, icon.height, icon.rgba.len()), (128, 128, 128 * 128 * 4));
        assert_eq!(icon.rgba[3], 0);
    }
}
