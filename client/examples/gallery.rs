//! Shows each screen of the window with made-up snapshots, to look at them:
//! `cargo run --features inspection --example gallery -- SCREEN [THEME [WIDTH HEIGHT [LANGUAGE]]]`.
//!
//! A development tool: there is no server, no call and no device behind it, and what is pressed is
//! only logged; what has to be pressed to get to the screen is said. The states are those of
//! [`visavis_client::gallery`].

use visavis_client::config::Theme;
use visavis_client::gallery::{self, Moment, SCREENS, Stage};
use visavis_client::ui::{self, WindowOptions};
use visavis_client::words::{self, Language};

fn main() {
    tracing_subscriber::fmt().with_env_filter("info").init();
    let mut arguments = std::env::args().skip(1);
    let screen = arguments.next().unwrap_or_else(|| "people".to_owned());
    let theme = match arguments.next().as_deref() {
        Some("light") => Theme::Light,
        _ => Theme::Dark,
    };
    let size = match (
        arguments.next().and_then(|w| w.parse().ok()),
        arguments.next().and_then(|h| h.parse().ok()),
    ) {
        (Some(width), Some(height)) => Some([width, height]),
        _ => None,
    };
    if !SCREENS.contains(&screen.as_str()) {
        tracing::error!("there is no screen {screen}; there are: {SCREENS:?}");
        std::process::exit(2);
    }
    words::speak(
        arguments.next().as_deref().and_then(Language::of_tag).or(Some(Language::English)),
    );
    let Stage { link, snapshots, mut intents } =
        gallery::stage(gallery::snapshot(&screen, Moment::now()));
    let presses = gallery::presses(&screen);
    if !presses.is_empty() {
        tracing::info!(?presses, "this is behind");
    }
    let printer = std::thread::Builder::new().name("printer".to_owned()).spawn(move || {
        while let Some(intent) = intents.blocking_recv() {
            tracing::info!(?intent);
        }
    });
    let options = gallery::options(&screen, theme);
    let shown = ui::run(link, WindowOptions { size, position: Some([0.0, 0.0]), ..options });
    drop(snapshots);
    if let Ok(printer) = printer {
        let _ = printer.join();
    }
    if let Err(error) = shown {
        tracing::error!(%error);
        std::process::exit(1);
    }
}
