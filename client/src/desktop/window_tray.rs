//! The icon in the tray of Windows and in the menu bar of macOS, by `tray-icon`.
//!
//! Both systems want it on the thread of the window, so the task of the desktop only hands its ends
//! over, and [`WindowTray`] follows them where the window is. In: how the tray is to be. Out: what
//! is clicked there. What always holds: whatever the system refuses, there is only no icon.

use std::fmt;

use eframe::icon_data::from_png_bytes;
use tokio::sync::{mpsc, watch};
use tray_icon::menu::{CheckMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tray_icon::{Icon, MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};

use super::{DesktopEvent, WindowLink, WindowRequest, texts};
use crate::attention::{Tray, TrayCall};

const ICON: &[u8] = include_bytes!("../../../assets/visavis-128.png");
/// Ids of entries.
const SHOW: &str = "show";
const MUTE: &str = "mute";
const HANG_UP: &str = "hang-up";
const QUIT: &str = "quit";

/// Hands the tray over to the window, and has it look whenever something is to be different.
pub(super) async fn tray(
    mut wishes: watch::Receiver<Tray>,
    events: mpsc::Sender<DesktopEvent>,
    window: WindowLink,
) {
    window.hand_over_tray(TrayEnds { wishes: wishes.clone(), events });
    loop {
        window.ask(WindowRequest::TrayChanged);
        if wishes.changed().await.is_err() {
            return;
        }
    }
}

/// How the tray is to be, and where its clicks go.
pub(super) struct TrayEnds {
    wishes: watch::Receiver<Tray>,
    events: mpsc::Sender<DesktopEvent>,
}

/// The icon, on the thread of the window.
#[derive(Default)]
pub struct WindowTray {
    ends: Option<TrayEnds>,
    shown: Option<TrayIcon>,
}

impl fmt::Debug for WindowTray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowTray").finish_non_exhaustive()
    }
}

impl WindowTray {
    /// Makes up the difference between how the tray is and how it is to be. Belongs on the thread
    /// of the window, while its event loop runs.
    pub fn follow(&mut self, link: &WindowLink) {
        let came = link.take_tray().map(|ends| self.ends = Some(ends)).is_some();
        let Some(TrayEnds { wishes, events }) = &mut self.ends else { return };
        if wishes.has_changed().is_err() {
            // The session has ended.
            (self.ends, self.shown) = (None, None);
            return;
        }
        if came {
            listen(events);
            self.shown = icon().inspect_err(|error| tracing::debug!(%error, "no tray")).ok();
            link.tray_is_there(self.shown.is_some());
        }
        if !came && !wishes.has_changed().unwrap_or_default() {
            return;
        }
        let tray = wishes.borrow_and_update().clone();
        let Some(icon) = &self.shown else { return };
        match menu(&tray) {
            Ok(menu) => icon.set_menu(Some(Box::new(menu))),
            Err(error) => tracing::debug!(%error, "no menu in the tray"),
        }
        let words = words(&tray).unwrap_or_else(|| texts::APP.to_owned());
        if let Err(error) = icon.set_tooltip(Some(words)) {
            tracing::debug!(%error, "no words at the icon in the tray");
        }
    }
}

/// Clicks become events. There is one tray in a process, as there is one window.
fn listen(events: &mpsc::Sender<DesktopEvent>) {
    let send = |events: &mpsc::Sender<DesktopEvent>, event| {
        if events.try_send(event).is_err() {
            tracing::warn!("a click in the tray was lost");
        }
    };
    let to = events.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
        let event = match event.id.0.as_str() {
            SHOW => DesktopEvent::Show,
            MUTE => DesktopEvent::ToggleMute,
            HANG_UP => DesktopEvent::HangUp,
            QUIT => DesktopEvent::Quit,
            _ => return,
        };
        send(&to, event);
    }));
    let to = events.clone();
    TrayIconEvent::set_event_handler(Some(move |event: TrayIconEvent| {
        let (button, button_state) = (MouseButton::Left, MouseButtonState::Up);
        // On macOS a click opens the menu.
        if cfg!(windows)
            && matches!(event, TrayIconEvent::Click { button: b, button_state: s, .. }
                if b == button && s == button_state)
        {
            send(&to, DesktopEvent::Show);
        }
    }));
}

fn icon() -> Result<TrayIcon, String> {
    let image = from_png_bytes(ICON).map_err(|error| error.to_string())?;
    let image = Icon::from_rgba(image.rgba, image.width, image.height)
        .map_err(|error| error.to_string())?;
    TrayIconBuilder::new()
        .with_icon(image)
        .with_tooltip(texts::APP)
        .with_menu_on_left_click(!cfg!(windows))
        .build()
        .map_err(|error| error.to_string())
}

/// What there is to say of the call or of missed ones.
fn words(tray: &Tray) -> Option<String> {
    match &tray.call {
        TrayCall::Ringing(peer) => Some(texts::is_calling(peer)),
        TrayCall::With(peer) => Some(texts::in_call_with(peer)),
        TrayCall::None => (tray.missed > 0).then(|| texts::missed_calls(tray.missed)),
    }
}

/// An ampersand marks a key; two are one.
fn without_keys(label: &str) -> String {
    label.replace('&', "&&")
}

fn menu(tray: &Tray) -> Result<Menu, tray_icon::menu::Error> {
    let menu = Menu::new();
    let entry = |id: &str, words: String| MenuItem::with_id(id, without_keys(&words), true, None);
    if let Some(words) = words(tray) {
        menu.append(&entry(SHOW, words))?;
        menu.append(&PredefinedMenuItem::separator())?;
    }
    menu.append(&entry(SHOW, texts::show()))?;
    if tray.call != TrayCall::None {
        menu.append(&CheckMenuItem::with_id(MUTE, texts::mute(), true, tray.muted, None))?;
        let ringing = matches!(tray.call, TrayCall::Ringing(_));
        let words = if ringing { texts::decline() } else { texts::close_call() };
        menu.append(&entry(HANG_UP, words))?;
    }
    menu.append(&PredefinedMenuItem::separator())?;
    menu.append(&entry(QUIT, texts::quit()))?;
    Ok(menu)
}
