//! Which desktop this is, and what can be wrong with it.
//!
//! In: the environment, or a display that a test names. Out: where to ask for screens.

/// Why nothing can be shown, or not this.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// There is neither a display of X11 nor a Wayland session.
    #[error("there is no desktop here whose screen could be shared")]
    NoDesktop,
    /// The desktop has no portal that shares screens.
    #[error(
        "this desktop does not let programs share the screen: its portal for screens \
         (xdg-desktop-portal, ScreenCast) is missing or does not answer"
    )]
    NoPortal,
    /// The system does not let this program see others.
    #[error(
        "this program may not see the screen: allow it in the system's settings and restart it"
    )]
    Forbidden,
    /// The display is gone or does not answer; why.
    #[error("the display can't be used: {0}")]
    Display(String),
    /// It is not there any longer.
    #[error("what was to be shared is gone")]
    Gone,
    /// It can't be seen now, as a window that is minimised can't.
    #[error("there is nothing to be seen of it now")]
    Hidden,
    /// The system gives no thread.
    #[error("sharing could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A desktop whose screens and windows can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Desktop {
    /// A display of X11, by what `DISPLAY` says of it.
    X11(String),
    /// The portal of a Wayland session, on the session's bus; by the address of the bus where it is
    /// not the usual one.
    Portal(Option<String>),
    /// The one desktop that macOS or Windows have.
    Native,
}

impl Desktop {
    /// The one that this program runs on.
    ///
    /// # Errors
    /// There is none.
    pub fn here() -> Result<Self, ScreenError> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::of(set).ok_or(ScreenError::NoDesktop)
    }

    /// The one that these variables speak of. A Wayland session mostly has a display of X11 too,
    /// which shows nothing of its screens.
    fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if cfg!(any(target_os = "macos", windows)) {
            return Some(Self::Native);
        }
        let wayland = variable("WAYLAND_DISPLAY").is_some()
            || variable("XDG_SESSION_TYPE").is_some_and(|kind| kind == "wayland");
        if wayland {
            return Some(Self::Portal(None));
        }
        variable("DISPLAY").map(Self::X11)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_wayland_session_is_asked_through_its_portal_also_when_it_has_a_display_of_x11() {
        let of = |variables: &[(&str, &str)]| {
            let variables: std::collections::HashMap<_, _> =
                variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            Desktop::of(|name| variables.get(name).cloned())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("DISPLAY", ":7")]), Some(Desktop::X11(":7".into())));
        let both = [("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")];
        assert_eq!(of(&both), Some(Desktop::Portal(None)));
        let named = [("XDG_SESSION_TYPE", "wayland"), ("DISPLAY", ":0")];
        assert_eq!(of(&named), Some(Desktop::Portal(None)));
        let x11 = [("XDG_SESSION_TYPE", "x11"), ("DISPLAY", ":0")];
        assert_eq!(of(&x11), Some(Desktop::X11(":0".into())));
    }
}
