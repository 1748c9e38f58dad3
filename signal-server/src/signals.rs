//! The wishes of the operating system.

use std::io;

/// Until somebody wants the program to end: Ctrl-C, or SIGTERM where there is such a thing.
///
/// # Errors
/// When the system does not let us listen for it.
pub async fn asked_to_stop() -> io::Result<()> {
    imp::asked_to_stop().await
}

#[cfg(unix)]
mod imp {
    use std::io;

    use tokio::signal::unix::{SignalKind, signal};

    pub(super) async fn asked_to_stop() -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io;

    pub(super) async fn asked_to_stop() -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
