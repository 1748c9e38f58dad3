//! The signals of the operating system to this program.

pub(crate) use self::system::Hangup;
pub use self::system::StopSignals;

#[cfg(unix)]
mod system {
    use std::future::pending;
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Receives the signals to end the program: Ctrl-C and SIGTERM. SIGHUP, which would end it by
    /// itself, does not once this listens: whoever has something to read again receives it.
    #[derive(Debug)]
    pub struct StopSignals {
        terminate: Signal,
        interrupt: Signal,
        /// Only there to be caught.
        _hangup: Signal,
    }

    impl StopSignals {
        /// Begins to listen; from now on the program does not end by itself.
        ///
        /// # Errors
        /// When the system does not let us.
        pub fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
                _hangup: signal(SignalKind::hangup())?,
            })
        }

        /// Until one is received, again at every call.
        pub async fn received(&mut self) {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        }
    }

    /// Receives the signal to read files again: SIGHUP.
    #[derive(Debug)]
    pub(crate) struct Hangup(Option<Signal>);

    impl Hangup {
        /// Begins to listen. Where that is impossible nothing is ever received.
        pub(crate) fn listen() -> Self {
            let signal = signal(SignalKind::hangup());
            if let Err(error) = &signal {
                tracing::warn!(%error, "SIGHUP can't be received; changed files are noticed all the same");
            }
            Self(signal.ok())
        }

        pub(crate) async fn received(&mut self) {
            let received = match &mut self.0 {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if received.is_none() {
                pending().await
            }
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::future::pending;
    use std::io;

    /// Receives the signal to end the program: Ctrl-C.
    #[derive(Debug)]
    pub struct StopSignals;

    impl StopSignals {
        /// Begins to listen.
        ///
        /// # Errors
        /// Never on this system.
        pub fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// Until it is received, again at every call.
        pub async fn received(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                pending().await
            }
        }
    }

    /// There is no signal to read files again.
    #[derive(Debug)]
    pub(crate) struct Hangup;

    impl Hangup {
        pub(crate) fn listen() -> Self {
            Self
        }

        pub(crate) async fn received(&mut self) {
            pending().await
        }
    }
}
