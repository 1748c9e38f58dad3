//! The server in this process: started, logged in to, stopped, all as the person asks.

use visavis_shared::nearby::InstanceName;

use super::Driver;
use crate::hosting::HostEvent;
use crate::session::snapshot::LoginPhase;
use crate::words::phrase;

/// What a server here is called on the local network: the first label of this computer's name.
pub(super) fn machine_name() -> String {
    let host = gethostname::gethostname();
    let host = host.to_string_lossy();
    let label = host.split('.').next().and_then(InstanceName::new);
    label.map_or_else(|| "Visavis".to_owned(), |label| label.to_string())
}

impl Driver {
    /// Starts a server unless one runs, and logs in to it.
    pub(super) fn host_server(&mut self, username: String) {
        if let Some(hosted) = &self.snapshot.hosting {
            let url = hosted.own_url();
            return self.log_in(url, &username);
        }
        self.log_out();
        username.trim().clone_into(&mut self.snapshot.username);
        if let Err(error) = self.host.start() {
            tracing::error!("no server can be started here: {error}");
            self.snapshot.login = LoginPhase::Failed(phrase!("server-here-failed"));
            return;
        }
        self.host_for = Some(username);
        self.snapshot.login = LoginPhase::LoggingIn;
    }

    /// Whoever waited for a server here wants something else: it is not to start.
    pub(super) fn host_no_longer_waits(&mut self) {
        if self.host_for.take().is_some() {
            self.host.stop();
        }
    }

    /// Stops the server here. Whoever is logged in to it from here is logged out first, rather than
    /// left to look for it.
    pub(super) fn stop_server(&mut self) {
        self.host_no_longer_waits();
        if self.snapshot.hosted_here().is_some() {
            self.retry = None;
            self.log_out();
        }
        self.host.stop();
        self.snapshot.hosting = None;
    }

    pub(super) fn on_host(&mut self, event: HostEvent) {
        match event {
            HostEvent::Running(hosted) => {
                let url = hosted.own_url();
                self.snapshot.hosting = Some(hosted);
                if let Some(username) = self.host_for.take() {
                    self.log_in(url, &username);
                }
            }
            HostEvent::Ended => self.snapshot.hosting = None,
            HostEvent::Failed(error) => {
                self.snapshot.hosting = None;
                if self.host_for.take().is_some() {
                    self.snapshot.login = LoginPhase::Failed(error.words());
                }
            }
        }
    }
}
