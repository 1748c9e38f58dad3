//! The wishes of the operating system.

use std::io;

/// Listens for the wish that the program ends: Ctrl-C, or SIGTERM where there is such a thing.
#[derive(Debug)]
pub struct StopSignals(imp::Stop);

impl StopSignals {
    /// Begins to listen; from now on the program does not end by itself.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn listen() -> io::Result<Self> {
        imp::Stop::listen().map(Self)
    }

    /// Until somebody wishes it, again at every call.
    pub async fn received(&mut self) {
        self.0.received().await;
    }
}

/// Listens for the wish that files are read again: SIGHUP, where there is such a thing.
#[derive(Debug)]
pub(crate) struct Hangup(imp::Hangup);

impl Hangup {
    /// Begins to listen. Where that is impossible nothing is ever received.
    pub(crate) fn listen() -> Self {
        Self(imp::Hangup::listen())
    }

    /// Until somebody wishes it.
    pub(crate) async fn received(&mut self) {
        self.0.received().await;
    }
}

#[cfg(unix)]
mod imp {
    use std::future::pending;
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub(super) struct Stop {
        terminate: Signal,
        interrupt: Signal,
    }

    impl Stop {
        pub(super) fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }

        pub(super) async fn received(&mut self) {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        }
    }

    #[derive(Debug)]
    pub(super) struct Hangup(Option<Signal>);

    impl Hangup {
        pub(super) fn listen() -> Self {
            let signal = signal(SignalKind::hangup());
            if let Err(error) = &signal {
                tracing::warn!(%error, "SIGHUP can't be heard; changed files are noticed all the same");
            }
            Self(signal.ok())
        }

        pub(super) async fn received(&mut self) {
            match &mut self.0 {
                Some(signal) => match signal.recv().await {
                    Some(()) => {}
                    None => pending().await,
                },
                None => pending().await,
            }
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::future::pending;
    use std::io;

    #[derive(Debug)]
    pub(super) struct Stop;

    impl Stop {
        pub(super) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn received(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                pending().await
            }
        }
    }

    #[derive(Debug)]
    pub(super) struct Hangup;

    impl Hangup {
        pub(super) fn listen() -> Self {
            Self
        }

        pub(super) async fn received(&mut self) {
            pending().await
        }
    }
}
